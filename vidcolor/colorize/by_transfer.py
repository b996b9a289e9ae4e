"""Stage 4: a frame coloured from other pictures of the same things, by super-features; needs no training.

Source: Carrillo et al., Non-local matching of superpixel-based deep features for color transfer, VISAPP 2022.
Ours: training-free features; several references at once, each weighed by how well it matches; levels are compared
together; eq. 4.7 sums over a pixel's nearby superpixels only; the rest of the weights are beyond 1e-3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import strict
from vidcolor.features import Features, correlate, gray_of
from vidcolor.settings import ColorizeSettings
from vidcolor.superpixels.pool import pool
from vidcolor.superpixels.segment import segment
from vidcolor.types import ColorFrame, Frame, Reference

PER_ROOT_PIXEL = 3.0
"""Superpixels of a picture of n pixels: 3 sqrt(n) (Carrillo 2022a)."""
LARGEST = 1000
"""References are read at this long side at most; finer detail does not change their superpixels' colours."""
POSITION_REACH = 2.5
"""Eq. 4.9's spatial deviation, in deviations of an even superpixel."""
LIGHTNESS_REACH, LEAST_SPREAD = 2.0, 4.0
"""Eq. 4.9's deviation of lightness, in those of the superpixel, which count as this many L* at least."""


AGREE = 12.0
"""Spread of a*b* among a superpixel's matches that halves its confidence."""
LEAST_LOGIT = 14.0
"""Matches this far below the best weigh less than a millionth."""
ANYWHERE = 0.5
"""Reach of matches in a picture that is not of this frame: films keep their framing for a while."""


@dataclass(frozen=True, slots=True, eq=False)
class SuperPixels:
    """A picture's superpixels: where they are, and what they look like."""

    labels: Array
    """(H, W) int32"""
    features: Array
    """(C, N): every level's super-features, each level of zero mean over its channels and unit length"""
    places: Array
    """(N, 2): middle, x and y, in 0..1 of the picture"""


def transfer(
    target: Frame,
    references: Sequence[tuple[Reference, float]],
    features: Features,
    settings: ColorizeSettings,
    *,
    reach: float = ANYWHERE,
) -> ColorFrame:
    """The frame in colours found in the references, at the frame's size, with confidence.

    references  each with how well it matches the frame, 0..1 (as `choose_references` gives them)
    reach       how far from its own place a thing is looked for, in widths and heights of the picture
    Without references: no colour, confidence 0.
    """
    size = target.lightness.shape
    if not references:
        return ColorFrame(target.index, np.zeros((2, *size), np.float32), np.zeros(size, np.float32))
    mine = super_pixels(target.lightness, features)
    theirs, colors, prior = [], [], []
    for reference, score in references:
        lightness, chroma = _bounded(reference)
        found = super_pixels(lightness, features)
        theirs.append(found)
        colors.append(pool(chroma, found.labels, found.features.shape[1]))
        prior.append(np.full(found.features.shape[1], np.log(max(score, 1e-3)) * settings.trust, np.float32))
    keys = np.concatenate([t.features for t in theirs], 1)
    places = np.concatenate([t.places for t in theirs])
    attended = np.empty((4, mine.features.shape[1]), np.float32)
    _attend(
        correlate(mine.features, keys),
        (mine.places, places, np.float32(reach**-2), np.concatenate(prior)),
        np.concatenate(colors, 1),
        np.float32(1 / settings.tau),
        attended,
    )
    chroma, sure = attended[:2], _sureness(attended[2], attended[3], settings.alike)
    planes = spread(target.lightness, mine, np.concatenate([chroma, sure[None]]))
    return ColorFrame(target.index, planes[:2], np.clip(planes[2], 0, 1))


def super_pixels(lightness: Array, features: Features) -> SuperPixels:
    """Superpixels of a picture and their super-features, all levels under one another."""
    labels = segment(lightness, round(PER_ROOT_PIXEL * lightness.size**0.5))
    count = int(labels.max()) + 1
    size = lightness.shape
    levels = []
    for level in features(lightness):
        full = np.stack([cv2.resize(m, size[::-1], interpolation=cv2.INTER_LINEAR) for m in level])
        pooled = pool(full, labels, count)
        pooled = pooled - pooled.mean(0)
        levels.append(pooled / (np.linalg.norm(pooled, axis=0) + 1e-6))
    ys, xs = np.mgrid[: size[0], : size[1]].astype(np.float32)
    places = pool(np.stack([(xs + 0.5) / size[1], (ys + 0.5) / size[0]]), labels, count)
    return SuperPixels(labels, np.concatenate(levels) / np.float32(len(levels) ** 0.5), places.T)


def _sureness(apart: Array, alike: Array, least: float) -> Array:
    """(N,) 0..1: sure is what looks like its matches (correlation `alike`), all of one colour (spread `apart`)."""
    return np.clip((alike - least) / (1 - least), 0, 1) / (1 + (apart / AGREE) ** 2)


