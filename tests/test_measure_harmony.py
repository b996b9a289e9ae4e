"""tools/measure_harmony.py: how far apart two shots are in what they make of the same regions."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from measure_harmony import apart


def picture(a: float, light: float = 50) -> np.ndarray:
    lab = np.full((3, 20, 30), 0, np.float32)
    lab[0], lab[1, :, :15] = light, a
    return lab


def test_regions_of_one_colour_agree_whatever_their_light_and_others_do_not():
    region = np.zeros((20, 30), np.int64)
    region[:, 15:] = 1
    assert apart([picture(20), picture(20, 70)], [region, region], 3) == pytest.approx(0, abs=1e-4)
    off = apart([picture(20), picture(30)], [region, region], 3)
    assert 1 < off < 10
    assert apart([picture(20), picture(40)], [region, region], 3) > off


def test_regions_that_the_two_do_not_share_say_nothing():
    mine, theirs = np.zeros((20, 30), np.int64), np.ones((20, 30), np.int64)
    assert np.isnan(apart([picture(20), picture(30)], [mine, theirs], 2))
