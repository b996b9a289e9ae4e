"""propagate/blend.py and smooth.py: who is believed, and what doubtful places take."""

import numpy as np
import pytest

from vidcolor.confidence import confidence_of
from vidcolor.propagate.blend import (
    Guess,
    blend,
    contradicted,
    filled,
    of_attention,
    of_carried,
    of_flow,
    surely_carried,
)
from vidcolor.propagate.smooth import smooth
from vidcolor.settings import PropagateSettings

SIZE = (24, 32)
RED, BLUE = (np.stack([np.full(SIZE, a, np.float32), np.full(SIZE, b, np.float32)]) for a, b in ((60, 40), (10, -50)))
FLAT = np.full(SIZE, 0.5, np.float32)
UNFILLED = PropagateSettings(fill=0.0)


def flow(chroma: np.ndarray, confidence: float, age: int = 1):  # type: ignore[no-untyped-def]
    return of_flow(chroma, np.full(SIZE, confidence, np.float16), age)


def test_the_surer_candidate_is_believed() -> None:
    chroma, _ = blend([flow(RED, 0.95), flow(BLUE, 0.0)], FLAT, UNFILLED)
    assert np.abs(chroma - RED).max() < 2
    chroma, _ = blend([flow(RED, 0.5), flow(BLUE, 0.5)], FLAT, UNFILLED)
    assert np.allclose(chroma, (RED + BLUE) / 2, atol=1e-3)


def test_the_nearer_keyframe_counts_more() -> None:
    chroma, _ = blend([flow(RED, 0.9, age=2), flow(BLUE, 0.9, age=70)], FLAT, UNFILLED)
    assert np.hypot(*(chroma - RED)).mean() < np.hypot(*(chroma - BLUE)).mean()


def test_confidence_rises_with_every_sign() -> None:
    confidences = [
        confidence_of(blend([flow(RED, c)], FLAT, UNFILLED)[1]).mean() for c in (0, 0.02, 0.1, 0.4, 0.8, 1.0)
    ]
    assert np.all(np.diff(confidences) > 0)
    assert confidences[0] < 0.15
    assert confidences[-1] > 0.8
    one = blend([flow(RED, 0.5)], FLAT, UNFILLED)[1].mean()
    assert blend([flow(RED, 0.5), flow(RED, 0.5)], FLAT, UNFILLED)[1].mean() < one


def test_attention_is_doubted_where_its_sources_differ_or_nothing_is_alike() -> None:
    def error(spread: float, distance: float) -> float:
        plane = np.stack(
            [*RED, np.full(SIZE, spread, np.float32), np.full(SIZE, distance, np.float32), np.ones(SIZE, np.float32)]
        )
        return float(of_attention(plane).error.mean())

    assert error(0, 0) < error(5, 0) < error(20, 0)
    assert error(0, 0) < error(0, 5) < error(0, 20)


def test_doubtful_places_take_the_colour_around_them_but_not_across_edges() -> None:
    luma = FLAT.copy()
    luma[:, 16:] = 0.8
    chroma = np.where(np.arange(32) < 16, RED, BLUE)
    error = np.full(SIZE, 1.0, np.float32)
    error[8:16, 12:20] = 20
    wrong = chroma.copy()
    wrong[:, 8:16, 12:20] = np.array([0, 90])[:, None, None]
    mended = filled(wrong, error, luma, PropagateSettings())
    assert np.hypot(*(mended - chroma))[8:16, 12:20].mean() < 0.15 * np.hypot(*(wrong - chroma))[8:16, 12:20].mean()
    assert np.hypot(*(mended - chroma))[:4].max() < 4


def test_smoothing_keeps_a_constant_and_shares_by_weight() -> None:
    luma = np.random.default_rng(0).random(SIZE).astype(np.float32)
    weight = np.random.default_rng(1).random(SIZE).astype(np.float32)
    assert np.allclose(smooth(RED, weight, luma, strength=400, sigma=0.02), RED, atol=1e-2)
    line = np.zeros((1, 1, 2), np.float32)
    line[0, 0, 1] = 1
    # Two pixels, equal luma, no end to smoothing: the mean by weight.
    result = smooth(line, np.array([[1, 3]], np.float32), np.zeros((1, 2), np.float32), strength=1e5, sigma=1)
    assert result[0, 0] == pytest.approx([0.75, 0.75], abs=0.01)


def test_a_sure_carrier_contradicts_what_was_looked_up_and_a_lost_one_does_not():
    size = (3, 4)
    wall = Guess(np.full((2, *size), 40, np.float32), np.full(size, 2, np.float32), np.zeros((3, *size), np.float32))
    for confidence, expected in ((1.0, np.hypot(40, 40)), (1e-4, 2.0)):
        carried = of_carried(np.zeros((2, *size), np.float32), np.full(size, confidence, np.float32), 5)
        assert np.allclose(contradicted(wall, surely_carried([carried])).error, expected)
        assert np.array_equal(contradicted(wall, surely_carried([carried])).chroma, wall.chroma)
