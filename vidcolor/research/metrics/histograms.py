"""Figures of colour distributions: histograms of a*b* and of R'G'B', how far they lie apart, and how they flicker."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.research.metrics import kernels
from vidcolor.research.metrics.image import as_rgb

BINS = 21
"""A side of the a*b* histogram: 441 bins."""
AB_END = 110.0
"""First and last bin lie at -110 and 110, which holds all of BT.709 (a* -86..98, b* -108..94)."""
CODES = 256
"""Bins of an R', G' or B' histogram, one a code."""
DISTANCES = (1, 2, 4)
"""Frames between the pictures that CDC compares."""


def ab_histogram(lab: Array, bins: int = BINS) -> Array:
    """Shares of a picture's pixels by a*b*: (bins * bins,) float64, a* the slow axis, summing to 1.

    Each pixel is shared bilinearly between the four nearest bins; their middles go evenly from -110 to 110.

    lab      (3, H, W) float CIELAB, or (2, H, W), its a*b* alone
    """
    if lab.ndim != 3 or lab.shape[0] not in (2, 3) or not lab.size:
        raise InputError(f"a CIELAB picture has shape (3, height, width), its a*b* (2, ...); not {lab.shape}")
    flat = lab.reshape(lab.shape[0], -1)[-2:]
    if not (np.isfinite(flat.min()) and np.isfinite(flat.max())):
        raise InputError("a picture to be measured has values that are not numbers")
    counts = np.zeros((bins, bins))
    kernels.count_chroma(flat[0], flat[1], AB_END, counts)
    return counts.reshape(-1) / flat.shape[1]


def his(first: Array, second: Array) -> float:
    """Symmetric chi-square distance of two histograms: 2 sum (p - q)^2 / (p + q), from 0 to 4.

    Source: HIS of the exemplar colorization papers; Carrillo 2024, eq. 2.9. Bins that both leave empty count 0.
    """
    _same_bins(first, second)
    total = first + second
    part = np.divide((first - second) ** 2, total, out=np.zeros_like(total, np.float64), where=total > 0)
    return float(2 * part.sum())


def dhis(truth: Array, reference: Array, result: Array) -> float:
    """How far the result's likeness to the reference misses the truth's: |HIS(T, R) - HIS(T^, R)| of a*b* histograms.

    Source: Carrillo 2024, eq. 2.10.
    """
    return abs(his(truth, reference) - his(result, reference))


def rgb_histograms(rgb: Array) -> Array:
    """Shares of the pixels by code: (3, 256) float64, each channel summing to 1.

    rgb      (3, H, W): uint8, or float 0..1, which is rounded to 8 bits as the field's own script has it
    """
    flat = as_rgb(rgb).reshape(3, -1)
    counts = np.zeros((3, CODES), np.int64)
    kernels.count_codes(flat, counts)
    return counts / flat.shape[1]


def jensen_shannon(first: Array, second: Array) -> float:
    """Jensen-Shannon divergence of two histograms in nats, 0 to ln 2; of several (C, Q), the mean over C.

    The natural logarithm is the field's: its script calls `scipy.stats.entropy`.
    """
    _same_bins(first, second)
    middle = (first + second) / 2
    total = _entropy(middle) - (_entropy(first) + _entropy(second)) / 2
    return max(float(np.mean(total)), 0.0)


def _same_bins(first: Array, second: Array) -> None:
    if first.shape != second.shape:
        raise InputError(f"histograms of different bins cannot be compared: {first.shape} and {second.shape}")


def _entropy(shares: Array) -> Array:
    """In nats, along the last axis; an empty bin counts 0."""
    logs = np.log(shares, out=np.zeros_like(shares, np.float64), where=shares > 0)
    return np.asarray(-(shares * logs).sum(axis=-1))
