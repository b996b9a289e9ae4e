"""A title card stays gray, is listed, and is coloured where a setting, a picture or a correction asks for it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_titles import card
from tiny import shot_colors, write_frames, write_picture

from vidcolor.cli import main

SIZE = (192, 256)
TITLE = "r1-000012"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A shot, a title card and a shot; one free picture that matches everything."""
    gray = np.clip(card(ground=12, ink=85) / 100, 0, 1)
    still = np.repeat(gray[..., None], 3, axis=2).astype(np.float32)
    takes = [[shot_colors(seed, frame, SIZE) for frame in range(12)] for seed in (0, 1)]
    write_frames(tmp_path / "film.mkv", [*takes[0], *[still] * 12, *takes[1]])
    (tmp_path / "refs").mkdir()
    write_picture(tmp_path / "refs" / "any.png", SIZE, np.clip(still * (1.0, 0.7, 0.4), 0, 1))
    return tmp_path


def run(work: Path, *more: str) -> None:
    line = ["run", str(work / "film.mkv"), "--keyframes", str(work / "refs"), "--preset", "draft"]
    assert main([*line, *more]) == 0


def shots(work: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict]:
    capsys.readouterr()
    assert main(["status", str(work / "film.vidcolor"), "--json"]) == 0
    return {shot["id"]: shot for shot in json.loads(capsys.readouterr().out)["shots"]}


def test_a_title_stays_gray_until_it_is_asked_for(work, capsys):
    run(work)
    assert f"titles     1 stays gray: {TITLE} (" in capsys.readouterr().out
    found = shots(work, capsys)
    assert [shot for shot, told in found.items() if told["title"]] == [TITLE]
    assert found[TITLE]["excluded"]
    assert main(["status", str(work / "film.vidcolor")]) == 0
    assert TITLE in capsys.readouterr().out.split("titles", 1)[1]
    cv2.imwrite(str(work / "refs" / "000015.png"), np.full((*SIZE, 3), (60, 90, 140), np.uint8))
    run(work)
    assert not shots(work, capsys)[TITLE]["title"]


def test_a_setting_colours_titles_too(work, capsys):
    run(work, "--set", "keyframes.titles=color", "--set", "references.least=0")
    assert "titles  " not in capsys.readouterr().out
    made = list((work / "film.vidcolor" / "shots" / TITLE).glob("v001/chroma*"))
    assert made
