"""metrics/frechet.py: closed forms, scipy's matrix root, and limits that are known."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.errors import InputError
from vidcolor.research.metrics import frechet
from vidcolor.research.metrics.frechet import FeatureSet, Gaussian, fid, fid_infinity, of_features


def exact(mean: np.ndarray, variances: np.ndarray, count: int, seed: int) -> np.ndarray:
    """(count, D) features whose mean and covariance (over count - 1) are exactly these."""
    random = np.random.default_rng(seed).standard_normal((count, len(mean)))
    whitened = np.linalg.qr(random - random.mean(axis=0))[0]
    return mean + whitened * np.sqrt(variances * (count - 1))


def filled(features: np.ndarray, kept: int = frechet.KEPT) -> FeatureSet:
    made = FeatureSet(kept)
    for row in features:
        made.add(row)
    return made


def by_matrix_root(one: np.ndarray, two: np.ndarray) -> float:
    """FID as everybody writes it, with scipy's root of the product."""
    linalg = pytest.importorskip("scipy.linalg")
    first, second = np.cov(one, rowvar=False), np.cov(two, rowvar=False)
    root = linalg.sqrtm(first @ second)
    apart = one.mean(axis=0) - two.mean(axis=0)
    return float(apart @ apart + np.trace(first + second - 2 * np.real(root)))


@pytest.mark.parametrize("count", [40, 600])
def test_gaussians_with_common_axes(count: int) -> None:
    """|m1 - m2|^2 + sum (s1 - s2)^2; 600 pictures are folded into the moments in three blocks."""
    random = np.random.default_rng(1)
    means, deviations = random.random((2, 12)) * 3, random.random((2, 12)) * 2
    one, two = (filled(exact(m, d**2, count, k)) for k, (m, d) in enumerate(zip(means, deviations, strict=True)))
    wanted = ((means[0] - means[1]) ** 2 + (deviations[0] - deviations[1]) ** 2).sum()
    assert fid(one, two) == pytest.approx(wanted, rel=1e-5)  # the features are kept in float32


@pytest.mark.parametrize("direct", [0, 1024])
def test_any_gaussians_against_scipy(direct: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frechet, "DIRECT", direct)
    random = np.random.default_rng(2)
    one, two = (random.standard_normal((300, 24)) @ random.standard_normal((24, 24)) + random.random(24) for _ in "12")
    ours = frechet.frechet(of_features(one), of_features(two))
    assert ours == pytest.approx(by_matrix_root(one, two), rel=1e-9)
    assert ours > 1


@pytest.mark.parametrize("counts", [(10, 10), (10, 20), (5, 200)])
def test_fewer_pictures_than_dimensions(counts: tuple[int, int]) -> None:
    """Singular covariances: the trace of the root by the eigenvalues of the product, which need no inverse."""
    random = np.random.default_rng(3)
    one, two = (random.standard_normal((n, 50)).astype(np.float32) + k for k, n in enumerate(counts))
    first, second = np.cov(one.astype(np.float64), rowvar=False), np.cov(two.astype(np.float64), rowvar=False)
    root = np.sqrt(np.maximum(np.linalg.eigvals(first @ second).real, 0)).sum()
    apart = one.astype(np.float64).mean(axis=0) - two.astype(np.float64).mean(axis=0)
    wanted = apart @ apart + np.trace(first + second) - 2 * root
    assert fid(filled(one), filled(two)) == pytest.approx(wanted, rel=1e-5)


def test_dead_features_and_equal_sets() -> None:
    """A feature that is always 0 makes the covariance singular with any number of pictures."""
    random = np.random.default_rng(4)
    one = random.standard_normal((80, 8)).astype(np.float32)
    one[:, 3] = 0
    two = one.copy()
    two[:, 0] += 2
    assert fid(filled(one), filled(one)) < 1e-9
    assert fid(filled(one), filled(two)) == pytest.approx(4, rel=1e-5)


def test_a_set_is_symmetric_and_counts() -> None:
    random = np.random.default_rng(5)
    one, two = filled(random.random((30, 6))), filled(random.random((40, 6)))
    assert len(one) == 30
    assert fid(one, two) == pytest.approx(fid(two, one), rel=1e-9)


def test_moments_are_those_of_all_features_however_few_are_kept() -> None:
    features = np.random.default_rng(6).standard_normal((1000, 7)).astype(np.float32) + 100
    made = filled(features, kept=50)
    gaussian = made.gaussian()
    assert np.allclose(gaussian.mean, features.mean(axis=0, dtype=np.float64), rtol=1e-12)
    assert np.allclose(gaussian.root.T @ gaussian.root, np.cov(features.astype(np.float64), rowvar=False), atol=1e-10)
    assert made.features().shape == (50, 7)


