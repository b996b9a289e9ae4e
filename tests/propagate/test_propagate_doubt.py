"""propagate/doubt.py: what looks sure and is not, what enters a scene, frames without colours."""

from __future__ import annotations

import numpy as np
import pytest
from made_scenes import cloth

from vidcolor.flow.estimate import build_flow
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import Propagator
from vidcolor.propagate import propagate
from vidcolor.propagate.blend import Guess
from vidcolor.propagate.doubt import BOUNDS, Doubt, expected_difference
from vidcolor.propagate.runs import Step
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

SIZE, COUNT, ENTERS = (96, 160), 16, 7
SHAPE = (8, 12)
GRAY = np.zeros((2, *SHAPE), np.float32)
RED = GRAY + np.float32([60, 40])[:, None, None]


def guess(chroma: np.ndarray, unlike: float = 0.0) -> Guess:
    return Guess(chroma, np.full(SHAPE, 2, np.float32), np.full((3, *SHAPE), unlike, np.float32))


def expected(chroma: np.ndarray, error: float, **guesses: Guess) -> float:
    planes = expected_difference(chroma, np.full(SHAPE, error, np.float32), guesses)
    assert planes.shape == SHAPE
    return float(planes.mean())


def test_a_safe_gray_where_colour_was_found_or_carried_is_in_doubt() -> None:
    sure = expected(GRAY, 3.0, found=guess(GRAY), before=guess(GRAY))
    assert sure < 6
    assert expected(GRAY, 3.0, found=guess(RED), before=guess(RED)) > 6
    assert expected(GRAY, 3.0, found=guess(RED), before=guess(GRAY)) > 1.5 * sure
    assert expected(GRAY, 3.0, found=guess(GRAY), before=guess(RED)) > 1.2 * sure
    assert expected(GRAY, 3.0, found=guess(GRAY), behind=guess(RED)) > 1.2 * sure


def test_doubt_rises_with_the_expected_error_and_with_what_nothing_looks_like() -> None:
    assert expected(GRAY, 2.0) < expected(GRAY, 4.0) < expected(GRAY, 12.0)
    assert expected(GRAY, 4.0, found=guess(GRAY, 0.1)) < expected(GRAY, 4.0, found=guess(GRAY, 0.9))


def test_the_eye_sees_less_of_the_same_error_in_strong_colours() -> None:
    assert expected(RED, 4.0) < 0.6 * expected(GRAY, 4.0)


def test_a_strong_colour_that_a_keyframe_guessed_is_in_doubt() -> None:
    """The eye sees less of a small difference in strong colours, and not so much less of a large one."""
    doubt = Doubt((48, 80), 1)
    doubt.follow(None)
    chroma, confidence = np.full((2, 48, 80), 20, np.float32), np.full((48, 80), 0.08, np.float32)
    luma = np.full((48, 80), 0.5, np.float32)
    doubt.see_key(0, luma, chroma, confidence)
    assert doubt.area()["area"][0][BOUNDS.index(6.0)] == 1000
    doubt.see_key(0, luma, chroma, np.full((48, 80), 0.5, np.float32))
    assert len(doubt.area()["area"][0]) <= BOUNDS.index(4.0)


def test_no_more_is_off_than_a_fade_leaves() -> None:
    """What would be other colours in full light is hardly seen in the dark, and not at all in black."""
    confidence, luma = np.full((48, 80), 0.08, np.float32), np.full((48, 80), 0.1, np.float32)
    doubt = Doubt((48, 80), 3, dark={1: 0.3, 2: 0.0})
    for position in range(3):
        doubt.follow(None)
        doubt.see_key(position, luma, np.full((2, 48, 80), 20, np.float32), confidence)
    full, dark, black = (len(row) for row in doubt.area()["area"])
    assert full > BOUNDS.index(6.0) > BOUNDS.index(4.0) > dark > black == 0


def scene() -> tuple[list[Frame], list[np.ndarray]]:
    """A wall; from frame 7 on, another thing comes in from the right, six pixels a frame, in a cloth of its own."""
    random = np.random.default_rng(3)
    wall = 40 + 6 * cloth(random, 1.5, (1, 1), SIZE)
    thing = 70 + 8 * cloth(random, 1.0, (4, 1), SIZE)
    frames, colors = [], []
    for n in range(COUNT):
        lightness, chroma = wall.copy(), np.zeros((2, *SIZE), np.float32)
        chroma[1] = 4
        width = max(0, 6 * (n - ENTERS + 1))
        if width:
            lightness[24:80, -width:] = thing[24:80, :width]
            chroma[:, 24:80, -width:] = np.float32([60, 40])[:, None, None]
        frames.append(Frame(n, lightness.astype(np.float32)))
        colors.append(chroma)
    return frames, colors


