"""propagate/points.py: a colour is asked for where it would tell most of what is off in the whole shot."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.propagate.points import MOST_LOOKS, Points

SIZE, COUNT = (36, 64), 9
GRAY = np.zeros((2, *SIZE), np.float32)
SURE = np.full(SIZE, 0.5, np.float32)


def still(lightness: np.ndarray, off: np.ndarray, count: int = COUNT) -> Points:
    """A scene that stands."""
    points = Points(SIZE, count)
    for position in range(count):
        points.see(position, lightness.astype(np.float32), GRAY, off.astype(np.float32))
    return points


def leaves() -> tuple[np.ndarray, np.ndarray]:
    """L* and where they are: small dark things all over a light ground."""
    lightness, there = np.full(SIZE, 70.0), np.zeros(SIZE, np.bool_)
    for y in range(4, 32, 8):
        there[y : y + 3, 6:58:9] = there[y : y + 3, 7:58:9] = there[y : y + 3, 8:58:9] = True
    lightness[there] = 20
    return lightness, there


def test_two_things_are_each_asked_for_once_and_first_the_one_that_is_off_most() -> None:
    off = SURE.copy()
    off[4:14, 6:16], off[20:30, 44:54] = 9, 7
    first, second = still(np.full(SIZE, 50.0), off).best(2, 0, COUNT)
    assert 4 <= first.y < 14
    assert 6 <= first.x < 16
    assert 20 <= second.y < 30
    assert 44 <= second.x < 54
    assert first.gain > second.gain > 0
    assert first.position == COUNT // 2, "the middle frame is nearest to all others"


def test_what_is_off_in_many_places_that_look_alike_is_asked_for_before_one_place_that_is_off_more() -> None:
    lightness, there = leaves()
    off = np.where(there, np.float32(8), SURE)
    off[15:19, 28:32] = 10  # a spot of the ground
    first = still(lightness, off).best(1, 0, COUNT)[0]
    assert there[first.y, first.x]


def test_what_is_all_as_far_off_is_asked_for_before_a_spot_that_is_off_more_than_all_around_it() -> None:
    lightness = np.full(SIZE, 70.0)
    lightness[:, :32] = 30
    off = SURE.copy()
    off[2:34, 34:62] = 2.5
    off[16:20, 45:49] = 10  # a hint there leaves the rest of its thing alone
    off[13:23, 5:15] = 6
    first, second = still(lightness, off).best(2, 0, COUNT)
    assert off[first.y, first.x] == 6
    assert off[second.y, second.x] == 10


def test_a_point_lies_on_what_it_asks_for_and_not_on_an_edge() -> None:
    lightness, there = leaves()
    for point in still(lightness, np.where(there, np.float32(8), SURE)).best(5, 0, COUNT):
        assert lightness[point.y, point.x] in (20, 70), point
    large = Points((360, 640), COUNT)  # a cell is some 13 pixels
    scene = np.full((360, 640), 60.0, np.float32)
    scene[:, 331:] = 20
    off = np.where(scene < 50, np.float32(9), np.float32(0.5))
    large.see(0, scene, np.zeros((2, 360, 640), np.float32), off)
    assert all(point.x >= 331 for point in large.best(5, 0, COUNT))


def test_points_lie_in_the_frames_asked_for_and_there_are_no_more_than_were_asked() -> None:
    lightness, there = leaves()
    points = still(lightness, np.where(there, np.float32(8), SURE))
    found = points.best(5, 2, 4)
    assert len(found) == 5
    assert {point.position for point in found} <= {2, 3}
    assert points.best(5, COUNT, COUNT + 3) == []
    assert Points(SIZE, COUNT).best(5, 0, COUNT) == []
    gains = [point.gain for point in points.best(20, 0, COUNT)]
    assert gains == sorted(gains, reverse=True)


def test_a_long_shot_keeps_no_more_than_a_short_one_and_goes_on_as_it_was() -> None:
    lightness, there = leaves()
    off = np.where(there, np.float32(8), SURE)
    long = still(lightness, off, 40 * MOST_LOOKS)
    kept = long.state()
    assert len(kept["point_places"]) == MOST_LOOKS
    other = Points(SIZE, 40 * MOST_LOOKS)
    other.go_on(kept)
    assert other.best(5, 0, 40 * MOST_LOOKS) == long.best(5, 0, 40 * MOST_LOOKS)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 200)])
def test_the_smallest_pictures_have_points_too(size: tuple[int, int]) -> None:
    points = Points(size, 1)
    points.see(0, np.full(size, 50, np.float32), np.zeros((2, *size), np.float32), np.full(size, 9, np.float32))
    found = points.best(3, 0, 1)
    assert found
    assert all(0 <= p.y < size[0] and 0 <= p.x < size[1] for p in found)
