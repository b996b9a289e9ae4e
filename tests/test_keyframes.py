"""Which frames become keyframes. The truth: when things enter the made shots is known."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from made_scenes import gray, scene

from vidcolor.keyframes import choose_keyframes
from vidcolor.settings import KeyframeSettings
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame, Keyframe, Shot

SETTINGS = KeyframeSettings(spacing=40)


class Counted(Sequence):
    """Frames that remember in which order they were read."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        self.read: list[int] = []

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, position):
        self.read.append(position)
        return self.frames[position]


def still(count: int, first: int = 100) -> tuple[Shot, Counted]:
    frame = gray(scene(1))
    frames = [Frame(first + i, frame.lightness) for i in range(count)]
    return Shot("r1", FrameRange(first, first + count)), Counted(frames)


def test_a_persons_frames_are_the_keyframes() -> None:
    shot, frames = still(80)
    assert choose_keyframes(shot, frames, [150, 110, 150, 7, 180], SETTINGS) == [
        Keyframe(110, "person"),
        Keyframe(150, "person"),
    ]
    assert frames.read == []


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 1), (30, 1), (80, 2), (160, 4)])
def test_about_one_in_the_spacing(count: int, expected: int) -> None:
    shot, frames = still(count)
    keys = choose_keyframes(shot, frames, [], SETTINGS)
    assert len(keys) == expected
    assert all(k.reason == "coverage" and k.frame in shot.frames for k in keys)
    assert [k.frame for k in keys] == sorted({k.frame for k in keys})


def test_a_still_shots_keyframe_lies_in_its_middle() -> None:
    shot, frames = still(40)
    (key,) = choose_keyframes(shot, frames, [], SETTINGS)
    assert 110 <= key.frame < 130


def test_frames_are_read_in_order_and_few() -> None:
    shot, frames = still(160)
    choose_keyframes(shot, frames, [], SETTINGS)
    assert frames.read == sorted(set(frames.read))
    assert len(frames.read) < 160 / 3


def test_what_enters_gets_a_keyframe() -> None:
    """The second half shows another scene in half of the picture: one keyframe would leave it uncovered."""
    left, right = gray(scene(1)).lightness, gray(scene(2)).lightness.copy()
    right[:, :120] = left[:, :120]
    shot = Shot("r1", FrameRange(0, 40))
    frames = [Frame(i, left if i < 24 else right) for i in range(40)]
    keys = [k.frame for k in choose_keyframes(shot, frames, [], SETTINGS)]
    assert len(keys) == 2
    assert keys[0] < 24 <= keys[1]
    assert len(choose_keyframes(shot, frames, [], replace(SETTINGS, extra=1.0))) == 1