@pytest.fixture(scope="module")
def watched() -> Doubt:
    """The scene coloured from its first frame, by rules."""
    frames, colors = scene()
    doubt = Doubt((48, 80), COUNT)
    key = ColorFrame(0, colors[0], np.ones(SIZE, np.float32))
    settings = PropagateSettings()
    list(propagate(frames, {0: key}, build_flow("dis", settings, "cpu"), settings, doubt=doubt))
    return doubt


def test_what_enters_is_in_doubt_and_what_stands_is_not(watched: Doubt) -> None:
    rows = watched.area()["area"]
    column = BOUNDS.index(6.0)
    area = [row[column] / 1000 if len(row) > column else 0.0 for row in rows]
    assert len(area) == COUNT
    assert max(area[:ENTERS]) < 0.05
    true = 56 * 6 * (COUNT - ENTERS) / (SIZE[0] * SIZE[1])
    assert 0.5 * true < area[-1] < 1.5 * true
    assert all(row == sorted(row, reverse=True) and all(row) for row in rows)


def test_the_keyframe_suggested_shows_what_entered_and_says_where(watched: Doubt) -> None:
    best = watched.suggestions(0, COUNT, (480, 800))[0]
    assert best.position > ENTERS + 2
    left, top, right, bottom = best.box
    assert 400 <= left < right == 800
    assert 60 <= top < bottom <= 440
    assert best.places
    assert all(left <= x < right and 100 < y < 420 for x, y in best.places)


@pytest.mark.parametrize("network", [False, True])
def test_what_a_keyframe_guessed_stays_in_doubt_wherever_it_is_carried(network: bool) -> None:
    """The camera pans along a dark wall and a light one; the keyframe knows the dark one's colours and guessed the
    other's."""
    wide = 30 + 8 * cloth(np.random.default_rng(5), 1.5, (1, 1), (96, 200))
    wide[:, 80:] += 40
    frames = [Frame(n, np.ascontiguousarray(wide[:, 2 * n : 2 * n + 160], np.float32)) for n in range(6)]
    guessed = 0.2
    confidence = np.ones(SIZE, np.float32)
    confidence[:, 80:] = guessed
    key, settings = ColorFrame(0, np.full((2, *SIZE), 6, np.float32), confidence), PropagateSettings()
    doubt, flow = Doubt((48, 80), len(frames)), build_flow("dis", settings, "cpu")
    models = Propagator(NetworkFeatures()) if network else None
    shown = list(propagate(frames, {0: key}, flow, settings, doubt=doubt, network=models))
    areas = [[*row, *[0] * len(BOUNDS)][BOUNDS.index(5.0)] for row in doubt.area()["area"]]
    for n, frame in enumerate(shown):
        edge = 40 - n  # in pixels of chroma
        assert np.quantile(frame.confidence[:, edge + 4 : 76 - n], 0.9) < guessed + 0.03
        assert frame.confidence[:, 4 : edge - 6].mean() > 0.5
        assert areas[n] == pytest.approx(1000 * (80 - edge) / 80, abs=60)


def test_a_shot_without_any_colours_is_all_in_doubt() -> None:
    frames, _ = scene()
    doubt, settings = Doubt((48, 80), COUNT), PropagateSettings()
    list(propagate(frames, {}, build_flow("dis", settings, "cpu"), settings, doubt=doubt))
    assert doubt.area()["area"] == [[1000] * len(BOUNDS)] * COUNT
    best = doubt.suggestions(0, COUNT, SIZE)[0]
    assert best.position in (COUNT // 2 - 1, COUNT // 2)
    assert best.box == (0, 0, SIZE[1], SIZE[0])


def test_the_box_holds_one_piece_and_not_all_that_is_gained() -> None:
    """A keyframe would make known a large thing on the left and a small one on the right; points are named in both."""
    still = np.zeros((2, 48, 80), np.float16)
    doubt = Doubt((48, 80), 12)
    for n in range(12):
        error = np.full((48, 80), 0.5, np.float32)
        error[10:40, 5:30], error[20:28, 62:70] = 40, 40
        doubt.follow(Step(still, still) if n else None)
        doubt.see(n, np.zeros((48, 80), np.float32), np.zeros((2, 48, 80), np.float32), error, {})
    best = doubt.suggestions(0, 12, (480, 800))[0]
    assert best.box == pytest.approx((50, 100, 300, 400), abs=30)
    assert {x < 320 for x, _ in best.places} == {True, False}
