"""tools/measure_doubt.py: a suggestion is judged by the best of all, and what is listed by the truth."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from measure_doubt import Clip, doubted, share_of_best

from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import Propagator
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
    """Four frames of a scene in two colours, then four of stripes whose colour the first frame never showed."""
    y, x = np.mgrid[:96, :128].astype(np.float32)
    scene, stripes = 50 + 15 * np.sin(x / 20) * np.cos(y / 15), 50 + 30 * np.sign(np.sin(x / 2 + y / 5))
    tints = np.where(scene[::2, ::2] > 50, np.float32([30, 40])[:, None, None], np.float32([-30, 10])[:, None, None])
    frames, labs = [], []
    for number in range(8):
        gray = (scene if number < 4 else stripes).astype(np.float32)
        chroma = tints if number < 4 else np.broadcast_to(np.float32([-40, -30])[:, None, None], tints.shape)
        frames.append(Frame(number, gray))
        labs.append(np.concatenate([gray[None, ::2, ::2], chroma]).astype(np.float32))
    network = Propagator(NetworkFeatures())
    found = doubted(Clip("made", tuple(frames), tuple(labs)), PropagateSettings(), network, ExportSettings())
    assert found.right.tolist() == [True] * 3 + [False] * 4
    assert found.wrong.tolist() == [False] * 3 + [True] * 4
    assert found.listed.tolist() == found.wrong.tolist()
    assert found.suggested in range(4, 8)
