"""Where each pixel of a frame lies in a picture of (nearly) the same scene, and how well it fits there.

- Pictures are compared by their local contrast: an artist's or a model's tones are not the film's.
- First one affine map by key points, because framing and scale differ most; then dense flow.
- Whether a pixel fits is asked of its neighbourhood (correlation of contrast, agreement of tone), not of its flow
  alone: over an even wall the flow is arbitrary and the colour right all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.flow.dis import Dis
from vidcolor.flow.warp import mismatch
from vidcolor.planes.kinds import grid
from vidcolor.planes.samples import fetch

CONTRAST_WINDOW = 0.018
"""Deviation of the window of local contrast, in widths of the picture."""
CONTRAST_FLOOR = 2.0
"""Deviations of L* below this are grain."""
KEY_POINTS = 3000
EMPTY = np.zeros((0, 128), np.float32)
"""What no key points look like."""
RATIO = 0.8
"""A key point's best match must be nearer than this share of the second best (Lowe 2004)."""
INLIER_PIXELS = 4.0
FEWEST_INLIERS = 16
"""Fewer matches that agree on one affine map happen by chance."""
STRETCH = (0.4, 2.5)
"""Scales an affine map may have; beyond them it is a false match."""
FRAME_EDGE = 0.006
"""Pictures carry a dark or soft line along their edges: this share of the width is not read."""
FIT_LOW, FIT_HIGH = 0.4, 0.95
"""Correlation of local contrast at which a fit begins, and at which it is full."""
AROUND = 12.0
"""Deviation of the window of that correlation, in pixels of a 900-pixel-wide frame."""
EVEN = 0.1
"""Variance of local contrast below which a window is even, and no correlation is asked of it."""
TONE_STEPS = 32
TONE_SLACK, TONE_SPREAD, TONE_WINDOW = 1.0, 12.0, 4.0
"""Difference of L* after the tones are matched that costs nothing, and beyond it, the one that leaves 37 %; in a
window of this deviation, in pixels of a 900-pixel-wide frame."""
RETURN_SPREAD, RETURN_MOST = 30.0, 40.0
"""Miss on the way there and back that leaves 37 %, and the miss that counts at most, in such pixels too.
These figures fit the error of the chroma of 35 pairs of distant frames of the training clips."""


@dataclass(frozen=True, slots=True, eq=False)
class KeyPoints:
    """Places of a picture that are known again in another (SIFT)."""

    places: Array
    """(N, 2) float32: x and y"""
    looks: Array
    """(N, 128) float32"""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A picture, gray, to be laid over others or to have others laid over it."""

    lightness: Array
    """(H, W)"""
    contrast: Array
    """(H, W): local contrast"""
    key_points: KeyPoints


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A picture laid over a frame."""

    points: Array
    """(2, H, W): where each pixel of the frame lies in the picture, x then y"""
    fit: Array
    """(H, W), 0..1: how far what lies there is the same thing"""
    back: Array
    """(H, W) pixels: how far from its start a pixel lands after going there and back"""


def local_contrast(lightness: Array) -> Array:
    """(H, W): lightness over its local mean, in local deviations; about -3..3."""
    sigma = max(2.0, CONTRAST_WINDOW * lightness.shape[1])
    mean = _blurred(lightness, sigma)
    spread = np.sqrt(np.maximum(_blurred(lightness * lightness, sigma) - mean * mean, 0))
    return (lightness - mean) / (spread + np.float32(CONTRAST_FLOOR))


def prepare(lightness: Array) -> Prepared:
    """All that aligning finds in a picture alone, lightness (H, W)."""
    contrast = local_contrast(lightness)
    return Prepared(lightness, contrast, _key_points(contrast))


def align(frame: Prepared, picture: Prepared) -> Alignment:
    """The picture laid over the frame; both of one size."""
    size = frame.lightness.shape
    whole = _affine(frame.key_points, picture.key_points)
    placed = _along(whole, grid(size))
    moved = local_contrast(fetch(picture.lightness, placed))
    estimate = Dis(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM, finest_scale=0)
    there, back = (estimate(_shown(a), _shown(b)) for a, b in ((frame.contrast, moved), (moved, frame.contrast)))
    points = _along(whole, grid(size) + there)
    miss = mismatch(there, back)
    shown, shown_contrast = fetch(picture.lightness, points), fetch(moved, grid(size) + there)
    fit = _fit(frame.lightness, frame.contrast, shown, shown_contrast, miss)
    return Alignment(points, fit * _inside(points), miss)


def affine_between(a: Array, b: Array) -> Array:
    """(2, 3) affine map from picture a to picture b (local contrast); the identity where none is to be found."""
    return _affine(_key_points(a), _key_points(b))


