"""`vidcolor frames --color` of a shot that waits: its frame as the render will have it, and no render."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny import shot_colors, write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.media.images import read_rgb

FRAMES, SIZE, KEY, OTHER = 10, (48, 64), 4, 8
WITHOUT_TORCH = """
import sys
from vidcolor.cli.parser import main
assert main(sys.argv[1:]) == 0
assert "torch" not in sys.modules
"""
CLOSE, CHANGED = 0.02, 0.06
"""Of R'G'B' 0..1: mattes are kept in steps"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A shot with one exact keyframe and a paint over it, rendered; and a paint to be given."""
    folder = tmp_path_factory.mktemp("preview") / "made"
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE)
    write_picture(folder / "refs" / f"{KEY:06d}.png", SIZE, colors[KEY])
    (folder / "cuts.csv").write_text(f"start,stop,entry\n0,{FRAMES},cut\n")
    film = ["--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "--preset", "draft"]
    assert main(["new", str(folder / "p"), *film, "--shots", str(folder / "cuts.csv")]) == 0
    painted = np.zeros((*SIZE, 4), np.uint8)
    painted[8:24, 8:24] = (150, 60, 60, 255)
    assert cv2.imwrite(str(folder / "first.png"), painted)
    painted[:] = 0
    painted[20:40, 30:50] = (40, 60, 160, 255)
    assert cv2.imwrite(str(folder / "paint.png"), painted)
    assert cv2.imwrite(str(folder / "mask.png"), painted[..., 3])
    assert main(["plan", str(folder / "p")]) == 0
    assert main(["correct", str(folder / "p"), "paint", f"{KEY}", "--file", str(folder / "first.png")]) == 0
    assert main(["render", str(folder / "p")]) == 0
    return folder


@pytest.fixture
def work(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "work"))


def correct(work: Path, *words: str) -> None:
    assert main(["correct", str(work / "p"), *words]) == 0


def seen(work: Path, frame: int, to: str) -> np.ndarray:
    """(3, H, W) R'G'B' 0..1 of the frame as it is shown."""
    assert main(["frames", str(work / "p"), f"{frame}", "--color", "-o", str(work / to)]) == 0
    return np.asarray(read_rgb(work / to / f"{frame:06d}.png"))


def versions(work: Path) -> list[str]:
    return sorted(p.name for p in (work / "p" / "shots").glob("*/v*"))


@pytest.mark.parametrize("frame", [OTHER, KEY], ids=["carried frame", "exact keyframe"])
@pytest.mark.parametrize(
    "words",
    [
        ("paint", "--file", "paint.png"),
        ("scribble", "--file", "paint.png"),
        ("neutral", "--file", "mask.png"),
        ("hint", "--at", "40,30", "--color", "1f2a5c"),
    ],
    ids=lambda words: words[0],
)
def test_a_correction_is_seen_on_its_frame_as_it_will_be(words, frame, work, monkeypatch, capsys):
    monkeypatch.chdir(work)
    old = seen(work, frame, "old")
    correct(work, words[0], f"{frame}", *words[1:])
    before = versions(work)
    capsys.readouterr()
    ahead = seen(work, frame, "ahead")
    assert "as it will be" in capsys.readouterr().out
    assert versions(work) == before
    assert main(["render", str(work / "p")]) == 0
    behind = seen(work, frame, "behind")
    assert np.abs(ahead - behind).max() < CLOSE
    assert np.abs(ahead - old).max() > CHANGED


def test_a_keyframe_that_was_painted_anew_is_seen(work, monkeypatch):
    old = seen(work, KEY, "old")
    write_picture(work / "refs" / f"{KEY:06d}.png", SIZE, shot_colors(1, KEY, SIZE)[..., [1, 2, 0]])
    assert main(["plan", str(work / "p")]) == 0
    ahead = seen(work, KEY, "ahead")
    assert main(["render", str(work / "p")]) == 0
    assert np.abs(ahead - seen(work, KEY, "behind")).max() < CLOSE
    assert np.abs(ahead - old).max() > CHANGED


def test_what_other_frames_will_bring_is_told(work, monkeypatch, capsys):
    monkeypatch.chdir(work)
    correct(work, "paint", f"{OTHER}", "--file", "paint.png")
    capsys.readouterr()
    seen(work, OTHER - 1, "ahead")
    out = capsys.readouterr().out
    assert f"frame {OTHER - 1}: as it will be" in out
    assert "0002-paint" in out
    assert "0001-paint" not in out, "that one is there already"


def test_a_paint_asks_for_no_network(work, monkeypatch):
    monkeypatch.chdir(work)
    config = work / "p" / "project.toml"
    config.write_text(config.read_text().replace('"draft"', '"standard"'))
    assert main(["render", "p"]) == 0
    correct(work, "paint", f"{OTHER}", "--file", "paint.png")
    for line in (["frames", "p", f"{OTHER}", "--color", "-o", "ahead"], ["render", "p"]):
        done = subprocess.run([sys.executable, "-P", "-c", WITHOUT_TORCH, *line], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


def test_a_hint_asks_for_networks_once(work, monkeypatch):
    monkeypatch.chdir(work)
    config = work / "p" / "project.toml"
    config.write_text(config.read_text().replace('"draft"', '"standard"'))
    assert main(["render", "p"]) == 0
    correct(work, "hint", f"{OTHER}", "--at", "40,30", "--color", "1f2a5c")
    seen(work, OTHER, "first")
    for line in (["frames", "p", f"{OTHER}", "--color", "-o", "again"], ["render", "p"]):
        done = subprocess.run([sys.executable, "-P", "-c", WITHOUT_TORCH, *line], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


def test_what_its_codes_need_is_made_while_the_preview_is(work, monkeypatch):
    from vidcolor import color
    from vidcolor.pipeline import preview

    begun, previews = threading.Event(), preview.previews

    class Lock(color.LumaLock):
        def __init__(self, tags):
            begun.set()
            super().__init__(tags)

    def watched(*words):
        assert begun.wait(60)
        return previews(*words)

    monkeypatch.setattr(color, "LumaLock", Lock)
    monkeypatch.setattr(preview, "previews", watched)
    correct(work, "hint", f"{OTHER}", "--at", "40,30", "--color", "1f2a5c")
    assert seen(work, OTHER, "to").shape == (3, *SIZE)
