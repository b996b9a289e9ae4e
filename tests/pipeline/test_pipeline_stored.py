"""What is kept for a while: the same arrays, from memory or from the disk."""

from pathlib import Path

import numpy as np
import pytest

from vidcolor.pipeline import stored
from vidcolor.pipeline.stored import StoredArrays


@pytest.mark.parametrize("room", [1 << 20, 1])
def test_arrays_are_made_once_and_come_back_to_the_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(stored, "IN_MEMORY", room)
    kept, made = StoredArrays(tmp_path), list[int]()

    def make(n: int) -> np.ndarray:
        made.append(n)
        return np.random.default_rng(n).normal(size=(n + 1, 5)).astype(np.float32)

    for _ in range(3):
        for n in range(4):
            np.testing.assert_array_equal(
                kept.get(n, lambda n=n: make(n)), np.random.default_rng(n).normal(size=(n + 1, 5)).astype(np.float32)
            )
    assert made == [0, 1, 2, 3]
    assert not list(tmp_path.iterdir()), "the file has no name"
