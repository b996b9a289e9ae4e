"""The loops of window.py and smooth.py, by PyTorch on any device: whole planes at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.propagate.window import DECAY, NOTHING


def attend(
    target: Tensor, sources: Tensor, values: Tensor, trust: Tensor, *, radius: int, patch: int, tau: float
) -> tuple[Tensor, Tensor, Tensor]:
    """As window.attend. Holds 4 bytes for each pixel, source and shift, and those of one source four times."""
    height, width = target.shape
    side = 2 * radius + 1
    mine, theirs = _padded(target[None], patch), _padded(sources, radius + patch)
    size = (height + 2 * patch, width + 2 * patch)
    apart = [F.avg_pool2d(torch.square(_shifts(one, side, size) - mine), 2 * patch + 1, 1) for one in theirs]
    least = torch.stack([one.amin(0) for one in apart]).amin(0)
    plain, trusted = torch.zeros_like(target), torch.zeros_like(target)
    sums = values.new_zeros(values.shape[1:])
    trust, values = _padded(trust, radius), _padded(values.flatten(0, 1), radius).unflatten(0, values.shape[:2])
    for weights, believed, known in zip(apart, trust, values, strict=True):
        weights = (1 - (weights - least) / (DECAY * tau)).clamp_(min=0)
        for _ in range(4):
            weights = weights.square_()
        plain += weights.sum(0)
        weights *= _shifts(believed, side, (height, width))
        trusted += weights.sum(0)
        for total, plane in zip(sums, known, strict=True):
            total += (weights * _shifts(plane, side, (height, width))).sum(0)
    nothing = float(NOTHING)
    return sums / (trusted + nothing), trusted / (plain + nothing), least


def _padded(planes: Tensor, margin: int) -> Tensor:
    """(n, h + 2 margin, w + 2 margin): the edge repeated."""
    return F.pad(planes[None], (margin,) * 4, mode="replicate")[0] if margin else planes


def _shifts(plane: Tensor, side: int, size: tuple[int, int]) -> Tensor:
    """(side^2, *size): the plane from each of so many places, row by row."""
    return torch.stack([plane[y : y + size[0], x : x + size[1]] for y in range(side) for x in range(side)])


def solve_columns(fields: Tensor, links: Tensor, strength: float) -> Tensor:
    """All columns of `fields` (C, h, w) as smooth.py's passes solve them; links (h - 1, w) between the rows.

    By parallel cyclic reduction (Hockney and Jesshope 1981): each step has every row hang on rows twice as far off,
    until there are none.
    """
    link = strength * links
    links_of = torch.stack([F.pad(link, (0, 0, 1, 0)), F.pad(link, (0, 0, 0, 1))])  # to the row before, and behind
    own = 1 / (1 + links_of.sum(0))
    rows = torch.cat([links_of * -own, fields * own])
    step = 1
    while step < rows.shape[1]:
        # rows that come round from the other edge are taken times 0
        before, behind = rows.roll(step, 1), rows.roll(-step, 1)
        up, down = rows[:1], rows[1:2]
        share = 1 / torch.addcmul(1 - up * before[1:2], down, behind[:1], value=-1)
        values = torch.addcmul(rows[2:], up, before[2:], value=-1).addcmul_(down, behind[2:], value=-1)
        far = rows[:2] * torch.stack([before[0], behind[1]])
        rows = torch.cat([far * -share, values * share])
        step *= 2
    return rows[2:]
