"""Dissolves and fades in the measures of films whose transitions are known, and in films that only resemble them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from shot_scenes import aged, dissolve, fade, frames_of, scene

from vidcolor.settings import ShotSettings
from vidcolor.shots import transitions
from vidcolor.shots.measure import Measures, measure
from vidcolor.shots.transitions import Found, find_dissolves, find_fades
from vidcolor.timeline import FrameRange

SETTINGS = ShotSettings()


def measured(film: np.ndarray) -> Measures:
    return measure(frames_of(film), SETTINGS.side, SETTINGS.odd_frames, None)


def dissolves(film: np.ndarray, within: FrameRange | None = None) -> list[Found]:
    within = within or FrameRange(0, len(film))
    return find_dissolves(measured(film), within, SETTINGS.dissolve, SETTINGS.longest)


def fades(film: np.ndarray) -> list[Found]:
    return find_fades(measured(film), SETTINGS.fade, SETTINGS.longest)


def whip(count: int = 60, longest: int = 15) -> np.ndarray:
    """A take whose camera whips aside: blurred across by up to `longest` pixels in the middle, by a parabola."""
    film = scene(11, count, pan=(1.5, 0))
    for frame in range(20, 40):
        share = (frame - 19) / 21
        width = 1 + 2 * round(2 * longest * share * (1 - share))
        film[frame] = cv2.blur(film[frame], (width, 1))
    return film


def test_two_dissolves_are_found_apart():
    film = dissolve(dissolve(scene(1, 40), scene(2, 50), 12), scene(3, 40), 12)
    found = dissolves(film)
    assert len(found) == 2
    for each, start in zip(found, (28, 66), strict=True):
        assert abs(each.frames.start - start) <= 2
        assert each.boundary == (each.frames.start + each.frames.stop) // 2


def test_only_the_run_asked_for_is_searched():
    film = dissolve(scene(1, 40), scene(2, 50), 12)
    assert not dissolves(film, FrameRange(42, len(film)))
    assert dissolves(film, FrameRange(10, len(film)))[0].frames.start in range(26, 31)


@pytest.mark.parametrize("count", [1, 5, 9])
def test_runs_too_short_hold_no_dissolve(count):
    assert not dissolves(scene(1, count))


@pytest.mark.parametrize("longest", [5, 10, 20])
def test_a_blurred_pan_is_no_dissolve(longest):
    assert not dissolves(whip(longest=longest))


def test_a_blurred_pan_would_be_one_but_for_its_depth(monkeypatch):
    """It takes contrast as a dissolve does, but more than a mixture of the same two scenes can."""
    monkeypatch.setattr(transitions, "DEEPEST", 100.0)
    assert dissolves(whip())


@pytest.mark.parametrize("seed", range(4))
def test_old_film_alone_holds_no_transition(seed):
    film = aged(scene(20 + seed, 80, pan=(seed, 0.5)), seed)
    assert not dissolves(film)
    assert not fades(film)


def test_a_long_dissolve_is_found():
    found = dissolves(dissolve(scene(1, 70), scene(2, 70), 50))
    assert len(found) == 1
    assert found[0].frames.overlap(FrameRange(20, 70)) > 35
    assert found[0].frames.overlap(FrameRange(20, 70)) > 0.9 * len(found[0].frames)


@pytest.mark.parametrize("level", [0.0, 100.0])
def test_a_fade_of_each_kind(level):
    found = fades(fade(scene(1, 40), scene(2, 40), 10, 4, level))
    assert len(found) == 1
    assert abs(found[0].frames.start - 30) <= 1
    assert abs(found[0].frames.stop - 54) <= 1
    assert found[0].boundary in range(41, 44)


def test_dirt_in_the_black_does_not_part_a_fade():
    film = fade(scene(1, 40), scene(2, 40), 10, 8, 0.0)
    film[44, 10:20, 10:20] = 90.0
    found = fades(film)
    assert len(found) == 1
    assert abs(found[0].frames.stop - 58) <= 1


def test_one_side_may_be_hard():
    """Out by ten frames, six black, in by a cut; and the other way round."""
    out = fade(scene(1, 40), scene(2, 40), 10, 6, 0.0)
    film = np.concatenate([out[:46], scene(2, 40)])
    for each, (start, stop) in ((film, (30, 46)), (film[::-1], (40, 56))):
        found = fades(each)
        assert len(found) == 1
        assert abs(found[0].frames.start - start) <= 1
        assert abs(found[0].frames.stop - stop) <= 1


def test_black_with_two_hard_sides_is_left_to_the_cuts():
    film = np.concatenate([scene(1, 30), np.zeros((10, 54, 96), np.float32), scene(2, 30)])
    assert not fades(film)


def test_a_dark_shot_between_cuts_is_no_fade():
    film = np.concatenate([scene(1, 30), 4 + scene(3, 20) * 0.15, scene(2, 30)])
    assert not fades(film)


def test_plain_cards_fade_by_their_light_alone():
    levels = np.concatenate(
        [np.full(20, 60.0), np.linspace(60, 0, 15), np.zeros(5), np.linspace(0, 80, 15), np.full(20, 80.0)]
    )
    found = fades(np.broadcast_to(levels[:, None, None], (len(levels), 54, 96)).astype(np.float32))
    assert len(found) == 1
    assert found[0].boundary in range(33, 42)


def test_dissolves_that_cannot_gain_enough_are_let_go_and_no_other():
    rng = np.random.default_rng(4)
    levels = np.cumsum(rng.normal(0, 0.1, (90, 72)), axis=0).astype(np.float32)
    levels[40:52] += np.log(1 - 0.5 * np.sin(np.pi * np.arange(1, 13) / 13))[:, None].astype(np.float32)
    scale, lengths = np.full(72, 10, np.float32), transitions._lengths(60)
    least = np.full(len(lengths), 0.5)
    whole = transitions._dissolve_gains(levels, scale, lengths, np.full(len(lengths), transitions.NEVER))
    quick = transitions._dissolve_gains(levels, scale, lengths, least)
    good = whole > least
    assert good.any()
    assert (quick[good] == whole[good]).all()
    assert (quick[~good] <= 0.5).all()
    assert (quick != whole).mean() > 0.5


def test_a_fade_is_found_alike_in_a_film_however_long():
    """Only what is near enough to be part of it is looked at, and that is all that there is to see."""
    long = measured(fade(scene(8, 240), scene(9, 240), 12, 4, 0.0))
    near = slice(240 - 2 * SETTINGS.longest - 40, 240 + 2 * SETTINGS.longest + 40)
    short = Measures(*(getattr(long, name)[near] for name in ("change", "jump", "mean", "spread", "energy")))
    whole, part = (find_fades(each, SETTINGS.fade, SETTINGS.longest) for each in (long, short))
    assert len(whole) == 1
    assert [
        replace(each, frames=each.frames.moved(near.start), boundary=each.boundary + near.start) for each in part
    ] == whole
