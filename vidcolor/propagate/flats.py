"""Drawn frames: each flat area has one paint, and the paint is known by its gray.

Cel animation is outlined areas of one paint each. Carried colours spoil that: an area that is uncovered bit by bit
comes out in two colours, and small things that jump with each drawing lose theirs. In a shot whose keyframes are drawn,
an area's colour is said once, by the part of it that is known best; where a paint of a keyframe has the same gray and
is not contradicted by what is known, it is that paint. Lines and soft edges take the colour of the area beside them,
the less the darker they are. Photographs have no such keyframes, and nothing changes in them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.confidence import error_of
from vidcolor.planes.kinds import down, like
from vidcolor.propagate.blend import Candidate
from vidcolor.propagate.by_flow import SmallKeyframe

STEP = np.float32(3.0)
"""L* between neighbours up to which they are of one area: grain at chroma size."""
EVEN = 1.2
"""Standard deviation of L* in an area of one paint, at most."""
LEAST = 6
"""Pixels of an area without its edge, at least."""
DRAWN = 0.6
"""Share of a keyframe in even areas of one colour each from which it is drawn."""
ONE = 4.0
"""Mean distance from the middle colour in an area of one paint, in a*b*, at most."""
KNOWN = 4.0
"""Expected error up to which a colour of a keyframe is a paint's, in a*b*."""
BEST = 0.2
"""Share of an area's pixels, the best known, that says its colour."""
GRAY, MOST_GRAY = 0.5, 1.5
"""Difference of L* that speaks against a paint, and the most that one may have."""
UNSURE = 3.0
"""Expected error up to which a colour contradicts a paint that lies further off than OTHER."""
OTHER = 12.0
APART = 0.7
"""Distance that speaks as much against a paint as GRAY, as a share of the frame's width."""
PAINTED = 1.5
"""Expected error of a paint that is recognised."""
BESIDE = 3.0
"""Pixels that lines and soft edges reach from their area."""


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """The flat areas of a frame."""

    labels: Array
    """(h, w) int32: 0 where there is none, else the area's number from 1 on"""
    pixels: list[Array]
    """Of each, the places of its pixels in the flattened frame"""
    gray: Array
    """(n,) L*"""
    at: Array
    """(n, 2): the middle of each, as shares of the frame's width"""
    even: Array
    """(n,) bool: of one gray"""


@dataclass(frozen=True, slots=True, eq=False)
class Paints:
    """What a keyframe's flat areas are painted with: n of them; none where it is not drawn."""

    gray: Array
    color: Array
    """(n, 2) a*b*"""
    error: Array
    at: Array


class Flats:
    """Paints a shot's frames by the keyframes that were met last."""

    def __init__(self) -> None:
        self._met: dict[int, Paints] = {}

    def meet(self, positions: Collection[int], key: Callable[[int], SmallKeyframe]) -> None:
        """Goes on with these keyframes, and no others; `key` gives one by its position."""
        self._met = {p: self._met[p] if p in self._met else paints_of(key(p)) for p in sorted(positions)}

    def __call__(self, luma: Array, chroma: Array, error: Array) -> Candidate:
        """Chroma (2, h, w) and expected error (h, w) of a frame of lightness `luma` (h, w), L* / 100, as painted."""
        drawn = [p for p in self._met.values() if len(p.gray)]
        if not drawn:
            return chroma, error
        paints = Paints(*(np.concatenate([getattr(p, name) for p in drawn]) for name in Paints.__slots__))
        planes = painted(down(luma), down(chroma), down(error), paints)
        return like(planes[0], chroma), like(planes[1], error)


def areas_of(luma: Array) -> Areas:
    """The flat areas of a frame (h, w), L* / 100."""
    light = np.ascontiguousarray(100 * luma, np.float32)
    square = np.ones((3, 3), np.uint8)
    flat = cv2.dilate(light, square) - cv2.erode(light, square) < STEP
    count, labels, stats, middles = cv2.connectedComponentsWithStats(flat.astype(np.uint8), connectivity=4)
    large = np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= LEAST) + 1
    number = np.zeros(count, np.int32)
    number[large] = np.arange(1, len(large) + 1)
    labels = number[labels]
    order = np.argsort(labels, axis=None, kind="stable")
    pixels = np.split(order, np.cumsum(np.bincount(labels.ravel(), minlength=len(large) + 1))[:-1])[1:]
    grays = [light.ravel()[p] for p in pixels]
    even = np.array([g.std() <= EVEN for g in grays], np.bool_)
    gray = np.array([g.mean() for g in grays], np.float32)
    return Areas(labels, pixels, gray, middles[large] / luma.shape[1], even)


