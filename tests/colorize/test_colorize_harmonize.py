"""colorize/harmonize.py: shots that share a reference are moved towards its colours, thing by thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_scenes import chroma, gray, off, reference, scene

from vidcolor.colorize.by_super_attention import Colorizer
from vidcolor.colorize.harmonize import harmonized
from vidcolor.features import PatchFeatures
from vidcolor.networks.features import NetworkFeatures
from vidcolor.settings import ColorizeSettings
from vidcolor.types import ColorFrame, Guidance, Region

SETTINGS = ColorizeSettings()
FULLY = replace(SETTINGS, harmonize=1.0)
SHIFTS = ((10, -8), (-9, 7))
"""Of a*b*: how far off each of two shots is"""


def shots(settings: ColorizeSettings) -> list[tuple[np.ndarray, np.ndarray]]:
    """Chroma and truth of two shots of one scene, each off its own way, harmonised by one reference."""
    shown, found = reference(scene(5)), []
    for shift, move in zip(SHIFTS, ((0, 0), (12, 6)), strict=True):
        rgb = scene(5, move)
        true = chroma(rgb)
        wrong = (true + np.float32(shift)[:, None, None]).astype(np.float32)
        color = ColorFrame(0, wrong, np.full(wrong.shape[1:], 0.5, np.float32))
        made = harmonized(gray(rgb), color, [(shown, 1.0)], PatchFeatures(), settings)
        assert np.array_equal(made.confidence, color.confidence)
        found.append((made.chroma, true))
    return found


def test_two_shots_agree_better_and_neither_is_farther_off():
    (one, true_one), (two, true_two) = shots(FULLY)
    before = np.hypot(*(np.float32(SHIFTS[0]) - np.float32(SHIFTS[1])))
    well = true_one[0] == true_two[0]  # what stands still
    assert np.hypot(*(one - two)[:, well]).mean() < 0.6 * before
    for made, true, shift in ((one, true_one, SHIFTS[0]), (two, true_two, SHIFTS[1])):
        assert off(made, true) < 0.8 * np.hypot(*shift)


def test_it_is_done_by_the_share_that_is_asked_for():
    (none, _), _ = shots(SETTINGS)
    (half, _), _ = shots(replace(SETTINGS, harmonize=0.5))
    (whole, _), _ = shots(FULLY)
    assert np.array_equal(none, (chroma(scene(5)) + np.float32(SHIFTS[0])[:, None, None]).astype(np.float32))
    assert np.allclose(half - none, (whole - none) / 2, atol=0.01)


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(NetworkFeatures())


def test_a_frame_coloured_by_the_network_is_harmonised_and_its_regions_are_a_persons_own(colorizer):
    target, shown = gray(scene(5, (12, 6))), reference(scene(5))
    plain, harmonised = (colorizer(target, [Guidance(shown)], s).chroma for s in (SETTINGS, FULLY))
    assert np.abs(plain - harmonised).max() > 0.5
    half = np.zeros(target.lightness.shape, np.bool_)
    half[:, :120] = True
    guided = [Guidance(shown, 1.0, (Region(half, np.ones((1, 1), np.bool_)),))]
    own, same = (colorizer(target, guided, s).chroma for s in (SETTINGS, FULLY))
    assert np.array_equal(own, same)
