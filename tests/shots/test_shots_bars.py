"""Bars are found where a film's frames agree on them, and nothing else that is dark is taken for bars."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.color import luma_to_lightness
from vidcolor.errors import SettingsError
from vidcolor.shots.bars import DARK, asked_bars, bars_of_shots, candidates, told_by
from vidcolor.timeline import FrameRange
from vidcolor.types import Bars, ColorTags, Shot, Transition

SIZE = (108, 192)
LETTERBOX, PILLARBOX = (14, 14, 0, 0), (0, 0, 24, 24)


def picture(seed: int = 1, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Luma codes of a picture that is lit everywhere."""
    return np.random.default_rng(seed).integers(200, 900, size).astype(np.uint16)


def boxed(inner: np.ndarray, sides: tuple[int, int, int, int], noise: int = 0) -> np.ndarray:
    """The picture in a frame of `SIZE` with bars of these sizes; what lies in them is cut off."""
    top, bottom, left, right = sides
    out = 64 + np.random.default_rng(0).integers(0, noise + 1, SIZE).astype(np.uint16)
    rows, columns = slice(top, SIZE[0] - bottom), slice(left, SIZE[1] - right)
    out[rows, columns] = inner[rows, columns]
    return out


def night() -> np.ndarray:
    """A black sky over lit roofs of many heights, and a dark street under them."""
    luma = np.full(SIZE, 64, np.uint16)
    tops = np.random.default_rng(3).integers(14, 60, SIZE[1])
    for column, top in enumerate(tops):
        luma[top:94, column] = 400
    return luma


def title() -> np.ndarray:
    luma = np.full(SIZE, 64, np.uint16)
    luma[30:40, 40:150:6] = luma[60:70, 50:140:6] = 900
    return luma


@pytest.mark.parametrize("sides", [LETTERBOX, PILLARBOX, (14, 14, 24, 24), (13, 15, 0, 0)])
def test_bars_are_told_to_the_pixel_through_noise(sides):
    assert told_by(boxed(picture(), sides, noise=12) > DARK) == sides


@pytest.mark.parametrize("luma", [night(), title(), np.full(SIZE, 64, np.uint16)], ids=["night", "title", "leader"])
def test_other_dark_borders_tell_nothing(luma):
    assert told_by(luma > DARK) is None


def test_a_picture_that_fills_its_frame_has_none():
    assert told_by(picture() > DARK) == (0, 0, 0, 0)


def test_one_frame_alone_is_no_candidate_and_blurred_edges_are_one():
    assert candidates([LETTERBOX, (0, 0, 0, 0), None]) == []
    assert candidates([LETTERBOX, (15, 14, 0, 0), None, PILLARBOX, PILLARBOX]) == [PILLARBOX, LETTERBOX]


def small(luma: np.ndarray) -> np.ndarray:
    return luma_to_lightness(luma, ColorTags()).astype(np.float32)


def shots_of(*entries: Transition) -> list[Shot]:
    return [Shot("r1", FrameRange(10 * n, 10 * n + 10), entry) for n, entry in enumerate(entries)]


def found(shots: list[Shot], frames: list[np.ndarray]) -> tuple[Bars, ...]:
    looks = {shot.id: [small(luma)] for shot, luma in zip(shots, frames, strict=True)}
    return bars_of_shots(shots, looks, [PILLARBOX, LETTERBOX], SIZE)


def test_each_run_of_shots_has_its_own_and_a_shot_that_fills_the_frame_none():
    frames = [boxed(picture(), LETTERBOX), boxed(night(), LETTERBOX), picture(2), boxed(picture(), PILLARBOX)]
    bars = found(shots_of(*[Transition()] * 4), frames)
    assert bars == (Bars(FrameRange(0, 20), *LETTERBOX), Bars(FrameRange(30, 40), *PILLARBOX))


def test_subtitles_in_one_bar_are_no_picture():
    luma = boxed(picture(), LETTERBOX)
    luma[98:104, 80:112:2] = 900
    assert found(shots_of(Transition()), [luma]) == (Bars(FrameRange(0, 10), *LETTERBOX),)


def test_a_dissolve_has_what_both_its_shots_have():
    entry = Transition("dissolve", FrameRange(8, 13))
    bars = found(shots_of(Transition(), entry), [boxed(picture(), LETTERBOX), picture(2)])
    assert bars == (Bars(FrameRange(0, 8), *LETTERBOX),)


def test_the_setting_overrules():
    assert asked_bars("auto", SIZE, 5) is None
    assert asked_bars("none", SIZE, 5) == ()
    assert asked_bars("14 12 0 3", SIZE, 5) == (Bars(FrameRange(0, 5), 14, 12, 0, 3),)
    for wrong in ("14 12", "54 54 0 0", "letterbox"):
        with pytest.raises(SettingsError, match=r"reel\.bars"):
            asked_bars(wrong, SIZE, 5)
