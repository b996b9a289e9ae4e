"""Cuts of the truth, told as frames pass."""

from __future__ import annotations

import film

from vidcolor.research.measure.cuts import CutFinder, change, sample


def found(lightness) -> list[int]:
    samples = [sample(frame) for frame in lightness]
    finder = CutFinder()
    return [k for k in range(1, len(samples)) if finder.is_cut(change(samples[k - 1], samples[k]))]


def test_the_cuts_of_a_film_and_nothing_else():
    made = film.make_film((96, 128), shots=(8, 8, 8))
    assert found(made.lightness) == [8, 16]


def test_a_first_change_is_compared_with_a_fast_pan():
    assert not CutFinder().is_cut(0.45)
    assert CutFinder().is_cut(0.6)


def test_restless_film_has_no_cuts():
    finder = CutFinder()
    assert not any(finder.is_cut(changed) for changed in (0.4, 0.42, 0.45, 0.47, 0.44, 0.47, 0.3, 0.0, 0.2, 0.25))


def test_each_of_two_cuts_close_together():
    finder = CutFinder()
    assert [finder.is_cut(c) for c in (0.1, 0.1, 0.1, 0.1, 0.6, 0.1, 0.6, 0.1)] == [False] * 4 + [True, False] * 2
