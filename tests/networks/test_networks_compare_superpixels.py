"""Attention from superpixels to superpixels, against a direct loop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from vidcolor.networks import compare_superpixels as page
from vidcolor.networks.compare_superpixels import Looks, compare


def looks(random: np.random.Generator, count: int, channels: int = 8) -> Looks:
    features = random.normal(size=(channels, count)).astype(np.float32)
    return Looks(features / np.linalg.norm(features, axis=0), random.uniform(0, 1, (count, 2)).astype(np.float32))


def direct(target: Looks, reference: Looks, values: np.ndarray, tau: float, reach: float):
    """The same in float64, a superpixel at a time."""
    ours, theirs = target.features.T.astype(np.float64), reference.features.T.astype(np.float64)
    scores = np.empty((len(ours), len(theirs)))
    for i, look in enumerate(ours):
        for j, other in enumerate(theirs):
            far = np.sum((target.places[i].astype(np.float64) - reference.places[j]) ** 2)
            scores[i, j] = look @ other / tau - far / reach**2
    for i in range(len(ours)):
        weights = np.exp(scores[i] - scores[i].max())
        best = scores[i].argmax()
        back = target.places[i] - target.places[scores[:, best].argmax()]
        mass = np.log(weights.sum()) + scores[i].max()
        yield values @ weights / weights.sum(), mass, ours[i] @ theirs[best], np.hypot(*back)


@pytest.mark.parametrize("reach", [np.inf, 0.3])
@pytest.mark.parametrize("strip", [7, 1024])
def test_comparing_is_the_direct_loop(reach, strip, monkeypatch):
    monkeypatch.setattr(page, "STRIP", strip)
    random = np.random.default_rng(3)
    target, reference, values = looks(random, 23), looks(random, 31), random.normal(0, 20, (3, 31)).astype(np.float32)
    found = compare(target, reference, values, tau=0.05, reach=reach)
    for n, (means, mass, like, back) in enumerate(direct(target, reference, values, 0.05, reach)):
        assert np.allclose(found.values[:, n], means, atol=1e-3)
        assert found.mass[n] == pytest.approx(mass, abs=1e-3)
        assert found.like[n] == pytest.approx(like, abs=1e-5)
        assert found.back[n] == pytest.approx(back, abs=1e-6)


def test_the_number_of_threads_changes_nothing():
    random = np.random.default_rng(4)
    target, reference, values = looks(random, 300, 64), looks(random, 400, 64), random.normal(size=(2, 400))
    first = compare(target, reference, values, tau=0.03)
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _: compare(target, reference, values, tau=0.03), range(8)))
    for found in again:
        assert np.array_equal(first.values, found.values)
        assert np.array_equal(first.mass, found.mass)
