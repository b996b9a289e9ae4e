"""Worn frames as they are matched: their light evened, without grain, dirt and scratches. Their own is delivered.

- Light that flickers: each broad part of a frame gets the median light of the same part of the frames around it. What
  rises or falls steadily keeps its light.
- Wear: of each pixel the median of itself and of what flow says it is in the frame before and in the one behind. Wear
  is seen once.
- A shot that is neither grainy nor flickers, by its first frames, is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.cache import Cache
from vidcolor.flow.dis import for_carrying
from vidcolor.flow.warp import fetch, grid
from vidcolor.grain import grain_of

REACH = 4
"""Frames on either side whose light a frame is held against."""
CELLS = 24
"""Parts of a frame's long side; their light is smoothed over an eighth of that."""
FLOOR = np.float32(2)
"""L* added to light before its logarithm: black has no gain."""
FIRST = 9
"""Frames of a shot by which it is judged."""
GRAINY = 0.8
"""Deviation of grain from which a shot is worn, in L* at chroma size."""
GOES = 0.2
"""Median change of L* by which mending takes that grain out: texture that stays or moves along is none."""
FLICKERS = 0.018
"""Likewise of how far a frame's light is from the mean of its neighbours', as a logarithm: of 28 clips none has more
than .0143; as old prints that flicker, none less than .0237."""
LEAST = np.float32(0.01)
"""Differences of light that are left, as a logarithm: steady motion makes some."""
AROUND, MUCH = 9, np.float32(8)
"""Mean change of L* over a square of this side, in chroma pixels, of which half is made: what enters a scene, or flow
does not find again, changes more than wear, which is small."""
KEPT = 3
"""Frames of each kind kept beyond those around a frame."""


class Mended:
    """The frames of one shot at one size, worn or not; asked mostly in order. Not for several threads at once."""

    def __init__(self, plane: Callable[[int], Array], count: int) -> None:
        """plane  (h, w) L* of the frame at a position; count  frames there are"""
        self._plane, self._count, self._flow = plane, count, for_carrying()
        self._planes: Cache[Array] = Cache(2 * REACH + KEPT, _one)
        self._lights: Cache[Array] = Cache(4 * REACH, _one)
        self._evened: Cache[Array] = Cache(KEPT, _one)
        self._whole: Cache[Array] = Cache(FIRST, _one)

    def __call__(self, position: int) -> Array:
        """(h, w) L*: the frame of a worn shot as it is to be matched."""
        return self._whole.get(position, lambda: self._without_wear(position))

    def own(self, position: int) -> Array:
        """(h, w) L*: the frame as it is."""
        return self._planes.get(position, lambda: self._plane(position))

    @cached_property
    def is_worn(self) -> bool:
        """Whether the shot is grainy or flickers: others are taken as they are."""
        first = range(min(FIRST, self._count))
        if self._flickers or len(first) <= 2:
            return self._flickers
        if float(np.median([grain_of(self.own(position)) for position in first])) < GRAINY:
            return False
        gone = [float(np.median(np.abs(self(position) - self.own(position)))) for position in first[1:-1]]
        return float(np.median(gone)) >= GOES

    @cached_property
    def _flickers(self) -> bool:
        lights = [self._light(position) for position in range(min(FIRST, self._count))]
        bends = [np.abs(b - (a + c) / 2).mean() for a, b, c in zip(lights, lights[1:], lights[2:], strict=False)]
        return bool(bends) and float(np.median(bends)) >= FLICKERS

    def _light(self, position: int) -> Array:
        """Logarithm of the light of each broad part."""
        return self._lights.get(position, lambda: _light_of(self.own(position)))

    def _even(self, position: int) -> Array:
        """The frame in the light of those around it."""
        return self._evened.get(position, lambda: self._in_even_light(position))

    def _in_even_light(self, position: int) -> Array:
        own = self.own(position)
        if not self._flickers:
            return own
        around = range(max(0, position - REACH), min(self._count, position + REACH + 1))
        off = np.median([self._light(p) for p in around], axis=0) - self._light(position)
        off = np.sign(off) * np.maximum(np.abs(off) - LEAST, 0)
        gain = cv2.resize(np.exp(off).astype(np.float32), own.shape[::-1], interpolation=cv2.INTER_CUBIC)
        return np.clip((own + FLOOR) * gain - FLOOR, 0, 100).astype(np.float32)

    def _without_wear(self, position: int) -> Array:
        here = self._even(position)
        if not 0 < position < self._count - 1:
            return here
        beside = (self._even(position - 1), self._even(position + 1))
        brought = [fetch(other, grid(here.shape) + self._flow(here, other)) for other in beside]
        mended = np.clip(here, np.minimum(*brought), np.maximum(*brought))
        much = cv2.boxFilter(np.abs(mended - here), -1, (AROUND, AROUND))
        return np.asarray(here + (mended - here) / (1 + np.square(np.square(much / MUCH))), np.float32)


def _one(_: Array) -> int:
    """Of each: so many are kept."""
    return 1


def _light_of(lightness: Array) -> Array:
    height, width = lightness.shape
    scale = CELLS / max(height, width)
    size = (max(4, round(width * scale)), max(4, round(height * scale)))
    small = cv2.resize(lightness, size, interpolation=cv2.INTER_AREA)
    return np.log(cv2.GaussianBlur(small, (0, 0), CELLS / 8, borderType=cv2.BORDER_REFLECT) + FLOOR)
