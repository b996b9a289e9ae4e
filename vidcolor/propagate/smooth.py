"""Weighted smoothing within edges of lightness: fills what is not known from what is, along like lightness.

Each pass solves, along rows or along columns, (1 + lambda A) u = f exactly, A the Laplacian of the line with links
exp(-|difference of luma| / sigma). Weights are smoothed beside the values and divided out, so that pixels of no weight
take their colour from their surroundings.

Source: Min, Choi, Lu, Ham, Sohn, Do, Fast Global Image Smoothing Based on Weighted Least Squares, TIP 2014.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import strict
from vidcolor.planes.kinds import of, on_device

PASSES = 3
"""Times both axes are solved; Min et al. find three enough."""
NOTHING = np.float32(1e-9)


@strict()
def _solve_columns(fields, links, strength, carry, inverse):  # type: ignore[no-untyped-def]
    """Solves all columns of `fields` (C, h, w) in place; row by row, so that the loops run along x.

    carry, inverse  (h, w) and (w,), to work in
    """
    channels, height, width = fields.shape
    one = np.float32(1)
    for y in range(height):
        for x in range(width):
            above = strength * links[y - 1, x] if y > 0 else np.float32(0)
            below = strength * links[y, x] if y < height - 1 else np.float32(0)
            before = carry[y - 1, x] if y > 0 else np.float32(0)
            inverse[x] = one / (one + above + below + above * before)
            carry[y, x] = -below * inverse[x]
        for c in range(channels):
            if y == 0:
                for x in range(width):
                    fields[c, 0, x] *= inverse[x]
            else:
                row, previous, link = fields[c, y], fields[c, y - 1], links[y - 1]
                for x in range(width):
                    row[x] = (row[x] + strength * link[x] * previous[x]) * inverse[x]
    for y in range(height - 2, -1, -1):
        for c in range(channels):
            row, following, factor = fields[c, y], fields[c, y + 1], carry[y]
            for x in range(width):
                row[x] -= factor[x] * following[x]


def smooth(values: Array, weight: Array, luma: Array, *, strength: float, sigma: float) -> Array:
    """Values (C, h, w) smoothed within edges of `luma` (h, w), each pixel counting by `weight` (h, w).

    Planes that hold nothing but 0 stay so, and are not worked out.
    """
    if on_device(values):
        return _smooth_there(values, weight, luma, strength=strength, sigma=sigma)
    some = values.any(axis=(1, 2))
    if not some.all():
        planes = np.zeros(values.shape, np.float32)
        if some.any():
            planes[some] = smooth(values[some], weight, luma, strength=strength, sigma=sigma)
        return planes
    down = np.exp(-np.abs(np.diff(luma, axis=0)) / np.float32(sigma)).astype(np.float32)
    across = np.ascontiguousarray(np.exp(-np.abs(np.diff(luma, axis=1)) / np.float32(sigma)).astype(np.float32).T)
    fields = np.concatenate([values * weight, weight[None]]).astype(np.float32)
    room = [(np.empty(size, np.float32), np.empty(size[1], np.float32)) for size in (luma.shape, luma.shape[::-1])]
    for number in range(PASSES):
        step = np.float32(_strength(strength, number))
        turned = np.ascontiguousarray(fields.transpose(0, 2, 1))
        _solve_columns(turned, across, step, *room[1])
        fields = np.ascontiguousarray(turned.transpose(0, 2, 1))
        _solve_columns(fields, down, step, *room[0])
    return fields[:-1] / (fields[-1] + NOTHING)


def _strength(strength: float, number: int) -> float:
    """What one pass takes of the whole: each a quarter of the one before (Min et al., eq. 12)."""
    return 1.5 * strength * 4 ** (PASSES - 1 - number) / (4**PASSES - 1)


def _smooth_there(values: Array, weight: Array, luma: Array, *, strength: float, sigma: float) -> Array:
    """`smooth`, on a device."""
    from vidcolor.propagate.on_device import solve_columns  # loads PyTorch

    xp = of(luma)
    down = xp.exp(-xp.abs(luma[1:] - luma[:-1]) / sigma)
    across = xp.exp(-xp.abs(luma[:, 1:] - luma[:, :-1]) / sigma).T
    fields = xp.concat([values * weight, weight[None]])
    for number in range(PASSES):
        step = _strength(strength, number)
        turned = solve_columns(fields.transpose(1, 2), across, step)
        fields = solve_columns(turned.transpose(1, 2), down, step)
    return fields[:-1] / (fields[-1] + float(NOTHING))  # type: ignore[no-any-return]
