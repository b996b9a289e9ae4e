"""The luma lock on a device, by PyTorch: what lock.py and kernels.py do in compiled loops, on whole planes.

- Where the loops solve colours outside the gamut alone, here all are solved twice: to know how many there are would
  mean to wait for the device. Colours inside it come out of the second solve as out of the first.
- R, G and B lie on end, so that a step has few operations, each on three planes.
- Roots are the device's own powers, so codes differ from the processor's where a value lies beside a half.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from vidcolor.color.kernels import LEAST_SLOPE
from vidcolor.color.lock import SLACK, STEPS
from vidcolor.color.scale import Scale

if TYPE_CHECKING:
    from vidcolor.color.lock import LumaLock

BAND = 1 << 21
"""About so many pixels are worked at once: what they take of memory stays bounded, and a frame of 1920x1080 is one."""
BENT_LAB, STRAIGHT_LAB = 6 / 29, 108 / 841
"""Where the inverse of CIELAB's f is a line, and that line's slope."""
BENT, STRAIGHT, POWER = 0.0031308, 12.92, 1 / 2.4
"""Where the transfer's curve begins, the slope of the line below it, and the curve's power."""
HALF_BAND = (0.5, 9 / 32, -1 / 32)
"""Of a sample's own column, those beside it, and those three off: kernels.keep_even."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """What the lock knows, on a device."""

    edge: Tensor
    """(luma nodes, hue nodes + 1), flat: kernels.shrink"""
    size: tuple[int, int]
    """Of `edge`"""
    start: Tensor
    """(6, 1024): kernels.guess"""
    matrix: Tensor
    """(3, 3): XYZ over white to linear R, G, B"""
    slopes: Tensor
    """Three times the same: the cube's slope"""
    weights: Tensor
    """(1, 3): luma's"""


@lru_cache(maxsize=8)
def _tables(lock: LumaLock, device: torch.device) -> _Tables:
    matrix, weights = np.reshape(lock.matrix, (3, 3)), np.reshape(lock.weights, (1, 3))
    planes = (lock.edge.ravel(), lock.start.T, matrix, 3 * matrix, weights)
    edge, start, *rest = (torch.from_numpy(np.array(plane, np.float32)).to(device) for plane in planes)
    return _Tables(edge, (lock.edge.shape[0], lock.edge.shape[1]), start, *rest)


