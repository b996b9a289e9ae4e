"""tools/measure_proposals.py: the best of four, colourfulness, how far apart, by known answers; what is told."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from measure_proposals import POINTS, TONED, measure, told_of
from tiny import shot_colors

from vidcolor.research.training.pictures import planes_of

RGB = np.rint(shot_colors(1, 0, (96, 128)) * 255).astype(np.uint8)
TRUE = planes_of(np.ascontiguousarray(RGB.transpose(2, 0, 1)) / np.float32(255))


def makes(lightness: np.ndarray, hints: np.ndarray | None, others, seed: int, count: int) -> np.ndarray:
    """Gray, nearly the truth, more colourful, and in other hues; whoever was told something knows the truth."""
    found = np.stack([0 * TRUE[1:], TRUE[1:] + np.float32(0.3), 1.2 * TRUE[1:], TRUE[1:][::-1]])
    return found if hints is None and not others else np.stack([TRUE[1:]] * count)


def test_figures_of_known_proposals():
    found, shown = measure(RGB, makes, 1)
    assert len(shown) == 6
    bare, gray = found["nothing"], found["gray"]
    assert bare["best_psnr"] > gray["best_psnr"] + 10, "one of the four is nearly the truth"
    assert bare["best_ciede"] < 0.5 < bare["mean_ciede"]
    assert bare["mean_psnr"] < bare["best_psnr"] - 5
    assert gray["colourfulness"] < 0.1
    assert bare["apart"] > 3
    for kind in ("points", "scribbles", "region", "reference", "all"):
        assert found[kind]["colourfulness"] == pytest.approx(1, abs=0.02)
        assert found[kind]["apart"] == 0


def test_what_is_told_are_the_pictures_own_colours():
    told = told_of(TRUE, np.random.default_rng(1))
    assert told["nothing"] == (None, ())
    for kind, most in (("points", 0.01 * POINTS), ("scribbles", 0.1)):
        hints, others = told[kind]
        where = hints[0] > 0
        assert 0 < where.mean() < most
        assert np.abs(hints[1:, where] - TRUE[1:, where]).mean() < 6
        assert not others
    (region,) = told["region"][1]
    assert 0.05 < region.here.mean() < 0.8
    own, taken = (
        np.median(planes, axis=1) for planes in (TRUE[1:, region.here > 0], region.chroma[:, region.part > 0])
    )
    assert np.abs(taken - own - np.array(TONED)).max() < 8, "the same part of the picture, in its tone"
    assert region.part.mean() < 0.8
    (whole,) = told["reference"][1]
    assert (whole.here, whole.part) == (None, None)
    assert whole.lightness.mean() > TRUE[0].mean()
    hints, (_, free) = told["all"]
    assert not free.here[hints[0] > 0].any(), "each place is told of by one"
