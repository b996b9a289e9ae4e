"""Superpixels compared: super-attention without learned weights, one reference at a time: arrays in, arrays out.

Axes: N superpixels of the target, M of the reference, C channels of what they look like, K values.

- Places join the inner product, as -|x - y|^2 is one of (2 x, -1, -|x|^2) and (y, |y|^2, 1). So one product of
  matrices makes the scores, and nothing of N x M but one strip is held.
- The mass (the logarithm of the softmax's denominator) comes out, so that several references can be weighed as one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from vidcolor.columns import follow_columns
from vidcolor.networks.graph import products

STRIP = 128
"""Superpixels of the target worked on together: their scores stay in the processor's caches."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What superpixels look like and where they are."""

    features: Array
    """(C, N) float32, unit length"""
    places: Array
    """(N, 2) float32: middles in 0..1 of the picture"""

    def only(self, which: Array) -> Looks:
        """Some of them, by (N,) bool."""
        return Looks(np.ascontiguousarray(self.features[:, which]), self.places[which])


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What each superpixel of the target finds in one reference."""

    values: Array
    """(K, N): means under the attention"""
    mass: Array
    """(N,): logarithm of the sum of all weights"""
    like: Array
    """(N,): cosine to the most alike, -1..1"""
    back: Array
    """(N,): how far from it lies what the most alike one looks at, in widths and heights of the picture"""


def compare(target: Looks, reference: Looks, values: Array, *, tau: float, reach: float = np.inf) -> Found:
    """Means of values (K, M) float32 under softmax(cosine / tau - (distance / reach)^2).

    Source: Carrillo 2024, eq. 4.3, with the features' cosine; the way back as in cycle consistency (Dwibedi 2019).
    """
    rows, others = _joined(target, reference, tau, reach)
    means, masses, best = [], [], []
    nearest, returns = np.full(len(others), -np.inf, np.float32), np.zeros(len(others), np.int32)
    for first in range(0, len(rows), STRIP):
        scores = products(rows[first : first + STRIP], others)
        follow_columns(scores, np.int32(first), nearest, returns)
        best.append(scores.argmax(1))
        top = scores.max(1)
        weights = np.exp(scores - top[:, None], out=scores)
        total = weights.sum(1)
        means.append(products(weights, values) / total[:, None])
        masses.append(top + np.log(total))
    chosen = np.concatenate(best)
    like = (target.features * reference.features[:, chosen]).sum(0)
    back = np.hypot(*(target.places - target.places[returns[chosen]]).T)
    return Found(np.ascontiguousarray(np.concatenate(means).T), np.concatenate(masses), like, back.astype(np.float32))


def _joined(target: Looks, reference: Looks, tau: float, reach: float) -> tuple[Array, Array]:
    """(N, C + 4) and (M, C + 4): the inner products of their rows are the scores."""
    narrow = reach**-2
    x, y = target.places.T, reference.places.T
    along = narrow * np.concatenate([2 * x, np.full((1, x.shape[1]), -1.0), -(x**2).sum(0, keepdims=True)])
    rows = np.concatenate([target.features / tau, along])
    others = np.concatenate([reference.features, y, (y**2).sum(0, keepdims=True), np.ones((1, y.shape[1]))])
    return np.ascontiguousarray(rows.T, np.float32), np.ascontiguousarray(others.T, np.float32)
