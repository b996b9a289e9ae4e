"""Hints of one frame compete for its things: whose a place is hangs on costs, never on the order."""

from __future__ import annotations

from dataclasses import replace

import cv2
import made_scenes
import numpy as np
import pytest

from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.features import LUMA, PatchFeatures, lightness_of
from vidcolor.pipeline.layers import over_together, together
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.painter import Painter
from vidcolor.pipeline.sights import by_features
from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Hint
from vidcolor.research.metrics.image import psnr
from vidcolor.settings import CorrectSettings
from vidcolor.types import ColorFrame, Frame

SIZE, CELL = (96, 128), 48
COLORS = ("5a1a1a", "e8c070", "305a8a", "e8d8f0", "6a9a50", "201a40")
"""Far apart in lightness from their neighbours"""
MANY = 20


def codes(color: str) -> np.ndarray:
    return np.array([int(color[k : k + 2], 16) for k in (0, 2, 4)], np.float32) / 255


@pytest.fixture(scope="module")
def still() -> np.ndarray:
    """(3, H, W) R'G'B' of six things in two rows, each of one colour with its own light and a fine grain."""
    random, rgb = np.random.default_rng(3), np.zeros((3, *SIZE), np.float32)
    for n, color in enumerate(COLORS):
        y, x = CELL * (n // 3), CELL * (n % 3)
        rgb[:, y : y + CELL, x : x + CELL] = codes(color)[:, None, None]
    return np.clip(rgb + random.normal(0, 0.015, SIZE).astype(np.float32), 0, 1)


class Counted:
    """Features that count how often they are asked."""

    def __init__(self) -> None:
        self.asked, self._features = 0, PatchFeatures()
        self.name, self.strides = self._features.name, self._features.strides

    def __call__(self, lightness: np.ndarray):
        self.asked += 1
        return self._features(lightness)


def laid(rgb: np.ndarray, hints: list[Hint], features=None) -> ColorFrame:
    """The gray still under hints, in the order given."""
    features = features or PatchFeatures()
    library: Library = None  # type: ignore[assignment]  # a hint reads no picture
    painter = Painter(library, {}, by_features(features), CorrectSettings(), SIZE)
    gray = ColorFrame(0, np.zeros((2, *SIZE), np.float32), np.zeros(SIZE, np.float32))
    said = [Correction(f"{n:04d}-hint", hint, 0, {}, f"{hint.at} {hint.color}") for n, hint in enumerate(hints)]
    layers = painter.layers(said, gray, Frame(0, lightness_of(np.tensordot(LUMA, rgb, 1).astype(np.float32))))
    color = gray
    for group in together(layers):
        color = over_together(color, [(layers[n].change, layers[n].share) for n in group])
    assert sum(layer.share for layer in layers).max() < 1 + 1e-5
    return color


def true_hints(rgb: np.ndarray, count: int) -> list[Hint]:
    random, found = np.random.default_rng(7), []
    for _ in range(count):
        y, x = (int(random.integers(2, side - 2)) for side in SIZE)
        color = np.rint(255 * rgb[:, y - 1 : y + 2, x - 1 : x + 2].mean((1, 2))).astype(int)
        found.append(Hint(kind="hint", frame=0, at=(x, y), color="".join(f"{c:02x}" for c in color)))
    return found


def test_the_order_of_two_hints_does_not_matter(still):
    red = Hint(kind="hint", frame=0, at=(24, 24), color=COLORS[0])
    yellow = Hint(kind="hint", frame=0, at=(72, 24), color=COLORS[1])
    one, other = laid(still, [red, yellow]), laid(still, [yellow, red])
    assert one.chroma.tobytes() == other.chroma.tobytes()
    assert one.confidence.tobytes() == other.confidence.tobytes()
    for hint, x in ((red, 24), (yellow, 72)):
        wanted = rgb_to_lab(codes(hint.color)[:, None, None])[1:, 0, 0]
        assert np.hypot(*(one.chroma[:, 16:32, x - 8 : x + 8].mean((1, 2)) - wanted)) < 5


def test_true_hints_never_take_away_what_earlier_ones_brought(still):
    lab, hints, found = rgb_to_lab(still), true_hints(still, MANY), []
    for count in (1, 3, 5, 10, MANY):
        made = np.concatenate([lab[:1], laid(still, hints[:count]).chroma]).astype(np.float32)
        found.append(psnr(np.clip(lab_to_rgb(made), 0, 1), still))
    assert min(np.diff(found)) > -0.1, found
    assert found[-1] > found[0] + 10, found


def test_a_hint_keeps_its_own_point_among_many(still):
    hints = true_hints(still, MANY)
    chroma = laid(still, hints).chroma
    for hint in hints:
        x, y = (int(c) for c in hint.at)
        wanted = rgb_to_lab(codes(hint.color)[:, None, None])[1:, 0, 0]
        assert np.hypot(*(chroma[:, y, x] - wanted)) < 0.5, hint


def test_of_two_hints_at_one_point_the_later_counts(still):
    hint = Hint(kind="hint", frame=0, at=(24, 24), color=COLORS[0])
    later = replace(hint, color=COLORS[1])
    both = laid(still, [hint, later])
    assert both.chroma.tobytes() == laid(still, [later]).chroma.tobytes()


def test_ten_hints_look_at_their_frame_once(still):
    features = Counted()
    laid(still, true_hints(still, 10), features)
    assert features.asked == 1


def shares_of(confidence: np.ndarray, color: str, light: float = 0.0) -> np.ndarray:
    """How far a hint on the left counts in a frame of one brown thing that is coloured so far as `confidence` says.

    light  L* by which the right edge is lighter than the left
    """
    grain = np.random.default_rng(5).normal(0, 0.5, SIZE) + np.linspace(0, light, SIZE[1])
    brown = rgb_to_lab(codes("7a5a40")[:, None, None])
    below = ColorFrame(0, np.broadcast_to(brown[1:], (2, *SIZE)).astype(np.float32), confidence.astype(np.float32))
    library: Library = None  # type: ignore[assignment]  # a hint reads no picture
    painter = Painter(library, {}, by_features(PatchFeatures()), CorrectSettings(), SIZE)
    said = Correction("1-hint", Hint(kind="hint", frame=0, at=(20, 48), color=color), 0, {}, "x")
    (layer,) = painter.layers([said], below, Frame(0, (brown[0] + grain).astype(np.float32)))
    assert layer.share is not None
    return layer.share


def test_what_is_sure_of_its_colour_is_left_alone_by_a_hint_on_what_is_not():
    confidence = np.full(SIZE, 0.9)
    confidence[:, :64] = 0.3
    share = shares_of(confidence, "8a5038")
    assert share[:, 8:56].mean() > 0.7
    assert share[:, 72:].mean() < 0.2
    assert shares_of(np.full(SIZE, 0.3), "8a5038")[:, 72:].mean() > 0.7, "they look alike"


def test_a_hint_on_what_was_sure_of_its_colour_recolours_all_of_the_thing():
    confidence = np.full(SIZE, 0.95)
    confidence[:, 64:] = 0.99
    assert shares_of(confidence, "1a30a0").mean() > 0.9


def test_where_colours_are_unsure_a_hint_counts_for_what_is_as_light():
    unsure = shares_of(np.full(SIZE, 0.15), "1a30a0", light=24.0)
    assert unsure[:, 16:24].mean() > 0.9
    assert unsure[:, 84:].mean() < 0.35
    assert shares_of(np.full(SIZE, 0.4), "1a30a0", light=24.0)[:, 84:].mean() > 0.5, "its thing is seen in any light"
    assert shares_of(np.full(SIZE, 0.9), "1a30a0", light=24.0)[:, 84:].mean() > 0.95, "the whole thing is meant"


LARGE = (240, 320)


def disc_of(seed: int) -> np.ndarray:
    """(h, w) bool: the disc of a made scene, which nothing covers."""
    at = np.random.default_rng(seed).uniform(0.3, 0.7, (3, 2)) * LARGE[::-1]
    ys, xs = np.mgrid[: LARGE[0], : LARGE[1]]
    return np.hypot(xs - at[0, 0], ys - at[0, 1]) < 0.2 * LARGE[0]


def reach_of(seed: int, *, colored: bool) -> tuple[float, float]:
    """Of a hint in the middle of a textured disc, 25 a*b* from what is there: the part of it that took the colour at
    least half, and how much was changed beyond it, as a part of its area."""
    rgb, disc = made_scenes.scene(seed, size=LARGE), disc_of(seed)
    there = made_scenes.chroma(rgb) * np.float32(colored)
    asked = there[:, disc].mean(1)[:, None, None] + np.float32([[[20]], [[15]]])
    code = "".join(
        f"{round(255 * float(v)):02x}" for v in lab_to_rgb(np.concatenate([[[[60]]], asked]).astype("f4")).flat
    )
    below = ColorFrame(0, there, np.full(LARGE, 0.85 * colored, np.float32))
    library: Library = None  # type: ignore[assignment]  # a hint reads no picture
    painter = Painter(library, {}, by_features(PatchFeatures()), CorrectSettings(), LARGE)
    ys, xs = np.nonzero(disc)
    hint = Hint(kind="hint", frame=0, at=(round(float(xs.mean())), round(float(ys.mean()))), color=code)
    (layer,) = painter.layers([Correction("1-hint", hint, 0, {}, "x")], below, made_scenes.gray(rgb))
    new = over_together(below, [(layer.change, layer.share)]).chroma
    step = asked - there
    done = ((new - there) * step).sum(0) / np.square(step).sum(0)
    beyond = cv2.dilate(disc.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    return float((done[disc] >= 0.5).mean()), float(np.clip(done, 0, 1)[beyond].sum() / disc.sum())


@pytest.mark.parametrize(("colored", "most"), [(True, 0.95), (False, 0.5)], ids=["colored", "gray"])
def test_a_hint_reaches_its_textured_thing_and_stops_there(colored, most):
    covered, beyond = np.mean([reach_of(seed, colored=colored) for seed in range(4)], 0)
    assert covered > most
    assert beyond < 0.05
