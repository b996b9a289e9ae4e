"""A frame drawn to its exact keyframes on a device: what around_exact.py does after their flow was found.

The flow is found on the processor, at its bounded size; it goes up with the frame. A keyframe's own planes go up once,
and stay for the frames around it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.finish.around_exact import ALIKE, AROUND, ASTRAY, Drawing, flow_between
from vidcolor.planes.kinds import grid, up
from vidcolor.planes.on_device import at_size, fetch, mean_around

BAND = 1 << 21
"""Pixels drawn at once: places in a picture and what lies there take twenty planes."""
_there: dict[tuple[int, torch.device], tuple[weakref.ref[Array], Tensor]] = {}
"""What of keyframes is on a device, as long as the processor has it"""


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A drawing on a device, and where it lies in the frame."""

    luma: Tensor
    """(H, W) codes"""
    chroma: Tensor
    """(2, H, W)"""
    share: float
    flow: Tensor
    """(2, h, w), in pixels of the frame's full size"""
    astray: Tensor
    """(h, w): how far the flow misses its return, in widths"""
    spared: Tensor | None


def traced(luma: Array, drawings: Sequence[Drawing]) -> list[tuple[Drawing, Array, Array]]:
    """Each drawing with its flow, in pixels of the full size, and how far that is astray: the processor's part."""
    found = [(drawing, *flow_between(luma, drawing.luma)) for drawing in drawings]
    height, width = luma.shape
    return [
        (drawing, np.stack([x * np.float32(width / x.shape[1]), y * np.float32(height / y.shape[0])]), astray)
        for drawing, (x, y), astray in found
    ]


def traced_up(
    drawn: Sequence[tuple[Drawing, Array, Array]],
    device: torch.device,
    codes_up: Callable[[Array, torch.device], Tensor],
) -> list[Traced]:
    """The same on a device."""
    return [
        Traced(
            _kept_up(drawing.luma, device, codes_up),
            _kept_up(drawing.chroma, device, _up),
            drawing.share,
            _up(flow, device),
            _up(astray, device),
            None if drawing.spared is None else _up(drawing.spared, device),
        )
        for drawing, flow, astray in drawn
    ]


def draw(chroma: Tensor, luma: Tensor, drawings: Sequence[Traced]) -> Tensor:
    """As around_exact.draw, of tensors; luma (H, W) codes."""
    height, width = luma.shape
    rows = max(1, BAND // width)
    luma, drawn = luma.float(), chroma
    for one in drawings:
        flow, astray = (at_size(plane, (height, width), "linear") for plane in (one.flow, one.astray))
        spared = None if one.spared is None else at_size(one.spared.float(), (height, width), "linear").clamp(0, 1)
        source = one.luma.float()
        changes = []
        for top in range(0, height, rows):
            band = slice(top, min(top + rows, height))
            off = _off(source, luma, flow, band)
            share = one.share / (1 + (off / float(ALIKE)).square().square()) / (1 + (astray[band] / ASTRAY).square())
            share = share if spared is None else share * (1 - spared[band])
            points = flow[:, band] + _places(luma, band)
            changes.append(share * (fetch(one.chroma, points, cubic=True) - chroma[:, band]))
        drawn = drawn + torch.cat(changes, 1)
    return drawn


def _off(source: Tensor, luma: Tensor, flow: Tensor, band: slice) -> Tensor:
    """Mean difference of a drawing's luma and the frame's around each pixel of a band of rows."""
    above = min(band.start, AROUND // 2)  # what a mean beside the band looks at
    seen = slice(band.start - above, min(band.stop + AROUND // 2, luma.shape[0]))
    points = flow[:, seen] + _places(luma, seen)
    away = (fetch(source, points) - luma[seen]).abs()
    return mean_around(away, AROUND, "mirrored")[above : above + band.stop - band.start]


def _places(luma: Tensor, rows: slice) -> Tensor:
    return grid((luma.shape[0], luma.shape[1]), luma.device)[:, rows]  # type: ignore[return-value]


def _up(plane: Array, device: torch.device) -> Tensor:
    return up(plane, device)  # type: ignore[return-value]


def _kept_up(plane: Array, device: torch.device, way: Callable[[Array, torch.device], Tensor]) -> Tensor:
    """A keyframe's plane on the device; let go when the processor lets it go."""
    key = (id(plane), device)
    found = _there.get(key)
    if found is not None and found[0]() is plane:
        return found[1]
    made = way(plane, device).clone()  # on PyTorch's own processor it would hold the plane itself
    _there[key] = (weakref.ref(plane, lambda _: _there.pop(key, None)), made)
    return made
