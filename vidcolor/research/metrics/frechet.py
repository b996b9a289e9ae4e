"""FID and FIDinf: how far two sets of pictures are apart, as Gaussians of the features that `Inception` gives.

- FID: Heusel et al., NIPS 2017. The smaller the sets, the larger it comes out, so the count belongs beside it.
- FIDinf: Chong, Forsyth, Effectively Unbiased FID and Inception Score, CVPR 2020: a line through FID against 1/N for
  15 sizes of subset, read off at 1/N = 0. They shrink the generated set only, against 50,000 true pictures; here the
  truth is as small as the result, so both are shrunk alike, by the same frames where the sets have the same count.
- Statistics are float64. A covariance is used through a root R (cov = R^T R), and the trace of the root of a product
  is the sum of the singular values of R1 R2^T: with fewer pictures than dimensions the centred features themselves
  are the root, so singular covariances need no offset on their diagonal.
"""

from __future__ import annotations

import tempfile
import weakref
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError

KEPT = 10_000
"""Features kept on disk for FIDinf (82 MB); of longer sets an even sample, drawn alike for sets of one length."""
AT_ONCE = 256
"""Features folded into the moments at once."""
SIZES, DRAWS = 15, 10
"""Sizes of subset in a fit (Chong 2020), and fits."""
SMALLEST = 0.1
"""The smallest subset, as a share of the set (Chong: 5,000 of 50,000)."""
FEWEST = 150
"""Pictures under which FIDinf is not given: ten to the smallest subset, and sizes that differ."""
DIRECT = 1024
"""Up to this size singular values are found as such; beyond, as roots of eigenvalues, four times as fast."""
RESERVOIR_SEED = 0


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Mean (D,) and a root R (r, D) of the covariance R^T R."""

    mean: Array
    root: Array


class FeatureSet:
    """Features of pictures, added one by one: running moments for FID, a temporary file of features for FIDinf."""

    def __init__(self, kept: int = KEPT) -> None:
        self.count = 0
        self._kept = kept
        self._size = 0
        self._file = tempfile.TemporaryFile(prefix="vidcolor-")  # noqa: SIM115 - it lives as long as the set
        weakref.finalize(self, self._file.close)
        self._random = np.random.default_rng(RESERVOIR_SEED)
        self._waiting: list[Array] = []
        self._folded = 0
        self._mean, self._scatter = np.zeros(0), np.zeros((0, 0))

    def __len__(self) -> int:
        return self.count

    def add(self, features: Array) -> None:
        """One picture's features, (D,)."""
        row = np.ascontiguousarray(features, dtype=np.float32)
        if row.ndim != 1 or (self.count and row.size != self._size) or not np.isfinite(row).all():
            raise InputError(f"features of shape {row.shape}: finite, and as many for every picture, are needed")
        if not self.count:
            self._size = row.size
            self._mean, self._scatter = np.zeros(row.size), np.zeros((row.size, row.size))
        self._waiting.append(row)
        self._keep(row)
        self.count += 1
        if len(self._waiting) == AT_ONCE:
            self._fold()

    def _keep(self, row: Array) -> None:
        """Reservoir sampling (algorithm R): every picture has the same chance to be among the kept."""
        place = self.count if self.count < self._kept else int(self._random.integers(0, self.count + 1))
        if place < self._kept:
            self._file.seek(place * row.nbytes)
            self._file.write(row.tobytes())

    def _fold(self) -> None:
        """Joins the waiting features to the moments (Chan 1983)."""
        if not self._waiting:
            return
        block = np.stack(self._waiting).astype(np.float64)
        self._waiting.clear()
        mean = block.mean(axis=0)
        block -= mean
        apart = mean - self._mean
        whole = self._folded + len(block)
        self._scatter += block.T @ block
        self._scatter += np.outer(apart, apart) * (self._folded * len(block) / whole)
        self._mean = self._mean + apart * (len(block) / whole)
        self._folded = whole

    def features(self) -> Array:
        """(n, D) float32: the features kept; for sets of one count those of the same pictures, in the same order."""
        self._file.seek(0)
        rows = min(self.count, self._kept)
        return np.frombuffer(self._file.read(), dtype=np.float32).reshape(rows, -1)

    def gaussian(self) -> Gaussian:
        """Mean and covariance (over N - 1) of all features added; refuses fewer than two."""
        if self.count < 2:
            raise InputError(f"FID of {self.count} picture: two and more are needed")
        if self.count <= min(self._size, self._kept):
            return of_features(self.features())
        self._fold()
        return Gaussian(self._mean.copy(), _root(self._scatter / (self.count - 1)))


