"""Carried layers: what was said where colours were unsure counts on every frame for what is as light as its place; how
far a layer counts is no colour, so it does not go with light that changes; and another colour stays whole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vidcolor.flow.estimate import build_flow
from vidcolor.pipeline.carried import carry
from vidcolor.pipeline.layers import AsLight, Change, Layer
from vidcolor.propagate.light import lit
from vidcolor.settings import PropagateSettings
from vidcolor.types import Frame

SIZE, FRAMES = (64, 96), 3
LIGHT, LIGHTER = 40.0, 64.0


def carried(light: AsLight | None) -> list[np.ndarray]:
    """How far a layer that is everything's on the first frame counts on each, whose right half turns lighter."""
    grain = np.random.default_rng(2).normal(0, 1, SIZE)
    frames = []
    for n in range(FRAMES):
        lightness = LIGHT + grain
        lightness[:, SIZE[1] // 2 :] += LIGHTER - LIGHT if n else 0.0
        frames.append(Frame(n, lightness.astype(np.float32)))
    share = np.ones((SIZE[0] // 2, SIZE[1] // 2), np.float32)
    layer = Layer("hint", 0, Change(np.full((2, 1, 1), 20, np.float32)), share, soft=True, light=light)
    return shares(layer, frames)


def shares(layer: Layer, frames: list[Frame]) -> list[np.ndarray]:
    settings = PropagateSettings()
    flow = build_flow(settings.flow, settings)
    return [color.confidence for color in carry(layer, frames, flow, settings)]


def test_a_carried_layer_counts_for_what_is_as_light_as_its_point():
    middle, anywhere = SIZE[1] // 4, carried(None)
    unsure, half = carried(AsLight(LIGHT, 1.0)), carried(AsLight(LIGHT, 0.5))
    assert (unsure[0] == 1).all(), "on its own frame it is as it was spread"
    for n in range(1, FRAMES):
        assert anywhere[n].min() > 0.95
        assert unsure[n][:, : middle - 4].min() > 0.9
        assert unsure[n][:, middle + 4 :].max() < 0.3
        assert 0.5 < half[n][:, middle + 4 :].mean() < 0.7


@pytest.mark.parametrize("change", [0.7, 1.35], ids=["darker", "brighter"])
def test_a_layer_holds_while_the_light_changes(change):
    random = np.random.default_rng(4)
    plane = cv2.GaussianBlur(random.uniform(0, 1, SIZE).astype(np.float32), (0, 0), 3)
    scene = np.float32(0.45) + (plane - plane.mean()) * np.float32(0.1 / plane.std())
    frames = [
        Frame(n, lit(scene, np.full(SIZE, 1 + (change - 1) * n / 7, np.float32)) * np.float32(100)) for n in range(8)
    ]
    share = np.zeros((SIZE[0] // 2, SIZE[1] // 2), np.float32)
    share[8:24, 12:36] = 1
    for soft in (False, True):
        for there in shares(Layer("paint", 0, Change(np.full((2, 1, 1), 20, np.float32)), share, soft=soft), frames):
            assert there[11:21, 15:33].min() > 0.98
            assert there[:5].max() < 0.02


def test_another_colour_stays_whole_where_most_of_its_share_is_left():
    """A colour that is put right counts as far as its share says; one that is another is its whole thing's."""
    frames = [Frame(n, np.random.default_rng(3).uniform(30, 60, SIZE).astype(np.float32)) for n in range(2)]
    share, there = np.full((SIZE[0] // 2, SIZE[1] // 2), 0.82, np.float32), np.zeros((2, 1, 1), np.float32)

    def left(asked: float, instead: np.ndarray | None) -> float:
        change = Change(np.full((2, 1, 1), asked, np.float32), instead=instead)
        return float(np.median(shares(Layer("hint", 0, change, share, soft=True), frames)[1]))

    assert left(50, there) == left(50, None) == 1
    assert 0.85 < left(5, there) < 0.95
