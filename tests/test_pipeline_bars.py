"""Letterboxed films: bars stay neutral, stills without them are laid onto the picture inside, doubt passes them by."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from delivered import decoded
from tiny import shot_colors, write_frames, write_picture

from vidcolor.cli import main

INNER, BAR = (64, 128), 16
SIZE = (INNER[0] + 2 * BAR, INNER[1])
FRAMES = 8


def boxed(rgb: np.ndarray) -> np.ndarray:
    return np.pad(rgb, ((BAR, BAR), (0, 0), (0, 0)))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Two letterboxed shots, each with a still of its first frame that has no bars."""
    takes = [[shot_colors(seed, frame, INNER) for frame in range(FRAMES)] for seed in (0, 1)]
    write_frames(tmp_path / "film.mkv", [boxed(rgb) for take in takes for rgb in take])
    (tmp_path / "refs").mkdir()
    for number, take in enumerate(takes):
        write_picture(tmp_path / "refs" / f"{number * FRAMES:06d}.png", INNER, take[0])
    return tmp_path


def run(work: Path, *more: str) -> None:
    line = ["run", str(work / "film.mkv"), "--keyframes", str(work / "refs"), "--preset", "draft", "--delivery", "ffv1"]
    assert main([*line, *more]) == 0


def test_bars_stay_neutral_and_stills_without_them_are_exact(work, capsys):
    run(work)
    assert "Black bars around a picture of 128x64 (frames 0 to 15)" in capsys.readouterr().out
    reports = sorted((work / "film.vidcolor" / "shots").glob("*/v001/report.json"))
    delivered = next(work.glob("film_color*.mkv"))
    for report in map(json.loads, (path.read_text() for path in reports)):
        assert [key["how"] for key in report["keyframes"]] == ["exact"]
        assert not any(s["box"][1] < BAR or s["box"][3] > SIZE[0] - BAR for s in report["suggestions"])
    for _, cb, cr in decoded(delivered):
        for plane in (cb, cr):
            assert (plane[:BAR] == 512).all()
            assert (plane[-BAR:] == 512).all()
            edge = np.abs(plane[BAR : BAR + 2].astype(int) - 512).mean()
            assert edge > 0.7 * np.abs(plane[BAR + 2 : BAR + 8].astype(int) - 512).mean()


def test_without_bars_such_a_still_does_not_fit(work):
    run(work, "--set", "reel.bars=none")
    report = json.loads(next((work / "film.vidcolor" / "shots").glob("*/v001/report.json")).read_text())
    assert report["keyframes"][0]["how"] != "exact"


def test_other_bars_make_the_shots_stale_and_why_says_so(work, capsys):
    run(work)
    project = str(work / "film.vidcolor")
    assert main(["plan", project, "--set", "reel.bars=16 0 0 0"]) == 0
    capsys.readouterr()
    assert main(["why", project, "r1-000000", "--set", "reel.bars=16 0 0 0"]) == 0
    assert "the bars around the picture in frames 0-8  16 16 0 0 -> 16 0 0 0" in capsys.readouterr().out
