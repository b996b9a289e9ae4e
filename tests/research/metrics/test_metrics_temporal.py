"""Warp error of a hand-made shift; pixels that no keyframe has seen, on films whose surfaces are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import film
import numpy as np
import pytest

from vidcolor.errors import InputError
from vidcolor.flow.dis import Dis
from vidcolor.research.metrics import temporal
from vidcolor.research.metrics.temporal import Motion, NeverSeen, Seen, find_motion, reduced, reduced_size, warp_error

SHIFT = 3


def shifted() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A frame and the one before, (3, 20, 30); the flow of 3 pixels between them; where the frame was seen before."""
    wide = np.random.default_rng(1).random((3, 20, 30 + SHIFT)).astype(np.float32)
    now, before = wide[:, :, :30], wide[:, :, SHIFT:]
    flow = np.zeros((2, 20, 30), np.float32)
    flow[0] = -SHIFT
    visible = np.ones((20, 30), bool)
    visible[:, :SHIFT] = False
    return now, before, flow, visible


def test_warp_error_of_a_hand_made_shift() -> None:
    now, before, flow, visible = shifted()
    assert warp_error(now, before, flow, visible) == 0
    assert warp_error(now, before, flow, ~visible) > 0.01
    other = now.copy()
    other[1, 5, 10] += 0.5
    count = 3 * 20 * (30 - SHIFT)
    assert warp_error(other, before, flow, visible) == pytest.approx(0.25 / count, rel=1e-5)
    assert warp_error(other, before, 0 * flow, visible) > 0.01


def test_warp_error_takes_a_smaller_flow() -> None:
    now, before, _, _ = shifted()
    still = np.zeros((2, 10, 15), np.float32)
    seen = np.zeros((10, 15), bool)
    seen[2:4, 5:8] = True
    true = np.mean((now - before)[:, 4:8, 10:16].astype(np.float64) ** 2)
    assert warp_error(now, before, still, seen) == pytest.approx(true, rel=1e-6)


def test_warp_error_against_a_direct_loop() -> None:
    """A flow with fractions, in part out of the picture, where the edge's value goes on."""
    draw = np.random.default_rng(3)
    now, before = draw.integers(0, 256, (2, 3, 9, 12), dtype=np.uint8)
    flow = draw.normal(0, 3, (2, 9, 12)).astype(np.float32)
    visible = draw.random((9, 12)) < 0.7
    total = 0.0
    for j, i in np.argwhere(visible):
        x, y = np.clip(i + float(flow[0, j, i]), 0, 11), np.clip(j + float(flow[1, j, i]), 0, 8)
        for c in range(3):
            fetched = sum(
                max(0, 1 - abs(x - k)) * max(0, 1 - abs(y - m)) * before[c, m, k] for m in range(9) for k in range(12)
            )
            total += ((now[c, j, i] - fetched) / 255) ** 2
    true = total / (3 * visible.sum())
    assert warp_error(now, before, flow, visible) == pytest.approx(true, rel=1e-6)
    assert warp_error(now / 255, before / 255, flow, visible) == warp_error(now, before, flow, visible)


def test_warp_error_without_a_visible_pixel_is_no_number() -> None:
    now, before, flow, visible = shifted()
    assert np.isnan(warp_error(now, before, flow, np.zeros_like(visible)))
    with pytest.raises(InputError, match="one size"):
        warp_error(now, before[:, :-1], flow, visible)
    with pytest.raises(InputError, match="not numbers"):
        warp_error(now, np.full_like(before, np.nan), flow, visible)


def test_motion_hides_what_comes_from_outside() -> None:
    """A pan's flows agree there and back everywhere; its new edge was still not in the frame before."""

    def pan(first: np.ndarray, other: np.ndarray) -> np.ndarray:
        flow = np.zeros((2, 6, 10), np.float32)
        flow[0] = -2 if first[0, 0] == 1 else 2
        return flow

    motion = find_motion(np.zeros((6, 10)), np.ones((6, 10)), pan)
    true = np.zeros((6, 10), bool)
    true[:, :2] = True
    np.testing.assert_array_equal(motion.hidden, true)


def test_reduced_pictures_keep_their_means() -> None:
    assert reduced_size((480, 854)) == (240, 427)
    assert reduced_size((2160, 3840)) == (270, 480)
    assert reduced_size((30, 40)) == (30, 40)
    plane = np.random.default_rng(2).random((30, 40))
    assert reduced(plane, (15, 20))[3, 4] == pytest.approx(plane[6:8, 8:10].mean(), rel=1e-6)
    assert reduced(plane, (30, 40)) is plane


Scene = Callable[[int], tuple[np.ndarray, np.ndarray, np.ndarray]]


