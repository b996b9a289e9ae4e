"""What a person said, as what proposes takes it: conflicts are settled and told, parts take from pictures."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from made_proposers import random_proposer
from made_shots import CUT, SMALL, plan_two_shots
from test_pipeline_corrections import correct
from tiny import write_picture

from vidcolor.cli.parser import main
from vidcolor.networks import shipped
from vidcolor.pipeline.said import corrections_said, said_of
from vidcolor.project import Project
from vidcolor.settings import load_settings
from vidcolor.state.read import load_film

FRAME = CUT + 1
RED, BLUE, GREEN = "c02020", "2020c0", "20a020"
HEIGHT, WIDTH = SMALL


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return plan_two_shots(tmp_path / "work", picture=False)


def mask(work: Path, name: str, rows: slice, columns: slice) -> str:
    white = np.zeros(SMALL, np.uint8)
    white[rows, columns] = 255
    cv2.imwrite(str(work / name), white)
    return str(work / name)


def region(work: Path, name: str, rows: slice, columns: slice, *of: str) -> None:
    correct(work, "region", str(FRAME), "--file", mask(work, name, rows, columns), *of)


def said(work: Path, *, by_pictures: bool = True):
    film = load_film(Project.open(work / "film.vidcolor"), load_settings([]), device="cpu")
    return said_of(film, corrections_said(film, FRAME, by_pictures=by_pictures), SMALL)


def test_the_later_counts_but_not_over_one_less_than_half_as_large(work):
    region(work, "small.png", slice(4, 12), slice(4, 20), "--color", RED)
    region(work, "all.png", slice(None), slice(None), "--color", BLUE)
    region(work, "half.png", slice(24, None), slice(None), "--color", GREEN)
    found = said(work)
    name = f"region-r1-{FRAME:06d}"
    assert sorted(found.settled) == [
        f"0001-{name} counts over 0002-{name} where both speak",
        f"0003-{name} counts over 0002-{name} where both speak",
    ]
    share, a, b = found.hints
    assert (share == 1).all()
    assert (a[5:11, 6:18] > 40).all(), "red, said before the larger"
    assert (a[30:, :] < -30).all(), "green, said after it"
    assert (b[14:22, 24:] < -40).all(), "blue elsewhere"


def test_of_like_sizes_the_later_counts_and_the_same_colour_is_no_conflict(work):
    region(work, "one.png", slice(0, 20), slice(None), "--color", RED)
    region(work, "two.png", slice(0, 30), slice(None), "--color", BLUE)
    region(work, "three.png", slice(25, 48), slice(None), "--color", BLUE)
    found = said(work)
    name = f"region-r1-{FRAME:06d}"
    assert found.settled == (f"0002-{name} counts over 0001-{name} where both speak",)
    assert (found.hints[2][:19] < -40).all()


def test_a_part_takes_from_its_picture_but_where_something_smaller_is_said(work, capsys, monkeypatch):
    monkeypatch.setattr(shipped, "PROPOSER", random_proposer(work / "p.safetensors"))
    project = str(work / "film.vidcolor")
    assert main(["propose", project, str(FRAME), "-n", "1"]) == 0
    place = work / f"film.vidcolor/proposals/r1-{FRAME:06d}-1-1.png"
    before = cv2.imread(str(place), -1).astype(np.float32)
    colors = np.zeros((*SMALL, 3))
    colors[:, : WIDTH // 2], colors[:, WIDTH // 2 :] = (0.8, 0.2, 0.2), (0.2, 0.2, 0.8)
    write_picture(work / "coat.png", SMALL, colors)
    left = mask(work, "left.png", slice(None), slice(0, WIDTH // 2))
    region(work, "right.png", slice(None), slice(32, None), "--picture", str(work / "coat.png"), "--part", left)
    correct(work, "hint", str(FRAME), "--at", "50,20", "--color", "20a020")
    found = said(work)
    (shown,) = found.regions
    assert shown.here is not None
    assert shown.here[:, 34:].mean() > 0.9
    assert shown.here[20, 50] == 0, "the point is someone's later word"
    assert not shown.here[:, :30].any()
    assert found.hints is not None
    assert found.settled == (f"0002-hint-r1-{FRAME:06d} counts over 0001-region-r1-{FRAME:06d} where both speak",)
    assert said(work, by_pictures=False).regions == ()
    capsys.readouterr()
    assert main(["propose", project, str(FRAME), "-n", "1"]) == 0
    assert f"note: frame {FRAME}: {found.settled[0]}" in capsys.readouterr().out
    about = json.loads(place.with_suffix(".json").read_text())
    assert about["hints"] == [f"0001-region-r1-{FRAME:06d}", f"0002-hint-r1-{FRAME:06d}"]
    assert np.abs(cv2.imread(str(place), -1).astype(np.float32) - before).mean() > 100, "other colours"
