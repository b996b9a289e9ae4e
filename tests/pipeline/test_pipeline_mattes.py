"""Mattes delivered: a channel for each correction of a part of the picture, where it counts on every frame."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import opentimelineio as otio
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


@pytest.mark.parametrize("more", [[], ["--per-shot"]])
def test_a_film_without_any_is_refused(work: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(work / "p"), "--delivery", "mattes", *more]) == 2
    assert "there is no matte; `vidcolor correct --help` lists" in " ".join(capsys.readouterr().err.split())


def gray(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(float) / 65535


def test_each_may_be_a_gray_sequence_of_its_shots_frames(work: Path) -> None:
    paint(work)
    assert main(["export", str(work / "p"), "--delivery", "mattes"]) == 0
    assert main(["export", str(work / "p"), "--delivery", "mattes-gray"]) == 0
    told = json.loads((work / "film_color_mattes-gray.manifest.json").read_text())
    ((channel, facts),) = told["channels"].items()
    out = work / "film_color_mattes-gray"
    assert sorted(p.name for p in out.iterdir()) == [f"{facts['sequence']}.{n:07d}.tif" for n in range(CUT)]
    assert sha256_of_any(out) == told["file"]["sha256"]
    for n in range(CUT):
        share = gray(out / f"{facts['sequence']}.{n:07d}.tif")
        same = OpenEXR.File(str(work / "film_color_mattes" / f"film_color_mattes.{n:07d}.exr"), separate_channels=True)
        assert share.shape == SIZE
        assert np.abs(share - same.channels()[channel].pixels).max() < 1e-3


@pytest.mark.parametrize("delivery", ["mattes", "mattes-gray"])
def test_each_shot_that_has_some_has_them_in_the_frames_of_its_own_file(work: Path, delivery: str) -> None:
    """Made again only where they changed, under the next version's name."""
    paint(work)
    line = ["export", str(work / "p"), "--delivery", delivery, "--per-shot", "--handles", "2"]
    assert main(line) == 0
    folder = work / f"film_color_{delivery}_shots"
    (first,) = (p for p in folder.iterdir() if p.is_dir())
    assert first.name == "film_r1_000000_v001"
    assert len(list(first.iterdir())) == CUT + 2, "the film begins with the shot: two frames behind it alone"
    told = json.loads((folder / f"{first.name}.manifest.json").read_text())
    assert (told["part"]["shot"], told["part"]["last"], told["part"]["cut_last"]) == ("r1-000000", CUT + 1, CUT - 1)
    behind = sorted(first.iterdir())[-1]
    held = OpenEXR.File(str(behind)).channels() if delivery == "mattes" else None
    assert (next(iter(held.values())).pixels if held else gray(behind)).max() == 0
    assert main(line) == 0
    assert len([p for p in folder.iterdir() if p.is_dir()]) == 1
    assert main(["correct", str(work / "p"), "hint", str(AT), "--at", "70,30", "--color", "2020c8"]) == 0
    assert main(["render", str(work / "p")]) == 0
    assert main(line) == 0
    assert len(json.loads((folder / "film_r1_000000_v002.manifest.json").read_text())["channels"]) == 2


def test_the_lists_of_shots_put_their_mattes_in_place(work: Path) -> None:
    paint(work)
    assert main(["export", str(work / "p"), "--delivery", "mattes", "--per-shot"]) == 0
    line = otio.adapters.read_from_file(str(work / "film_color_mattes_shots" / "film_r1.otio"))
    (clip,) = line.tracks[0]
    assert clip.media_reference.name_prefix == "film_r1_000000_v001."
    assert clip.source_range.duration.value == CUT
