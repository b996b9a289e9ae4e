"""After each kind of correction only the shots that it touches are to be rendered; deleting it leaves nothing to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from test_pipeline_corrections import SIZE, correct, made, place, run, versions  # noqa: F401
from tiny import shot_colors, write_picture

from vidcolor.cli.parser import main
from vidcolor.project.kinds import KINDS

MIDDLE = "r1-000008"
BOTH = ("r1-000000", MIDDLE)
WORDS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "keyframe": (["12", "--file", "picture.png"], (MIDDLE,)),
    "reference": (["12", "--file", "picture.png"], (MIDDLE,)),
    "region": (["12", "--file", "mask.png", "--picture", "picture.png"], (MIDDLE,)),
    "paint": (["12", "--file", "paint.png"], (MIDDLE,)),
    "scribble": (["12", "--file", "paint.png"], (MIDDLE,)),
    "hint": (["12", "--at", "30,20", "--color", "1f2a5c"], (MIDDLE,)),
    "neutral": (["12", "--file", "mask.png"], (MIDDLE,)),
    "saturation": (["12", "--amount", "0.5", "--file", "mask.png"], (MIDDLE,)),
    "hue": ([MIDDLE, "--degrees", "20"], (MIDDLE,)),
    "cut": (["12"], (MIDDLE, "r1-000012")),
    "merge": (["8"], ("r1-000000",)),
    "dissolve": (["8", "--length", "4"], BOTH),
    "exclude": ([MIDDLE], ()),
    "approve": ([MIDDLE], ()),
    "note": (["12", "--note", "the coat is navy"], ()),
}


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:  # noqa: F811
    folder = Path(shutil.copytree(made, tmp_path / "work"))
    write_picture(folder / "picture.png", SIZE, shot_colors(2, 4, SIZE))
    half = np.zeros((*SIZE, 4), np.uint8)
    half[10:30, 20:40] = (90, 40, 30, 255)
    assert cv2.imwrite(str(folder / "paint.png"), half)
    assert cv2.imwrite(str(folder / "mask.png"), half[..., 3])
    return folder


def to_render(work: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
    capsys.readouterr()
    assert main(["render", str(work / "film.vidcolor"), "--dry-run"]) == 0
    return {line.split()[-1] for line in capsys.readouterr().out.splitlines() if line.startswith("would render")}


def test_every_kind_is_here():
    assert set(WORDS) == set(KINDS)


@pytest.mark.parametrize("kind", list(WORDS))
def test_only_what_is_touched_is_rendered(kind, work, capsys, monkeypatch):
    monkeypatch.chdir(work)
    words, touched = WORDS[kind]
    written = correct(work, kind, *words)
    assert to_render(work, capsys) == set(touched)
    shutil.rmtree(written) if written.is_dir() else written.unlink()
    assert to_render(work, capsys) == set()


def test_all_kinds_on_one_shot_leave_the_others_as_they_are(work, monkeypatch):
    monkeypatch.chdir(work)
    before = versions(work)
    for kind in ("keyframe", "scribble", "hint", "neutral", "saturation", "hue", "note"):
        words, _ = WORDS[kind]
        correct(work, kind, *words)
    assert len(list(place(work).iterdir())) == 7
    assert run(work) == 0
    after = versions(work)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {f"{MIDDLE}/v002"}
