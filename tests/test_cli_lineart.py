"""`vidcolor lineart`: drawings are painted by the user's own Diffusart; what cannot be used ends in one line."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from drawn import drawing
from made_published import write_published

from vidcolor.cli.parser import main
from vidcolor.media.images import write_image

SIZE = (50, 70)


def strokes(color: tuple[int, int, int], size: tuple[int, int] = SIZE) -> np.ndarray:
    """(4, H, W) uint8: two strokes on a transparent layer."""
    rgba = np.zeros((4, *size), np.uint8)
    for rows, columns in ((slice(10, 14), slice(5, 30)), (slice(30, 34), slice(40, 65))):
        rgba[:3, rows, columns] = np.array(color, np.uint8)[:, None, None]
        rgba[3, rows, columns] = 255
    return rgba


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lineart") / "made"
    write_published(folder, "diffusart")
    lines = np.full(SIZE, 255, np.uint8)
    cv2.circle(lines, (35, 25), 15, 0, 2)
    write_image(folder / "drawing.png", lines)
    write_image(folder / "red.png", strokes((220, 30, 30)))
    write_image(folder / "blue.png", strokes((30, 30, 220)))
    return folder


@pytest.fixture
def work(base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base, tmp_path / "work"))


def paint(work: Path, *more: str, picture="drawing", scribbles="red", out="out", steps=3, weights="diffusart") -> int:
    files = ("--scribbles", str(work / f"{scribbles}.png"), "--weights", str(work / f"{weights}.safetensors"))
    named = (str(work / f"{picture}.png"), "-o", str(work / f"{out}.png"), "--steps", str(steps))
    return main(["lineart", *named, *files, "--device", "cpu", *more])


def picture(work: Path, name: str = "out") -> np.ndarray:
    return cv2.imread(str(work / f"{name}.png"), cv2.IMREAD_UNCHANGED)[..., ::-1] / 65535


def test_a_drawing_is_painted_at_its_size_with_its_lines_and_by_its_seed(work, capsys):
    assert paint(work) == 0
    assert "diffusart-" in capsys.readouterr().out
    rgb = picture(work)
    assert rgb.shape == (*SIZE, 3)
    assert np.ptp(rgb, axis=2).mean() > 0.02, "in colour"
    lines = cv2.imread(str(work / "drawing.png"), cv2.IMREAD_GRAYSCALE) == 0
    assert rgb[lines].mean() < 0.5 * rgb[~lines].mean()
    first = (work / "out.png").read_bytes()
    assert paint(work, out="out") == 0
    assert (work / "out.png").read_bytes() == first
    assert paint(work, "--seed", "2", out="other") == 0
    assert (work / "other.png").read_bytes() != first


def test_scribbles_and_lines_that_are_found_count(work):
    assert paint(work) == 0
    assert paint(work, scribbles="blue", out="blue-out") == 0
    assert (work / "out.png").read_bytes() != (work / "blue-out.png").read_bytes()
    write_image(work / "large.png", np.repeat(np.repeat(strokes((220, 30, 30)), 2, 1), 2, 2))
    assert paint(work, scribbles="large", out="large-out") == 0
    write_image(work / "frame.png", np.rint(255 * drawing(3, SIZE)).astype(np.uint8).transpose(2, 0, 1))
    assert paint(work, picture="frame") == 0
    assert paint(work, "--lines", "xdog", picture="frame", out="found") == 0
    assert np.abs(picture(work) - picture(work, "found")).max() > 0.1


def test_ink_on_nothing_is_ink_on_paper(work):
    assert paint(work) == 0
    lines = cv2.imread(str(work / "drawing.png"), cv2.IMREAD_GRAYSCALE)
    write_image(work / "cel.png", np.stack([*np.zeros((3, *SIZE), np.uint8), 255 - lines]))
    assert paint(work, picture="cel", out="cel-out") == 0
    np.testing.assert_allclose(picture(work), picture(work, "cel-out"), atol=1e-3)


def test_more_steps_are_another_picture(work):
    assert paint(work, steps=2) == 0
    assert paint(work, out="more", steps=6) == 0
    assert np.abs(picture(work) - picture(work, "more")).mean() > 0.002


def test_what_cannot_be_used_ends_in_one_line(work, capsys, monkeypatch):
    whole = (work / "diffusart.safetensors").read_bytes()
    (work / "short.safetensors").write_bytes(whole[:-100])
    (work / "palette.safetensors").write_bytes(whole.replace(b"vidcolor.diffusart/1", b"vidcolor.palette/1.."))
    (work / "mine.png").write_text("mine")
    write_image(work / "bare.png", np.zeros((4, *SIZE), np.uint8))
    write_image(work / "square.png", strokes((220, 30, 30), (70, 70)))
    for asked, says in (
        ({"weights": "none"}, "no such file"),
        ({"weights": "short"}, "cannot be read as weights"),
        ({"weights": "palette"}, "not a diffusart network"),
        ({"scribbles": "bare"}, "has no stroke"),
        ({"scribbles": "drawing"}, "is opaque everywhere"),
        ({"scribbles": "square"}, "proportions"),
        ({"scribbles": "none"}, "cannot be opened"),
        ({"picture": "none"}, "cannot be opened"),
        ({"out": "mine"}, "not by vidcolor lineart"),
        ({"out": "red"}, "is one of the pictures given"),
        ({"out": "none/out"}, "no such folder"),
    ):
        assert paint(work, **asked) == 2, says
        error = capsys.readouterr().err
        assert says in error
        assert len(error.splitlines()) == 1, error
    assert (work / "mine.png").read_text() == "mine"
    with pytest.raises(SystemExit):
        paint(work, steps=1001)
    assert "from 1 to 1000" in capsys.readouterr().err
    line = [str(work / "drawing.png"), "--scribbles", str(work / "red.png"), "-o", str(work / "out.png")]
    assert main(["lineart", *line]) == 2
    told = capsys.readouterr().err
    assert "no weights are shipped" in told
    assert "configs/train/14-diffusart.toml" in told
    monkeypatch.setitem(sys.modules, "torch", None)
    assert paint(work) == 2
    assert "pip install 'vidcolor[torch]'" in capsys.readouterr().err
