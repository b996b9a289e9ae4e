"""Frames as they are matched: flashes in the light around them, worn ones evened, without grain, dirt and scratches.
Their own is delivered.

- A flash, up to four frames of other light than those before and those behind, gets their light; what it shows white or
  black is taken from them, along the flow from the one to the other. Else colours would end at it.
- Light that flickers: each broad part of a frame gets the median light of the same part of the frames around it. What
  rises or falls steadily keeps its light.
- Wear: of each pixel the median of itself and of what flow says it is in the frame before and in the one behind. Wear
  is seen once.
- A shot that is neither grainy nor flickers, by its first frames, is taken as it is but for its flashes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.cache import Cache
from vidcolor.flow.dis import for_carrying
from vidcolor.grain import grain_of
from vidcolor.planes.kinds import grid
from vidcolor.planes.samples import fetch
from vidcolor.propagate.light import BLACK, CELLS, WHITE, broad, change_of, lit

REACH = 4
"""Frames on either side whose light a frame is held against; on these alone it hangs how a frame is matched."""
FLASH, FLASH_AMONG_FLICKER = 0.03, 0.1
"""Mean difference of a flash's light from the usual around it, as a logarithm, and in a shot that flickers."""
RETURNS, SMOOTH = 0.5, 0.6
"""Share of that difference within which light must be again on both sides, and the most of it that may be left within
broad parts: what moves past changes those too. Of 98 training clips no frame is taken for a flash; of a frame of 1.5
times the light in each, 97 are."""
UNLIKE, DETAIL = 0.8, (1.5, 6)
"""Share of the detail between frames beside a flash, blurred by these deviations in pixels, by which its own may differ
where its light does: in 23 of 24 clips flashes differ by .1 to .3, by .5 at most, with grain as without."""
FEATHER = np.float32(0.02)
"""L* / 100 before white and black over which what a flash shows gives way to what is around it."""
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
        self._evened: Cache[tuple[Array, Array | None]] = Cache(KEPT, _one)
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
        lights = [self._light(position)[1] for position in range(min(FIRST, self._count))]
        bends = [np.abs(b - (a + c) / 2).mean() for a, b, c in zip(lights, lights[1:], lights[2:], strict=False)]
        return bool(bends) and float(np.median(bends)) >= FLICKERS

    def even(self, position: int) -> Array:
        """(h, w) L*: the frame in the light of those around it, where it flashes or flickers."""
        return self._even(position)[0]

    def light(self, position: int) -> Array | None:
        """(h, w): by how much a flash changes the light (light.py) that it is matched in; None where there is none."""
        return self._even(position)[1]

    def _light(self, position: int) -> Array:
        """(2, rows, columns): logarithm of the light of each part, and of each broad part."""
        return self._lights.get(position, lambda: _light_of(self.own(position)))

    def _even(self, position: int) -> tuple[Array, Array | None]:
        return self._evened.get(position, lambda: self._in_even_light(position))

    def _around(self, position: int) -> range:
        return range(max(0, position - REACH), min(self._count, position + REACH + 1))

    def _in_even_light(self, position: int) -> tuple[Array, Array | None]:
        beside = self._beside_flash(position)
        if beside is not None and (found := self._without_flash(position, *beside)) is not None:
            return found
        return (self._without_flicker(position) if self._flickers else self.own(position)), None

    def _beside_flash(self, position: int) -> tuple[int, int] | None:
        """The frames next to a flash, before and behind, in their usual light; None where the frame is of no flash."""
        around = self._around(position)
        usual = np.median([self._light(p)[1] for p in around], axis=0)
        off = {p: float(np.abs(self._light(p)[1] - usual).mean()) for p in around}
        if off[position] < (FLASH_AMONG_FLICKER if self._flickers else FLASH):
            return None
        lit_as_usual = [p for p in around if off[p] < RETURNS * off[position]]
        before = max((p for p in lit_as_usual if p < position), default=None)
        behind = min((p for p in lit_as_usual if p > position), default=None)
        if before is None or behind is None:
            return None
        apart = self._light(position)[0] - (self._light(before)[0] + self._light(behind)[0]) / 2
        return (before, behind) if np.abs(apart - broad(apart)).mean() < SMOOTH * np.abs(apart).mean() else None

    def _without_flash(self, position: int, before: int, behind: int) -> tuple[Array, Array | None] | None:
        """The frame of a flash in the light of the frames beside it, and by how much its own is another.

        None where it does not show what they show: something passed.
        """
        own, sides = self.own(position) / np.float32(100), (self.own(before), self.own(behind))
        share = np.float32((position - before) / (behind - before))
        moved = (share, 1 - share)
        brought = [
            fetch(side, grid(own.shape) - part * self._flow(side, other))
            for side, other, part in zip(sides, sides[::-1], moved, strict=True)
        ]
        usual = ((1 - share) * brought[0] + share * brought[1]) / np.float32(100)
        light = change_of(own, usual, np.ones_like(own))
        evened = own if light is None else lit(own, 1 / light)
        shown = np.clip(np.minimum(WHITE - own, own - BLACK) / FEATHER, 0, 1)
        seen = shown if light is None else shown * np.abs(np.log(light))
        detail = _detail(usual)
        if (seen * np.abs(_detail(evened) - detail)).sum() > UNLIKE * (seen * np.abs(detail)).sum():
            return None
        return np.asarray((usual + shown * (evened - usual)) * np.float32(100), np.float32), light

    def _without_flicker(self, position: int) -> Array:
        own, around = self.own(position), self._around(position)
        off = np.median([self._light(p)[1] for p in around], axis=0) - self._light(position)[1]
        off = np.sign(off) * np.maximum(np.abs(off) - LEAST, 0)
        gain = cv2.resize(np.exp(off).astype(np.float32), own.shape[::-1], interpolation=cv2.INTER_CUBIC)
        return np.clip((own + FLOOR) * gain - FLOOR, 0, 100).astype(np.float32)

    def _without_wear(self, position: int) -> Array:
        here = self.even(position)
        if not 0 < position < self._count - 1:
            return here
        beside = (self.even(position - 1), self.even(position + 1))
        brought = [fetch(other, grid(here.shape) + self._flow(here, other)) for other in beside]
        mended = np.clip(here, np.minimum(*brought), np.maximum(*brought))
        much = cv2.boxFilter(np.abs(mended - here), -1, (AROUND, AROUND))
        return np.asarray(here + (mended - here) / (1 + np.square(np.square(much / MUCH))), np.float32)


def _detail(luma: Array) -> Array:
    return cv2.GaussianBlur(luma, (0, 0), DETAIL[0]) - cv2.GaussianBlur(luma, (0, 0), DETAIL[1])


def _one(_: object) -> int:
    """Of each: so many are kept."""
    return 1


def _light_of(lightness: Array) -> Array:
    height, width = lightness.shape
    scale = CELLS / max(height, width)
    size = (max(4, round(width * scale)), max(4, round(height * scale)))
    small = cv2.resize(lightness, size, interpolation=cv2.INTER_AREA)
    return np.log(np.stack([small, broad(small)]) + FLOOR)
