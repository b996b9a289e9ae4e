"""state/doubt.py: areas between the bounds of a report, and reports that are damaged."""

from __future__ import annotations

import pytest

from vidcolor.state.doubt import Suggestion, area_beyond, suggestions_of

REPORT = {"doubt": {"bounds": [2.0, 4.0, 8.0], "area": [[500, 100], [], [1000, 1000, 1000]]}}


@pytest.mark.parametrize(
    ("bound", "areas"),
    [
        (2.0, (0.5, 0.0, 1.0)),
        (3.0, (0.3, 0.0, 1.0)),
        (6.0, (0.05, 0.0, 1.0)),
        (1.0, (0.75, 0.5, 1.0)),
        (30.0, (0.0, 0.0, 1.0)),
    ],
)
def test_areas_between_bounds_go_in_straight_lines(bound: float, areas: tuple[float, ...]) -> None:
    assert area_beyond(REPORT, bound) == pytest.approx(areas)


@pytest.mark.parametrize(
    "doubt",
    [
        None,
        [],
        {"bounds": [], "area": [[1]]},
        {"bounds": [2, 2], "area": [[1, 1]]},
        {"bounds": [0, 2], "area": [[1, 1]]},
        {"bounds": [2], "area": [[1, 1]]},
        {"bounds": ["2"], "area": [[1]]},
        {"bounds": [2], "area": 3},
    ],
)
def test_a_damaged_table_says_nothing(doubt: object) -> None:
    assert area_beyond({"doubt": doubt}, 6.0) == ()


def test_suggestions_are_read_and_damaged_ones_left_out() -> None:
    good = {"frame": 12, "gain": 3.5, "box": [0, 2, 40, 60], "places": [[5, 6], [7, 8]]}
    bad = [None, {}, {**good, "box": [1, 2, 3]}, {**good, "places": [[1]]}, {**good, "gain": float("nan")}]
    assert suggestions_of({"suggestions": [*bad, good]}) == (Suggestion(12, 3.5, (0, 2, 40, 60), ((5, 6), (7, 8))),)
    assert suggestions_of({"suggestions": "none"}) == ()
