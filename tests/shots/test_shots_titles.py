"""Title cards are told from pictures: text in rows on a plain ground, whatever its tone, frame and grain."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from made_titles import LINES, SIZE, card

from vidcolor.shots.titles import is_card, is_title


def scene(number: int) -> np.ndarray:
    """(H, W) L* of things that have strokes too: lights in the dark, a fence, leaves, branches before the sky."""
    draw = np.random.default_rng(number)
    height, width = SIZE
    y, x = np.mgrid[:height, :width].astype(np.float32)
    if number == 0:
        made = np.full(SIZE, 6.0, np.float32)
        for _ in range(60):
            cv2.circle(
                made, (int(draw.integers(width)), int(draw.integers(height))), int(draw.integers(1, 4)), 90.0, -1
            )
    elif number == 1:
        made = np.where((x % 16) < 4, 20, 85) + 5 * np.sin(y / 9)
    elif number == 2:
        made = 50 + 60 * cv2.GaussianBlur(draw.normal(0, 1, SIZE).astype(np.float32), (0, 0), 1.5)
    else:
        made = np.full(SIZE, 88.0, np.float32)
        for _ in range(25):
            ends = draw.integers(0, (width, height), (2, 2))
            cv2.line(made, tuple(map(int, ends[0])), tuple(map(int, ends[1])), 15.0, int(draw.integers(1, 4)))
    return np.clip(made + draw.normal(0, 1.5, SIZE), 0, 100).astype(np.float32)


@pytest.mark.parametrize(("ground", "ink"), [(5, 90), (30, 85), (92, 12)])
@pytest.mark.parametrize("framed", [False, True])
def test_cards_of_any_tone(ground, ink, framed):
    assert is_card(card(ground, ink, framed=framed))
    assert is_card(cv2.resize(card(ground, ink, framed=framed), (1024, 768), interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize(
    ("size", "lines"), [(11, LINES * 2), (26, ("THE END OF IT",)), (16, ("Directed by", "Mary Henry"))]
)
def test_cards_of_any_size(size, lines):
    assert is_card(card(size=size, lines=lines))


@pytest.mark.parametrize("number", range(4))
def test_pictures_are_no_cards(number):
    assert not is_card(scene(number))


def test_text_over_a_picture_is_no_card():
    assert not is_card(np.maximum(scene(2), card()))


def test_a_plain_frame_is_no_card():
    assert not is_card(np.full(SIZE, 4.0, np.float32))
    assert not is_card(card(lines=("x",)))


def test_a_shot_is_a_title_by_most_of_its_frames():
    dark = np.full(SIZE, 4.0, np.float32)
    assert is_title([card(), card(), card(), dark])
    assert not is_title([card(), dark])
    assert not is_title([])
