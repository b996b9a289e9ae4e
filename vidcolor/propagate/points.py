"""Where one colour, said by a person, would put most right: points of a shot's frames, each beside those before it.

What is off at one place of a shot is off alike at others, the more so the more they look alike and the nearer they are.
So a colour said at a point tells something of all of them, and a point is worth what the squares of all errors to be
expected would shrink by. That is a Gaussian process, and its next point is the one that takes most of its variance
(Seo et al. 2000: active learning after Cohn). How alike errors are was fitted to 22 training clips.

Frames are looked at by cells, on at most MOST_LOOKS of them, so that memory does not grow with the shot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

CELLS = 48
"""Cells along the picture's long side, at most; with 32 ten points put a fifth less right."""
MOST_LOOKS = 16
"""Frames at most that are looked at, evenly spread."""
PLANES = 4
"""L*, a*, b*, and how far off they probably are"""
ALIKE = 0.93
"""How alike errors are of two cells that look the same."""
LIGHT, LIGHT_SQUARED, COLOR, COLOR_SQUARED = 0.7 / 12, 0.2 / 12**2, 0.4 / 14, 0.6 / 14**2
"""What likeness falls by, as powers of e: for a difference of L*, of its square, of a*b*, of its square"""
AWAY, APART, SURER = 4.0, 0.05, 3.0
"""Likewise for a picture's long side between them, for a frame, and for a factor e between how far off they are. That
is so large since a hint leaves alone what is surer than its point (pipeline/painter.py): where a spot is off far more
than all around, it tells them nothing. The first eight points take 10 % of their frame's error where 0.2 takes 4."""
LEAST_OFF = 0.5
"""Error below which all is one."""
UNLIKE = 2.0
"""Deviation of a colour said at a point from what is there around it."""
LEFT_OUT = 0.1
"""Share of the squares of all errors in the surest cells, which are left out: half of all cells."""
AROUND, UNEVEN = 3, 4.0
"""Pixels, each way, that a point should be alike with; how much their variance counts beside unlikeness to the cell."""
CANDIDATES = 256
"""Cells that are tried as points, spread by the squares of their errors."""


@dataclass(frozen=True, slots=True)
class Point:
    """A pixel whose colour, said by a person, would put most right."""

    position: int
    """Frames from the shot's first"""
    x: int
    y: int
    """Of the pixels of planes as `see` was given them"""
    gain: float
    """Squares of expected errors that it would put right, in frames of their whole area"""