def paints_of(key: SmallKeyframe) -> Paints:
    """The paints of a keyframe."""
    luma, chroma, confidence = (down(plane) for plane in (key.look.luma, key.chroma, key.confidence))
    areas, errors, chroma = areas_of(luma), error_of(confidence).ravel(), chroma.reshape(2, -1)
    kept, colors, doubts, whole = [], [], [], 0
    for n, pixels in enumerate(areas.pixels):
        color, apart = _middle(chroma[:, pixels])
        doubt = float(np.median(errors[pixels]))
        if areas.even[n] and apart <= ONE and doubt <= KNOWN:
            kept.append(n)
            colors.append(color)
            doubts.append(doubt)
            whole += len(pixels)
    if whole < DRAWN * errors.size:
        kept, colors, doubts = [], [], []
    found, middles = np.array(colors, np.float32).reshape(-1, 2), areas.at[kept]
    return Paints(areas.gray[kept], found, np.array(doubts, np.float32), middles)


def painted(luma: Array, chroma: Array, error: Array, paints: Paints) -> Candidate:
    """A frame's chroma (2, h, w) and expected error (h, w), its flat areas in one colour each."""
    areas = areas_of(luma)
    flat, errors = chroma.reshape(2, -1).copy(), error.ravel().copy()
    colors, doubts = np.zeros((len(areas.pixels) + 1, 2), np.float32), np.zeros(len(areas.pixels) + 1, np.float32)
    said = np.zeros(len(areas.pixels) + 1, np.bool_)
    for n, pixels in enumerate(areas.pixels):
        if not areas.even[n]:
            continue
        best = np.quantile(errors[pixels], BEST)
        known = pixels[errors[pixels] <= best]
        color, apart = _middle(flat[:, known])
        if apart > ONE and best <= UNSURE:
            continue  # surely of two paints that are of one gray
        colors[n + 1], doubts[n + 1] = _paint(areas, n, color, float(best), paints)
        said[n + 1] = True
        flat[:, pixels], errors[pixels] = colors[n + 1][:, None], doubts[n + 1]
    _beside(luma, areas, colors, doubts, said, flat, errors)
    return flat.reshape(chroma.shape), errors.reshape(error.shape)


def _paint(areas: Areas, n: int, color: Array, doubt: float, paints: Paints) -> tuple[Array, float]:
    """The paint of an area, and its expected error; its own colour where none is like it."""
    gray = np.abs(paints.gray - areas.gray[n])
    off = np.hypot(*(paints.color - color).T)
    apart = np.hypot(*(paints.at - areas.at[n]).T)
    cost = np.square(gray / GRAY) + np.square(off / (2 + doubt)) + np.square(apart / APART)
    cost[(gray > MOST_GRAY) | ((doubt <= UNSURE) & (off > OTHER))] = np.inf
    least = int(np.argmin(cost))
    if not np.isfinite(cost[least]):
        return color, doubt
    return paints.color[least], max(float(paints.error[least]), PAINTED)


def _beside(luma: Array, areas: Areas, colors: Array, doubts: Array, said: Array, flat: Array, errors: Array) -> None:
    """Has lines and soft edges take the colour of the area beside them, as far as they are as light."""
    none = areas.labels == 0
    if none.all():
        return
    away, nearest = cv2.distanceTransformWithLabels(
        none.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    of = np.zeros(int(nearest.max()) + 1, np.int32)
    of[nearest[~none]] = areas.labels[~none]
    area = of[nearest]
    grays = np.concatenate([np.zeros(1, np.float32), areas.gray])[area]
    there = np.flatnonzero(none & said[area] & (away <= BESIDE) & (100 * luma <= grays + STEP))
    share = np.clip(100 * luma.ravel()[there] / np.maximum(grays.ravel()[there], 1), 0, 1)
    flat[:, there] = colors[area.ravel()[there]].T * share
    errors[there] = np.minimum(errors[there], doubts[area.ravel()[there]] + 1)


def _middle(colors: Array) -> tuple[Array, float]:
    """The middle one of colours (2, n), and their mean distance from it."""
    middle = np.median(colors, axis=1)
    return middle, float(np.hypot(*(colors - middle[:, None])).mean())
