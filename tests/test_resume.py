"""A shot stopped by kill -9 half way: the next run goes on with it, to the same bytes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.media.store import ChromaWriter
from vidcolor.pipeline import render
from vidcolor.pipeline.keyframes import KeyframeMaker
from vidcolor.propagate import shot
from vidcolor.types import ColorFrame

FRAMES, SIZE, RUN, KILLED_AT = 30, (48, 64), 6, 22
SHOT = "r1-000000"
KILLS_ITSELF = f"""
import os, signal, sys
from vidcolor.cli.parser import main
from vidcolor.media.store import ChromaWriter
from vidcolor.propagate import shot
shot.RUN = {RUN}
write = ChromaWriter.write
def writes(store, color):
    if store._path.name == "chroma.avi" and color.index == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)
    write(store, color)
ChromaWriter.write = writes
main(sys.argv[1:])
"""


def line(folder: Path, *extra: str) -> list[str]:
    film, out = str(folder / "film.mkv"), str(folder / "out.mkv")
    return ["run", film, "--keyframes", str(folder / "refs"), "-o", out, "--delivery", "ffv1", *extra]


def make(folder: Path) -> Path:
    (folder / "refs").mkdir(parents=True)
    colors = write_gray_film(folder / "film.mkv", FRAMES, SIZE)
    for key in (2, 27):
        write_picture(folder / "refs" / f"{key:06d}.png", SIZE, colors[key])
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The film, run once without a stop."""
    folder = make(tmp_path_factory.mktemp("whole") / "film")
    assert main(line(folder, "--preset", "draft")) == 0
    return folder


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The same film, killed as its frame 22 was to be stored; states were kept after 8, 14 and 20 frames."""
    folder = make(tmp_path_factory.mktemp("killed") / "film")
    command = [sys.executable, "-P", "-c", KILLS_ITSELF, *line(folder, "--preset", "draft")]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    assert not (folder / "out.mkv").exists()
    return folder


@pytest.fixture
def work(killed, tmp_path, monkeypatch):
    """A copy of the killed film, at the same path for all that is kept in it."""
    monkeypatch.setattr(shot, "RUN", RUN)
    return shutil.copytree(killed, tmp_path / "film")


@pytest.fixture
def seen(monkeypatch):
    """Frames stored and keyframes made from here on."""
    frames: list[int] = []
    keys: list[int] = []
    write, make_key = ChromaWriter.write, KeyframeMaker.make

    def writes(store, color):
        if store._path.name == "chroma.avi":
            frames.append(color.index)
        write(store, color)

    def makes(maker, key, *given):
        keys.append(key.frame)
        return make_key(maker, key, *given)

    monkeypatch.setattr(ChromaWriter, "write", writes)
    monkeypatch.setattr(KeyframeMaker, "make", makes)
    return frames, keys


def partial(folder: Path) -> Path:
    return folder / "film.vidcolor" / "shots" / SHOT / ".partial"


def version(folder: Path) -> Path:
    return folder / "film.vidcolor" / "shots" / SHOT / "v001"


def same(folder: Path, whole: Path) -> bool:
    """Whether everything made of the shot, and the delivered film, are the same bytes."""
    names = sorted(p.relative_to(version(whole)) for p in version(whole).rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(version(folder)) for p in version(folder).rglob("*") if p.is_file())
    files = [(version(folder) / name, version(whole) / name) for name in names if name.name != "report.json"]
    reports = [json.loads((version(place) / "report.json").read_text()) for place in (folder, whole)]
    taken = {"seconds": 0, "peak_memory": 0}
    assert {**reports[0], **taken} == {**reports[1], **taken}
    files.append((folder / "out.mkv", whole / "out.mkv"))
    return all(ours.read_bytes() == theirs.read_bytes() for ours, theirs in files)


def test_a_killed_shot_goes_on_where_it_was(work, whole, seen):
    assert main(line(work)) == 0
    assert seen == (list(range(20, FRAMES)), []), "what was done stays done"
    assert same(work, whole)


def spoil_state(folder: Path) -> None:
    data = bytearray((partial(folder) / "resume" / "state.npz").read_bytes())
    data[len(data) // 2] ^= 255
    (partial(folder) / "resume" / "state.npz").write_bytes(data)


def cut_state(folder: Path) -> None:
    path = partial(folder) / "resume" / "state.npz"
    path.write_bytes(path.read_bytes()[:1000])


def lose_state(folder: Path) -> None:
    (partial(folder) / "resume" / "state.npz").unlink()


def spoil_colors(folder: Path) -> None:
    path = partial(folder) / ".chroma.avi.partial"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)


def cut_colors(folder: Path) -> None:
    path = partial(folder) / ".chroma.avi.partial"
    path.write_bytes(path.read_bytes()[:20_000])


def lose_colors(folder: Path) -> None:
    (partial(folder) / ".chroma.avi.partial").unlink()


def no_avi(folder: Path) -> None:
    (partial(folder) / ".chroma.avi.partial").write_bytes(b"nothing of the kind")


SPOILS = [spoil_state, cut_state, lose_state, spoil_colors, cut_colors, lose_colors, no_avi]


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__)
def test_what_is_damaged_begins_anew(spoil, work, whole, seen):
    spoil(work)
    assert main(line(work)) == 0
    assert seen[0] == list(range(FRAMES))
    assert same(work, whole)


@pytest.mark.parametrize("name", ["key-000002.npz", "end-000026.npz", "of.json"])
def test_other_damage_costs_only_what_it_must(name, work, whole, seen):
    kept = partial(work) / "resume" / name
    kept.write_bytes(b"\0" * 100)
    assert main(line(work)) == 0
    assert seen[0] == list(range(0 if name == "of.json" else 20, FRAMES))
    assert same(work, whole)


def test_other_ingredients_begin_anew(work, seen):
    assert main(line(work, "--set", "propagate.window=1")) == 0
    assert seen == (list(range(FRAMES)), [2, 27])
    assert not partial(work).exists()


def test_stopped_again_while_it_took_up_the_colours(work, whole, seen):
    """Both the colours left first and a part of their copy lie there."""
    left = partial(work) / ".chroma.avi.partial"
    first = left.rename(left.with_name(".chroma.avi.first"))
    left.write_bytes(first.read_bytes()[:20_000])
    assert main(line(work)) == 0
    assert seen[0] == list(range(20, FRAMES))
    assert same(work, whole)


class Flat:
    """A colorizer in one colour."""

    def __call__(self, target, guidance, settings, laid=None) -> ColorFrame:
        size = target.lightness.shape
        return ColorFrame(target.index, np.full((2, *size), 30, np.float32), np.full(size, 0.8, np.float32))

    def let_go(self, pictures) -> None: ...


def test_regions_laid_over_a_shots_colours_wait_for_these_once(tmp_path, monkeypatch, capsys, seen):
    """After a stop while they are laid on, here by hand, of the shot only its last run is coloured again."""
    monkeypatch.setattr(shot, "RUN", RUN)
    monkeypatch.setattr(render, "_networks", lambda settings: (Flat(), None))
    store, based = ChromaWriter.write, []

    def notes(writer, color):
        if writer._path.name == "base.avi":
            based.append(color.index)
        store(writer, color)

    def stops(writer, color):
        if writer._path.name == "chroma.avi" and color.index == KILLED_AT:
            raise KeyboardInterrupt
        store(writer, color)

    folders = [make(tmp_path / name / "film") for name in ("whole", "stopped")]
    shipped = ("--preset", "draft", "--set", "colorize.network=shipped")
    for folder in folders:
        write_picture(folder / "refs" / "coat.png", SIZE)
        mask = np.zeros((*SIZE, 3), np.float32)
        mask[10:30, 10:30] = 1
        write_picture(folder / "refs" / "coat.region-000020.png", SIZE, mask)
    assert main(line(folders[0], *shipped)) == 0
    with monkeypatch.context() as now:
        now.setattr(ChromaWriter, "write", stops)
        assert main(line(folders[1], *shipped)) == 130
    assert "run the same command again" in capsys.readouterr().err
    seen[1].clear()
    monkeypatch.setattr(ChromaWriter, "write", notes)
    assert main(line(folders[1], *shipped)) == 0
    assert seen[1] == []
    assert 0 < len(based) <= RUN
    assert same(folders[1], folders[0])
