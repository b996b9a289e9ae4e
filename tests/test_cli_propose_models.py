"""`vidcolor propose --with controlnet`: the user's own models draw under the film's lightness, by words."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import cv2
import no_stand_ins  # noqa: F401  before diffusers looks for Matplotlib
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("diffusers", reason="vidcolor[diffusion] is not installed")
pytest.importorskip("transformers", reason="vidcolor[diffusion] is not installed")

from made_diffusion import save_models
from tiny import luma_of, shot_colors, write_gray_film

from vidcolor.cli.parser import main

pytestmark = pytest.mark.filterwarnings("ignore")
SIZE, CUT = (48, 64), 4
FRAME = CUT + 1


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two shots without pictures, planned, and models beside it."""
    folder = tmp_path_factory.mktemp("worded") / "made"
    folder.mkdir()
    write_gray_film(folder / "film.mkv", 2 * CUT, SIZE, (CUT,))
    (folder / "cuts.csv").write_text(f"start,stop,entry\n0,{CUT},cut\n{CUT},{2 * CUT},cut\n")
    project = str(folder / "film.vidcolor")
    made = ("--reel", str(folder / "film.mkv"), "--preset", "draft", "--shots", str(folder / "cuts.csv"))
    assert main(["new", project, *made]) == 0
    assert main(["plan", project]) == 0
    save_models(folder)
    return folder


@pytest.fixture
def work(base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base, tmp_path / "work"))


def propose(work: Path, *more: str, steps: int = 2) -> int:
    places = ("--set", "diffusion.base=../base", "--set", "diffusion.controlnet=../control")
    usual = ("--with", "controlnet", "--set", f"diffusion.steps={steps}", "--set", "diffusion.side=64")
    return main(["propose", str(work / "film.vidcolor"), "-n", "1", *usual, *places, *more])


def told(work: Path, frame: int = FRAME) -> dict:
    return json.loads((work / f"film.vidcolor/proposals/r1-{frame:06d}-controlnet-1-1.json").read_text())


def test_pictures_lie_beside_the_shipped_ones_under_the_films_lightness_and_are_accepted(work):
    assert propose(work, str(FRAME), "--prompt", "green walls") == 0
    about = told(work)
    assert (about["method"], about["prompt"], about["steps"]) == ("controlnet", "green walls", 2)
    assert "sepia" in about["negative"], "the settings' own, where the line has none"
    assert about["network"].startswith("controlnet-")
    folder = work / "film.vidcolor/proposals"
    stem = f"r1-{FRAME:06d}-controlnet-1"
    assert {p.name for p in folder.iterdir()} == {f"{stem}-1.png", f"{stem}-1.json", f"{stem}-sheet.png"}
    rgb = cv2.imread(str(folder / f"{stem}-1.png"), cv2.IMREAD_UNCHANGED)[..., ::-1] / 65535
    luma = luma_of(shot_colors(2, FRAME - CUT, SIZE))
    assert np.abs(luma_of(rgb).astype(int) - luma).max() <= 1
    assert np.ptp(rgb, axis=2).mean() > 0.01, "in colour"
    assert main(["accept", str(work / "film.vidcolor"), f"{stem}-1"]) == 0
    assert (work / f"film.vidcolor/corrections/0001-keyframe-r1-{FRAME:06d}/picture.png").exists()


def test_words_are_the_lines_else_the_frames_else_the_shots(work, capsys):
    prompts = work / "film.vidcolor/prompts.toml"
    prompts.write_text(f'"r1-{CUT:06d}" = "a red hat"\n["{FRAME}"]\nnegative = "blue"\n')
    assert propose(work, str(FRAME)) == 0
    assert (told(work)["prompt"], told(work)["negative"]) == ("a red hat", "blue")
    before = (work / f"film.vidcolor/proposals/r1-{FRAME:06d}-controlnet-1-1.png").read_bytes()
    capsys.readouterr()
    assert propose(work, str(FRAME)) == 0
    assert "0 of 1 made now" in capsys.readouterr().out
    assert propose(work, str(FRAME), "--prompt", "a yellow hat") == 0
    assert told(work)["prompt"] == "a yellow hat"
    assert (work / f"film.vidcolor/proposals/r1-{FRAME:06d}-controlnet-1-1.png").read_bytes() != before
    assert propose(work, "1") == 0
    assert told(work, 1)["prompt"] == "a color photograph"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('"r1-000999" = "x"\n', "no shot and no frame"),
        ('"99" = "x"\n', "no shot and no frame"),
        ('"1" = 3\n', "must be text"),
        ('["1"]\nprompts = "x"\n', "did you mean 'prompt'"),
        ('"1" = "' + "x" * 2001 + '"\n', "at most"),
        ("x", "not valid TOML"),
    ],
)
def test_prompts_that_say_nothing_are_refused_before_any_model_is_read(work, capsys, text, says):
    (work / "film.vidcolor/prompts.toml").write_text(text)
    shutil.rmtree(work / "base")
    assert propose(work, "1") == 2
    error = capsys.readouterr().err
    assert "prompts.toml" in error
    assert says in error


def test_mistakes_end_in_one_line(work, capsys, monkeypatch):
    project = str(work / "film.vidcolor")
    assert main(["propose", project, "1", "--prompt", "x"]) == 2
    assert "--with controlnet" in capsys.readouterr().err
    assert main(["propose", project, "1", "--with", "controlnet"]) == 2
    assert "diffusion.base is not set" in capsys.readouterr().err
    assert propose(work, "1", steps=5000) == 2
    assert "from 1 to 1,000" in capsys.readouterr().err

    monkeypatch.setitem(sys.modules, "diffusers", None)
    assert propose(work, "1") == 2
    error = capsys.readouterr().err
    assert "pip install 'vidcolor[diffusion]'" in error
    assert len(error.splitlines()) == 1
