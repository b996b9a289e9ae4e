"""Superpixels of a gray picture, what they look like, and which of a reference's they look like.

Sources: Carrillo 2022a and 2024, sec. 4.3 to 4.5 (super-features, eq. 4.3 and 4.5: attention). Ours: several references
at once, each weighed by how well it matches, and a mild preference for a like place in the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import strict
from vidcolor.features import Features
from vidcolor.superpixels.pool import pool, pool_enlarged
from vidcolor.superpixels.segment import segment, superpixel_count

SIDE = 480
"""Long side at which frames and references are compared, in pixels; larger ones are reduced."""
LEAST_LOGIT = 14.0
"""Matches this far below the best weigh less than a millionth."""
SMALLEST = 1e-6
"""Least length of a centred super-feature: an even one is like nothing, instead of NaN."""


@dataclass(frozen=True, slots=True, eq=False)
class SuperPixels:
    """A picture's superpixels: where they are, and what they look like."""

    labels: Array
    """(H, W) int32"""
    features: list[Array]
    """Of each level (C, N): super-features of zero mean over their channels and unit length (eq. 4.5)"""
    places: Array
    """(N, 2): middle, x and y, in 0..1 of the picture"""

    @property
    def count(self) -> int:
        return len(self.places)

    def together(self) -> Array:
        """(C, N): all levels under one another, of unit length: correlations are then the mean over the levels."""
        return np.concatenate(self.features) / np.float32(len(self.features) ** 0.5)


def super_pixels(lightness: Array, makers: Sequence[Features]) -> SuperPixels:
    """Superpixels of a picture (3 sqrt(n) for n pixels), and the super-features of every level of every maker."""
    labels = segment(lightness, superpixel_count(lightness.shape))
    count = int(labels.max()) + 1
    height, width = lightness.shape
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    places = pool(np.stack([(xs + 0.5) / width, (ys + 0.5) / height]), labels, count)
    levels = [pooled for features in makers for pooled in _pooled(features, lightness, labels, count)]
    return SuperPixels(labels, [_centred(level) for level in levels], places.T)


def bounded(size: tuple[int, ...]) -> tuple[int, int]:
    """(height, width) at most SIDE long."""
    scale = min(1.0, SIDE / max(size))
    return (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))


def enlarged(planes: Array, size: tuple[int, int]) -> Array:
    """(C, H, W) at the frame's size, bilinear."""
    if planes.shape[1:] == size:
        return planes
    return np.stack([cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in planes])


def _pooled(features: Features, lightness: Array, labels: Array, count: int) -> list[Array]:
    """(C, N) of each level."""
    by_itself = getattr(features, "pooled", None)
    if by_itself is not None:  # a network whose maps would not fit into memory
        return list(by_itself(lightness, labels, count))
    return [pool_enlarged(level, labels, count) for level in features(lightness)]


def _centred(level: Array) -> Array:
    level = level - level.mean(0)
    return np.asarray(level / (np.linalg.norm(level, axis=0) + np.float32(SMALLEST)))


@dataclass(frozen=True, slots=True, eq=False)
class Bias:
    """What a match weighs before looks are compared, as logits."""

    mine: Array
    """(N, 2): places of the target's superpixels"""
    theirs: Array
    """(M, 2)"""
    reach: float
    """Distance, in widths and heights, that weighs e^-1; infinite: places do not count"""
    prior: Array
    """(M,): of each reference's superpixel"""


def attend(correlation: Array, bias: Bias, colors: Array, tau: float) -> tuple[Array, Array, Array]:
    """What the attention (eq. 4.3) of each superpixel finds.

    correlation  (N, M), eq. 4.5
    colors       (K, M)
    returns      the mean colour (K, N), the deviation of colour among the matches (N,), their correlation (N,)
    """
    out = np.empty((len(colors) + 2, len(correlation)), np.float32)
    sides = (np.ascontiguousarray(side, np.float32) for side in (bias.mine, bias.theirs, bias.prior))
    mine, theirs, prior = sides
    _attend(
        correlation,
        (mine, theirs, np.float32(bias.reach**-2), prior),
        np.ascontiguousarray(colors.T, np.float32),
        np.float32(1 / tau),
        out,
    )
    return out[:-2], out[-2], out[-1]


@strict()
def _attend(correlation, biases, colors, sharpness, out):  # type: ignore[no-untyped-def]
    mine, theirs, narrow, prior = biases
    logits = np.empty(correlation.shape[1], np.float32)
    channels = colors.shape[1]
    total = np.empty(channels, np.float64)
    for i in range(correlation.shape[0]):
        most = np.float32(-1e30)
        for j in range(correlation.shape[1]):
            dx, dy = mine[i, 0] - theirs[j, 0], mine[i, 1] - theirs[j, 1]
            logits[j] = correlation[i, j] * sharpness + prior[j] - narrow * (dx * dx + dy * dy)
            most = max(most, logits[j])
        weight, square, alike = 0.0, 0.0, 0.0
        total[:] = 0
        for j in range(correlation.shape[1]):
            if logits[j] > most - np.float32(LEAST_LOGIT):
                w = np.exp(logits[j] - most)
                weight += w
                alike += w * correlation[i, j]
                for k in range(channels):
                    total[k] += w * colors[j, k]
                    square += w * colors[j, k] ** 2
        apart = square / weight
        for k in range(channels):
            out[k, i] = total[k] / weight
            apart -= (total[k] / weight) ** 2
        out[channels, i] = np.sqrt(max(apart, 0.0))
        out[channels + 1, i] = alike / weight
