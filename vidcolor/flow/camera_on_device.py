"""camera.py's motion, by PyTorch on any device: all tries at once, and nothing asked of the processor."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.linalg import cross

from vidcolor.flow.camera import LEAST_SAMPLES, LEAST_SHARE, LEAST_TRUST, most_off
from vidcolor.planes.kinds import grid

TRIES = 256
"""Sets of four places from which a homography is made; where seven of ten places follow it, one in four sets is of
such alone."""
MENDED = 2
"""Times the best one is fitted to all places that follow it."""
RIDGE = 1e-6
NOWHERE = -1e5
"""Where pixels lie if no one motion rules: beyond every edge."""


def camera_points(points: Tensor, trust: Tensor, step: int) -> Tensor:
    """As camera.camera_points, places taken every `step` pixels; NOWHERE for what is None there."""
    height, width = trust.shape
    own, half = _grid((height, width), trust.device), float(max(height, width)) / 2
    first = min(step // 2, height - 1), min(step // 2, width - 1)  # of the smallest pictures, too
    sampled = (slice(first[0], None, step), slice(first[1], None, step))
    here, there = (field[:, *sampled].reshape(2, -1) / half - 1 for field in (own, points))
    known = (trust[sampled].reshape(-1) > LEAST_TRUST).float()
    count = known.sum()
    tries = _four_each(known, count)
    matrices = _through(there, tries) @ _adjugate(_through(here, tries))
    within = (most_off(height) / half) ** 2
    follows = _misses(matrices, here, there) < within
    best = (follows.float() * known).sum(1).argmax()
    matrix = matrices.index_select(0, best[None])
    for _ in range(MENDED):
        told = (_misses(matrix, here, there)[0] < within).float() * known
        matrix = _fitted(here, there, told)[None]
    share = ((_misses(matrix, here, there)[0] < within).float() * known).sum() / count.clamp(min=1)
    x, y, depth = _moved(matrix, own.reshape(2, -1) / half - 1)
    rules = (count >= LEAST_SAMPLES) & (share >= LEAST_SHARE) & (depth.amin() > 0)
    found = (torch.stack([x[0] / depth[0], y[0] / depth[0]]) + 1) * half
    return torch.where(rules, found, NOWHERE).reshape(2, height, width)


def _grid(size: tuple[int, int], device: torch.device) -> Tensor:
    return cast(Tensor, grid(size, device))


@lru_cache(maxsize=8)
def _shares(device: torch.device) -> Tensor:
    """(TRIES, 4): the same on every run; the four of a set lie in four parts of what is known, far from each other."""
    random = np.random.default_rng(4).random((TRIES, 4))
    return torch.from_numpy(((random + np.arange(4)) / 4).astype(np.float32)).to(device)


def _four_each(known: Tensor, count: Tensor) -> Tensor:
    """(TRIES, 4): numbers of places that are known."""
    wanted = _shares(known.device) * count
    return torch.searchsorted(known.cumsum(0), wanted, right=True).clamp(max=known.shape[0] - 1)


def _through(places: Tensor, tries: Tensor) -> Tensor:
    """(TRIES, 3, 3): maps of the plane's basis and (1, 1, 1) to the four places of each set."""
    four = torch.cat([places, torch.ones_like(places[:1])])[:, tries].permute(1, 0, 2)  # (tries, 3, 4)
    basis, last = four[..., :3], four[..., 3:]
    return basis * (_adjugate(basis) @ last).transpose(1, 2)


def _adjugate(matrix: Tensor) -> Tensor:
    """(n, 3, 3): the inverse, but for a factor."""
    a, b, c = matrix.unbind(1)
    return torch.stack([cross(b, c), cross(c, a), cross(a, b)], 2)


def _moved(matrices: Tensor, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(n, places) x, y and depth; the depth in the middle of the picture is 1."""
    matrices = matrices / _safe(matrices[:, 2:, 2:])
    x, y = places
    rows = [m[:, 0:1] * x + m[:, 1:2] * y + m[:, 2:3] for m in matrices.unbind(1)]
    return rows[0], rows[1], rows[2]


def _safe(value: Tensor) -> Tensor:
    return torch.where(value.abs() < 1e-12, 1e-12, value)


def _misses(matrices: Tensor, here: Tensor, there: Tensor) -> Tensor:
    """(n, places): squared distance from where each place lies; far where it is behind the picture."""
    x, y, depth = _moved(matrices, here)
    off = torch.square(x / _safe(depth) - there[0]) + torch.square(y / _safe(depth) - there[1])
    return torch.where(depth > 0, off, 1e9).nan_to_num(nan=1e9)


def _fitted(here: Tensor, there: Tensor, told: Tensor) -> Tensor:
    """(3, 3): the homography of least squares through the places that are told (places,), 0 or 1."""
    (x, y), (u, v) = here, there
    one, none = torch.ones_like(x), torch.zeros_like(x)
    along = torch.stack([x, y, one, none, none, none, -u * x, -u * y])
    down = torch.stack([none, none, none, x, y, one, -v * x, -v * y])
    rows, wanted = torch.cat([along, down], 1), torch.cat([u, v])
    weighed = rows * torch.cat([told, told])
    square = weighed @ rows.T
    found = _solved(square + RIDGE * torch.eye(8, device=x.device), weighed @ wanted)
    return torch.cat([found, torch.ones_like(found[:1])]).reshape(3, 3)


def _solved(square: Tensor, right: Tensor) -> Tensor:
    """(n,): Gauss and Jordan's way, for a matrix (n, n) whose diagonal needs no search."""
    table, one = torch.cat([square, right[:, None]], 1), torch.eye(len(right), device=square.device)
    for n in range(len(right)):
        row = table[n : n + 1] / table[n, n]
        table = torch.addcmul(table, table[:, n : n + 1] - one[:, n : n + 1], row, value=-1)
    return table[:, -1]
