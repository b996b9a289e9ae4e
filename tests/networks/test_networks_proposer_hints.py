"""networks/proposer_hints.py: a hint speaks for what looks like its place, its own place keeps it, the nearest wins."""

from __future__ import annotations

import numpy as np

from vidcolor.networks.lite_net import WIDTHS
from vidcolor.networks.proposer_hints import MOST, ShownSmall, recalled, spoken

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


def test_a_part_takes_from_the_part_of_its_picture_and_from_no_other():
    light, maps = halves()
    red, blue = (
        np.broadcast_to(np.array(c, np.float32)[:, None, None], (2, SIDE, SIDE)).copy() for c in ((50, 30), (0, -50))
    )
    torn = red.copy()
    torn[:, LEFT[0], LEFT[1]] = blue[:, LEFT[0], LEFT[1]]
    here, part = (np.zeros((SIDE, SIDE), np.float32) for _ in range(2))
    here[LEFT], part[RIGHT] = 1, 1
    told, colors = recalled(
        light, maps, [ShownSmall(light, torn[None], here, part, maps), ShownSmall(light, blue[None], None, None, maps)]
    )
    assert (told[:, :12] == 1).all(), "told whatever it looks like"
    assert np.allclose(colors[0, :, :, :12], red[:, :, :12], atol=0.1), (
        "what looks alike in the picture is not in its part"
    )
    assert np.allclose(colors[0, :, :, 20:], blue[:, :, 20:], atol=0.1), "what is no part of it takes from the other"


def test_a_place_takes_the_colour_of_what_it_is_most_like_and_not_the_mean_of_what_is_like_it():
    light, maps = halves()
    lit = np.arange(SIDE) // 4 % 2
    striped = light + 3 * lit[:, None].astype(np.float32)
    colors = np.zeros((2, SIDE, SIDE), np.float32)
    colors[0] = 80 * lit[:, None] - 40
    told, found = recalled(striped, maps, [ShownSmall(striped, colors[None], None, None, maps)])
    assert found.shape == (1, 2, SIDE, SIDE)
    assert np.abs(found[0, 0]).max() > 39
    assert np.abs(found[0, 0]).mean() > 25, "stripes keep their colours"
    assert (told > 0.95).all(), "the same picture"
