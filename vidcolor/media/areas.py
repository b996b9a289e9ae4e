"""Small gray pictures for looking at a film, averaged over areas of its luma in one pass: plan looks at every frame.

They are what `read.resized` makes of `luma.look_up`'s, to 0.0001 L*, in a quarter of the time where a film shrinks to a
tenth. Pictures that colours are made from are not made here: their last digits are part of what a stage's number names.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import loose


def area_means(codes: Array, table: Array, size: tuple[int, int]) -> Array:
    """(height, width) float32: the means of the table's entries for `codes` (H, W) over equal areas, parts of pixels
    too.

    size  (height, width), in no direction larger than the codes
    A code beyond the table has its last entry.
    """
    out = np.empty(size, np.float32)
    rows, columns = _spans(codes.shape[0], size[0]), _spans(codes.shape[1], size[1])
    codes = codes.astype(codes.dtype.newbyteorder("="), copy=False)
    _average(codes, _for_all(table, np.iinfo(codes.dtype).max + 1), *rows, *columns, out)
    return out


def _for_all(table: Array, count: int) -> Array:
    """The table with an entry for every code there can be: so none need be compared with its length."""
    if len(table) >= count:
        return table
    whole = np.full(count, table[-1], table.dtype)
    whole[: len(table)] = table
    return whole


@lru_cache(maxsize=16)
def _spans(count: int, parts: int) -> tuple[Array, Array, Array, Array]:
    """Of each part of `count` pixels: its first pixel and its last, and how much of each lies in it."""
    edges = np.arange(parts + 1) * count / parts
    first = np.floor(edges[:-1]).astype(np.int64)
    last = np.minimum(np.ceil(edges[1:]).astype(np.int64), count) - 1
    head = np.minimum(first + 1, edges[1:]) - edges[:-1]
    tail = np.where(last > first, edges[1:] - last, 0)
    return first, last, head.astype(np.float32), tail.astype(np.float32)


@loose()
def _average(
    codes: Any,
    table: Any,
    tops: Any,
    bottoms: Any,
    upper: Any,
    lower: Any,
    lefts: Any,
    rights: Any,
    left: Any,
    right: Any,
    out: Any,
) -> None:  # pragma: no cover
    """Down the columns first, four lines at a time: those loops are vectors, and most of it is looking up."""
    sums = np.empty(codes.shape[1], np.float32)
    share = np.float32(out.shape[0] / codes.shape[0] * (out.shape[1] / codes.shape[1]))
    for row in range(out.shape[0]):
        top, bottom = tops[row], bottoms[row]
        first, last = codes[top], codes[bottom]
        over, under = upper[row], lower[row]  # of one line alone, `under` is none
        for x in range(codes.shape[1]):
            sums[x] = over * table[first[x]] + under * table[last[x]]
        y = top + 1
        while y + 4 <= bottom:
            a, b, c, d = codes[y], codes[y + 1], codes[y + 2], codes[y + 3]
            for x in range(codes.shape[1]):
                sums[x] += (table[a[x]] + table[b[x]]) + (table[c[x]] + table[d[x]])
            y += 4
        while y < bottom:
            line = codes[y]
            for x in range(codes.shape[1]):
                sums[x] += table[line[x]]
            y += 1
        for column in range(out.shape[1]):
            total = left[column] * sums[lefts[column]] + right[column] * sums[rights[column]]
            for x in range(lefts[column] + 1, rights[column]):
                total += sums[x]
            out[row, column] = total * share
