"""The largest value of each column of a table, and its row: NumPy's and PyTorch's argmax go down columns ten times
slower."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vidcolor.compiled import strict

if TYPE_CHECKING:
    from numpy import ndarray as Array


def first_of_most(table: Array) -> Array:
    """(M,) int32: of each column of (N, M) float32, the row of its largest value; of equal ones the first."""
    most, rows = np.full(table.shape[1], -np.inf, np.float32), np.zeros(table.shape[1], np.int32)
    follow_columns(table, np.int32(0), most, rows)
    return rows


@strict()
def follow_columns(table, first, most, rows):  # type: ignore[no-untyped-def]
    """The largest value of each column so far and its row, of rows `first` on of a table; of equal ones the first."""
    for i in range(table.shape[0]):
        row = np.int32(first + i)
        for j in range(table.shape[1]):
            value = table[i, j]
            more = value > most[j]
            most[j] = value if more else most[j]
            rows[j] = row if more else rows[j]
