"""How far a hint speaks for places beside its own: a hint means its thing, and the proposer is told so.

Axes: h w places of the chroma that is diffused, C channels.

Of 250 photographs, how far chroma lies from a place's falls with how unlike the other place looks: SLOPES, fitted to
it. A place takes its colour from the hints that it is like, and counts it as far as the nearest of them speaks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from numpy import ndarray as Array
from torch import Tensor
from torch.nn import functional as F

from vidcolor.errors import InputError

LIGHT, FAR = 0.04, 0.2
"""Unlikeness of one L*, and of places as far apart as the short side is long."""
SEEN = (0.94, 0.24, 1.54)
"""Unlikeness of things at strides 8, 16 and 32 of the picture that have nothing in common."""
LEAST = 0.1
"""exp(-unlikeness) from which a hint speaks: there chroma is a third nearer to its colour than to the mean one."""
SHARP = 4.0
"""Power by which hints that are more alike win over others."""
MOST = 64
"""Places of hints that speak for others; of more, as many evenly spread over them."""


def refuse_other_shapes(lightness: Array, hints: Array | None) -> None:
    """Refuses lightness that is not (H, W), and hints that are not (3, H, W) of the same size."""
    if lightness.ndim != 2 or (hints is not None and hints.shape != (3, *lightness.shape)):
        raise InputError("proposals for arrays of other shapes: lightness is (H, W), hints are (3, H, W)")


def spoken(share: Tensor, chroma: Tensor, lightness: Tensor, maps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """How far a colour is told at each place (h, w), 0..1, and which (2, h, w).

    share, chroma  (h, w) and (2, h, w): where hints are, and their a*b*
    lightness      (h, w), L*
    maps           LiteNet's of the picture at 4h x 4w: unit maps (C, h/2, w/2), (C, h/4, w/4), (C, h/8, w/8)
    What hints are laid on keeps their colour and share; without hints the answer is zeros.
    """
    given = (share > 0).flatten().nonzero()[:, 0]
    if not len(given):
        return torch.zeros_like(share), torch.zeros_like(chroma)
    if len(given) > MOST:
        given = given[torch.linspace(0, len(given) - 1, MOST).round().long()]
    size = (share.shape[0], share.shape[1])
    alike = torch.exp(-_unlike(given, lightness, maps, size)) * share.flatten()[given, None, None]
    weights = alike**SHARP
    colors = torch.einsum("nhw,cn->chw", weights, chroma.flatten(1)[:, given]) / weights.sum(0).clamp(min=1e-12)
    told = ((alike.amax(0) - LEAST) / (1 - LEAST)).clamp(min=0)
    own = share > 0
    return torch.where(own, share, told), torch.where(own, chroma, torch.where(told > 0, colors, 0))


def _unlike(given: Tensor, lightness: Tensor, maps: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
    """(n, h, w) of the places that are given, by their number, to all others."""
    rows, columns = given // size[1], given % size[1]
    unlike = LIGHT * (lightness[None] - lightness[rows, columns][:, None, None]).abs()
    down = torch.arange(size[0])[None, :, None] - rows[:, None, None]
    across = torch.arange(size[1])[None, None] - columns[:, None, None]
    unlike = unlike + FAR / min(size) * torch.hypot(down.float(), across.float())
    every = _units(maps, size)
    alike = torch.einsum("cn,chw->nhw", every[:, rows // 2, columns // 2], every)
    unlike = unlike + sum(SEEN) - F.interpolate(alike[None], size, mode="bilinear")[0]
    return unlike.clamp(min=0)


def recalled(
    lightness: Tensor, maps: Sequence[Tensor], others: Sequence[tuple[Tensor, Tensor, Sequence[Tensor]]]
) -> tuple[Tensor, Tensor]:
    """The same of what other pictures show: each place takes the colours of what looks like it there.

    lightness, maps  of this picture, as above
    others           chroma (2, h', w'), lightness (h', w') and maps of each
    """
    size = (lightness.shape[0], lightness.shape[1])
    here, light = _units(maps, size).flatten(1), _halved(lightness[None]).flatten()
    most, sums, colors = torch.zeros(len(light)), torch.zeros(len(light)), torch.zeros(2, len(light))
    for chroma, its_lightness, its_maps in others:
        there = _units(its_maps, (chroma.shape[1], chroma.shape[2])).flatten(1)
        unlike = LIGHT * (light[:, None] - _halved(its_lightness[None]).flatten()).abs()
        alike = torch.exp(-(unlike + sum(SEEN) - here.T @ there).clamp(min=0))
        weights = alike**SHARP
        most, sums = torch.maximum(most, alike.amax(1)), sums + weights.sum(1)
        colors = colors + _halved(chroma).flatten(1) @ weights.T
    told = ((most - LEAST) / (1 - LEAST)).clamp(min=0)
    planes = torch.cat([told[None], colors / sums.clamp(min=1e-12)]).reshape(1, 3, size[0] // 2, size[1] // 2)
    found = F.interpolate(planes, size, mode="bilinear")[0]
    return found[0], found[1:]


def _units(maps: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
    """(C, h/2, w/2): how things look; the product of two places is how alike they are, at most the sum of SEEN."""
    half = (size[0] // 2, size[1] // 2)
    units = (F.normalize(F.interpolate(unit[None].float(), half, mode="bilinear"), dim=1)[0] for unit in maps)
    return torch.cat([math.sqrt(slope) * unit for slope, unit in zip(SEEN, units, strict=True)])


def _halved(planes: Tensor) -> Tensor:
    """(N, h/2, w/2) of (N, h, w)."""
    return F.avg_pool2d(planes[None], 2)[0]
