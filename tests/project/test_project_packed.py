"""A table held as text says what it was given."""

import pytest

from vidcolor.project.packed import Packed


def test_a_packed_table_is_the_table_and_gives_each_value_anew() -> None:
    table = {"area": [[312, 44], [], [1]], "confidence": [1.0, 0.7834], "base": {"notes": ["ä"]}, "none": None}
    packed = Packed(table)
    assert dict(packed) == table
    assert len(packed) == 4
    assert packed.get("else") is None
    with pytest.raises(KeyError):
        packed["else"]
    packed["area"].append([2])
    assert packed["area"] == table["area"]
