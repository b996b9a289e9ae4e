"""tools/measure_ticks.py: a keyframe that leaves the line between its neighbours is found, and only that."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from measure_ticks import second_differences, ticks

SHOTS, KEYFRAMES = [range(12), range(12, 30)], [0, 6, 12, 20, 28]


def test_only_a_keyframe_apart_from_its_neighbours_ticks():
    """Colours that drift and flicker by 0.1; frame 20 is 2 off for itself. Keyframes at a shot's ends cannot tick."""
    flicker = np.random.default_rng(1).normal(0, 0.1, (30, 2, 8, 8))
    chroma = [np.full((2, 8, 8), 0.5 * t) + flicker[t] + (2 if t == 20 else 0) for t in range(30)]
    found = ticks(dict(second_differences(enumerate(chroma))), SHOTS, KEYFRAMES)
    assert [tick.frame for tick in found] == [6, 20]
    assert found[0].ratio < 1.3
    assert found[1].ratio > 5
    assert found[1].own == pytest.approx(4, rel=0.1)


def test_what_stands_still_does_not_tick():
    still = [np.ones((2, 4, 4))] * 12
    assert ticks(dict(second_differences(enumerate(still))), [range(12)], [6])[0].ratio == 1
