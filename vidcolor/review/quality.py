"""What is measured of a rendered shot without a truth: flicker, bleeding, uncoloured area, drift of saturation.

All on chroma as it is stored. Each figure says where to look; none says that a shot is good.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import delta_e
from vidcolor.types import ColorFrame

CELL = 8
"""Side of the cells that flicker is asked of, in chroma pixels."""
STEEP_LIGHT, STEEP_COLOR = 5.0, 3.0
"""Change of L* and of a*b* from one pixel to the next from which there is an edge. These and the next were chosen on
frames of 24 training clips whose colours were moved by 3 pixels: of nine in ten the share rises by 0.08 and more."""
REACH, BESIDE = 5, 1
"""Chroma pixels across an edge of light where one of colour is looked for, and within which it lies on it."""
FEWEST_EDGES = 50
PALE, UNSURE = 3.0, 0.2
"""Chroma and confidence below which a pixel counts as uncoloured."""
BANDS = (0.0, 30.0, 45.0, 60.0, 75.0, 100.1)
"""L* between which a picture's mean colours are compared from shot to shot."""
FEWEST = 0.02
"""Share of a picture that a band must hold to be compared."""
ALIKE_LIGHT = 50.0


def flicker(run: Sequence[Array]) -> float:
    """How far the middle of three frames leaves the straight line between its neighbours, in a*b*.

    run   chroma, (2, h, w) each, of three frames in a row
    The median over cells: what moves through the picture counts in few of them, a pulse of the whole in all.
    """
    before, middle, after = (_cells(chroma) for chroma in run)
    return float(np.median(np.hypot(*(middle - (before + after) / 2))))


def _cells(chroma: Array) -> Array:
    size = (max(1, chroma.shape[2] // CELL), max(1, chroma.shape[1] // CELL))
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in chroma])


def beside_edges(lightness: Array, chroma: Array) -> float:
    """Share of the strong edges of light of a frame, 0..1, whose edge of colour lies beside them.

    lightness  (h, w) L*; chroma (2, h, w)
    Asked of ridges of light with an edge of colour within REACH pixels across. NaN where these are few. Between
    pictures of other things it differs as much as by bleeding: a frame is held against others of its shot.
    """
    gx, gy = _gradient(lightness)
    light = np.hypot(gx, gy)
    across = gx / np.maximum(light, 1e-6), gy / np.maximum(light, 1e-6)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]].astype(np.float32)

    def at(plane: Array, steps: int) -> Array:
        points = (x + steps * across[0], y + steps * across[1])
        return np.asarray(cv2.remap(plane, *points, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))

    ridge = (light >= STEEP_LIGHT) & (light >= at(light, 1)) & (light >= at(light, -1))
    color = np.sqrt(sum(np.square(part) for plane in chroma for part in _gradient(plane)))
    steps = range(-REACH, REACH + 1)
    found = np.stack([at(color, k)[ridge] for k in steps])
    most = found.max(0, initial=0.0)
    told = most >= STEEP_COLOR
    if told.sum() < FEWEST_EDGES:
        return math.nan
    off = np.abs(np.array(steps)[found.argmax(0)]) > BESIDE
    return float(most[told & off].sum() / most[told].sum())


def _gradient(plane: Array) -> tuple[Array, Array]:
    """(h, w) each: change to the right and down, from one pixel to the next."""
    soft = cv2.GaussianBlur(np.asarray(plane, np.float32), (0, 0), 1.0)
    return cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)


def uncolored(color: ColorFrame) -> float:
    """Share of a frame, 0..1, that is pale and that nobody is sure of."""
    return float(np.mean((np.hypot(*color.chroma) < PALE) & (color.confidence < UNSURE)))


def saturation(chroma: Array) -> float:
    """Mean chroma of a frame, in a*b*."""
    return float(np.hypot(*chroma).mean())


def drift(samples: Mapping[int, float], keys: Mapping[int, float]) -> float:
    """The largest change of mean chroma against the nearest keyframe's, as a part of it: -0.3 has lost 30 %.

    samples, keys  mean chroma by frame
    NaN without keyframes, or where they hold next to no colour.
    """
    changes = []
    for frame, value in samples.items():
        nearest = min(keys, key=lambda key: abs(key - frame), default=None)
        if nearest is not None and keys[nearest] >= PALE:
            changes.append(value / keys[nearest] - 1)
    return max(changes, key=abs, default=math.nan)


Palette = tuple[tuple[float, float, float] | None, ...]
"""For each band of L* its mean colour: L*, a*, b*; None where the picture holds too little of it."""


def palette_of(lightness: Array, color: ColorFrame) -> Palette:
    """The mean colours of a frame, in bands of its light, as far as they are sure."""
    found: list[tuple[float, float, float] | None] = []
    for low, high in pairwise(BANDS):
        here = (lightness >= low) & (lightness < high) & (color.confidence >= UNSURE)
        if here.mean() < FEWEST:
            found.append(None)
            continue
        a, b = (round(float(plane[here].mean()), 2) for plane in color.chroma)
        found.append((ALIKE_LIGHT, a, b))
    return tuple(found)


def palette_distance(one: Palette, other: Palette) -> float:
    """Mean CIEDE2000 of two palettes over the bands that both hold; NaN where there is none."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if not pairs:
        return math.nan
    first, second = (np.array(side).T for side in zip(*pairs, strict=True))
    return float(delta_e(first, second).mean())


# Legal range.

BLACK, WHITE = 64, 940
LEAST, MOST = 20, 984
"""Codes of 10 bits that Y', R', G' and B' of a legal signal lie within: 5 % beyond black and white. Source: EBU R 103,
Video signal tolerance in digital television systems, version 3.0, 2020, which treats Y' as the others since version
2.0. Its filter against short overshoots is left out: what is counted here is never less."""
LEGAL_AREA = 0.01
"""Share of a picture beyond those limits from which EBU R 103 counts an error."""


@dataclass(frozen=True, slots=True)
class Legal:
    """Shares of a delivered picture beyond the limits of EBU R 103, 0..1."""

    luma: float
    rgb: float


def legal(luma: Array, rgb: Array) -> Legal:
    """How much of a delivered picture is beyond the limits.

    luma  (H, W) 10-bit limited codes; rgb (3, H, W) of the same, not clipped
    """
    low, high = ((code - BLACK) / (WHITE - BLACK) for code in (LEAST, MOST))
    off_luma = np.mean((luma < LEAST) | (luma > MOST))
    off_rgb = np.mean(((rgb < low) | (rgb > high)).any(0))
    return Legal(float(off_luma), float(off_rgb))