def chroma_codes(lock: LumaLock, luma: Tensor, chroma: Tensor, halved: bool, scale: Scale) -> tuple[Tensor, Tensor]:
    """As LumaLock.chroma_codes, as int32 tensors.

    luma    (H, W) codes, of any type of number
    chroma  (2, H, W) float32, on the same device
    halved  4:2:2
    """
    height, width = luma.shape
    tables = _tables(lock, luma.device)
    rows = max(1, BAND // width)
    made = []
    for top in range(0, height, rows):
        strip = slice(top, top + rows)
        y = (luma[strip].float() - scale.black) * float(np.float32(1 / scale.span))
        made.append(_codes(lock, tables, y, chroma[:, strip].float(), halved, scale))
    cb, cr = (torch.cat(planes) if len(planes) > 1 else planes[0] for planes in zip(*made, strict=True))
    return cb, cr


def _codes(
    lock: LumaLock, tables: _Tables, luma: Tensor, chroma: Tensor, halved: bool, scale: Scale
) -> tuple[Tensor, Tensor]:
    """Cb and Cr of a strip: luma (h, w), 0..1 from black to white; chroma (2, h, w)."""
    y, ab = luma.reshape(-1), chroma.reshape(2, -1)
    code = (y * 876 + 64.5).clamp(0, 1023).long()
    first = _coded(lock, tables, code, y, ab)
    ab = torch.where(_outside(first), ab * _shrink(tables, y, ab), ab)
    del first
    differences = _coded(lock, tables, code, y, ab)[::2] - y
    del code, ab
    if halved:
        differences = _even(differences.reshape(2, *luma.shape))
        luma = luma[:, ::2]
    red, blue = differences.reshape(2, *luma.shape)
    return _limited(lock, luma, blue, red, scale)


def _coded(lock: LumaLock, tables: _Tables, code: Tensor, y: Tensor, ab: Tensor) -> Tensor:
    """(3, n): coded R, G, B of colours ab (2, n) under the luma y, whose 10-bit code is given; green is what the others
    leave of it."""
    f, away = (
        _guess(tables.start[:, code], ab),
        torch.stack([ab[0] * (1 / 500), torch.zeros_like(y), ab[1] * (-1 / 200)]),
    )
    for _ in range(STEPS):
        value, slope = _luma_and_slope(tables, f + away)
        f -= (value - y) / slope.clamp_(min=float(LEAST_SLOPE))
    away += f
    light = tables.matrix @ _backward(away)[0]
    del f, away
    rgb = _encoded(light)[0]
    wr, wg, wb = (float(w) for w in lock.weights)
    rgb[1] = y - (wr * (rgb[0] - y) + wb * (rgb[2] - y)) / wg
    return rgb


def _guess(start: Tensor, ab: Tensor) -> Tensor:
    a, b = ab
    return start[0] + a * (start[1] + start[3] * a + start[4] * b) + b * (start[2] + start[5] * b)


def _luma_and_slope(tables: _Tables, f: Tensor) -> tuple[Tensor, Tensor]:
    """Luma of Lab colours, whose f of X, Y and Z is given (3, n), and how it grows with all three."""
    light, square = _backward(f)
    light, growth = tables.matrix @ light, tables.slopes @ square
    del f, square
    value, slope = _encoded(light)
    return (tables.weights @ value)[0], (tables.weights @ slope.mul_(growth))[0]


def _backward(f: Tensor) -> tuple[Tensor, Tensor]:
    """kernels.backward_with_slope; a third of the slope."""
    bent = f.clamp(min=BENT_LAB)
    square = bent * bent
    straight = (f - bent).mul_(STRAIGHT_LAB)
    return straight.addcmul_(square, bent), square


def _encoded(light: Tensor) -> tuple[Tensor, Tensor]:
    """kernels.encode_with_slope."""
    value = light.abs()
    bent = value.clamp(min=BENT)
    power = bent.pow(POWER).mul_(1.055)
    value.sub_(bent).mul_(STRAIGHT).add_(power).sub_(0.055).mul_(light.sign())
    return value, power.div_(bent.mul_(2.4))


def _outside(rgb: Tensor) -> Tensor:
    """(n,): which colours lie outside the cube."""
    return (rgb.amin(0) < -float(SLACK)) | (rgb.amax(0) > 1 + float(SLACK))


def _shrink(tables: _Tables, y: Tensor, ab: Tensor) -> Tensor:
    """(n,): how far colours ab (2, n) are to be shrunk to lie in the gamut, 0..1: kernels.shrink."""
    rows, hues = tables.size[0] - 1, tables.size[1] - 1
    at = y.clamp(0, 1) * rows
    row = at.floor().clamp(max=rows - 1)
    at = at - row
    a, b = ab
    length = a.abs() + b.abs() + 1e-9
    part = a / length
    turn = torch.where(b >= 0, 1 - part, 3 + part) * (hues / 4)
    hue = turn.floor().clamp(0, hues - 1)
    turn = turn - hue
    place = row.long() * (hues + 1) + hue.long()
    low, high = (_between(tables.edge, place + down, turn) for down in (0, hues + 1))
    return ((low + at * (high - low)) / length).clamp(max=1)


def _between(table: Tensor, place: Tensor, part: Tensor) -> Tensor:
    here = table[place]
    return here + part * (table[place + 1] - here)


def _even(planes: Tensor) -> Tensor:
    """Planes (2, h, w) half-banded, at their even columns (2, h, ceil(w / 2)): kernels.keep_even."""
    width = planes.shape[-1]
    ends = (planes[..., :1].expand(-1, -1, 3), planes[..., -1:].expand(-1, -1, 3))
    wide = torch.cat([ends[0], planes, ends[1]], -1)
    last = 2 * ((width + 1) // 2) - 1
    here, near, far = HALF_BAND

    def column(k: int) -> Tensor:
        return wide[..., k : k + last : 2]

    return here * column(3) + near * (column(2) + column(4)) + far * (column(0) + column(6))


def _limited(lock: LumaLock, y: Tensor, blue: Tensor, red: Tensor, scale: Scale) -> tuple[Tensor, Tensor]:
    """kernels.limit_and_code, on planes."""
    wr, wg, wb = (float(w) for w in lock.weights)
    margin = float(lock.margin)
    green = -(wr * red + wb * blue) / wg
    top = torch.maximum(torch.maximum(red, blue), green.clamp(min=1e-6))
    bottom = torch.minimum(torch.minimum(red, blue), green.clamp(max=-1e-6))
    part = torch.minimum((1 - margin - y) / top, (margin - y) / bottom).clamp(0, 1)
    middle, half = scale.neutral + 0.5, scale.chroma_span / 2
    cb, cr = (part * plane * (half / (1 - weight)) + middle for plane, weight in ((blue, wb), (red, wr)))
    return cb.int(), cr.int()
