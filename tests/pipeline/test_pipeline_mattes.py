"""Mattes delivered: a channel for each correction of a part of the picture, where it counts on every frame."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.hashes import sha256_of_any

FRAMES, SIZE, CUT, AT = 10, (64, 96), 6, 2


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shots, rendered, with a red paint on the left half of frame 2."""
    folder = tmp_path_factory.mktemp("mattes") / "made"
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE, (CUT,))
    for frame in (0, CUT):
        write_picture(folder / "refs" / f"{frame:06d}.png", SIZE, colors[frame])
    (folder / "cuts.csv").write_text(f"start,stop,entry\n0,{CUT},cut\n{CUT},{FRAMES},cut\n")
    line = ["new", str(folder / "p"), "--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
    assert main([*line, "--shots", str(folder / "cuts.csv"), "--preset", "draft"]) == 0
    assert main(["render", str(folder / "p")]) == 0
    return folder


@pytest.fixture
def work(painted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(painted, tmp_path / "work"))


def paint(work: Path) -> None:
    pixels = np.zeros((*SIZE, 4), np.uint8)
    pixels[:, : SIZE[1] // 2] = (20, 20, 200, 255)
    assert cv2.imwrite(str(work / "red.png"), pixels)
    assert main(["correct", str(work / "p"), "paint", str(AT), "--file", str(work / "red.png")]) == 0
    assert main(["render", str(work / "p")]) == 0


def test_each_correction_is_a_channel_of_every_frame(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paint(work)
    capsys.readouterr()
    assert main(["export", str(work / "p"), "--delivery", "mattes"]) == 0
    assert "1 mattes, no luma" in " ".join(capsys.readouterr().out.split())
    out = work / "film_color_mattes"
    pictures = sorted(out.iterdir())
    assert [p.name for p in pictures] == [f"film_color_mattes.{n:07d}.exr" for n in range(FRAMES)]
    told = json.loads((work / "film_color_mattes.manifest.json").read_text())
    ((channel, facts),) = told["channels"].items()
    assert channel.endswith(".A")
    assert "paint" in channel
    assert (facts["shot"], facts["last"]) == ("r1-000000", CUT - 1)
    for n, picture in enumerate(pictures):
        (held,) = OpenEXR.File(str(picture), separate_channels=True).channels().items()
        assert held[0] == channel
        share = held[1].pixels.astype(float)
        assert share.shape == SIZE
        if n == AT:
            assert share[:, : SIZE[1] // 2 - 4].min() > 0.98
            assert share[:, SIZE[1] // 2 + 4 :].max() < 0.02
        assert (share.max() > 0.5) == (facts["first"] <= n < CUT)
    assert main(["export", str(work / "p"), "--delivery", "mattes"]) == 0
    assert "up to date" in capsys.readouterr().out
    before = sha256_of_any(out)
    shutil.rmtree(out)
    assert main(["export", str(work / "p"), "--delivery", "mattes"]) == 0
    assert sha256_of_any(out) == before == told["file"]["sha256"]


def test_a_film_without_any_and_shots_by_themselves_are_refused(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(work / "p"), "--delivery", "mattes"]) == 2
    assert "there is no matte; `vidcolor correct --help` lists" in " ".join(capsys.readouterr().err.split())
    assert main(["export", str(work / "p"), "--delivery", "mattes", "--per-shot"]) == 2
    assert "leave --per-shot out" in capsys.readouterr().err
