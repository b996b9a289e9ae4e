"""Worn frames are evened and lose their wear where they are matched; others, and what truly changes, are left alone."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from keeping import Keeping

from vidcolor.flow.estimate import build_flow
from vidcolor.propagate import propagate
from vidcolor.propagate.ablation import WHOLE, Ablation, without
from vidcolor.propagate.mended import Mended
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

SIZE, COUNT = (64, 96), 14


def scene(count: int = COUNT) -> list[np.ndarray]:
    """A smooth ground that drifts by a pixel a frame, L*."""
    wide = np.random.default_rng(5).uniform(20, 80, (SIZE[0], SIZE[1] + count)).astype(np.float32)
    wide = cv2.GaussianBlur(wide, (0, 0), 4)
    wide = 50 + (wide - wide.mean()) * (15 / wide.std())
    return [np.ascontiguousarray(wide[:, t : t + SIZE[1]]) for t in range(count)]


def flickering(frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    random = np.random.default_rng(8)
    fields = [random.normal(1, 0.08, (3, 4)).astype(np.float32) for _ in frames]
    gains = [cv2.resize(field, SIZE[::-1], interpolation=cv2.INTER_CUBIC) for field in fields]
    return [frame * gain for frame, gain in zip(frames, gains, strict=True)]


def grainy(frames: Sequence[np.ndarray], deviation: float = 2.0) -> list[np.ndarray]:
    random = np.random.default_rng(9)
    return [frame + random.normal(0, deviation, SIZE).astype(np.float32) for frame in frames]


def mended(frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    made = Mended(frames.__getitem__, len(frames))
    assert made.is_worn
    return [made(position) for position in range(len(frames))]


def off(frames: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> float:
    """Mean difference but for what is the same in all frames: the light of the whole shot is nobody's business."""
    apart = np.stack(frames) - np.stack(truth)
    return float(np.abs(apart - apart.mean(axis=0)).mean())


def test_a_clean_shot_is_taken_as_it_is():
    frames = scene()
    assert not Mended(frames.__getitem__, len(frames)).is_worn
    assert carried(frames, WHOLE) == carried(frames, without("mended"))


def test_flicker_is_evened():
    frames = scene()
    worn = flickering(frames)
    assert off(mended(worn), frames) < 0.5 * off(worn, frames)


def test_a_fade_keeps_its_light():
    frames = [frame * np.float32(1 - 0.01 * t) for t, frame in enumerate(scene())]
    worn = grainy(frames)
    means = [[float(frame.mean()) for frame in film] for film in (mended(worn), worn)]
    assert np.allclose(*means, atol=0.5)


def test_grain_and_dirt_go():
    frames = scene()
    worn = grainy(frames)
    assert off(mended(worn), frames) < 0.75 * off(worn, frames)
    worn[6][20:23, 40:43] = 98
    assert np.abs(mended(worn)[6] - frames[6])[20:23, 40:43].mean() < 12


def test_what_enters_a_grainy_scene_stays_as_it_is():
    frames = grainy(scene())
    for n, frame in enumerate(frames[6:], 1):
        frame[:, -8 * n :] = 90
    made = mended(frames)
    for n, frame in enumerate(frames[6:], 1):
        assert np.abs(made[5 + n][:, -8 * n :] - frame[:, -8 * n :]).mean() < 3


def test_frames_asked_for_in_any_order_are_the_same():
    worn = grainy(flickering(scene()))
    made = Mended(worn.__getitem__, len(worn))
    for position, frame in reversed(list(enumerate(mended(worn)))):
        assert np.array_equal(made(position), frame)


def carried(light: Sequence[np.ndarray], ablation: Ablation) -> list[bytes]:
    return [color.chroma.tobytes() for color in colored(light, ablation)]


def colored(light: Sequence[np.ndarray], ablation: Ablation) -> list[ColorFrame]:
    """The frames in the true colours of the first."""
    key = ColorFrame(0, colors_of(scene()[0]), np.ones((SIZE[0] // 2, SIZE[1] // 2), np.float32))
    settings = PropagateSettings()
    frames = [Frame(t, frame) for t, frame in enumerate(light)]
    return list(propagate(frames, {0: key}, build_flow("dis", settings, "cpu"), settings, ablation=ablation))


def colors_of(light: np.ndarray) -> np.ndarray:
    return np.stack([light - 50, 50 - light])[:, ::2, ::2]


def test_colours_of_a_worn_shot_come_out_nearer_to_the_truth():
    light = scene()
    worn, truth = grainy(flickering(light)), [colors_of(frame) for frame in light]

    def error(ablation: Ablation) -> float:
        made = colored(worn, ablation)
        return float(np.mean([np.hypot(*(color.chroma - truth[color.index])).mean() for color in made]))

    assert error(WHOLE) < 0.85 * error(without("mended"))


def test_a_part_of_a_worn_shot_is_mended_by_the_whole_and_finds_it_kept():
    frames = [Frame(100 + t, frame) for t, frame in enumerate(grainy(flickering(scene())))]
    settings = PropagateSettings()
    flow = build_flow("dis", settings, "cpu")

    def part(cache: Keeping | None) -> list[bytes]:
        key = ColorFrame(106, colors_of(scene()[6]), np.ones((SIZE[0] // 2, SIZE[1] // 2), np.float32))
        run = frames[5:10]
        made = propagate(run, {106: key}, flow, settings, cache=cache, within=(frames, 5))
        return [color.chroma.tobytes() for color in made]

    cache, key = Keeping(), ColorFrame(100, colors_of(scene()[0]), np.ones((SIZE[0] // 2, SIZE[1] // 2), np.float32))
    list(propagate(frames, {100: key}, flow, settings, cache=cache))
    looks = {name for kind, name in cache.kept if kind == "look"}
    assert part(cache) == part(None)
    assert looks == {name for kind, name in cache.kept if kind == "look"}
