"""`vidcolor propose --with palette`: the user's weights draw under the film's lightness; others are refused."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from made_published import write_published
from tiny import luma_of, shot_colors, write_gray_film

from vidcolor.cli.parser import main

SIZE, FRAME = (48, 64), 2


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of one shot without pictures, planned, and trained weights in the project."""
    folder = tmp_path_factory.mktemp("palette") / "made"
    folder.mkdir()
    write_gray_film(folder / "film.mkv", 4, SIZE)
    project = str(folder / "film.vidcolor")
    assert main(["new", project, "--reel", str(folder / "film.mkv"), "--preset", "draft"]) == 0
    assert main(["plan", project]) == 0
    write_published(folder, "palette")
    write_published(folder, "diffusart")
    return folder


@pytest.fixture
def work(base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base, tmp_path / "work"))


def propose(work: Path, *more: str, weights: str = "../palette.safetensors") -> int:
    usual = ("-n", "2", "--with", "palette", "--set", f"diffusion.palette={weights}", "--set", "diffusion.steps=3")
    return main(["propose", str(work / "film.vidcolor"), str(FRAME), *usual, *more])


def picture(work: Path, number: int, seed: int = 1) -> bytes:
    return (work / f"film.vidcolor/proposals/r1-{FRAME:06d}-palette-{seed}-{number}.png").read_bytes()


def rgb_of(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1] / 65535


def test_pictures_lie_under_the_films_lightness_and_a_seed_says_which(work):
    assert propose(work) == 0
    about = json.loads((work / f"film.vidcolor/proposals/r1-{FRAME:06d}-palette-1-1.json").read_text())
    assert (about["method"], about["steps"], about["seed"]) == ("palette", 3, 1)
    assert about["network"].startswith("palette-")
    first, second = picture(work, 1), picture(work, 2)
    assert first != second
    rgb = rgb_of(first)
    assert np.abs(luma_of(rgb).astype(int) - luma_of(shot_colors(1, FRAME, SIZE))).max() <= 1
    assert np.ptp(rgb, axis=2).mean() > 0.01, "in colour"
    shutil.rmtree(work / "film.vidcolor/proposals")
    assert propose(work) == 0
    assert picture(work, 1) == first
    assert propose(work, "--seed", "2") == 0
    assert picture(work, 1, seed=2) != first
    assert main(["accept", str(work / "film.vidcolor"), f"r1-{FRAME:06d}-palette-1-2"]) == 0


def test_more_steps_are_another_picture(work):
    assert propose(work, "-n", "1", "--set", "diffusion.steps=2") == 0
    few = picture(work, 1)
    assert propose(work, "-n", "1", "--set", "diffusion.steps=4") == 0
    assert picture(work, 1) != few


def test_a_hint_has_its_colour_where_it_was_given(work):
    project = str(work / "film.vidcolor")
    redder = []
    for color in ("2030c0", "c03020"):
        assert main(["correct", project, "hint", str(FRAME), "--at", "50,8", "--color", color]) == 0
        assert propose(work, "-n", "1") == 0
        made = rgb_of(picture(work, 1))[8, 50]
        redder.append(float(made[0] - made[2]))
        shutil.rmtree(work / "film.vidcolor/corrections")
    assert redder[0] < -0.1
    assert redder[1] > 0.1


def test_files_that_are_no_palette_end_in_one_line(work, capsys, monkeypatch):
    whole = (work / "palette.safetensors").read_bytes()
    (work / "short.safetensors").write_bytes(whole[: len(whole) // 2])
    (work / "text.safetensors").write_text("weights")
    absurd = whole.replace(b'\\"width\\": 8', b'\\"width\\": 6')
    (work / "absurd.safetensors").write_bytes(absurd)
    assert absurd != whole
    project = str(work / "film.vidcolor")
    assert main(["propose", project, str(FRAME), "--with", "palette"]) == 2
    assert "--set diffusion.palette=FILE" in capsys.readouterr().err
    for name, says in (
        ("none", "no such file"),
        ("short", "cannot be read as weights"),
        ("text", "cannot be read as weights"),
        ("diffusart", "not a palette network"),
        ("absurd", "do not fit its config"),
    ):
        assert propose(work, weights=f"../{name}.safetensors") == 2
        error = capsys.readouterr().err
        assert says in error, name
        assert "safetensors" in error
        assert len(error.splitlines()) == 1
    assert propose(work, "--prompt", "a red hat") == 2
    assert "--with controlnet" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "torch", None)
    assert propose(work) == 2
    assert "pip install 'vidcolor[torch]'" in capsys.readouterr().err
