"""propagate/by_superpixel.py: what temporal superpixels remember, and what they let go."""

import numpy as np

from vidcolor.propagate import propagate
from vidcolor.propagate.ablation import WHOLE, Ablation, without
from vidcolor.propagate.by_superpixel import STRANGER, Memory
from vidcolor.propagate.cached import ShotCache
from vidcolor.propagate.runs import Look, Step
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

SIZE = (48, 64)
SETTINGS = PropagateSettings()
GREEN, RED = np.array([-30.0, 20.0], np.float32), np.array([50.0, 30.0], np.float32)
SURE, DOUBTFUL = np.full(SIZE, 1.5, np.float32), np.full(SIZE, 9.0, np.float32)
STILL = Step(np.zeros((2, *SIZE), np.float16), np.zeros((2, *SIZE), np.float16))


def even(color: np.ndarray) -> np.ndarray:
    return np.broadcast_to(color[:, None, None], (2, *SIZE)).astype(np.float32)


def luma() -> np.ndarray:
    """A dark left and a bright right half."""
    return (np.where(np.arange(SIZE[1]) < 32, 0.3, 0.7) * np.ones(SIZE)).astype(np.float32)


def taught(chroma: np.ndarray, error: np.ndarray = SURE, light: np.ndarray | None = None) -> Memory:
    memory = Memory(ShotCache(None, 0, SIZE), SETTINGS)
    memory.follow(Look(0, luma() if light is None else light), None)
    memory.learn(chroma, error)
    return memory


def off(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.hypot(*(found - truth)).mean())


def test_what_was_sure_outlasts_what_is_doubtful() -> None:
    memory = taught(even(GREEN))
    for t in range(1, 6):
        memory.follow(Look(t, luma()), STILL)
        memory.learn(even(RED), DOUBTFUL)
    chroma, error = memory.recall()
    assert off(chroma, even(GREEN)) < 2
    assert error.max() < 6


def test_what_is_sure_replaces_what_was_doubtful() -> None:
    memory = taught(even(RED), DOUBTFUL)
    memory.follow(Look(1, luma()), STILL)
    memory.learn(even(GREEN), SURE)
    assert off(memory.recall()[0], even(GREEN)) < 2


def test_labels_take_their_colours_along() -> None:
    """The edge between two colours moves 4 pixels; nothing is learnt of the second frame."""
    chroma = np.where(np.arange(SIZE[1]) < 32, GREEN[:, None, None], RED[:, None, None]) * np.ones(SIZE, np.float32)
    memory = taught(chroma.astype(np.float32))
    onward = np.zeros((2, *SIZE), np.float16)
    onward[0] = 4
    memory.follow(Look(1, np.roll(luma(), 4, axis=1)), Step(onward, -onward))
    assert off(memory.recall()[0][:, :, 8:60], np.roll(chroma, 4, axis=2)[:, :, 8:60]) < 1.5


def test_a_slope_in_lightness_is_kept() -> None:
    light = 0.4 + 0.2 * np.random.default_rng(0).random(SIZE).astype(np.float32)
    chroma = np.stack([60 * light, -80 * light]).astype(np.float32)
    found, error = taught(chroma, light=light).recall()
    assert off(found, chroma) < 0.35 * off(even(chroma.mean((1, 2))), chroma)
    assert error.mean() < 6


def test_two_colours_of_one_lightness_are_hardly_believed() -> None:
    stripes = np.where(np.arange(SIZE[1]) % 2, GREEN[:, None, None], RED[:, None, None]) * np.ones(SIZE, np.float32)
    assert taught(stripes.astype(np.float32)).recall()[1].mean() > 3 * taught(even(GREEN)).recall()[1].mean()


def test_a_few_stray_pixels_move_nothing() -> None:
    memory = taught(even(GREEN))
    stray = np.random.default_rng(1).random(SIZE) < 0.1
    memory.follow(Look(1, luma()), STILL)
    memory.learn(np.where(stray, RED[:, None, None], even(GREEN)).astype(np.float32), SURE)
    assert off(memory.recall()[0], even(GREEN)) < 1


def test_uncovered_ground_remembers_nothing() -> None:
    """Nothing of the first frame lands right of column 31 (the flow takes it out of the picture)."""
    memory = taught(even(RED))
    onward = np.zeros((2, *SIZE), np.float16)
    onward[0][:, 32:] = 64
    memory.follow(Look(1, luma()), Step(onward, -onward))
    error = memory.recall()[1]
    assert error[8:-8, 40:56].min() > STRANGER - 2
    assert error[8:-8, 8:24].max() < 6


def test_only_living_labels_are_held() -> None:
    memory = taught(even(GREEN))
    onward = np.full((2, *SIZE), 3, np.float16)
    for t in range(1, 40):
        light = 0.3 + 0.4 * np.random.default_rng(t).random(SIZE).astype(np.float32)
        memory.follow(Look(t, light), Step(onward, -onward))
        memory.learn(even(GREEN), SURE)
    assert len(memory._sums) == len(memory._models()) < 2 * 3 * np.sqrt(SIZE[0] * SIZE[1])


def test_it_can_be_left_out_and_the_bytes_repeat() -> None:
    """A still picture whose flow is lost: every frame is noisier than carrying by likeness believes."""
    rng = np.random.default_rng(3)
    scene = np.kron(rng.random((6, 8)), np.ones((16, 16))) * 60 + 20
    frames = [Frame(t, (scene + 6 * rng.standard_normal(scene.shape)).astype(np.float32)) for t in range(8)]
    truth = np.stack([scene - 50, 30 - scene]).astype(np.float32)
    key = ColorFrame(0, truth, np.ones(scene.shape, np.float32))

    def colors(ablation: Ablation) -> np.ndarray:
        still = np.zeros((2, 48, 64), np.float32)
        return np.stack(
            [c.chroma for c in propagate(frames, {0: key}, lambda a, b: still, SETTINGS, ablation=ablation)]
        )

    on, off_ = colors(WHOLE), colors(without("superpixel"))
    small = truth[:, ::2, ::2]
    assert np.array_equal(on, colors(WHOLE))
    assert not np.array_equal(on[1:], off_[1:])
    assert off(on[-1], small) < off(off_[-1], small)
    assert np.abs(on[0] - off_[0]).mean() < 0.1, "a keyframe needs no memory"
