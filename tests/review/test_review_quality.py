"""Figures of quality: each answers to what it is named for, and to nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tiny import shot_colors

from vidcolor.color import rgb_to_lab
from vidcolor.review.quality import (
    beside_edges,
    drift,
    flicker,
    legal,
    palette_distance,
    palette_of,
    uncolored,
)
from vidcolor.types import ColorFrame

SIZE = (96, 128)


def chroma_of(frame: int) -> np.ndarray:
    return rgb_to_lab(np.moveaxis(shot_colors(3, frame, SIZE), 2, 0))[1:]


def test_a_pulse_of_the_whole_picture_is_flicker_and_motion_is_not():
    moving = [chroma_of(frame) for frame in (4, 5, 6)]
    assert flicker(moving) < 0.5
    assert flicker([moving[0], moving[1] + 3, moving[2]]) == pytest.approx(math.hypot(3, 3), abs=0.5)
    steady = [moving[0], moving[0] + 1, moving[0] + 2]
    assert flicker(steady) == pytest.approx(0, abs=1e-4), "what changes evenly does not flicker"


def blocks(step: float) -> tuple[np.ndarray, np.ndarray]:
    """Checks of light, and of colour with them: (L*, a*b*)."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    even = ((y // 24 + x // 24) % 2).astype(np.float32)
    return 40 + 40 * even, np.stack([step * even, -step * even])


def test_colours_moved_off_the_edges_of_light_are_told():
    lightness, chroma = blocks(40)
    assert beside_edges(lightness, chroma) < 0.1
    assert beside_edges(lightness, np.roll(chroma, 3, 2)) > 0.4
    assert math.isnan(beside_edges(lightness, np.zeros_like(chroma)))
    assert math.isnan(beside_edges(np.full(SIZE, 50, np.float32), chroma))


def test_uncoloured_is_what_is_pale_and_unsure():
    chroma, confidence = np.zeros((2, *SIZE), np.float32), np.zeros(SIZE, np.float32)
    chroma[:, :24], confidence[24:48] = 20, 1
    assert uncolored(ColorFrame(0, chroma, confidence)) == pytest.approx(0.5)


def test_drift_is_the_most_that_saturation_leaves_the_nearest_keyframe():
    assert drift({5: 10.0, 40: 7.0, 95: 19.0}, {0: 10.0, 100: 20.0}) == pytest.approx(-0.3)
    assert math.isnan(drift({5: 10.0}, {}))
    assert math.isnan(drift({5: 10.0}, {0: 0.5}))


def test_palettes_differ_by_colour_and_not_by_light():
    lightness, chroma = blocks(20)
    sure = np.ones(SIZE, np.float32)
    one = palette_of(lightness, ColorFrame(0, chroma, sure))
    assert palette_distance(one, palette_of(lightness + 3, ColorFrame(0, chroma, sure))) == pytest.approx(0, abs=0.2)
    assert palette_distance(one, palette_of(lightness, ColorFrame(0, chroma + 15, sure))) > 5
    assert math.isnan(palette_distance(one, palette_of(lightness, ColorFrame(0, chroma, 0 * sure))))


def test_levels_beyond_ebu_r_103_are_counted_by_area():
    luma = np.full((10, 100), 500, np.uint16)
    rgb = np.full((3, 10, 100), 0.5, np.float32)
    assert (legal(luma, rgb).luma, legal(luma, rgb).rgb) == (0, 0)
    luma[0, :50], rgb[1, 1, :20] = 985, 1.06
    assert legal(luma, rgb).luma == pytest.approx(0.05)
    assert legal(luma, rgb).rgb == pytest.approx(0.02)
    luma[0, :50], rgb[1, 1, :20] = 19, -0.06
    assert (legal(luma, rgb).luma, legal(luma, rgb).rgb) == (pytest.approx(0.05), pytest.approx(0.02))
    luma[0, :50], rgb[1, 1, :20] = 984, 1.05
    assert (legal(luma, rgb).luma, legal(luma, rgb).rgb) == (0, 0)
