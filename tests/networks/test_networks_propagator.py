"""networks/propagator.py: the shipped networks, NumPy in and NumPy out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from vidcolor.networks import graph
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import CLAIMS, SIGNALS, SLOTS, Propagator
from vidcolor.networks.shipped import PROPAGATOR
from vidcolor.networks.weighing import Weigher

SIZE = (48, 80)


@pytest.fixture(scope="module")
def shipped() -> Propagator:
    return Propagator(NetworkFeatures())


def picture(seed: int) -> np.ndarray:
    """Smooth gray shapes."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] / 10
    waves = sum(np.sin(a * x + b * y + c) for a, b, c in random.uniform(-2, 2, (5, 3)))
    return (50 + 8 * waves).clip(0, 100).astype(np.float32)


def evidence(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    planes = random.uniform(0, 1, (len(SLOTS), 2 + SIGNALS, *SIZE)).astype(np.float32)
    planes[:, :2] = random.normal(0, 20, (len(SLOTS), 2, 1, 1))
    return planes, random.uniform(2, 20, (len(SLOTS), *SIZE)).astype(np.float32)


def seen_by(shipped, light):
    return shipped.see(light, shipped.maps(light))


def weighed(shipped, seen, planes, error):
    claims = np.zeros((CLAIMS, *SIZE), np.float32)
    return shipped.weigher(seen.lightness, seen.maps, planes, error, claims)


def test_all_shipped_weights_are_small_enough():
    from vidcolor.networks.shipped import FOLDER

    assert sum(file.stat().st_size for file in FOLDER.glob("*.safetensors")) < 25e6


def test_a_frame_finds_its_own_colours(shipped):
    light = picture(1)
    chroma = np.stack([light - 50, 50 - light]).astype(np.float32)
    seen = seen_by(shipped, light)
    colored = shipped.with_colors(seen, chroma, np.ones(SIZE, np.float32))
    colored, tells = shipped.learned([colored])
    assert tells is not None
    places, cells = shipped.compare(seen, colored, tells, [5])
    assert places.shape == cells.shape == (6, *SIZE)
    assert np.abs(places[:2] - chroma).mean() < 4
    assert 0.9 < places[3].mean() <= 1, "codes that agree make nothing more alike than it is"


def test_a_keyframe_of_one_colour_tells_nothing(shipped):
    seen = seen_by(shipped, picture(1))
    flat = shipped.with_colors(seen, np.full((2, *SIZE), 12, np.float32), np.ones(SIZE, np.float32))
    colored, tells = shipped.learned([flat])
    assert tells is None
    places, _ = shipped.compare(seen, colored, tells, [5])
    np.testing.assert_allclose(places[:2], 12, atol=1e-3)


def test_threads_side_by_side_get_the_same_answer(shipped):
    seen = [seen_by(shipped, picture(seed)) for seed in range(4)]
    given = [evidence(seed) for seed in range(4)]
    alone = [weighed(shipped, s, *g) for s, g in zip(seen, given, strict=True)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda pair: weighed(shipped, pair[0], *pair[1]), zip(seen, given, strict=True)))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])


def test_all_that_the_propagator_is_made_of_tells_in_what_it_answers(monkeypatch, tmp_path):
    # four fifths of it once ended in numbers below zero, of which ReLU passes nothing
    from safetensors import safe_open
    from safetensors.numpy import save_file

    monkeypatch.setattr(graph, "number_type", lambda: "float32")
    with safe_open(PROPAGATOR, "np") as file:
        head, weights = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    planes, error = evidence(6)
    claims = np.random.default_rng(6).uniform(0, 1, (CLAIMS, *SIZE)).astype(np.float32)
    maps = NetworkFeatures().maps(picture(6))

    def answered(**other: np.ndarray) -> np.ndarray:
        save_file({**weights, **other}, tmp_path / "w", head)
        return Weigher(tmp_path / "w", SLOTS)(picture(6), maps, planes, error, claims)[0]

    whole = answered()
    assert [name for name in weights if np.array_equal(answered(**{name: weights[name] / 2}), whole)] == []


def test_guesses_that_agree_are_believed(shipped):
    planes, error = evidence(5)
    planes[:, :2] = np.array([25, -15], np.float32)[:, None, None]
    error[:] = 2
    chroma, expected = weighed(shipped, seen_by(shipped, picture(3)), planes, error)
    assert np.abs(chroma - np.array([25, -15])[:, None, None]).mean() < 4
    assert expected.shape == SIZE
    assert (expected > 0).all()


def test_without_a_file_it_does_not_weigh():
    assert Propagator(NetworkFeatures(), None).weigher is None
