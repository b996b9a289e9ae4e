"""Which frames become keyframes. The truth: when things enter the made shots is known."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from made_scenes import gray, scene

from vidcolor.keyframes import choose_keyframes, looks_of
from vidcolor.settings import KeyframeSettings
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame

SETTINGS = KeyframeSettings(spacing=40)


def chosen(frames: Sequence[Frame], settings: KeyframeSettings = SETTINGS) -> list[int]:
    """The keyframes of a shot of these frames."""
    run = FrameRange(frames[0].index, frames[-1].index + 1)
    looks = [frames[frame - run.start] for frame in looks_of(run, settings.spacing)]
    return choose_keyframes(run, looks, settings)


def still(count: int, first: int = 100) -> list[Frame]:
    frame = gray(scene(1))
    return [Frame(first + i, frame.lightness) for i in range(count)]


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 1), (30, 1), (80, 2), (160, 4)])
def test_about_one_in_the_spacing(count: int, expected: int) -> None:
    frames = chosen(still(count))
    assert len(frames) == expected
    assert all(100 <= frame < 100 + count for frame in frames)
    assert frames == sorted(set(frames))


def test_a_still_shots_keyframe_lies_in_its_middle() -> None:
    (frame,) = chosen(still(40))
    assert 110 <= frame < 130


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (5, 7), (7, 9), (100, 260), (3, 50_000)])
def test_few_frames_are_looked_at_and_on_one_step_of_the_film(start: int, stop: int) -> None:
    """So that they can be kept before it is known where shots begin; a shot with fewer than two has its ends."""
    looked = looks_of(FrameRange(start, stop), 40)
    assert looked == sorted(set(looked))
    assert 1 <= len(looked) <= 200
    assert start <= looked[0] <= looked[-1] < stop
    assert all(frame % 4 == 0 or frame in (start, stop - 1) for frame in looked)


def test_what_enters_gets_a_keyframe() -> None:
    """The second half shows another scene in half of the picture: one keyframe would leave it uncovered."""
    left, right = gray(scene(1)).lightness, gray(scene(2)).lightness.copy()
    right[:, :120] = left[:, :120]
    frames = [Frame(i, left if i < 24 else right) for i in range(40)]
    keys = chosen(frames)
    assert len(keys) == 2
    assert keys[0] < 24 <= keys[1]
    assert len(chosen(frames, replace(SETTINGS, extra=1.0))) == 1
