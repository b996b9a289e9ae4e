"""The rows of columns' largest values against NumPy's, ties too, whole and a few rows at a time."""

from __future__ import annotations

import numpy as np

from vidcolor.columns import first_of_most, follow_columns


def test_the_row_of_each_columns_largest_value_is_the_first() -> None:
    table = np.random.default_rng(7).integers(0, 9, (40, 33)).astype(np.float32)
    table[:, 5] = -3
    assert np.array_equal(first_of_most(table), table.argmax(0))
    most, rows = np.full(33, -np.inf, np.float32), np.zeros(33, np.int32)
    for first in (0, 16, 32):
        follow_columns(table[first : first + 16], np.int32(first), most, rows)
    assert np.array_equal(rows, table.argmax(0))
    assert np.array_equal(most, table.max(0))
