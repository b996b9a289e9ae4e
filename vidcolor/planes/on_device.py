"""What samples.py does, by PyTorch on any device.

A filter along rows, or along columns, is a matrix: another size, a mean, a Gaussian are each two products, which every
device does fast and alike. Sampling takes its values by their places in memory: PyTorch's own has not every way, and
not every edge, on every device.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

CUBIC = -0.75
"""OpenCV's slope of a cubic kernel."""
KEPT = 256
"""Matrices kept."""


def fetch(image: Tensor, points: Tensor, *, cubic: bool = False) -> Tensor:
    """As samples.fetch; also of image (..., H, W), each plane at the same points."""
    height, width = image.shape[-2:]
    flat = image.reshape(*image.shape[:-2], height * width)
    columns, across = _near(points[0], width, cubic=cubic)
    rows, down = _near(points[1], height, cubic=cubic)
    out = None
    for row, of_row in zip(rows, down, strict=True):
        for column, of_column in zip(columns, across, strict=True):
            part = flat[..., row * width + column] * (of_row * of_column)
            out = part if out is None else out + part
    assert out is not None
    return out


def _near(at: Tensor, count: int, *, cubic: bool) -> tuple[list[Tensor], list[Tensor]]:
    """The places between which `at` lies, of `count`, and what each of them weighs."""
    at = at.float().clamp(-2 * count, 3 * count)  # no place is so far off that it does not fit into a number
    first = at.floor()
    part = at - first
    if cubic:
        shares, begin = [_kernel(1 + part), _kernel(part), _kernel(1 - part), _kernel(2 - part)], -1
    else:
        shares, begin = [1 - part, part], 0
    places = [(first.long() + n).clamp(0, count - 1) for n in range(begin, begin + len(shares))]
    return places, shares


def _kernel(away: Tensor) -> Tensor:
    """The cubic kernel at distances 0..2."""
    near = ((CUBIC + 2) * away - (CUBIC + 3)) * away * away + 1
    far = ((CUBIC * away - 5 * CUBIC) * away + 8 * CUBIC) * away - 4 * CUBIC
    return torch.where(away <= 1, near, far)


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
        begin = int(np.floor(at))
        part = at - begin
        if how == "cubic":
            near = torch.tensor([1 + part, part, 1 - part, 2 - part], dtype=torch.float64)
            shares, begin = _kernel(near).tolist(), begin - 1
        else:
            shares = [1 - part, part]
        for k, share in enumerate(shares, begin):
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
