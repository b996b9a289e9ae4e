"""The cache of a project's frames, end to end: whatever it has lost, the same bytes; with it, nothing found twice."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cv2
import pytest
from tiny import shot_colors, write_frames, write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.networks.propagator import Propagator
from vidcolor.pipeline import corrected
from vidcolor.project.cache import DiskCache
from vidcolor.propagate.runs import Reader
from vidcolor.superpixels.track import Tracker

FRAMES, SIZE, KEY = 10, (48, 64), 4
NO_CACHE = ("--set", "cache.room=0")
BOTH = pytest.mark.parametrize("made", ["draft", "standard"], indirect=True)
"""Without networks, and with them."""
KINDS = ["labels", "look", "maps", "step"]
STOPPED = 130
LOOKED_AT = 5
"""Frames 1, 4 and 7, for their neighbours too; 5 and 9, whose neighbours another gap colours or are not there."""
KILLS_ITSELF = """
import os, signal, sys
from pathlib import Path
from vidcolor.cli.parser import main
from vidcolor.project import cache
def half(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.name.endswith("0000003.arrays"):  # grainy, so that they are named with their shot
        return path.write_bytes(data)
    path.with_name(".x.partial").write_bytes(data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
cache._write = half
main(sys.argv[1:])
"""


def line(folder: Path, *more: str) -> list[str]:
    return ["render", str(folder / "p"), *more]


def new(folder: Path, preset: str) -> Path:
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE)
    write_picture(folder / "refs" / f"{KEY:06d}.png", SIZE, colors[KEY])
    (folder / "cuts.csv").write_text(f"start,stop,entry\n0,{FRAMES},cut\n")
    film = ["--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs"), "--preset", preset]
    assert main(["new", str(folder / "p"), *film, "--shots", str(folder / "cuts.csv")]) == 0
    return folder


def repaint(folder: Path) -> None:
    """The keyframe in other colours."""
    colors = shot_colors(1, KEY, SIZE)
    write_picture(folder / "refs" / f"{KEY:06d}.png", SIZE, colors[..., [1, 2, 0]])


def paint(folder: Path) -> None:
    place = folder / "p" / "corrections"
    place.mkdir(exist_ok=True)
    (place / "0001-hint.toml").write_text(f'kind = "hint"\nframe = {KEY}\nat = [30, 20]\ncolor = "1f2a5c"\n')


def colors(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of colours, by its place."""
    root = folder / "p" / "shots"
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*/v*/**/*.avi"))
    }


def of(folder: Path) -> Path:
    return folder / "p" / "cache"


@pytest.fixture(scope="module")
def made(request, tmp_path_factory) -> tuple[str, Path]:
    """A shot rendered, given another keyframe, and corrected, all without a cache."""
    folder = new(tmp_path_factory.mktemp("cache") / "plain", request.param)
    assert main(line(folder, *NO_CACHE)) == 0
    repaint(folder)
    assert main(line(folder, *NO_CACHE)) == 0
    paint(folder)
    assert main(line(folder, *NO_CACHE)) == 0
    assert not of(folder).exists()
    return request.param, folder


@pytest.fixture
def asked(monkeypatch) -> Counter:
    """How often frames were read for flow, tracked, and shown to networks."""
    counts: Counter[str] = Counter()

    def count(owner, name):
        real = getattr(owner, name)

        def counted(*args):
            counts[name] += 1
            return real(*args)

        monkeypatch.setattr(owner, name, counted)

    count(Reader, "_lightness")
    count(Tracker, "step")
    count(Propagator, "maps")
    return counts


@BOTH
def test_cold_and_warm_the_same_bytes_and_nothing_found_twice(made, tmp_path, asked):
    preset, plain = made
    folder = new(tmp_path / "film", preset)
    assert main(line(folder)) == 0
    assert asked["step"] == FRAMES
    assert asked["maps"] == (LOOKED_AT if preset == "standard" else 0)
    assert sorted(p.name.split("-")[0] for p in of(folder).iterdir()) == [
        kind for kind in KINDS if kind != "maps" or preset == "standard"
    ]
    asked.clear()
    repaint(folder)
    assert main(line(folder)) == 0
    paint(folder)
    assert main(line(folder)) == 0
    # the shot is grainy: propagation sees its frames mended, the hint its own as it is
    assert asked == Counter(maps=1 if preset == "standard" else 0)
    assert colors(folder) == colors(plain)


@BOTH
def test_half_of_it_lost_or_damaged_the_same_bytes(made, tmp_path):
    preset, plain = made
    folder = new(tmp_path / "film", preset)
    assert main(line(folder)) == 0
    for number, path in enumerate(sorted(of(folder).rglob("*.arrays"))):
        if number % 3 == 0:
            path.unlink()
        elif number % 3 == 1:
            path.write_bytes(path.read_bytes()[:-5])
    repaint(folder)
    assert main(line(folder)) == 0
    paint(folder)
    assert main(line(folder)) == 0
    assert colors(folder) == colors(plain)


@BOTH
def test_deleted_while_a_render_works_the_same_bytes(made, tmp_path, monkeypatch):
    preset, plain = made
    folder = new(tmp_path / "film", preset)
    assert main(line(folder)) == 0
    take, calls = DiskCache.take, Counter[str]()

    def takes(self, kind, name):
        calls["take"] += 1
        if calls["take"] == 9:
            shutil.rmtree(of(folder))
        return take(self, kind, name)

    monkeypatch.setattr(DiskCache, "take", takes)
    repaint(folder)
    assert main(line(folder)) == 0
    paint(folder)
    assert main(line(folder)) == 0
    assert calls["take"] > 9
    assert colors(folder) == colors(plain)


@pytest.mark.parametrize("made", ["draft"], indirect=True)
def test_killed_while_it_writes_the_same_bytes(made, tmp_path):
    preset, plain = made
    folder = new(tmp_path / "film", preset)
    done = subprocess.run([sys.executable, "-P", "-c", KILLS_ITSELF, *line(folder)], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    assert list(of(folder).rglob("*.partial"))
    assert main(line(folder)) == 0
    assert not list(of(folder).rglob("*.partial"))
    repaint(folder)
    assert main(line(folder)) == 0
    paint(folder)
    assert main(line(folder)) == 0
    assert colors(folder) == colors(plain)


@pytest.mark.parametrize("made", ["draft"], indirect=True)
def test_stopped_while_a_correction_is_carried_and_laid_the_same_bytes(made, tmp_path, monkeypatch):
    preset, plain = made
    folder = new(tmp_path / "film", preset)
    assert main(line(folder)) == 0
    repaint(folder)
    assert main(line(folder)) == 0
    paint(folder)
    real, calls = corrected.over_together, Counter[str]()

    def stops(*given):
        calls["laid"] += 1
        if calls["laid"] == FRAMES // 2:
            raise KeyboardInterrupt
        return real(*given)

    with monkeypatch.context() as patched:
        patched.setattr(corrected, "over_together", stops)
        assert main(line(folder)) == STOPPED
    assert not list(folder.rglob("mattes/0001*.avi")), "no half a matte has its name"
    assert main(line(folder)) == 0
    assert colors(folder) == colors(plain)


@pytest.mark.parametrize("cache", [NO_CACHE, ()], ids=["no cache", "cache"])
def test_a_hint_given_at_once_or_afterwards_the_same_bytes(cache, tmp_path):
    at_once, afterwards = (new(tmp_path / name, "standard") for name in ("once", "after"))
    soft = [cv2.GaussianBlur(shot_colors(1, frame, SIZE), (0, 0), 3) for frame in range(FRAMES)]
    for folder in (at_once, afterwards):
        write_frames(folder / "film.mkv", soft)  # grain hides things
        write_picture(folder / "refs" / f"{KEY:06d}.png", SIZE, soft[KEY])
    paint(at_once)
    assert main(line(at_once, *cache)) == 0
    assert main(line(afterwards, *cache)) == 0
    paint(afterwards)
    assert main(line(afterwards, *cache)) == 0
    mattes = [next(folder.rglob("mattes/0001-hint.avi")) for folder in (at_once, afterwards)]
    assert mattes[0].read_bytes() == mattes[1].read_bytes()