def of_features(features: Array) -> Gaussian:
    """The Gaussian of (n, D) features, n two and more."""
    rows = features.astype(np.float64)
    mean = rows.mean(axis=0)
    rows -= mean
    count, size = rows.shape
    if count <= size:
        return Gaussian(mean, rows / np.sqrt(count - 1))
    return Gaussian(mean, _root(rows.T @ rows / (count - 1)))


def _root(covariance: Array) -> Array:
    """R with R^T R = the covariance, which may be singular: then through its eigenvalues, those below zero left out."""
    try:
        return np.linalg.cholesky(covariance).T
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return np.sqrt(np.maximum(values, 0))[:, None] * vectors.T


def frechet(first: Gaussian, second: Gaussian) -> float:
    """Squared Frechet distance of two Gaussians: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)); never below 0.

    Source: Dowson, Landau, The Frechet distance between multivariate normal distributions, 1982.
    """
    if first.mean.shape != second.mean.shape:
        raise InputError(f"features of {first.mean.size} and {second.mean.size} numbers: they must agree")
    apart = first.mean - second.mean
    traces = (first.root**2).sum() + (second.root**2).sum()
    product = first.root @ second.root.T
    return max(0.0, float(apart @ apart + traces - 2 * _sum_of_singular_values(product)))


def _sum_of_singular_values(matrix: Array) -> float:
    if min(matrix.shape) <= DIRECT:
        return float(np.linalg.svd(matrix, compute_uv=False).sum())
    small = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh(small), 0)).sum())


def fid(first: FeatureSet, second: FeatureSet) -> float:
    """FID of two sets, each of two pictures and more."""
    return frechet(first.gaussian(), second.gaussian())


@dataclass(frozen=True, slots=True)
class Extrapolated:
    """FIDinf, the mean of the draws' intercepts, and what it is worth."""

    mean: float
    spread: float
    """Standard deviation of the draws' intercepts (over n - 1)."""
    bend: float
    """A parabola's intercept less the line's. Far from 0 the sets are too small for a line, and the mean is not FID's
    limit: sets of fewer pictures than features (2048), above all."""
    smallest: int
    largest: int
    """Pictures in the smallest and largest subset."""


def fid_infinity(first: FeatureSet, second: FeatureSet, seed: int = 0, draws: int = DRAWS) -> Extrapolated:
    """FID extrapolated to sets without end; may fall below 0 where the sets are alike.

    Refuses sets of fewer than 150 pictures, and fewer than two draws. The same seed gives the same figures.
    """
    fewer = min(len(first), len(second))
    if fewer < FEWEST or draws < 2:
        raise InputError(f"FIDinf of {fewer} pictures, {draws} draws: {FEWEST} and 2 and more are needed")
    rows, others = first.features(), second.features()
    together = len(first) == len(second)
    largest = min(len(rows), len(others))
    sizes = np.linspace(SMALLEST * largest, largest, SIZES).round().astype(np.int64)
    random = np.random.default_rng(seed)
    lines, parabolas = [], []
    for _ in range(draws):
        figures = []
        for size in sizes:
            one = random.choice(len(rows), size, replace=False)
            two = one if together else random.choice(len(others), size, replace=False)
            figures.append(frechet(of_features(rows[one]), of_features(others[two])))
        lines.append(_at_zero(1 / sizes, figures, 1))
        parabolas.append(_at_zero(1 / sizes, figures, 2))
    mean = float(np.mean(lines))
    return Extrapolated(
        mean, float(np.std(lines, ddof=1)), float(np.mean(parabolas)) - mean, int(sizes[0]), int(sizes[-1])
    )


def _at_zero(x: Array, y: list[float], degree: int) -> float:
    """Where the least-squares polynomial meets x = 0."""
    return float(np.polynomial.Polynomial.fit(x, y, degree)(0.0))
