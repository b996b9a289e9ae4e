"""propagate/steady.py: what the frame before says counts where it is trusted, and nothing trails."""

from itertools import pairwise

import numpy as np
import pytest

from vidcolor.propagate.runs import Look, Step
from vidcolor.propagate.steady import Steady, combined
from vidcolor.settings import PropagateSettings

SIZE = (24, 32)
STILL = Step(*(np.zeros((2, *SIZE), np.float16) for _ in range(2)))


def look(position: int, luma: float = 0.5) -> Look:
    return Look(position, np.full(SIZE, luma, np.float32))


def plane(*values: float) -> np.ndarray:
    return np.broadcast_to(np.array(values, np.float32)[:, None, None], (len(values), *SIZE)).copy()


def error(value: float) -> np.ndarray:
    return np.full(SIZE, value, np.float32)


def second(first_error: float, own_error: float, step: Step = STILL, luma: float = 0.5) -> float:
    """How much of the second frame's a* (0) the first frame's (20) becomes."""
    steady = Steady(PropagateSettings())
    assert steady(look(0), None, plane(20, 0), error(first_error))[0].mean() == 20, "the first frame is its own"
    return float(steady(look(1, luma), step, plane(0, 0), error(own_error))[0].mean()) / 20


def test_the_surer_frame_is_believed():
    shares = [second(e, 4.0) for e in (0.0, 2.0, 4.0, 8.0, 30.0)]
    assert np.all(np.diff(shares) < 0)
    assert shares[0] > 0.9
    assert shares[-1] < 0.05
    assert second(3.0, 0.3) < 0.02


@pytest.mark.parametrize("what", ["flow", "light"])
def test_nothing_trails_where_flow_or_lightness_speaks_against_it(what):
    onward = Step(np.full((2, *SIZE), 3, np.float16), np.zeros((2, *SIZE), np.float16))
    against = second(0.0, 2.0, step=onward) if what == "flow" else second(0.0, 2.0, luma=0.9)
    assert against < 0.02 < 0.7 < second(0.0, 2.0)


def test_colours_move_with_what_they_belong_to():
    luma = np.zeros(SIZE, np.float32)
    luma[:, 8:16] = 0.8
    moved = np.roll(luma, 4, 1)
    chroma = plane(0, 0)
    chroma[0, luma > 0] = 30
    move = Step(plane(4, 0).astype(np.float16), plane(-4, 0).astype(np.float16))
    steady = Steady(PropagateSettings())
    steady.begin(Look(0, luma), chroma, error(0))
    made = steady(Look(1, moved), move, plane(0, 0), error(20))
    assert made[0][moved > 0].mean() > 29
    assert made[0][:, 6:10].max() < 1, "where it was, nothing stays"


def test_noise_of_single_frames_is_halved():
    random = np.random.default_rng(1)
    noisy = [plane(10, -5) + random.normal(0, 4, (2, *SIZE)).astype(np.float32) for _ in range(12)]
    steady = Steady(PropagateSettings())
    made = [steady(look(n), STILL if n else None, chroma, error(4)) for n, chroma in enumerate(noisy)]
    flicker = [float(np.mean([np.abs(b - a).mean() for a, b in pairwise(f)])) for f in (noisy, made)]
    assert flicker[1] < 0.5 * flicker[0]
    assert np.abs(made[-1].mean((1, 2)) - (10, -5)).max() < 0.5


def test_two_like_opinions_are_a_little_better_than_one_and_never_perfect():
    chroma, both = combined(plane(3, 3), error(4), plane(3, 3), error(4))
    assert np.allclose(chroma, 3)
    assert 4 / np.sqrt(2) - 0.1 < both.mean() < 4
    assert combined(plane(0, 0), error(0.01), plane(0, 0), error(0.01))[1].min() == pytest.approx(0.3)
