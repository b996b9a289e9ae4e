"""tools/measure_agreement.py: where two frames show the same superpixels, and how far apart their colours are."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from measure_agreement import pair_of
from tiny import shot_colors

STEP = 3


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three frames of a picture that moves to the right."""
    folder = tmp_path_factory.mktemp("clip")
    rgb = np.rint(shot_colors(1, 0, (96, 140)) * 255).astype(np.uint8)
    for n in range(3):
        cv2.imwrite(str(folder / f"{n:05d}.png"), rgb[:, 10 - STEP * n : 130 - STEP * n, ::-1])
    return folder


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_moved_is_found_again_and_agrees_unless_its_colours_are_others(clip, mirrored):
    pair = pair_of(clip, 20, mirrored=mirrored)
    there = pair.labels >= 0
    assert there.mean() > 0.7
    ys, xs = np.nonzero(there)
    moved = xs + 2 * STEP
    expected = 119 - moved if mirrored else moved
    assert np.median(np.abs(pair.points[0][there] - expected)) < 0.5
    assert np.median(np.abs(pair.points[1][there] - ys)) < 0.5
    assert pair.difference(pair.planes) < 1
    other = pair.planes[1] + np.array([0, 20, 0], np.float32)[:, None, None]
    assert pair.difference((pair.planes[0], other)) > 5
