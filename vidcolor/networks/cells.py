"""Maps of places cut into cells, and put together again; arrays or tensors.

Axes: c cells, n places of a cell, C channels, P planes of what is known of a place.
"""

from __future__ import annotations

from typing import cast

from numpy import ndarray as Array

from vidcolor.planes.kinds import full, of

PLACE, SIDE = 4, 4
"""Pixels of a place, and places of a cell, each way."""


def in_cells(x: Array) -> Array:
    """(h, w, C) as (c, n, C) float32."""
    x, xp = _padded(x, SIDE), of(x)
    height, width, channels = x.shape
    cut = xp.permute_dims(xp.reshape(x, (height // SIDE, SIDE, width // SIDE, SIDE, channels)), (0, 2, 1, 3, 4))
    return full(xp.reshape(cut, (-1, SIDE * SIDE, channels)))


def of_each_cell(x: Array, side: int) -> Array:
    """(c, C) float32: means of (h, w, C) over cells of so many places each way."""
    x, xp = _padded(x, side), of(x)
    height, width, channels = x.shape
    cut = xp.reshape(x, (height // side, side, width // side, side, channels))
    return cast(Array, xp.reshape(xp.mean(cut, axis=(1, 3), dtype=xp.float32), (-1, channels)))


def out_of_cells(x: Array, height: int, width: int) -> Array:
    """(c, n, P) as (P, height, width)."""
    xp, rows, columns = of(x), -(-height // SIDE), -(-width // SIDE)
    cut = xp.permute_dims(xp.reshape(x, (rows, columns, SIDE, SIDE, -1)), (4, 0, 2, 1, 3))
    return cast(Array, xp.reshape(cut, (-1, rows * SIDE, columns * SIDE))[:, :height, :width])


def _padded(x: Array, multiple: int) -> Array:
    """(h, w, C), the last row and column repeated until `multiple` divides both sides."""
    xp, down, right = of(x), -x.shape[0] % multiple, -x.shape[1] % multiple
    x = xp.concat([x, *[x[-1:]] * down]) if down else x
    return xp.concat([x, *[x[:, -1:]] * right], axis=1) if right else x