def square_scene(frame: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lightness, velocity (x) and surface (0 ground, 1 square) of a square of 20 that goes 4 pixels a frame."""
    texture = 50 + 15 * np.sin(np.arange(80) / 3)[None] * np.cos(np.arange(60) / 4)[:, None]
    lightness, surface = texture.astype(np.float32), np.zeros((60, 80), int)
    left = 10 + 4 * frame
    lightness[20:40, left : left + 20] = 85
    surface[20:40, left : left + 20] = 1
    return lightness, 4.0 * surface, surface


def motion_of(frame: int) -> Motion:
    """The true motion of `square_scene` from the frame before."""
    now, before = square_scene(frame), square_scene(frame - 1)
    flat = np.zeros((60, 80))
    back, forth = (np.stack([x, flat]).astype(np.float32) for x in (-now[1], before[1]))
    return find_motion(before[0], now[0], lambda a, b: back if a is now[0] else forth)


def uncovered(frame: int, keyframes: Sequence[int]) -> np.ndarray:
    """(H, W) bool: ground that cannot be followed to a keyframe, as the square covers it there or on the way."""
    hidden = square_scene(frame)[2] == 0
    for key in keyframes:
        way = range(min(key, frame), max(key, frame) + 1)
        hidden = hidden & np.logical_or.reduce([square_scene(between)[2] == 1 for between in way])
    return hidden


def never_seen(keyframes: Sequence[int], frames: Sequence[int]) -> NeverSeen:
    """Of `square_scene`; method "inside" errs by 1 in what is uncovered, "outside" elsewhere."""
    seen = Seen(keyframes, (60, 80), ["inside", "outside"])
    for frame in frames:
        inside = uncovered(frame, keyframes).astype(np.float32)
        motion = motion_of(frame) if frame > frames[0] else None
        seen.feed(frame, square_scene(frame)[0], motion, {"inside": inside, "outside": 1 - inside})
    return seen.finish()


@pytest.mark.parametrize("keyframes", [[0], [10], [4], [0, 2], [0, 10]])
def test_the_ground_a_square_uncovers_was_never_seen(keyframes: list[int]) -> None:
    """Keyframe before, behind, between; two whose squares overlap by 12 columns, and two whose do not."""
    found = never_seen(keyframes, range(11))
    others = [frame for frame in range(11) if frame not in keyframes]
    true = sum(int(uncovered(frame, keyframes).sum()) for frame in others)
    assert found.of == len(others) * 60 * 80
    assert found.sums["inside"] == true
    assert found.sums["outside"] <= 0.01 * true
    assert found.pixels == found.sums["inside"] + found.sums["outside"]
    assert found.share == found.pixels / found.of
    if true:
        assert found.mean("inside") == true / found.pixels
    else:
        assert np.isnan(found.mean("inside"))


def test_nothing_is_seen_across_a_cut() -> None:
    """Still frames: keyframe 1 is followed to 0 and 2; frames 3 and 4 lie behind a cut, 5 with its keyframe too."""
    still = Motion(*np.zeros((2, 2, 60, 80), np.float32), np.zeros((60, 80), bool))
    lightness = square_scene(0)[0]
    seen = Seen([1, 6], (60, 80), ["one"])
    for frame in range(8):
        seen.feed(frame, lightness, None if frame in (0, 3, 5) else still, {"one": np.ones((120, 160))})
    found = seen.finish()
    assert found.of == 6 * 60 * 80
    assert found.pixels == 2 * 60 * 80
    assert found.mean("one") == pytest.approx(1)


def test_waiting_frames_go_to_disk_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = never_seen([0, 10], range(11)), never_seen([10], range(11))
    monkeypatch.setattr(temporal, "IN_MEMORY", 1000)
    assert (never_seen([0, 10], range(11)), never_seen([10], range(11))) == whole


def test_a_flicker_hides_nothing_and_another_lightness_does() -> None:
    still = Motion(*np.zeros((2, 2, 60, 80), np.float32), np.zeros((60, 80), bool))
    lightness = square_scene(0)[0]
    changed = lightness + 12
    changed[10:20, 10:20] -= 40
    seen = Seen([0], (60, 80), ["one"])
    seen.feed(0, lightness, None, {})
    seen.feed(1, changed, still, {"one": np.ones((60, 80))})
    assert seen.finish().pixels == pytest.approx(100, abs=45), "the window's half may be lost or won at each side"


def followed(shot: film.TinyFilm, keyframes: Sequence[int], flow: Callable) -> tuple[float, float]:
    """Of the pixels that no keyframe shows, the share found; and of those found, the share that is right."""
    seen, true = Seen(keyframes, shot.size, ["true"]), 0
    for frame in range(shot.frame_count):
        motion = find_motion(shot.lightness[frame - 1], shot.lightness[frame], flow) if frame else None
        hidden = np.logical_and.reduce([shot.occluded(frame, key) for key in keyframes])
        true += int(hidden.sum()) if frame not in keyframes else 0
        seen.feed(frame, shot.lightness[frame], motion, {"true": hidden})
    found = seen.finish()
    return found.sums["true"] / true, found.sums["true"] / found.pixels


def test_seen_on_surfaces_that_slide_by() -> None:
    """What was hidden on the way and came back counts as not seen, but not in the film's own truth: so not all of
    what is found is right. Relative motion is 1 to 3 pixels a frame."""
    shot = film.make_film(size=(120, 160), shots=(14,))
    for keyframes, least in (([0], 0.97), ([13], 0.97), ([7], 0.97), ([0, 13], 0.8)):
        recall, precision = followed(shot, keyframes, film.true_flow(shot))
        assert recall > least, keyframes
        assert precision > 0.9, keyframes
    recall, precision = followed(shot, [0], Dis())
    assert recall > 0.4
    assert precision > 0.8


def test_what_seen_cannot_take_is_refused() -> None:
    with pytest.raises(InputError, match="keyframes"):
        Seen([], (4, 4), ["one"])
    seen = Seen([0], (4, 4), ["one"])
    with pytest.raises(InputError, match="reduced size"):
        seen.feed(0, np.zeros((8, 8)), None, {})
    seen.feed(2, np.zeros((4, 4)), None, {"one": np.zeros((8, 8))})
    with pytest.raises(InputError, match="2 after 2"):
        seen.feed(2, np.zeros((4, 4)), None, {"one": np.zeros((8, 8))})
