"""propagate/by_attention.py: what is far away is found by its look."""

import cv2
import numpy as np

from vidcolor.propagate.blend import Guess
from vidcolor.propagate.by_attention import Finder
from vidcolor.propagate.by_flow import SmallKeyframe
from vidcolor.propagate.runs import Look, Run

SIZE = (60, 90)
CHROMA = np.array([[-30, 30], [50, 20], [0, -40]], np.float32)


def scene(order: list[int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three upright bands that look different, in a given order: luma 0..1 and which band."""
    random = np.random.default_rng(seed)
    fine = random.random(SIZE).astype(np.float32)
    coarse = cv2.GaussianBlur(random.random(SIZE).astype(np.float32), (0, 0), 2)
    looks = [0.25 + 0.3 * (fine - 0.5), 0.7 + 1.2 * (coarse - 0.5), 0.5 + 0 * fine]
    band = np.repeat(np.repeat(order, 30)[None], 60, axis=0)
    return np.choose(band, looks).astype(np.float32), band


def key(position: int, order: list[int], known: np.ndarray | None = None) -> SmallKeyframe:
    luma, band = scene(order, position)
    confidence = np.ones(SIZE, np.float32) if known is None else known[band].astype(np.float32)
    return SmallKeyframe(Look(position, luma), CHROMA[band].transpose(2, 0, 1).copy(), confidence)


def found(finder: Finder, order: list[int]) -> tuple[Guess, np.ndarray]:
    luma, band = scene(order, 99)
    [(_, guess, *_)] = finder.find(Run([Look(50, luma)], []), [{}])
    return guess, band


def test_a_like_look_is_found_elsewhere_in_the_picture() -> None:
    finder = Finder()
    finder.meet([key(0, [0, 1, 2])])
    result, band = found(finder, [1, 0, 2])
    error = np.hypot(*(result.chroma - CHROMA[band].transpose(2, 0, 1)))
    inside = [slice(5, 25), slice(35, 55), slice(65, 85)]
    assert all(np.median(error[:, s]) < 12 for s in inside)


def test_all_keyframes_are_asked_and_forgotten_ones_are_not() -> None:
    finder = Finder()
    finder.meet([key(0, [0, 1, 1])])
    finder.meet([key(70, [2, 1, 1])])
    result, band = found(finder, [2, 0, 1])
    error = np.hypot(*(result.chroma - CHROMA[band].transpose(2, 0, 1)))
    assert np.median(error) < 8
    finder.forget_all_but([0])
    assert finder.knows(0)
    assert not finder.knows(70)
    alone, _ = found(finder, [2, 0, 1])
    assert np.hypot(*(alone.chroma - CHROMA[band].transpose(2, 0, 1)))[band == 2].mean() > 20
    assert alone.error[band == 2].mean() > result.error[band == 2].mean() + 0.7, "nothing alike is left, and it says so"


def test_unknown_colours_of_a_keyframe_are_not_taken() -> None:
    finder = Finder()
    finder.meet([key(0, [0, 1, 2], known=np.array([1, 0, 1]))])
    finder.meet([key(1, [0, 1, 2])])
    result, band = found(finder, [0, 1, 2])
    assert np.hypot(*(result.chroma - CHROMA[band].transpose(2, 0, 1)))[:, 35:55].mean() < 12
