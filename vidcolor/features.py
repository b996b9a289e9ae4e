"""What a place in a gray picture looks like, without any training.

- Each level reads the lightness at one stride: brightness, roughness, strength of edges by direction, and the
  brightness around (a wide, coarse patch). All are measured against the picture's own spread of lightness, so
  that another exposure or print of the same scene gives the same features.
- The features network (networks/features.py) has the same interface: a callable from lightness to maps, their strides.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.compiled import strict
from vidcolor.errors import InputError
from vidcolor.types import Reference

DIRECTIONS = 6
"""Directions of edges told apart, over half a turn."""
RING = 8
"""Places looked at around a pixel, on each ring."""
RADII = (3.0, 7.0)
"""Radii of the rings, in pixels of the level."""
SMALLEST_SPREAD = 4.0
"""Deviation of lightness, in L*, that an even picture is said to have."""
BRIGHTNESS, ROUGHNESS, EDGES, AROUND = 1.0, 0.7, 0.7, 0.5
"""Weights of the four kinds of channels. Chosen on pairs of distant frames of the training clips."""


STRIP = 512
"""Columns summed together: they stay in the processor's first cache."""
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""BT.709's luma: what gray film shows of a colour picture."""


def gray_of(picture: Reference) -> Array:
    """(H, W): L* of the picture as a gray film shows it, by its luma. Saturated colours differ from their own L*."""
    rgb = lab_to_rgb(np.concatenate([picture.lightness[None], picture.chroma]))
    return lightness_of(np.tensordot(LUMA, rgb, 1))


def lightness_of(luma: Array) -> Array:
    """(H, W): L* of a gray picture's coded luma (H, W), 0..1; what lies outside is clipped."""
    return rgb_to_lab(np.stack([luma] * 3))[0]


def correlate(a: Array, b: Array) -> Array:
    """(N, M): the inner products of the columns of a (C, N) and b (C, M), float32.

    A loop of ours, not BLAS: that one answers other last digits with other numbers of threads.
    """
    out = np.zeros((a.shape[1], b.shape[1]), np.float32)
    _correlate(np.ascontiguousarray(a.T, np.float32), np.ascontiguousarray(b, np.float32), out)
    return out


@strict()
def _correlate(rows, b, out):  # type: ignore[no-untyped-def]
    # Four channels at a time, added in their order: a quarter of the loads and stores, and the same bits.
    channels, count = b.shape
    whole = channels - channels % 4
    for first in range(0, count, STRIP):
        last = min(first + STRIP, count)
        for i in range(rows.shape[0]):
            line = out[i, first:last]
            for c in range(0, whole, 4):
                v0, v1, v2, v3 = rows[i, c], rows[i, c + 1], rows[i, c + 2], rows[i, c + 3]
                b0, b1, b2, b3 = b[c, first:last], b[c + 1, first:last], b[c + 2, first:last], b[c + 3, first:last]
                for j in range(last - first):
                    line[j] = (((line[j] + v0 * b0[j]) + v1 * b1[j]) + v2 * b2[j]) + v3 * b3[j]
            for c in range(whole, channels):
                v0, b0 = rows[i, c], b[c, first:last]
                for j in range(last - first):
                    line[j] += v0 * b0[j]


class Features(Protocol):
    """Answers what each place of a gray picture looks like; may be called by several threads at once."""

    @property
    def name(self) -> str:
        """What made the features, for fingerprints."""
        ...

    @property
    def strides(self) -> tuple[int, ...]:
        """Pixels of the picture to one of each map, finest first."""
        ...

    def __call__(self, lightness: Array) -> list[Array]:
        """(C, h, w) float32 for each stride, h and w the picture's over the stride, rounded up."""
        ...


class PatchFeatures:
    """Training-free features at several strides."""

    name = "patch-1"

    def __init__(self, strides: tuple[int, ...] = (2, 4, 8)) -> None:
        self.strides = strides

    def __call__(self, lightness: Array) -> list[Array]:
        """(C, h, w) float32 maps of the lightness (H, W), one for each stride; refuses other shapes."""
        if lightness.ndim != 2:
            raise InputError(f"features of an array of shape {lightness.shape}: lightness must be (H, W)")
        level = standardized(lightness)
        return [_level(_reduced(level, stride)) for stride in self.strides]


def standardized(lightness: Array) -> Array:
    """Lightness over its mean, in deviations of the whole picture."""
    spread = max(float(lightness.std()), SMALLEST_SPREAD)
    return ((lightness - lightness.mean()) / spread).astype(np.float32)


def _reduced(picture: Array, stride: int) -> Array:
    height, width = (max(1, -(-n // stride)) for n in picture.shape)
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def _level(picture: Array) -> Array:
    """All channels of one level, each of about zero mean and unit weight."""
    soft, softer = _blurred(picture, 1.0), _blurred(picture, 3.0)
    rough = [np.sqrt(np.maximum(_blurred(picture**2, s) - _blurred(picture, s) ** 2, 0)) for s in (1.5, 4.0)]
    channels = [
        BRIGHTNESS * np.stack([soft, softer]),
        ROUGHNESS * (np.log(np.stack(rough) + 0.02) + 1.2),
        EDGES * _edges(picture),
        AROUND * _around(picture, soft),
    ]
    return np.concatenate(channels).astype(np.float32)


def _edges(picture: Array) -> Array:
    """(DIRECTIONS, H, W): strength of edges of each direction nearby, as shares of all, about zero mean."""
    soft = _blurred(picture, 0.7)
    gx, gy = (cv2.Sobel(soft, cv2.CV_32F, *d, scale=1 / 8) for d in ((1, 0), (0, 1)))
    size, angle = np.hypot(gx, gy), np.arctan2(gy, gx) * (DIRECTIONS / np.pi)
    bins = []
    for k in range(DIRECTIONS):
        near = np.abs((angle - k + DIRECTIONS / 2) % DIRECTIONS - DIRECTIONS / 2)
        bins.append(_blurred(size * np.maximum(0, 1 - near), 2.5))
    energy = np.stack(bins)
    share = energy / (np.sqrt((energy**2).sum(0, keepdims=True)) + 0.02)
    return (share - 0.25) * 3.0


def _around(picture: Array, soft: Array) -> Array:
    """(2 RING, H, W): brightness at places around, against the place itself."""
    out = []
    height, width = picture.shape
    for radius in RADII:
        wide = _blurred(picture, radius / 2.5)
        pad = int(np.ceil(radius))
        padded = cv2.copyMakeBorder(
            wide, pad, pad, pad, pad, cv2.BORDER_REFLECT_101 if min(height, width) > pad else cv2.BORDER_REPLICATE
        )
        for k in range(RING):
            dx, dy = (round(radius * f(2 * np.pi * k / RING)) + pad for f in (np.cos, np.sin))
            out.append(padded[dy : dy + height, dx : dx + width] - soft)
    return np.stack(out)


def _blurred(picture: Array, sigma: float) -> Array:
    return cv2.GaussianBlur(picture, (0, 0), sigma)
