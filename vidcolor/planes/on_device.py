"""What samples.py does, by PyTorch on any device.

A filter along rows, or along columns, is a matrix: another size, a mean, a Gaussian are each two products, which every
device does fast and alike.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

Distance = TypeVar("Distance", float, Tensor)
CUBIC = -0.75
"""OpenCV's slope of a cubic kernel."""
KEPT = 256
"""Matrices kept."""


def fetch(image: Tensor, points: Tensor, *, cubic: bool = False) -> Tensor:
    """As samples.fetch; also of image (..., H, W), each plane at the same points."""
    height, width = image.shape[-2:]
    if cubic:
        return _fetch_cubic(image, points)
    planes = image.float().reshape(1, -1, height, width)
    found = F.grid_sample(planes, between(points, (height, width))[None], align_corners=True)
    return found.reshape(*image.shape[:-2], *points.shape[1:])


def between(points: Tensor, size: tuple[int, ...]) -> Tensor:
    """(h, w, 2), each -1..1, as grid_sample takes them: points (2, h, w), x then y, in a plane or map (rows, columns,
    ...), none of them beyond its edge.

    PyTorch does not repeat edges on every device, and what is no number is somewhere.
    """
    sides = zip(points.float().nan_to_num(), size[1::-1], strict=True)
    return torch.stack([at.clamp(0, count - 1) * (2 / max(count - 1, 1)) - 1 for at, count in sides], -1)


def _fetch_cubic(image: Tensor, points: Tensor) -> Tensor:
    """Of the four nearest, each way, by their places in memory: PyTorch's own has no such way on every device."""
    height, width = image.shape[-2:]
    flat = image.reshape(*image.shape[:-2], height * width)
    columns, across = _near(points[0], width)
    rows, down = _near(points[1], height)
    lines = (rows * width)[:, None] + columns
    shares = down[:, None] * across
    out = flat[..., lines[0, 0]] * shares[0, 0]
    for n in range(1, 16):
        out.addcmul_(flat[..., lines[n // 4, n % 4]], shares[n // 4, n % 4])
    return out


def _near(at: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """(4, ...): the places between which `at` lies, of `count`, and what each of them weighs."""
    at = at.float().clamp(-2 * count, 3 * count)  # no place is so far off that it does not fit into a number
    four = torch.arange(-1, 3, device=at.device).reshape(4, *[1] * at.ndim)
    first = at.floor()
    shares = _kernel((at - first - four).abs())
    return (first.long() + four).clamp(0, count - 1), shares


def _kernel(away: Tensor) -> Tensor:
    """The cubic kernel at distances 0..2."""
    return torch.where(away <= 1, _near_kernel(away), _far_kernel(away))


def _kernel_at(away: float) -> float:
    """The same at one distance."""
    return 0.0 if away >= 2 else _near_kernel(away) if away <= 1 else _far_kernel(away)


def _near_kernel(away: Distance) -> Distance:
    return ((CUBIC + 2) * away - (CUBIC + 3)) * away * away + 1


def _far_kernel(away: Distance) -> Distance:
    return ((CUBIC * away - 5 * CUBIC) * away + 8 * CUBIC) * away - 4 * CUBIC


def at_size(planes: Tensor, size: tuple[int, int], how: str) -> Tensor:
    """As samples.at_size, of planes (..., H, W)."""
    height, width = planes.shape[-2:]
    if (height, width) == size:
        return planes
    sides = zip((height, width), size, strict=True)
    return _filtered(planes, *(_sizing(before, after, how, planes.device) for before, after in sides))


def mean_around(planes: Tensor, side: int, edge: str) -> Tensor:
    """As samples.mean_around, of planes (..., H, W)."""
    return _around(planes, (1.0 / side,) * side, edge)


def blurred(planes: Tensor, deviation: float, edge: str, side: int | None = None) -> Tensor:
    """As samples.blurred, of planes (..., H, W); side: pixels looked at each way, four deviations if none are told."""
    side = side or round(8 * deviation + 1) | 1
    values = np.exp(-np.square(np.arange(side) - side // 2) / (2 * deviation**2))
    return _around(planes, tuple(float(v) for v in values / values.sum()), edge)


def _around(planes: Tensor, taps: tuple[float, ...], edge: str) -> Tensor:
    height, width = planes.shape[-2:]
    return _filtered(planes, *(_smoothing(count, taps, edge, planes.device) for count in (height, width)))


def _filtered(planes: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return rows @ (planes.float() @ columns.T)


@lru_cache(maxsize=KEPT)
def _sizing(before: int, after: int, how: str, device: torch.device) -> Tensor:
    """(after, before): what each new value takes of the old ones."""
    matrix = np.zeros((after, before))
    ratio = before / after
    how = "linear" if how == "area" and ratio < 1 else how
    for n in range(after):
        if how == "area":
            first, last = n * ratio, (n + 1) * ratio
            for k in range(int(first), min(int(np.ceil(last)), before)):
                matrix[n, k] = max(0.0, min(last, k + 1) - max(first, k)) / ratio
            continue
        at = (n + 0.5) * ratio - 0.5
        for k in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
            share = _kernel_at(abs(at - k)) if how == "cubic" else max(0.0, 1 - abs(at - k))
            matrix[n, min(max(k, 0), before - 1)] += share
    return torch.from_numpy(matrix.astype(np.float32)).to(device)


@lru_cache(maxsize=KEPT)
def _smoothing(count: int, taps: tuple[float, ...], edge: str, device: torch.device) -> Tensor:
    """(count, count): a row of weights around each place, its middle on it."""
    matrix = np.zeros((count, count))
    for n in range(count):
        for k, tap in enumerate(taps, n - len(taps) // 2):
            matrix[n, _inside(k, count, edge)] += tap
    return torch.from_numpy(matrix.astype(np.float32)).to(device)


def _inside(place: int, count: int, edge: str) -> int:
    """The place that stands for one that may lie beyond the edge."""
    if edge == "repeated" or count == 1:
        return min(max(place, 0), count - 1)
    more = edge == "doubled"
    while not 0 <= place < count:
        place = -place - more if place < 0 else 2 * (count - 1) - place + more
    return place
