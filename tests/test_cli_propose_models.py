"""`vidcolor propose --with controlnet`, `diffcolor`: the user's models draw by words, under the film's lightness."""

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

from made_diffusion import save_clip, save_models
from made_shots import CUT, SMALL, plan_two_shots
from tiny import luma_of, shot_colors

from vidcolor.cli.parser import main
from vidcolor.networks import diffcolor_tuning

pytestmark = pytest.mark.filterwarnings("ignore")
FRAME = CUT + 1


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two shots without pictures, planned, and models beside it."""
    folder = plan_two_shots(tmp_path_factory.mktemp("worded") / "made", picture=False)
    save_models(folder)
    save_clip(folder)
    return folder


@pytest.fixture
def work(base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base, tmp_path / "work"))


def propose(work: Path, *more: str, method: str = "controlnet", **settings: object) -> int:
    known = {"base": "../base", "controlnet": "../control", "clip": "../clip", "steps": 2, "side": 64}
    short = {"color_steps": 2, "embedding_steps": 1, "model_steps": 1}
    given = [f"--set=diffusion.{name}={value}" for name, value in {**known, **short, **settings}.items()]
    return main(["propose", str(work / "film.vidcolor"), "-n", "1", "--with", method, *given, *more])


def told(work: Path, frame: int = FRAME, method: str = "controlnet") -> dict:
    return json.loads((work / f"film.vidcolor/proposals/r1-{frame:06d}-{method}-1-1.json").read_text())


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
    luma = luma_of(shot_colors(2, FRAME - CUT, SMALL))
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


def test_a_model_that_is_tuned_for_a_frame_is_kept_and_asked_other_words(work, capsys, monkeypatch):
    monkeypatch.setattr(diffcolor_tuning, "STRIDES", 2)
    assert propose(work, str(FRAME), method="diffcolor") == 0
    assert "tuning the model" in capsys.readouterr().out
    about = told(work, method="diffcolor")
    assert (about["prompt"], about["tuned by"], about["model_steps"]) == ("a color photograph", "a color photograph", 1)
    folder = work / "film.vidcolor/cache/diffcolor"
    (kept,) = folder.iterdir()
    picture = work / f"film.vidcolor/proposals/r1-{FRAME:06d}-diffcolor-1-1.png"
    before = picture.read_bytes()
    assert propose(work, str(FRAME), "--prompt", "green walls", method="diffcolor") == 0
    about = told(work, method="diffcolor")
    assert (about["prompt"], about["tuned by"]) == ("green walls", "a color photograph")
    assert picture.read_bytes() != before
    assert list(folder.iterdir()) == [kept], "nothing was tuned for the line's words"
    assert propose(work, str(FRAME), method="diffcolor") == 0
    assert picture.read_bytes() == before
    assert main(["accept", str(work / "film.vidcolor"), picture.stem]) == 0
    capsys.readouterr()
    assert propose(work, str(FRAME), method="diffcolor", color_steps=90000) == 2
    assert "from 0 to 20,000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('"r1-000999" = "x"\n', "no shot and no frame"),
        ('"99" = "x"\n', "no shot and no frame"),
        ('"1" = 3\n', "must be text"),
        ('["1"]\nprompts = "x"\n', "did you mean 'prompt'"),
        ('"1" = "' + "x" * 2001 + '"\n', "at most"),
        ("x", "not valid TOML"),
        (None, "cannot be read"),
    ],
)
def test_prompts_that_say_nothing_are_refused_before_any_model_is_read(work, capsys, text, says):
    place = work / "film.vidcolor/prompts.toml"
    place.mkdir() if text is None else place.write_text(text)
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
