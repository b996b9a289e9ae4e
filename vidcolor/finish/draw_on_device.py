"""A frame drawn to its exact keyframes on a device: what around_exact.py does.

The flow is the device's own (flow/search.py): on 22 pairs of frames of training clips, 3 and 10 apart, colours drawn by
it are 0.2 dB nearer to the truth than by OpenCV's, at worst 0.3 dB further. A keyframe's planes go up once, and stay
for the frames around it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.finish.around_exact import ALIKE, AROUND, ASTRAY, BLACK, CODES, Drawing, bounded
from vidcolor.flow.search import for_carrying
from vidcolor.flow.warp import mismatch, resized
from vidcolor.planes.kinds import grid, up
from vidcolor.planes.on_device import at_size, fetch, mean_around

BAND = 1 << 21
"""Pixels drawn at once: places in a picture and what lies there take twenty planes."""
FLOW = for_carrying()
_there: dict[tuple[int, torch.device], tuple[weakref.ref[Array], Tensor]] = {}
"""What of keyframes is on a device, as long as the processor has it"""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A drawing on a device."""

    luma: Tensor
    """(H, W) codes"""
    chroma: Tensor
    """(2, H, W)"""
    share: float
    spared: Tensor | None


def placed(drawing: Drawing, device: torch.device, codes_up: Callable[[Array, torch.device], Tensor]) -> Placed:
    """The drawing on a device, where its luma and chroma may be already."""
    luma, chroma = _kept_up(drawing.luma, device, codes_up), _kept_up(drawing.chroma, device, _up)
    return Placed(luma, chroma, drawing.share, None if drawing.spared is None else _up(drawing.spared, device))


def draw(chroma: Tensor, luma: Tensor, drawings: Sequence[Placed]) -> Tensor:
    """As around_exact.draw, of tensors; luma (H, W) codes."""
    height, width = luma.shape
    rows = max(1, BAND // width)
    luma, drawn = luma.float(), chroma
    for one in drawings:
        source = one.luma.float()
        flow, astray = _flow(luma, source)
        spared = None if one.spared is None else at_size(one.spared.float(), (height, width), "linear").clamp(0, 1)
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


def _flow(here: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
    """As around_exact._flow, of tensors."""
    size = (here.shape[0], here.shape[1])
    height, width = bounded(size)
    a, b = ((at_size(plane, (height, width), "area")[None] - float(BLACK)) / float(CODES) for plane in (here, there))
    (flow,), (back,) = FLOW.both(a, b)
    astray = mismatch(flow, back) / width  # type: ignore[arg-type]
    return resized(flow, size), at_size(astray, size, "linear")  # type: ignore[arg-type, return-value]


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
