"""flow/camera.py: one motion of most places, found though flow misses it by a little; none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.flow.camera import INLIER, INLIER_SHARE, camera_points, most_off
from vidcolor.planes.kinds import grid

MATRIX = np.float32([[1.02, 0.01, 4], [-0.01, 0.99, -3], [1e-5, 2e-5, 1]])


def moved(size: tuple[int, int]) -> np.ndarray:
    x, y, depth = np.tensordot(MATRIX, np.stack([*grid(size), np.ones(size, np.float32)]), 1)
    return np.stack([x / depth, y / depth]).astype(np.float32)


def noisy(size: tuple[int, int], pixels: float) -> np.ndarray:
    """Points that all miss the motion by so many pixels, in any direction."""
    angle = np.random.default_rng(1).uniform(0, 2 * np.pi, size)
    return (moved(size) + pixels * np.stack([np.cos(angle), np.sin(angle)])).astype(np.float32)


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_the_motion_is_found_though_some_of_the_picture_goes_its_own_way(share):
    size = (128, 192)
    points = moved(size)
    points[:, : int(size[0] * share)] += 25
    found = camera_points(points, np.ones(size, np.float32))
    assert found is not None
    assert np.abs(found - moved(size)).max() < 0.1


def test_a_larger_picture_may_miss_it_by_more_pixels_and_a_small_one_by_the_same_at_least():
    large, small = (512, 640), (96, 128)
    assert most_off(large[0]) == pytest.approx(2 * 3)
    assert most_off(small[0]) == INLIER > INLIER_SHARE * small[0]
    for size, pixels, follows in ((large, 3.0, True), (small, 3.5, False)):
        found = camera_points(noisy(size, pixels), np.ones(size, np.float32))
        assert (found is not None) == follows
        if found is not None:
            assert np.abs(found - moved(size)).mean() < 1


def test_where_nothing_rules_or_little_is_trusted_there_is_none():
    size = (128, 192)
    points = np.random.default_rng(2).uniform(0, 128, (2, *size)).astype(np.float32)
    assert camera_points(points, np.ones(size, np.float32)) is None
    assert camera_points(moved(size), np.zeros(size, np.float32)) is None
