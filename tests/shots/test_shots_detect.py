"""Whole films into shots: the truth is that of `shot_scenes`, and of the films in ../shared/data."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from shot_scenes import SIZE, aged, dissolve, fade, frames_of, reel_of, scene

from vidcolor.errors import InputError
from vidcolor.settings import ShotSettings
from vidcolor.shots import find_shots
from vidcolor.shots.detect import DETECTORS, measuring_size
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame, Shot

DATA = Path(__file__).parents[2] / "../shared/data"
SETTINGS = ShotSettings()


def shots_in(film: np.ndarray, settings: ShotSettings = SETTINGS) -> list[Shot]:
    shots = find_shots(reel_of(len(film)), frames_of(film), settings)
    assert [shot.frames.start for shot in shots] == [0, *(shot.frames.stop for shot in shots[:-1])]
    assert shots[-1].frames.stop == len(film)
    return shots


def entries(film: np.ndarray) -> list[tuple[int, str]]:
    return [(shot.frames.start, shot.entry.kind) for shot in shots_in(film)]


@pytest.fixture(scope="module")
def three_takes() -> np.ndarray:
    return np.concatenate([scene(1, 30), scene(2, 9, pan=(4, 0)), scene(3, 26, pan=(0, 2))])


@pytest.mark.parametrize("detector", DETECTORS)
def test_every_detector_finds_cuts(three_takes, detector):
    shots = shots_in(three_takes, ShotSettings(detector=detector))
    assert [(shot.frames.start, shot.entry.kind) for shot in shots] == [(0, "cut"), (30, "cut"), (39, "cut")]


@pytest.mark.parametrize("seed", range(3))
def test_flicker_and_grain_change_nothing(three_takes, seed):
    assert entries(aged(three_takes, seed)) == [(0, "cut"), (30, "cut"), (39, "cut")]


def test_flashes_and_dirt_are_no_cuts():
    film = scene(4, 60)
    film[20:22] = 99.0
    film[40, :, 30:] = 5.0
    assert entries(film) == [(0, "cut")]


def test_a_fast_pan_is_no_cut():
    assert entries(scene(5, 30, pan=(4.5, 1.0))) == [(0, "cut")]


@pytest.mark.parametrize("length", [8, 12, 16, 24])
@pytest.mark.parametrize("old", [False, True])
def test_dissolves_are_found_with_their_frames(length, old):
    film = dissolve(scene(6, 40), scene(7, 45, pan=(-1, 0.5)), length)
    truth = FrameRange(40 - length, 40)
    shots = shots_in(aged(film, length) if old else film)
    assert [shot.entry.kind for shot in shots] == ["cut", "dissolve"]
    found = shots[1].entry.frames
    assert found is not None
    assert abs(found.start - truth.start) <= 2
    assert abs(found.stop - truth.stop) <= 2
    assert shots[1].frames.start == (found.start + found.stop) // 2


@pytest.mark.parametrize("level", [0.0, 100.0])
@pytest.mark.parametrize("hold", [0, 5])
def test_fades_are_found_with_their_frames(level, hold):
    film = fade(scene(8, 40), scene(9, 40), 12, hold, level)
    shots = shots_in(aged(film, 3))
    assert [shot.entry.kind for shot in shots] == ["cut", "fade"]
    found = shots[1].entry.frames
    assert found is not None
    assert abs(found.start - 28) <= 2
    assert abs(found.stop - (40 + hold + 12)) <= 2
    assert abs(shots[1].frames.start - (40 + hold // 2)) <= 2


def test_cuts_alone_leave_a_dissolve_inside_its_shot():
    film = dissolve(scene(6, 40), scene(7, 45), 16)
    assert len(shots_in(film, ShotSettings(detector="cuts"))) == 1


def test_black_before_the_film_belongs_to_its_first_shot():
    film = np.concatenate([np.zeros((12, 54, 96), np.float32), scene(1, 30)])
    shots = shots_in(film)
    assert len(shots) == 1
    assert shots[0].entry.kind == "fade"
    assert shots[0].entry.frames == FrameRange(0, 12)


def test_a_fade_at_the_end_makes_no_shot():
    film = scene(2, 50)
    film[30:] *= np.linspace(1, 0, 20, dtype=np.float32)[:, None, None]
    assert entries(film) == [(0, "cut")]


@pytest.mark.parametrize("hold", [1, 6])
def test_the_last_shot_knows_in_which_frames_the_film_fades_out(hold):
    film = np.concatenate([scene(1, 30), scene(2, 40 + hold)])
    film[58:70] *= np.linspace(1, 0, 13, dtype=np.float32)[1:, None, None]
    film[70:] = 0
    first, last = shots_in(aged(film, 3))
    assert first.exit is None
    assert last.exit is not None
    assert abs(last.exit.start - 58) <= 2
    assert last.exit.stop == len(film)


def test_a_film_that_just_ends_fades_nowhere(three_takes):
    assert all(shot.exit is None for shot in shots_in(three_takes))


@pytest.mark.parametrize("level", [0.0, 50.0, 100.0])
def test_plain_films_are_one_shot(level):
    (shot,) = shots_in(np.full((40, 54, 96), level, np.float32))
    assert shot.exit is None


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_shortest_films_are_one_shot(count):
    assert entries(scene(1, count)) == [(0, "cut")]


def test_the_same_film_gives_the_same_shots(three_takes):
    film = aged(dissolve(three_takes, scene(9, 30), 10), 1)
    assert shots_in(film) == shots_in(film)


def test_progress_counts_every_frame(three_takes):
    seen: list[int] = []
    find_shots(reel_of(len(three_takes)), frames_of(three_takes), SETTINGS, seen.append)
    assert seen == list(range(1, len(three_takes) + 1))


@pytest.mark.parametrize("count", [0, 10, 70])
def test_refuses_frames_that_are_not_the_reels(three_takes, count):
    with pytest.raises(InputError, match=r"film\.mov.*65 frames.*whole"):
        find_shots(reel_of(count), frames_of(three_takes), SETTINGS)


TRUTH = {
    "film/officers/film.mp4": {34: "cut", 134: "cut", 207: "cut", 290: "cut"},
    "shots/big_buck_bunny_0_30.webm": {283: "cut", 376: "cut", 551: "cut"},
    "shots/issue-195-aspect-ratio.mp4": {70: "cut", 170: "cut", 301: "cut", 421: "cut", 484: "cut"},
    "shots/goldeneye-vfr-drop3.mp4": {60: "cut", 140: "cut"},
    "shots/testvideo.mp4": {195: "fade", 376: "fade", 544: "dissolve"},
}
"""Cuts: the data's README. `testvideo`: seen by eye; black 180-210 and 360-391, a dissolve 528-560."""
NEAR = 3
"""Frames by which a gradual transition's boundary may differ; a cut's may not."""


