"""networks/proposer_hints.py: a hint speaks for what looks like its place, its own place keeps it, the nearest wins."""

from __future__ import annotations

import numpy as np

from vidcolor.networks.lite_net import WIDTHS
from vidcolor.networks.proposer_hints import MOST, spoken

SIDE = 32
LEFT, RIGHT = (slice(None), slice(0, SIDE // 2)), (slice(None), slice(SIDE // 2, None))


def halves() -> tuple[np.ndarray, list[np.ndarray]]:
    """Lightness and maps of a picture of two things, side by side."""
    light = np.full((SIDE, SIDE), 40, np.float32)
    light[RIGHT] = 70
    maps = []
    for width, down in zip(WIDTHS, (2, 4, 8), strict=True):
        unit = np.zeros((SIDE // down, SIDE // down, width), np.float32)
        unit[:, : SIDE // down // 2, 0] = 1
        unit[:, SIDE // down // 2 :, 1] = 1
        maps.append(unit)
    return light, maps


def hint(*at: tuple[int, int, float, float]) -> tuple[np.ndarray, np.ndarray]:
    share, chroma = np.zeros((SIDE, SIDE), np.float32), np.zeros((2, SIDE, SIDE), np.float32)
    for y, x, a, b in at:
        share[y, x] = 1
        chroma[:, y, x] = a, b
    return share, chroma


def test_a_hint_means_its_thing():
    told, colors = spoken(*hint((16, 4, 30.0, -20.0)), *halves())
    assert told[16, 4] == 1
    assert told[:, :14].min() > 0.5, "the whole thing is told"
    assert told[:, 19:].max() < 0.2, "the other is hardly"
    assert np.allclose(colors[:, 5, 5], [30, -20])


def test_of_two_hints_each_thing_takes_its_own():
    _, colors = spoken(*hint((16, 4, 30.0, 0.0), (16, 28, 0.0, 30.0)), *halves())
    assert (colors[0, :, :12] > 25).all()
    assert (colors[1, :, 20:] > 25).all()


def test_the_places_of_hints_keep_what_they_say_however_many_there_are():
    share, chroma = np.zeros((SIDE, SIDE), np.float32), np.zeros((2, SIDE, SIDE), np.float32)
    share[:20, :20] = 0.7
    assert int((share > 0).sum()) > MOST
    chroma[:, :20, :20] = np.random.default_rng(1).normal(0, 20, (2, 20, 20))
    told, colors = spoken(share, chroma, *halves())
    assert np.array_equal(told[:20, :20], share[:20, :20])
    assert np.array_equal(colors[:, :20, :20], chroma[:, :20, :20])
    assert told[20:, :14].min() > 0.2


def test_nothing_said_is_nothing_told():
    told, colors = spoken(np.zeros((SIDE, SIDE), np.float32), np.zeros((2, SIDE, SIDE), np.float32), *halves())
    assert not told.any()
    assert not colors.any()
