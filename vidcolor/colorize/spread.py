"""Colours of superpixels handed to pixels, each as near and as like-coloured as it is (Carrillo 2024, eq. 4.6 to 4.9).

- A row of the attention A sums to 1, so eq. 4.6 and 4.7 fold into a mean over the target's own superpixels alone:

      T^(p) = sum_i d(p, i) C(i) / sum_i d(p, i),   C(i) = sum_j A(i, j) Rbar(j)

  which is exact and takes the reference out of the sum over pixels.
- d(p, i) falls off with distance, whatever the colours. Tiles of pixels sort the superpixels by the distance's least
  share of the exponent, and each pixel stops where that alone is CUTOFF more than the best exponent it has found.
  What is left out is below N exp(-CUTOFF) of the weight: 3e-4 of a colour for 2,600 superpixels, mostly far less.
- Exponents are taken relative to the best, so that a pixel unlike everything around still has a colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import INNER, strict
from vidcolor.errors import InputError

CUTOFF = 16.0
TILE = 16
"""Side of a tile, in pixels."""
PIXEL = 1 / 12
"""Variance of a position within one pixel: no superpixel is narrower."""


@dataclass(frozen=True, slots=True)
class SpreadRule:
    """Eq. 4.9's constants."""

    near: float
    """delta_s: reach over the picture, in deviations of the superpixel's positions"""
    like: float
    """delta_c: reach over colours, in deviations of the superpixel's colours"""
    grain: float
    """Deviation added to those of the colours: rounding and grain, without which an even superpixel would reach none"""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Eq. 4.8 and 4.9 of every superpixel of a picture."""

    middles: Array
    """(N, 2): x and y"""
    colors: Array
    """(N, K): mean colour"""
    place: Array
    """(N, 3): inverse covariance of the position: xx, xy, yy"""
    color: Array
    """(N, K, K): R of the inverse covariance of the colour, R^T R, upper triangle"""
    least: Array
    """(N,): smaller eigenvalue of `place`"""


def reach_of(picture: Array, labels: Array, rule: SpreadRule) -> Reach:
    """Means and inverse covariances of V = [x, y, colour] in every superpixel of a picture (K, H, W), in float64."""
    count, where = int(labels.max()) + 1, labels.reshape(-1)
    size = np.bincount(where, minlength=count)
    ys, xs = np.divmod(np.arange(labels.size), labels.shape[1])
    places, place = _moments(np.stack([xs, ys]), where, size)
    colors, color = _moments(picture.reshape(len(picture), -1), where, size)
    place = np.linalg.inv(rule.near**2 * (place + PIXEL * np.eye(2)))
    color = np.linalg.inv(rule.like**2 * (color + rule.grain**2 * np.eye(len(picture))))
    upper = np.linalg.cholesky(color).transpose(0, 2, 1)
    least = np.linalg.eigvalsh(place)[:, 0]
    place = np.stack([place[:, 0, 0], place[:, 0, 1], place[:, 1, 1]], 1)
    single = (np.ascontiguousarray(part, np.float32) for part in (places, colors, place, upper, least))
    return Reach(*single)


def _moments(values: Array, where: Array, size: Array) -> tuple[Array, Array]:
    """(N, K) means and (N, K, K) covariances, float64, of values (K, pixels)."""
    channels, count = len(values), len(size)
    pixels = np.maximum(size, 1)
    means = np.stack([np.bincount(where, plane, count) / pixels for plane in values.astype(np.float64)], 1)
    off = [plane - means[where, k] for k, plane in enumerate(values)]
    spread = np.empty((count, channels, channels))
    for a in range(channels):
        for b in range(a, channels):
            spread[:, a, b] = spread[:, b, a] = np.bincount(where, off[a] * off[b], count) / pixels
    return means, spread


def spread(picture: Array, reach: Reach, values: Array) -> Array:
    """(C, H, W) float32: each pixel's mean of the superpixels' values, weighed by eq. 4.8.

    picture  (K, H, W): L*, or L*a*b*, as the superpixels' colours
    values   (C, N)
    """
    if picture.ndim != 3 or len(picture) != reach.colors.shape[1] or values.shape[1] != len(reach.colors):
        raise InputError(f"spread: picture {picture.shape} and values {values.shape} do not fit {len(reach.colors)}")
    out, count = np.empty((len(values), *picture.shape[1:]), np.float32), len(reach.colors)
    total, off = np.empty(len(values), np.float32), np.empty(len(picture), np.float32)
    _spread(
        np.ascontiguousarray(picture, np.float32),
        (reach.middles, reach.colors, reach.place, reach.color, reach.least),
        np.ascontiguousarray(values.T, np.float32),
        (np.empty(258, np.int64), np.empty(count, np.int64), np.empty(count, np.float32), total, off),
        out,
    )
    return out


@strict(**INNER)
def _nearest_first(middles, least, box, starts, bound, order):  # type: ignore[no-untyped-def]
    """Writes the superpixels in order of their least exponent over a tile, and those exponents, in steps of 1.

    Steps beyond 255 are one: they come in the order of their numbers, with 255 as their bound.
    """
    for k in range(258):
        starts[k] = 0
    y0, y1, x0, x1 = box
    for i in range(middles.shape[0]):
        dx = max(np.float32(0), x0 - middles[i, 0], middles[i, 0] - x1)
        dy = max(np.float32(0), y0 - middles[i, 1], middles[i, 1] - y1)
        starts[int(min(np.float32(255), least[i] * (dx * dx + dy * dy))) + 1] += 1
    for k in range(257):
        starts[k + 1] += starts[k]
    for i in range(middles.shape[0]):
        dx = max(np.float32(0), x0 - middles[i, 0], middles[i, 0] - x1)
        dy = max(np.float32(0), y0 - middles[i, 1], middles[i, 1] - y1)
        step = int(min(np.float32(255), least[i] * (dx * dx + dy * dy)))
        order[starts[step]] = i
        bound[starts[step]] = step
        starts[step] += 1


@strict()
def _spread(picture, reach, values, scratch, out):  # type: ignore[no-untyped-def]
    """scratch  where each step of the exponent begins; the order and its bounds; sums; a colour's differences"""
    middles, colors, place, color, least = reach
    (channels, height, width), kinds, count = out.shape, picture.shape[0], middles.shape[0]
    starts, order, bound, total, off = scratch
    for tile in range(((height + TILE - 1) // TILE) * ((width + TILE - 1) // TILE)):
        top = tile // ((width + TILE - 1) // TILE) * TILE
        left = tile % ((width + TILE - 1) // TILE) * TILE
        bottom, right = min(top + TILE, height), min(left + TILE, width)
        box = (np.float32(top), np.float32(bottom - 1), np.float32(left), np.float32(right - 1))
        _nearest_first(middles, least, box, starts, bound, order)
        for y in range(top, bottom):
            for x in range(left, right):
                best, weight = np.float32(1e30), np.float32(0)
                for c in range(channels):
                    total[c] = 0
                for n in range(count):
                    if bound[n] > best + np.float32(CUTOFF):
                        break
                    i = order[n]
                    dx, dy = np.float32(x) - middles[i, 0], np.float32(y) - middles[i, 1]
                    q = place[i, 0] * dx * dx + np.float32(2) * place[i, 1] * dx * dy + place[i, 2] * dy * dy
                    if q > best + np.float32(CUTOFF):
                        continue
                    for a in range(kinds):
                        off[a] = picture[a, y, x] - colors[i, a]
                    for a in range(kinds):
                        along = np.float32(0)
                        for b in range(a, kinds):
                            along += color[i, a, b] * off[b]
                        q += along * along
                    if q < best:  # the best so far: what was summed is counted relative to it
                        shrink = np.exp(q - best)
                        weight *= shrink
                        for c in range(channels):
                            total[c] *= shrink
                        best = q
                    if q < best + np.float32(CUTOFF):
                        w = np.exp(best - q)
                        weight += w
                        for c in range(channels):
                            total[c] += w * values[i, c]
                for c in range(channels):
                    out[c, y, x] = total[c] / weight
