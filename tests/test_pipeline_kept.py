"""pipeline/kept.py: a shot's keyframes are written as they are made; what is held does not grow with their number."""

from __future__ import annotations

import weakref
from pathlib import Path

import numpy as np
import pytest
from tiny import write_gray_film, write_picture

from vidcolor.cli.parser import main
from vidcolor.pipeline import library
from vidcolor.pipeline.checkpoint import Checkpoint
from vidcolor.pipeline.kept import KeptKeyframes
from vidcolor.pipeline.keyframes import KeyframeMaker, MadeKeyframe
from vidcolor.timeline import Rate
from vidcolor.types import ColorFrame, Frame

FRAMES = 12
FAST = ("--set", "propagate.network=none", "--set", "colorize.network=none")


class Alive:
    """Counts arrays that still exist, each time some are added."""

    def __init__(self) -> None:
        self._references: list[weakref.ref[np.ndarray]] = []
        self.added, self.most = 0, 0

    def add(self, *arrays: np.ndarray | None) -> None:
        self._references += [weakref.ref(array) for array in arrays if array is not None]
        self.added += 1
        self.most = max(self.most, sum(reference() is not None for reference in self._references))


def test_memory_does_not_grow_with_the_number_of_keyframes(tmp_path, monkeypatch):
    """Every frame of a shot is an exact keyframe: 24 planes at full and working size would be held, were they held."""
    made, read = Alive(), Alive()
    make, get = KeyframeMaker.make, KeptKeyframes.__getitem__

    def making(self, *given) -> MadeKeyframe:
        result = make(self, *given)
        made.add(result.full_size, result.color.chroma)
        return result

    def getting(self, frame) -> ColorFrame:
        result = get(self, frame)
        read.add(result.chroma)
        return result

    monkeypatch.setattr(KeyframeMaker, "make", making)
    monkeypatch.setattr(KeptKeyframes, "__getitem__", getting)
    monkeypatch.setattr(library, "ROOM", 0)
    colors = write_gray_film(tmp_path / "film.mkv", FRAMES)
    (tmp_path / "refs").mkdir()
    for frame, rgb in enumerate(colors):
        write_picture(tmp_path / "refs" / f"{frame:06d}.png", colors=rgb)
    words = ["run", str(tmp_path / "film.mkv"), "--keyframes", str(tmp_path / "refs"), "-o", str(tmp_path / "out.mkv")]
    assert main([*words, "--delivery", "ffv1", *FAST, "--set", "propagate.keyframes=1"]) == 0
    assert made.added == FRAMES
    assert read.added >= FRAMES
    assert made.most <= 4, "those of the keyframe just made, and of the one before"
    assert read.most <= 4, "the ends of a gap, and what is looked up"
    kept = sorted(p.name for p in next((tmp_path / "film.vidcolor").glob("shots/*/v001/keys")).iterdir())
    assert kept == [f"{frame:06d}.{kind}" for frame in range(FRAMES) for kind in ("avi", "png")]


def test_a_keyframe_comes_back_as_it_was_put(tmp_path: Path):
    random = np.random.default_rng(1)
    (tmp_path / "resume").mkdir()
    keys = KeptKeyframes(Checkpoint(tmp_path), (12, 16), Rate(24, 1))
    colors = {n: random.normal(0, 30, (2, 12, 16)).astype(np.float32) for n in (7, 3)}
    for frame, chroma in colors.items():
        target = Frame(frame, np.full((24, 32), 50, np.float32))
        made = ColorFrame(frame, np.kron(chroma, np.ones((2, 2), np.float32)), np.full((24, 32), 0.5, np.float32))
        keys.put(MadeKeyframe(frame, made, "near", ()), target)
    again = KeptKeyframes(Checkpoint(tmp_path), (12, 16), Rate(24, 1))
    keys.put(MadeKeyframe(5, None, "far", (), notes=("it is another frame",)), Frame(5, np.zeros((24, 32), np.float32)))
    before = keys.to_carry()
    keys.put(MadeKeyframe(9, made, "near", ()), target)
    assert (list(before), list(keys)) == ([3, 7], [3, 7, 9])
    assert [fact["frame"] for fact in keys.facts] == [3, 5, 7, 9]
    assert keys.notes == ["it is another frame"]
    assert [frame for frame in range(12) if again.take(frame)] == [3, 5, 7, 9], "after a stop"
    assert again.facts == keys.facts
    for frame, chroma in colors.items():
        assert np.allclose(keys[frame].chroma, chroma, atol=1e-4)
        assert np.allclose(keys[frame].confidence, 0.5)
        assert np.array_equal(again[frame].chroma, keys[frame].chroma)
    with pytest.raises(KeyError):
        keys[5]