def test_the_kept_are_an_even_sample_and_the_same_pictures_in_both_sets() -> None:
    numbers = np.arange(2000, dtype=np.float32)[:, None]
    kept = filled(numbers, kept=400).features()[:, 0]
    assert len(set(kept)) == 400
    assert abs(kept.mean() - 1000) < 100  # 29 is one standard deviation
    assert np.array_equal(filled(numbers + 5000, kept=400).features()[:, 0] - 5000, kept)


def test_the_temporary_file_goes_with_the_set() -> None:
    made = filled(np.ones((3, 4)))
    file = made._file
    del made
    assert file.closed


def deviations() -> np.ndarray:
    return np.linspace(0.5, 2, 24)


def test_fidinf_of_pairs_finds_the_limit() -> None:
    """A result that is the truth with noise: the frames are common, the limit known, FID itself above it."""
    errors, plain = [], []
    for seed in range(4):
        random = np.random.default_rng(seed)
        truth = random.standard_normal((600, 24)) * deviations()
        result = 0.8 * truth + 0.2 + 0.5 * random.standard_normal(truth.shape) * deviations()
        limit = 24 * 0.2**2 + ((1 - np.sqrt(0.8**2 + 0.5**2)) ** 2 * deviations() ** 2).sum()
        one, two = filled(result), filled(truth)
        errors.append(fid_infinity(one, two, draws=2).mean - limit)
        plain.append(fid(one, two) - limit)
    assert abs(np.mean(errors)) < 0.15
    assert np.mean(plain) > 2 * abs(np.mean(errors))


def test_fidinf_of_strangers_finds_the_limit() -> None:
    """Two sets of different counts from one distribution: the limit is 0, FID far above."""
    random = np.random.default_rng(8)
    one, two = (random.standard_normal((n, 24)) * deviations() for n in (1000, 900))
    found = fid_infinity(filled(one), filled(two), draws=3)
    assert abs(found.mean) < 0.25
    assert fid(filled(one), filled(two)) > 0.5
    assert (found.smallest, found.largest) == (90, 900)


def test_fidinf_says_when_the_sets_are_too_small() -> None:
    """Below the number of features FID is no line in 1/N, and the parabola says so."""
    random = np.random.default_rng(9)
    few, many = (fid_infinity(*(filled(random.standard_normal((n, 60))) for _ in "12"), draws=2) for n in (150, 1200))
    assert few.bend < -1
    assert abs(many.bend) < 1


def test_fidinf_of_known_figures_is_the_intercept(monkeypatch: pytest.MonkeyPatch) -> None:
    """FID made to be 3 + 70 / N exactly."""
    monkeypatch.setattr(frechet, "frechet", lambda one, two: 3 + 70 / len(one.root))
    monkeypatch.setattr(frechet, "of_features", lambda rows: Gaussian(rows[0], rows))
    made = filled(np.random.default_rng(1).random((200, 3)))
    found = fid_infinity(made, made)
    assert found.mean == pytest.approx(3, rel=1e-9)
    assert found.spread == pytest.approx(0, abs=1e-9)
    assert found.bend == pytest.approx(0, abs=1e-7)


def test_the_seed_decides() -> None:
    random = np.random.default_rng(10)
    one, two = filled(random.random((160, 5))), filled(random.random((160, 5)))
    first = fid_infinity(one, two, seed=3, draws=2)
    assert first == fid_infinity(one, two, seed=3, draws=2)
    other = fid_infinity(one, two, seed=4, draws=2)
    assert 0 < abs(first.mean - other.mean) < 0.05
    assert first.spread > 0


def test_what_does_not_fit_is_refused() -> None:
    one = filled(np.ones((1, 4)))
    with pytest.raises(InputError, match="FID of 1 picture"):
        one.gaussian()
    with pytest.raises(InputError, match="FID of 0"):
        FeatureSet().gaussian()
    with pytest.raises(InputError, match="as many for every picture"):
        one.add(np.ones(5))
    with pytest.raises(InputError, match="finite"):
        one.add(np.full(4, np.nan))
    with pytest.raises(InputError, match="must agree"):
        fid(filled(np.ones((3, 4))), filled(np.ones((3, 5))))
    with pytest.raises(InputError, match="FIDinf of 100 pictures.*150"):
        fid_infinity(filled(np.ones((100, 4))), filled(np.ones((200, 4))))
