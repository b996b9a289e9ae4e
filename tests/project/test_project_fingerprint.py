"""Fingerprints: the same for the same things, by whichever writer they are told."""

from __future__ import annotations

import pytest

from vidcolor.project.fingerprint import fingerprint, is_of


@pytest.mark.parametrize("value", ["text", "é ∑ \x7f \x01", "\udc80", 3, 0.015, 1e-05, 1e22, True])
def test_a_mark_is_told_from_any_other_however_its_numbers_are_written(value):
    ingredients = {"b": value, "a": 1, "c": {"y": [1.5, 2], "x": None}}
    mark = fingerprint(ingredients)
    assert is_of(mark, dict(reversed(ingredients.items())))
    assert not is_of(mark, {**ingredients, "a": 2})