class Points:
    """Gathers what a shot's frames look like and how far off they are; names points."""

    def __init__(self, size: tuple[int, int], count: int) -> None:
        """size  (height, width) of the planes that frames are looked at by; count  the shot's frames"""
        side = max(max(size) / CELLS, 1)
        self.grid = (max(1, round(size[0] / side)), max(1, round(size[1] / side)))
        self._every = -(-count // MOST_LOOKS)
        self._looks: dict[int, tuple[Array, Array]] = {}

    def looks_at(self, position: int) -> bool:
        """Whether points may lie in the frame."""
        return position % self._every == 0

    def see(self, position: int, lightness: Array, chroma: Array, off: Array) -> None:
        """Takes a frame: L* (h, w), a*b* (2, h, w), and how far off they probably are (h, w)."""
        if not self.looks_at(position):
            return
        planes = np.concatenate([lightness[None], chroma, off[None]]).astype(np.float32)
        cells = np.stack([cv2.resize(plane, self.grid[::-1], interpolation=cv2.INTER_AREA) for plane in planes])
        self._looks[position] = cells, _like_their_cells(planes, cells)

    def state(self) -> dict[str, Array]:
        """All that is gathered, as plain arrays (halt.py)."""
        rows, columns = self.grid
        kept = list(self._looks.values())
        return {
            "point_places": np.array(list(self._looks), np.int64),
            "point_cells": np.array([cells for cells, _ in kept], np.float32).reshape(-1, PLANES, rows, columns),
            "point_pixels": np.array([pixels for _, pixels in kept], np.int16).reshape(-1, 2, rows, columns),
        }

    def go_on(self, state: Mapping[str, Array]) -> None:
        """Takes up what `state` gave for the same shot."""
        places = state["point_places"].tolist()
        self._looks = dict(zip(places, zip(state["point_cells"], state["point_pixels"], strict=True), strict=True))

    def best(self, most: int, first: int, stop: int) -> list[Point]:
        """The points at positions first <= p < stop, best first, each in addition to those before it."""
        among = np.array([first <= position < stop for position in self._looks], np.bool_)
        if not among.any():
            return []
        cells = _Cells.of(self._looks)
        tried = cells.spread(np.flatnonzero((among[:, None] & _inner(self.grid)).ravel()[cells.numbers]))
        expected = cells.alike(tried)
        chosen, found = np.zeros(len(tried), np.bool_), list[Point]()
        while len(found) < min(most, len(tried)):
            own = expected[np.arange(len(tried)), tried] + np.float32(UNLIKE**2)
            worth = np.where(chosen, -1, np.square(expected).sum(1) / own)
            n = int(worth.argmax())
            if worth[n] <= 0:
                break
            gain = float(worth[n]) * self._every / (self.grid[0] * self.grid[1])
            found.append(self._point(int(cells.numbers[tried[n]]), gain))
            chosen[n] = True
            expected -= np.outer(expected[:, tried[n]] / own[n], expected[n])
        return found

    def _point(self, number: int, gain: float) -> Point:
        look, cell = divmod(number, self.grid[0] * self.grid[1])
        position = list(self._looks)[look]
        y, x = self._looks[position][1].reshape(2, -1)[:, cell]
        return Point(position, int(x), int(y), gain)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """The cells of all looks that are off."""

    numbers: Array
    """(n,) among all cells of all looks"""
    lightness: Array
    chroma: Array
    """(2, n)"""
    off: Array
    places: Array
    """(2, n) y and x, in long sides of the picture"""
    times: Array
    """(n,) positions"""

    @classmethod
    def of(cls, looks: Mapping[int, tuple[Array, Array]]) -> _Cells:
        planes = np.stack([cells for cells, _ in looks.values()])
        count, _, rows, columns = planes.shape
        lightness, a, b, off = planes.transpose(1, 0, 2, 3).reshape(PLANES, -1)
        off = np.maximum(off, np.float32(LEAST_OFF))
        surest = np.argsort(off, kind="stable")
        squares = np.cumsum(np.square(off[surest], dtype=np.float64))
        numbers = np.sort(surest[squares > LEFT_OUT * squares[-1]])
        places = np.tile(np.mgrid[:rows, :columns].reshape(2, -1) / np.float32(max(rows, columns)), count)
        times = np.repeat(np.array(list(looks), np.float32), rows * columns)
        kept = (lightness[numbers], np.stack([a, b])[:, numbers], off[numbers], places[:, numbers], times[numbers])
        return cls(numbers, *kept)

    def spread(self, among: Array) -> Array:
        """Some of the cells `among`, the more of them where more is off."""
        if not len(among):
            return among
        squares = np.cumsum(np.square(self.off[among], dtype=np.float64))
        steps = (np.arange(CANDIDATES) + 0.5) / CANDIDATES * squares[-1]
        return among[np.unique(np.searchsorted(squares, steps))]

    def alike(self, some: Array) -> Array:
        """(some, n) float32: the product of errors to be expected of each of `some` cells and each of all."""
        light = np.abs(self.lightness[some, None] - self.lightness)
        cost = light * (np.float32(LIGHT) + np.float32(LIGHT_SQUARED) * light)
        color = np.hypot(*(self.chroma[:, some, None] - self.chroma[:, None]))
        cost += color * (np.float32(COLOR) + np.float32(COLOR_SQUARED) * color)
        cost += np.float32(AWAY) * np.hypot(*(self.places[:, some, None] - self.places[:, None])).astype(np.float32)
        cost += np.float32(APART) * np.abs(self.times[some, None] - self.times)
        log = np.log(self.off)
        cost += np.float32(SURER) * np.abs(log[some, None] - log)
        alike = np.float32(ALIKE) * np.exp(-cost)
        alike[np.arange(len(some)), some] = 1
        return np.asarray(alike * self.off[some, None] * self.off, np.float32)


def _inner(grid: tuple[int, int]) -> Array:
    """(cells,) bool: those not at the picture's rim, where little is seen of a thing; all of a small grid."""
    inner = np.zeros(grid, np.bool_)
    inner[1:-1, 1:-1] = True
    return inner.ravel() if inner.any() else ~inner.ravel()


def _like_their_cells(planes: Array, cells: Array) -> Array:
    """(2, rows, columns) int16: y and x of the pixel in each cell that looks most like it as a whole, as all around do.

    What is said of a small thing or an edge misleads.
    """
    (height, width), (rows, columns) = planes.shape[1:], cells.shape[1:]
    y, x = (np.arange(side) * count // side for side, count in ((height, rows), (width, columns)))
    own = (y[:, None] * columns + x).ravel()
    scale = np.array([12, 14, 14], np.float32)
    colors = planes[:3].transpose(1, 2, 0) / scale
    around, squares = (cv2.blur(plane, (AROUND, AROUND)) for plane in (colors, np.square(colors)))
    wanted = (cells[:3].reshape(3, -1).T / scale)[own]
    uneven = (squares - np.square(around)).sum(-1).ravel()
    unlike = np.square(around.reshape(-1, 3) - wanted).sum(-1) + np.float32(UNEVEN) * uneven
    order = np.lexsort((unlike, own))
    first = order[np.searchsorted(own[order], np.arange(rows * columns))]
    return np.stack([first // width, first % width]).reshape(2, rows, columns).astype(np.int16)