def luma_frames(path: Path) -> list[Frame]:
    """Every frame in order, at measuring size, any rate."""
    films = []
    with av.open(str(path)) as container:
        for picture in container.decode(video=0):
            plane = picture.planes[0]
            luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: picture.height, : picture.width]
            height, width = measuring_size(luma.shape, SETTINGS.side)
            small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
            films.append(np.clip((small - 16) / 2.19, 0, 100))
    return list(frames_of(np.stack(films)))


@pytest.mark.slow
@pytest.mark.parametrize("name", TRUTH)
def test_real_films(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    frames = luma_frames(path)
    shots = find_shots(reel_of(len(frames)), frames, SETTINGS)
    found = {shot.frames.start: shot.entry.kind for shot in shots[1:]}
    assert list(found.values()) == list(TRUTH[name].values())
    for (start, kind), truth in zip(found.items(), TRUTH[name], strict=True):
        assert abs(start - truth) <= (0 if kind == "cut" else NEAR)


def test_the_dust_of_rounding_on_plain_cards_is_no_contrast():
    """Cards without a picture, fading through black and white: where they turn is told by their light alone."""
    light = 50 - 48 * np.cos(np.arange(150) * np.pi / 40)
    cards = np.broadcast_to(light[:, None, None], (150, *SIZE)).astype(np.float32)
    dust = np.random.default_rng(1).uniform(0.5, 1.5, (150, 1, 1)) * np.random.default_rng(2).normal(0, 1e-5, SIZE)
    plain = shots_in(cards)
    assert shots_in((cards + dust).astype(np.float32)) == plain
    assert len(plain) > 2


@pytest.mark.slow
def test_cards_that_only_fade_have_no_cut():
    path = DATA / "shots/fades.mp4"
    if not path.exists():
        pytest.skip("fades.mp4 is not here")
    frames = luma_frames(path)
    shots = find_shots(reel_of(len(frames)), frames, SETTINGS)
    assert {shot.entry.kind for shot in shots[1:]} <= {"fade"}
