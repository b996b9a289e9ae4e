"""No stage changes its picture in silence."""

from __future__ import annotations

import json

import numpy as np
import pytest
from goldens import CASES, FOLDER, golden_path

TOLERANCE = 0.25
"""In a*b*, tenths of confidence, and codes; means over a grid differ by less between machines and thread counts."""


@pytest.mark.parametrize("stage", list(CASES))
def test_stage_makes_the_picture_of_its_number(stage):
    path = golden_path(stage)
    assert path.is_file(), f"stage {stage} has a new number: run python tools/make_goldens.py"
    worst = np.abs(np.array(CASES[stage]()) - np.array(json.loads(path.read_text()))).max()
    assert worst < TOLERANCE, f"stage {stage} changed by {worst:.2f}: raise its number in stages.py"


def test_no_golden_file_is_left_over():
    assert {p.name for p in FOLDER.glob("*.json")} == {golden_path(stage).name for stage in CASES}
