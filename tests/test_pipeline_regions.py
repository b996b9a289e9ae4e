"""Regions by files: a mask of a frame takes its colours from one picture, within the shot it lies in alone."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_scenes import chroma
from tiny import shot_colors, write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.media.store import ChromaReader

SIZE, FRAMES, CUT = (96, 128), 16, 8
FRAME = 4
"""Of the first shot; the mask is of this one."""


def line(folder: Path, *extra: str) -> list[str]:
    return ["run", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "--delivery", "ffv1", *extra]


def disc(frame: int) -> np.ndarray:
    """(H, W) bool: where tiny.shot_colors paints its disc."""
    height, width = SIZE
    y, x = np.mgrid[:height, :width]
    return np.hypot(y - height / 2, x - (width * 0.2 + 1.5 * frame) % width) < height / 5


def write_mask(path: Path, mask: np.ndarray) -> None:
    assert cv2.imwrite(str(path), mask.astype(np.uint8) * 255)


@pytest.fixture
def folder(tmp_path):
    """A film of two shots, a picture for a frame of each, and a free picture of another disc, all pure blue."""
    colors = write_gray_film(tmp_path / "film.mkv", FRAMES, SIZE, (CUT,))
    (tmp_path / "refs").mkdir()
    for frame in (0, CUT):
        write_picture(tmp_path / "refs" / f"{frame:06d}.png", SIZE, colors[frame])
    blue = shot_colors(1, FRAME, SIZE).mean(2, keepdims=True) * np.array([0.3, 0.5, 1.4])
    write_picture(tmp_path / "refs" / "coat.png", SIZE, np.clip(blue, 0, 1))
    return tmp_path


def version(folder: Path, shot: str, number: int) -> Path:
    return folder / "film.vidcolor" / "shots" / shot / f"v{number:03d}"


def colors_of(folder: Path, shot: str, number: int, start: int, frame: int) -> np.ndarray:
    with ChromaReader(version(folder, shot, number) / "chroma.avi", start) as store:
        return store.read(frame).chroma


def test_a_region_recolours_its_part_of_its_shot_and_nothing_else(folder, capsys):
    assert main(line(folder)) == 0
    before = colors_of(folder, "r1-000000", 1, 0, FRAME)
    write_mask(folder / "refs" / f"coat.region-{FRAME:06d}.png", disc(FRAME))
    capsys.readouterr()
    assert main(["why", str(folder / "film.vidcolor"), "r1-000000"]) == 0
    assert f"coat.region-{FRAME:06d}.png" in capsys.readouterr().out
    assert main(line(folder)) == 0
    assert "by regions" in capsys.readouterr().out
    assert not version(folder, "r1-000008", 2).exists()
    after = colors_of(folder, "r1-000000", 2, 0, FRAME)
    size = after.shape[:0:-1]
    inside = cv2.resize(disc(FRAME).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    well = cv2.erode(inside, np.ones((5, 5))) > 0.99
    outside = cv2.dilate(inside, np.ones((9, 9))) < 0.01
    blue = chroma(np.ascontiguousarray(shot_colors(1, FRAME, SIZE).mean(2) * np.array([0.3, 0.5, 1.4])[:, None, None]))
    wanted = blue.mean((1, 2))
    assert np.hypot(*(after[:, well].mean(1) - wanted)) < 0.3 * np.hypot(*(before[:, well].mean(1) - wanted))
    assert np.array_equal(after[:, outside], before[:, outside]), "the other keyframe speaks there as before"
    for frame in range(CUT):
        now, then = (colors_of(folder, "r1-000000", n, 0, frame) for n in (2, 1))
        off = cv2.dilate(cv2.resize(disc(frame).astype(np.float32), size), np.ones((13, 13))) < 0.01
        assert (now != then).any(0)[off].mean() < 0.01, frame
        well = cv2.erode(cv2.resize(disc(frame).astype(np.float32), size), np.ones((7, 7))) > 0.99
        left = np.hypot(*(now[:, well].mean(1) - wanted)) / np.hypot(*(then[:, well].mean(1) - wanted))
        assert frame < FRAME or left < 0.3, frame
    report = json.loads((version(folder, "r1-000000", 2) / "report.json").read_text())
    assert [(k["frame"], k["how"]) for k in report["keyframes"]] == [(0, "exact"), (FRAME, "regions")]
    # taken back, the earlier version is found again
    (folder / "refs" / f"coat.region-{FRAME:06d}.png").unlink()
    assert main(line(folder)) == 0
    assert not version(folder, "r1-000000", 3).exists()


def test_a_region_on_a_frames_own_picture(folder):
    write_mask(folder / "refs" / "coat.region-000000.png", disc(0))
    assert main(line(folder)) == 0
    key = colors_of(folder, "r1-000000", 1, 0, 0)
    inside = cv2.erode(cv2.resize(disc(0).astype(np.float32), key.shape[:0:-1]), np.ones((5, 5))) > 0.99
    own = chroma(np.ascontiguousarray(shot_colors(1, 0, SIZE).transpose(2, 0, 1)))
    small = np.stack([cv2.resize(p, key.shape[:0:-1], interpolation=cv2.INTER_AREA) for p in own])
    far = cv2.dilate(cv2.resize(disc(0).astype(np.float32), key.shape[:0:-1]), np.ones((9, 9))) < 0.01
    assert np.hypot(*(key - small))[far].mean() < 1.5
    assert key[1, inside].mean() < small[1, inside].mean() - 10  # bluer


def test_a_shot_with_a_region_and_no_picture_of_its_own(folder):
    (folder / "refs" / "000000.png").unlink()
    write_mask(folder / "refs" / f"coat.region-{FRAME:06d}.png", disc(FRAME))
    write_mask(folder / "refs" / "coat.region.png", disc(FRAME))
    assert main(line(folder)) == 0
    report = json.loads((version(folder, "r1-000000", 1) / "report.json").read_text())
    assert [(k["frame"], k["how"]) for k in report["keyframes"]] == [(FRAME, "regions")]
    key = colors_of(folder, "r1-000000", 1, 0, FRAME)
    inside = cv2.erode(cv2.resize(disc(FRAME).astype(np.float32), key.shape[:0:-1]), np.ones((5, 5))) > 0.99
    assert key[1, inside].mean() < -15


def test_without_the_network_regions_are_left_out_and_said(folder, capsys):
    write_mask(folder / "refs" / f"coat.region-{FRAME:06d}.png", disc(FRAME))
    assert main(line(folder, "--preset", "draft")) == 0
    assert "regions are left out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.zeros(SIZE, bool), "without white"),
        (np.ones((SIZE[0], SIZE[1] // 2), bool), "proportions"),
    ],
)
def test_masks_that_cannot_serve_are_the_users_mistake(folder, capsys, mask, words):
    write_mask(folder / "refs" / f"coat.region-{FRAME:06d}.png", mask)
    assert main(line(folder)) == 2
    told = capsys.readouterr().err
    assert words in told
    assert f"coat.region-{FRAME:06d}.png" in told
