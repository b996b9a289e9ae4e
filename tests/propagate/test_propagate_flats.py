"""propagate/flats.py: flat areas of drawn frames keep one paint; photographs, and what is surely other, are left."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn import drawn_frames

from vidcolor.color import rgb_to_lab
from vidcolor.flow.dis import Dis
from vidcolor.propagate import propagate
from vidcolor.propagate.ablation import WHOLE, Ablation, without
from vidcolor.propagate.by_flow import SmallKeyframe
from vidcolor.propagate.flats import Flats, painted, paints_of
from vidcolor.propagate.runs import Look
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

SIZE, COUNT = (192, 256), 9
RED, GREEN = np.array([50.0, 30.0], np.float32), np.array([-40.0, 30.0], np.float32)


@pytest.fixture(scope="module")
def shot() -> list[np.ndarray]:
    """(3, H, W) L*a*b* of a drawn shot's frames."""
    frames = drawn_frames(1, 24, SIZE)
    return [rgb_to_lab(np.ascontiguousarray(next(frames).transpose(2, 0, 1))) for _ in range(COUNT)]


def key_of(lab: np.ndarray, confidence: float = 1.0) -> SmallKeyframe:
    return SmallKeyframe(Look(0, lab[0] / 100), lab[1:], np.full(lab.shape[1:], confidence, np.float32))


def two_areas() -> np.ndarray:
    """(3, 40, 60) L*a*b*: a red and a green area of one gray, with a line between, under a gray one."""
    lab = np.zeros((3, 40, 60), np.float32)
    lab[0] = 50
    lab[1:, :, :30], lab[1:, :, 30:] = RED[:, None, None], GREEN[:, None, None]
    lab[0, :, 29:31], lab[1:, :, 29:31] = 5, 0
    lab[0, 30:], lab[1:, 30:] = 80, 0
    return lab


def off(colors: list[ColorFrame], shot: list[np.ndarray]) -> float:
    """Mean distance from the true chroma, keyframe left out."""
    small = [cv2.resize(lab[1:].transpose(1, 2, 0), SIZE[::-1], interpolation=cv2.INTER_AREA) for lab in shot]
    half = [cv2.resize(s, (SIZE[1] // 2, SIZE[0] // 2), interpolation=cv2.INTER_AREA).transpose(2, 0, 1) for s in small]
    return float(np.mean([np.hypot(*(c.chroma - t)).mean() for c, t in zip(colors[1:], half[1:], strict=True)]))


def test_a_drawn_shot_is_painted_and_not_smeared(shot):
    frames = [Frame(n, lab[0]) for n, lab in enumerate(shot)]
    given = {0: ColorFrame(0, shot[0][1:], np.ones(SIZE, np.float32))}

    def colors(ablation: Ablation) -> list[ColorFrame]:
        return list(propagate(frames, given, Dis(), PropagateSettings(network="none"), ablation=ablation))

    assert off(colors(WHOLE), shot) < 0.75 * off(colors(without("flats")), shot)


def test_an_area_takes_the_colour_of_its_best_known_part_and_its_paint():
    lab = two_areas()
    paints = paints_of(key_of(lab))
    assert len(paints.gray) == 3
    chroma, error = lab[1:].copy(), np.full(lab.shape[1:], 1.0, np.float32)
    chroma[:, :20, 40:], error[:20, 40:] = RED[:, None, None], 20
    made, doubt = painted(lab[0] / 100, chroma, error, paints)
    inner = np.s_[:, 2:28, 34:58]
    np.testing.assert_allclose(made[inner], lab[1:][inner], atol=0.1)
    assert doubt[2:28, 34:58].max() < 3
    np.testing.assert_allclose(made[:, 2:28, 2:26], lab[1:, 2:28, 2:26], atol=0.1)


def test_an_area_that_nothing_is_known_of_takes_the_nearer_paint_of_its_gray():
    lab = two_areas()
    chroma, error = np.zeros_like(lab[1:]), np.full(lab.shape[1:], 40.0, np.float32)
    made, _ = painted(lab[0] / 100, chroma, error, paints_of(key_of(lab)))
    np.testing.assert_allclose(made[:, 5:25, 5:25], np.broadcast_to(RED[:, None, None], (2, 20, 20)), atol=0.1)
    np.testing.assert_allclose(made[:, 5:25, 35:55], np.broadcast_to(GREEN[:, None, None], (2, 20, 20)), atol=0.1)
    assert np.abs(made[:, 5:25, 29:31]).max() < 10, "the line stays ink"


def test_what_is_surely_of_another_or_of_two_colours_is_left():
    lab = two_areas()
    paints = paints_of(key_of(lab))
    blue = np.array([10.0, -45.0], np.float32)
    sure = np.full(lab.shape[1:], 1.0, np.float32)
    chroma = lab[1:].copy()
    chroma[:, :30, 31:] = blue[:, None, None]
    made, _ = painted(lab[0] / 100, chroma, sure, paints)
    np.testing.assert_allclose(made[:, 5:25, 35:55], np.broadcast_to(blue[:, None, None], (2, 20, 20)), atol=0.1)
    chroma[:, :30, 45:] = GREEN[:, None, None]
    made, _ = painted(lab[0] / 100, chroma, sure, paints)
    np.testing.assert_array_equal(made[:, 5:25, 35:55], chroma[:, 5:25, 35:55])


def test_photographs_and_keyframes_that_are_unsure_say_nothing():
    random = np.random.default_rng(1)
    lab = np.concatenate([random.uniform(20, 80, (1, 48, 64)), random.uniform(-20, 20, (2, 48, 64))]).astype(np.float32)
    lab = np.stack([cv2.GaussianBlur(plane, (0, 0), 3) * 3 for plane in lab])
    assert len(paints_of(key_of(two_areas(), 0.2)).gray) == 0
    flats = Flats()
    flats.meet([0], lambda _: key_of(lab))
    error = np.ones(lab.shape[1:], np.float32)
    made = flats(lab[0] / 100, lab[1:], error)
    np.testing.assert_array_equal(made[0], lab[1:])
    assert made[1] is error
