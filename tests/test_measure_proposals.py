"""tools/measure_proposals.py: the best of four, their colourfulness and how far they are apart, by known answers."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from measure_proposals import POINTS, measure
from tiny import shot_colors

from vidcolor.research.training.pictures import planes_of

RGB = np.rint(shot_colors(1, 0, (96, 128)) * 255).astype(np.uint8)
TRUE = planes_of(np.ascontiguousarray(RGB.transpose(2, 0, 1)) / np.float32(255))


def makes(lightness: np.ndarray, hints: np.ndarray | None, seed: int, count: int) -> np.ndarray:
    """Gray, nearly the truth, more colourful, and in other hues; whoever was given hints knows the truth."""
    found = np.stack([0 * TRUE[1:], TRUE[1:] + np.float32(0.3), 1.2 * TRUE[1:], TRUE[1:][::-1]])
    return found if hints is None else np.stack([TRUE[1:]] * count)


def test_figures_of_known_proposals():
    found, shown = measure(RGB, makes, 1)
    assert len(shown) == 6
    bare, told, gray = found["proposed"], found["with hints"], found["gray"]
    assert bare["best_psnr"] > gray["best_psnr"] + 10, "one of the four is nearly the truth"
    assert bare["best_ciede"] < 0.5 < bare["mean_ciede"]
    assert bare["mean_psnr"] < bare["best_psnr"] - 5
    assert gray["colourfulness"] < 0.1
    assert told["colourfulness"] == pytest.approx(1, abs=0.02)
    assert told["apart"] == 0
    assert bare["apart"] > 3


def test_hints_are_the_pictures_own_colour_at_a_few_points():
    seen = []
    measure(RGB, lambda light, hints, seed, count: seen.append(hints) or makes(light, hints, seed, count), 1)
    assert seen[0] is None
    where = seen[1][0] > 0
    assert 0 < where.mean() < 0.01 * POINTS
    assert np.abs(seen[1][1:, where] - TRUE[1:, where]).mean() < 6
