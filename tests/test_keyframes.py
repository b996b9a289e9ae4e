"""Which frames become keyframes. The truth: when things enter the made shots is known."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from made_scenes import gray, scene

from vidcolor.keyframes import best_next_keyframes, choose_keyframes
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


def test_the_next_keyframe_goes_to_the_middle_of_the_doubt() -> None:
    confidence = np.full(300, 0.8)
    confidence[100:160] = 0.2
    confidence[250] = 0.0
    best = best_next_keyframes(confidence.tolist(), doubtful=0.35, spacing=40, most=2)
    assert abs(best[0] - 130) <= 3
    assert best[1] in range(100, 160) or best[1] == 250


def test_one_bad_frame_is_worth_less_than_a_long_doubtful_run() -> None:
    confidence = [0.8] * 20 + [0.0] + [0.8] * 100 + [0.25] * 30 + [0.8] * 20
    assert best_next_keyframes(confidence, doubtful=0.35, spacing=30, most=1)[0] in range(121, 151)


def test_what_a_chosen_keyframe_mends_is_not_asked_for_again() -> None:
    confidence = [0.1] * 200
    chosen = best_next_keyframes(confidence, doubtful=0.35, spacing=40, most=3)
    assert len(set(chosen)) == 3
    assert min(abs(a - b) for a in chosen for b in chosen if a != b) > 30


def test_no_doubt_no_keyframe() -> None:
    assert best_next_keyframes([0.5] * 50, doubtful=0.35, spacing=40) == []
    assert best_next_keyframes([], doubtful=0.35, spacing=40) == []
    assert best_next_keyframes([0.0], doubtful=0.35, spacing=40) == [0]