@strict()
def _attend(correlation, biases, colors, sharpness, out):  # type: ignore[no-untyped-def]
    """Writes a*, b*, their spread and the correlation, as the attention (eq. 4.3) of each superpixel has them."""
    mine, theirs, narrow, prior = biases
    logits = np.empty(correlation.shape[1], np.float32)
    for i in range(correlation.shape[0]):
        most = np.float32(-1e30)
        for j in range(correlation.shape[1]):
            dx, dy = mine[i, 0] - theirs[j, 0], mine[i, 1] - theirs[j, 1]
            logits[j] = correlation[i, j] * sharpness + prior[j] - narrow * (dx * dx + dy * dy)
            most = max(most, logits[j])
        total, a, b, square, alike = 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(correlation.shape[1]):
            if logits[j] > most - LEAST_LOGIT:
                w = np.exp(logits[j] - most)
                total += w
                a += w * colors[0, j]
                b += w * colors[1, j]
                square += w * (colors[0, j] ** 2 + colors[1, j] ** 2)
                alike += w * correlation[i, j]
        out[0, i], out[1, i] = a / total, b / total
        out[2, i] = np.sqrt(max(square / total - (a * a + b * b) / (total * total), 0.0))
        out[3, i] = alike / total


def spread(lightness: Array, pixels: SuperPixels, values: Array) -> Array:
    """(C, H, W): each pixel's mean of the values (C, N) of the superpixels around, as near and as light as it is.

    Eq. 4.6 to 4.9.
    """
    count = values.shape[1]
    height, width = lightness.shape
    area = np.bincount(pixels.labels.ravel(), minlength=count)
    planes = pool(np.stack([lightness, lightness**2]), pixels.labels, count)
    deviation = np.maximum(np.sqrt(np.maximum(planes[1] - planes[0] ** 2, 0)), LEAST_SPREAD) * LIGHTNESS_REACH
    step = (height * width / count) ** 0.5
    middles = pixels.places * np.array([width, height], np.float32)
    reach = POSITION_REACH * np.sqrt(np.maximum(area, 1) / 12.0)
    cells, members = _cells(middles, step, (height, width))
    out = np.empty((values.shape[0], height, width), np.float32)
    _spread(
        lightness,
        values,
        middles.astype(np.float32),
        (1 / reach**2).astype(np.float32),
        planes[0].astype(np.float32),
        (1 / deviation**2).astype(np.float32),
        cells,
        members,
        np.float32(1 / step),
        out,
    )
    return out


def _cells(middles: Array, step: float, size: tuple[int, int]) -> tuple[Array, Array]:
    """Superpixels by the grid cell of their middle: (rows, columns, 2) first and last, and their numbers in order."""
    rows, columns = int(size[0] / step) + 1, int(size[1] / step) + 1
    row = np.clip((middles[:, 1] / step).astype(np.int64), 0, rows - 1)
    column = np.clip((middles[:, 0] / step).astype(np.int64), 0, columns - 1)
    cell = row * columns + column
    members = np.argsort(cell, kind="stable")
    ends = np.cumsum(np.bincount(cell, minlength=rows * columns))
    starts = np.r_[0, ends[:-1]]
    return np.stack([starts, ends], 1).reshape(rows, columns, 2).astype(np.int32), members.astype(np.int32)


@strict()
def _spread(lightness, values, middles, narrow, mean, sharp, cells, members, per_step, out):  # type: ignore[no-untyped-def]
    channels, height, width = out.shape
    rows, columns = cells.shape[:2]
    total = np.empty(channels, np.float32)
    for y in range(height):
        row = min(int(y * per_step), rows - 1)
        for x in range(width):
            column = min(int(x * per_step), columns - 1)
            weight = np.float32(0)
            total[:] = 0
            for r in range(max(row - 2, 0), min(row + 3, rows)):
                for c in range(max(column - 2, 0), min(column + 3, columns)):
                    for m in range(cells[r, c, 0], cells[r, c, 1]):
                        i = members[m]
                        dx, dy = middles[i, 0] - x, middles[i, 1] - y
                        dl = mean[i] - lightness[y, x]
                        w = np.exp(-(dx * dx + dy * dy) * narrow[i] - min(dl * dl * sharp[i], np.float32(12)))
                        w += np.float32(1e-12)
                        weight += w
                        for k in range(channels):
                            total[k] += w * values[k, i]
            for k in range(channels):
                out[k, y, x] = total[k] / weight


def _bounded(reference: Reference) -> tuple[Array, Array]:
    """The reference's lightness and chroma, at most LARGEST long."""
    height, width = reference.lightness.shape
    scale = LARGEST / max(height, width)
    if scale >= 1:
        return gray_of(reference), reference.chroma
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    planes = [gray_of(reference), *reference.chroma]
    small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in planes]
    return small[0], np.stack(small[1:])
