"""tools/measure_doubt.py: a suggestion is judged by the best of all, and what is listed by the truth."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from measure_doubt import Clip, doubted, share_of_best

from vidcolor.settings import ExportSettings, PropagateSettings
from vidcolor.types import Frame


def test_a_suggestion_is_judged_by_the_best_that_was_tried():
    gains = {0: 0.0, 5: 1.0, 10: 4.0, 12: 3.0}

    def off(keys: Sequence[int]) -> float:
        return 9.0 - gains[keys[-1]]

    assert share_of_best(off, 12, [5, 10]) == pytest.approx(0.75)
    assert share_of_best(off, 12, [5]) == 1, "a suggestion better than all that was tried is the best"
    assert share_of_best(off, None, [5, 10]) == 0


def test_frames_of_another_scene_are_wrong_and_listed():
    """Four frames of a scene, then four of another whose colours the first frame never showed."""
    random = np.random.default_rng(4)
    frames, labs = [], []
    for number in range(8):
        if number in (0, 4):
            gray = np.kron(random.uniform(30, 80, (12, 16)), np.ones((8, 8))).astype(np.float32)
            tint = np.float32([30, 40]) if number == 0 else np.float32([-40, -30])
        frames.append(Frame(number, gray))
        lab = np.empty((3, 48, 64), np.float32)
        lab[0], lab[1:] = gray[::2, ::2], tint[:, None, None]
        labs.append(lab)
    found = doubted(Clip("made", tuple(frames), tuple(labs)), PropagateSettings(), None, ExportSettings())
    assert found.right.tolist() == [True] * 3 + [False] * 4
    assert found.wrong.tolist() == [False] * 3 + [True] * 4
    assert found.listed.tolist() in ([False] * 3 + [True] * 4, [False] * 4 + [True] * 3), "at a cut one frame may pass"
    assert found.suggested in range(4, 8)
