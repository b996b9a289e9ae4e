"""No stage changes its picture in silence."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from goldens import CASES, FOLDER, golden_path, made_by, place_of, sheet

from vidcolor.networks import graph

CELL = 6
"""Pixels of a cell whose mean is compared."""
TOLERANCE = 2.0
"""In 8-bit codes of a cell's mean: machines and thread counts differ by less."""
STAGES = [*CASES, "film"]


def cells(picture: np.ndarray) -> np.ndarray:
    return cv2.blur(picture.astype(np.float32), (CELL, CELL), borderType=cv2.BORDER_REPLICATE)


@pytest.fixture(autouse=True)
def _in_float32(monkeypatch):
    """Every processor computes alike: bfloat16 would show."""
    monkeypatch.setattr(graph, "number_type", lambda: "float32")


@pytest.mark.parametrize("stage", STAGES)
def test_stage_makes_the_picture_of_its_number(stage, tmp_path):
    path = golden_path(stage)
    assert path.is_file(), f"stage {stage} has a new number: run python tools/make_goldens.py"
    pictures = made_by(stage, tmp_path)
    found, golden = sheet(pictures), cv2.imread(str(path))[..., ::-1]
    assert found.shape == golden.shape, f"stage {stage}: {found.shape} now, {golden.shape} before: raise its number"
    difference = np.abs(cells(found) - cells(golden)).max(2)
    row, column = np.unravel_index(difference.argmax(), difference.shape)
    shown = tmp_path / f"{stage}-before-now-difference.png"
    apart = np.repeat(np.clip(16 * difference, 0, 255).astype(np.uint8)[..., None], 3, 2)
    cv2.imwrite(str(shown), np.concatenate([golden, found, apart], axis=1)[..., ::-1])
    assert difference[row, column] < TOLERANCE, (
        f"stage {stage} changed by {difference[row, column]:.1f} of 255 in {place_of(pictures, int(row))}, most at row "
        f"{row}, column {column} of {shown} (before, now, difference): raise its number in stages.py, or that of "
        "the networks"
    )


def test_no_golden_file_is_left_over():
    assert {p.name for p in FOLDER.iterdir()} == {golden_path(stage).name for stage in STAGES}