def _affine(a: KeyPoints, b: KeyPoints) -> Array:
    identity = np.eye(2, 3)
    if min(len(a.places), len(b.places)) < FEWEST_INLIERS:
        return identity
    pairs = cv2.BFMatcher().knnMatch(a.looks, b.looks, k=2)
    good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < RATIO * p[1].distance]
    if len(good) < FEWEST_INLIERS:
        return identity
    start, end = a.places[[m.queryIdx for m in good]], b.places[[m.trainIdx for m in good]]
    affine, inliers = cv2.estimateAffine2D(
        start, end, method=cv2.RANSAC, ransacReprojThreshold=INLIER_PIXELS, maxIters=5000
    )
    if affine is None or int(inliers.sum()) < FEWEST_INLIERS or not _plausible(affine):
        return identity
    return affine


def laid_along(affine: Array, picture: Array) -> Array:
    """(H, W): the picture laid on a frame by the affine map from the frame to it."""
    return fetch(picture, _along(affine, grid(picture.shape)))


def _plausible(affine: Array) -> bool:
    scales = np.linalg.svd(affine[:, :2], compute_uv=False)
    return bool(scales[1] > STRETCH[0] and scales[0] < STRETCH[1] and np.linalg.det(affine[:, :2]) > 0)


def _key_points(contrast: Array) -> KeyPoints:
    finder = cv2.SIFT_create(KEY_POINTS, contrastThreshold=0.02)  # type: ignore[attr-defined]
    points, looks = finder.detectAndCompute((_shown(contrast) * 2.55).astype(np.uint8), None)
    return KeyPoints(np.array([p.pt for p in points], np.float32).reshape(-1, 2), looks if points else EMPTY)


def _shown(contrast: Array) -> Array:
    """Local contrast as L* 0..100, for estimators that read lightness."""
    return np.clip(50 + 19 * contrast, 0, 100).astype(np.float32)


def _along(affine: Array, points: Array) -> Array:
    x, y = points
    return np.stack([row[0] * x + row[1] * y + row[2] for row in affine]).astype(np.float32)


def _inside(points: Array) -> Array:
    height, width = points.shape[1:]
    edge = FRAME_EDGE * width
    x, y = points
    return ((x >= edge) & (y >= edge) & (x <= width - 1 - edge) & (y <= height - 1 - edge)).astype(np.float32)


def _fit(frame: Array, contrast: Array, picture: Array, picture_contrast: Array, miss: Array) -> Array:
    """(H, W) 0..1: agreement of structure around, of tone, and of the ways there and back."""
    scale = frame.shape[1] / 900
    agree = correlation(contrast, picture_contrast, max(2.0, AROUND * scale))
    structure = np.clip((agree - FIT_LOW) / (FIT_HIGH - FIT_LOW), 0, 1)
    off = np.abs(_blurred(frame - match_tones(picture, frame, structure > 0.5), max(1.0, TONE_WINDOW * scale)))
    tone = np.exp(-np.maximum(off - TONE_SLACK, 0) / TONE_SPREAD)
    return structure * tone * np.exp(-np.minimum(miss / scale, RETURN_MOST) / RETURN_SPREAD)


def match_tones(picture: Array, frame: Array, where: Array) -> Array:
    """The picture's lightness in the frame's tones, by the median of each step over the pixels that fit."""
    if where.mean() < 0.05:
        return picture
    have, want = picture[where], frame[where]
    order = np.argsort(have, kind="stable")
    groups = np.array_split(order, TONE_STEPS)
    x = np.array([have[g].mean() for g in groups if len(g)])
    y = np.maximum.accumulate([np.median(want[g]) for g in groups if len(g)])
    keep = np.r_[True, np.diff(x) > 1e-3]
    return np.interp(picture, x[keep], y[keep]).astype(np.float32)


def correlation(a: Array, b: Array, sigma: float) -> Array:
    """(H, W): correlation of two pictures of local contrast in a window; about 1 where both are even."""
    mean_a, mean_b = _blurred(a, sigma), _blurred(b, sigma)
    var_a = np.maximum(_blurred(a * a, sigma) - mean_a * mean_a, 0) + EVEN
    var_b = np.maximum(_blurred(b * b, sigma) - mean_b * mean_b, 0) + EVEN
    return (_blurred(a * b, sigma) - mean_a * mean_b + EVEN) / np.sqrt(var_a * var_b)


def _blurred(picture: Array, sigma: float) -> Array:
    return cv2.GaussianBlur(picture, (0, 0), sigma)
