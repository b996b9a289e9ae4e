"""Where the patches of a search lie, at every size: tables made once for a size of picture, kept on its device.

The sizes of a picture, from its own down by halves, stand one behind the other in one row of pixels, and so do their
patches: what does not go from size to size is done for all of them at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

SIDE = 8
"""Of a patch, in pixels."""
PIXELS = SIDE * SIDE
COARSEST = 4
"""Patches along the longer side at the coarsest size, about."""
TRIED = ((0, 0), (0, -1), (-1, 0), (0, 1), (1, 0)), ((0, 0), (0, -2), (-2, 0), (0, 2), (2, 0))
"""Patches whose flow is tried, in rows and columns from each, by round."""
AROUND = ((0, -1), (0, 1), (-1, 0), (1, 0))
"""A pixel's neighbours, in rows and columns from it."""
KEPT = 8
"""Sizes whose tables are kept; those of 960x536 take 54 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The patches at one size: P of them."""

    size: tuple[int, int]
    pixels: slice
    """The picture at this size in the row of all sizes"""
    patches: slice
    """Its patches in the row of all"""
    base: Tensor
    """(P, PIXELS, 2): where a patch's pixels lie, -1..1 from the first pixel's middle to the last one's, x then y"""
    centres: Tensor
    """(1, 1, P, 2): the patches' middles, -1..1 from edge to edge"""
    stretch: Tensor
    """(2,): what 1 of `centres` is in units of `base`, x then y"""
    tried: list[Tensor]
    """(T * P,) for each round: the patches that each tries"""
    owners: Tensor
    """(K * h * w,): the K patches that may lie over each pixel"""
    covers: Tensor
    """(K * h * w,): the pixels of theirs that do; P * PIXELS where none does"""


@dataclass(frozen=True, slots=True, eq=False)
class Net:
    """The patches at all sizes: Q of them."""

    levels: list[Level]
    """From the picture's own size down"""
    around: Tensor
    """(4 * pixels,): each pixel's neighbours, as in `AROUND`, the edge repeated"""
    places: Tensor
    """(Q * PIXELS,): the patches' pixels"""
    inside: Tensor
    """(Q, PIXELS): 1 for those in the picture, 0 for those beyond its edge"""
    shares: Tensor
    """(Q, 1, 1): what each of those in the picture is in their mean"""
    worth: Tensor
    """(Q, 1, 1): half as much from size to size, as is the grain of a film that is taken for detail"""
    units: Tensor
    """(Q, 2, 1): what a pixel of each patch's size is in units of `base`, x then y"""
    halves: Tensor
    """(2, 1, 1): pixels that 1 of `centres` is at the picture's own size, x then y"""


def sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """That of the picture (height, width) and its halves, as far as patches find something there."""
    count = min(round(math.log2(max(size) / (COARSEST * SIDE))), int(math.log2(min(size) / SIDE)))
    found = [size]
    for _ in range(count):
        found.append(((found[-1][0] + 1) // 2, (found[-1][1] + 1) // 2))
    return found


@lru_cache(maxsize=KEPT)
def net(size: tuple[int, int], stride: int, device: torch.device) -> Net:
    """The patches, `stride` pixels apart, of pictures of this size (height, width)."""
    levels, around, places, inside, worth, units = [], [], [], [], [], []
    pixel, patch = 0, 0
    for height, width in sizes(size):
        tops, lefts = (_begins(n, stride) for n in (height, width))
        count = len(tops) * len(lefts)
        y, x = (plane.reshape(count, PIXELS) for plane in _pixels(tops, lefts))
        scale = np.array([max(width - 1, 1) / 2, max(height - 1, 1) / 2])
        owners, covers = _over((height, width), (tops, lefts), stride)
        levels.append(
            Level(
                (height, width),
                slice(pixel, pixel + height * width),
                slice(patch, patch + count),
                _up(np.stack([x, y], -1) / scale - 1, device),
                _up(_centres(tops, lefts, (height, width)), device),
                _up(np.array([width, height]) / 2 / scale, device),
                [_up(_beside(len(tops), len(lefts), tried), device) for tried in TRIED],
                _up(owners, device),
                _up(covers, device),
            )
        )
        places.append(pixel + _place(y, x, (height, width)))
        inside.append((y >= 0) & (y < height) & (x >= 0) & (x < width))
        ys, xs = np.mgrid[:height, :width].reshape(2, -1)
        around.append(pixel + np.stack([_place(ys + dy, xs + dx, (height, width)) for dy, dx in AROUND]))
        worth.append(np.full((count, 1, 1), 0.5 ** (len(levels) - 1)))
        units.append(np.broadcast_to(1 / scale[:, None], (count, 2, 1)))
        pixel, patch = pixel + height * width, patch + count
    within = np.concatenate(inside).astype(np.float32)
    return Net(
        levels,
        _up(np.concatenate(around, 1).ravel(), device),
        _up(np.concatenate(places).ravel(), device),
        _up(within, device),
        _up(1 / within.sum(1).reshape(-1, 1, 1), device),
        _up(np.concatenate(worth), device),
        _up(np.concatenate(units), device),
        _up(np.array(size[::-1]).reshape(2, 1, 1) / 2, device),
    )


def _up(values: Array, device: torch.device) -> Tensor:
    """The values on the device, whole numbers as int32, others as float32."""
    kind = np.int32 if values.dtype.kind == "i" else np.float32
    return torch.from_numpy(np.ascontiguousarray(values, kind)).to(device)


def _begins(length: int, stride: int) -> Array:
    """Where the patches along a side of this length begin: they cover it, and reach beyond it evenly at both ends."""
    count = max(0, -(-(length - SIDE) // stride)) + 1
    return np.arange(count) * stride - ((count - 1) * stride + SIDE - length) // 2


def _pixels(tops: Array, lefts: Array) -> tuple[Array, Array]:
    """(rows, columns, SIDE, SIDE) each: y and x of the patches' pixels."""
    inner = np.arange(SIDE)
    y, x = (tops[:, None] + inner)[:, None, :, None], (lefts[:, None] + inner)[None, :, None, :]
    rows, columns = np.broadcast_arrays(y, x)
    return rows, columns


def _place(y: Array, x: Array, size: tuple[int, int]) -> Array:
    """Pixels by their place in a row, the edge repeated."""
    height, width = size
    return y.clip(0, height - 1) * width + x.clip(0, width - 1)


def _centres(tops: Array, lefts: Array, size: tuple[int, int]) -> Array:
    """(1, 1, P, 2): none so near to the edge that what is beyond it counts."""
    y, x = (
        ((begins + SIDE / 2) / length * 2 - 1).clip(1 / length - 1, 1 - 1 / length)
        for begins, length in zip((tops, lefts), size, strict=True)
    )
    return np.stack(np.broadcast_arrays(x[None], y[:, None]), -1).reshape(1, 1, -1, 2)


def _beside(rows: int, columns: int, tried: tuple[tuple[int, int], ...]) -> Array:
    """(T * P,): the patch that lies so many rows and columns from each, the edge repeated."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    return np.concatenate([_place(row + down, column + along, (rows, columns)) for down, along in tried])


def _over(size: tuple[int, int], begins: tuple[Array, Array], stride: int) -> tuple[Array, Array]:
    """`Level.owners` and `Level.covers`."""
    which, where, there = [], [], []
    for length, begin in zip(size, begins, strict=True):
        at = np.arange(length) - begin[0]
        patch = at // stride - np.arange(-(-SIDE // stride))[:, None]
        place = at - patch * stride
        there.append((patch >= 0) & (patch < len(begin)) & (place < SIDE))
        which.append(patch.clip(0, len(begin) - 1))
        where.append(place.clip(0, SIDE - 1))
    owner = which[0][:, None, :, None] * len(begins[1]) + which[1][None, :, None, :]
    pixel = where[0][:, None, :, None] * SIDE + where[1][None, :, None, :]
    seen = there[0][:, None, :, None] & there[1][None, :, None, :]
    covers = np.where(seen, owner * PIXELS + pixel, len(begins[0]) * len(begins[1]) * PIXELS)
    return owner.ravel(), covers.ravel()
