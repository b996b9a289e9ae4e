"""Drawn animation, made by code: flat areas of one colour with dark outlines, on twos, and its truth is known.

A shot has a painted background that stands still or is panned over, and a figure of cels that walks, hops and blinks:
each drawing is held for two frames, as in animation of the time. Neighbours of one lightness and another colour occur.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

FINER = 4
"""Times by which pictures are drawn larger, so that their lines are smooth."""
INK = (0.07, 0.06, 0.06)
TWOS = 2
GREEN, BLUE, BROWN, SKIN, WARM = (0.28, 0.4), (0.53, 0.63), (0.05, 0.1), (0.06, 0.09), (0.93, 1.12)
"""Ranges of hue."""


@dataclass
class Cel:
    """Draws in units of the picture's height, from its left top corner."""

    rgb: np.ndarray
    line: float = 0.009
    """Width of outlines"""

    def _at(self, points: list[tuple[float, float]]) -> np.ndarray:
        return np.rint(np.array(points) * len(self.rgb)).astype(np.int32)

    @property
    def _wide(self) -> int:
        return max(1, round(self.line * len(self.rgb)))

    def area(self, color: tuple[float, ...], *points: tuple[float, float], outlined: bool = True) -> None:
        """A flat area within an outline."""
        cv2.fillPoly(self.rgb, [self._at([*points])], color)
        if outlined:
            cv2.polylines(self.rgb, [self._at([*points])], True, INK, self._wide)

    def oval(self, color: tuple[float, ...], x: float, y: float, wide: float, high: float, *, gap: int = 0) -> None:
        """The same within an ellipse; its outline may have a gap of so many degrees."""
        (cx, cy), (rx, ry) = self._at([(x, y)])[0], self._at([(wide, high)])[0]
        middle, radii = (int(cx), int(cy)), (max(1, int(rx)), max(1, int(ry)))
        cv2.ellipse(self.rgb, middle, radii, 0, 0, 360, color, -1)
        cv2.ellipse(self.rgb, middle, radii, 0, gap, 360, INK, self._wide)

    def limb(self, color: tuple[float, ...], thick: float, *points: tuple[float, float]) -> None:
        """A line as thick as an arm."""
        cv2.polylines(self.rgb, [self._at([*points])], False, color, max(1, round(thick * len(self.rgb))))


@dataclass(frozen=True)
class Look:
    """The colours of a shot."""

    sky: tuple[float, ...]
    hill: tuple[float, ...]
    ground: tuple[float, ...]
    wall: tuple[float, ...]
    roof: tuple[float, ...]
    wood: tuple[float, ...]
    leaves: tuple[float, ...]
    skin: tuple[float, ...]
    shirt: tuple[float, ...]
    trousers: tuple[float, ...]
    shoes: tuple[float, ...]
    hat: tuple[float, ...]


def look_of(random: np.random.Generator) -> Look:
    """Colours as such things may have, drawn; shirt and trousers of about one lightness."""

    def of(hues: tuple[float, float], strong: tuple[float, float], light: tuple[float, float]) -> tuple[float, ...]:
        hue, chroma, value = (random.uniform(*r) for r in (hues, strong, light))
        return colorsys.hsv_to_rgb(hue % 1, chroma, value)

    shirt = of((0, 1), (0.45, 0.9), (0.5, 0.9))
    other = np.array(of((0, 1), (0.45, 0.9), (0.5, 0.9)))
    weights = np.array([0.299, 0.587, 0.114])
    trousers = tuple((other * min(1 / other.max(), (weights @ shirt) / (weights @ other))).tolist())
    return Look(
        of(BLUE, (0.2, 0.5), (0.85, 1)), of(GREEN, (0.3, 0.6), (0.5, 0.7)), of(GREEN, (0.4, 0.7), (0.45, 0.65)),
        of((0, 1), (0.1, 0.45), (0.7, 0.95)), of(WARM, (0.5, 0.8), (0.5, 0.75)), of(BROWN, (0.5, 0.8), (0.35, 0.6)),
        of(GREEN, (0.5, 0.8), (0.35, 0.6)), of(SKIN, (0.25, 0.45), (0.85, 1)), shirt, trousers,
        of(WARM, (0.5, 0.9), (0.3, 0.6)), of((0, 1), (0.5, 0.9), (0.4, 0.9)),
    )  # fmt: skip


def drawn_frames(seed: int, count: int, size: tuple[int, int], *, pan: float = 0.0) -> Iterator[np.ndarray]:
    """(H, W, 3) R'G'B' 0..1 of each frame of a shot; `pan`: by how many widths the camera travels in all."""
    random = np.random.default_rng(seed)
    look, wide = look_of(random), size[1] / size[0]
    place = [float(v) for v in random.uniform(0, 1, 6)]
    for frame in range(count):
        drawing = frame // TWOS * TWOS
        cel = Cel(np.empty((size[0] * FINER, size[1] * FINER, 3), np.float32))
        share = drawing / max(1, count - 1)
        _background(cel, look, wide, place, pan * wide * frame / max(1, count - 1))
        _figure(cel, look, wide * (0.15 + 0.6 * share), drawing / TWOS, place)
        yield cv2.resize(cel.rgb, size[::-1], interpolation=cv2.INTER_AREA)


def _background(cel: Cel, look: Look, wide: float, place: list[float], left: float) -> None:
    far = 2 * wide
    cel.rgb[:] = look.sky
    cel.oval((1.0, 0.95, 0.6), wide * (0.2 + 0.6 * place[0]) - 0.2 * left, 0.18, 0.09, 0.09)
    cel.oval(look.hill, wide * place[1] - 0.5 * left, 0.85, 0.6, 0.35 + 0.1 * place[2], gap=25)
    cel.oval(look.hill, wide * (place[1] + 0.9) - 0.5 * left, 0.9, 0.7, 0.4)
    cel.area(look.ground, (-1, 0.72), (far, 0.72), (far, 1.1), (-1, 1.1))
    x = wide * (0.1 + 0.5 * place[3]) - left
    cel.area(look.wall, (x, 0.4), (x + 0.36, 0.4), (x + 0.36, 0.76), (x, 0.76))
    cel.area(look.roof, (x - 0.05, 0.42), (x + 0.18, 0.22), (x + 0.41, 0.42))
    cel.area(look.wood, (x + 0.05, 0.55), (x + 0.14, 0.55), (x + 0.14, 0.76), (x + 0.05, 0.76))
    cel.area((0.9, 0.95, 1.0), (x + 0.2, 0.48), (x + 0.31, 0.48), (x + 0.31, 0.6), (x + 0.2, 0.6))
    x = wide * (0.7 + 0.25 * place[4]) - left
    cel.area(look.wood, (x - 0.03, 0.5), (x + 0.03, 0.5), (x + 0.035, 0.8), (x - 0.035, 0.8))
    cel.oval(look.leaves, x, 0.42, 0.15, 0.17, gap=15)


def _figure(cel: Cel, look: Look, x: float, drawing: float, place: list[float]) -> None:
    step, hop = np.sin(0.8 * drawing), 0.05 * abs(np.sin(0.4 * drawing + 3 * place[5]))
    y = 0.62 - hop
    foot = 0.08 * step
    for side in (1, -1):
        ankle = (x + side * foot, 0.87 - (hop if side > 0 else hop / 2))
        cel.limb(INK, 0.03, (x + 0.02 * side, y + 0.1), ankle)
        cel.oval(look.shoes, ankle[0] + 0.02, ankle[1] + 0.02, 0.05, 0.028)
    cel.oval(look.shirt, x, y - 0.02, 0.085, 0.1)
    cel.area(look.trousers, (x - 0.09, y + 0.02), (x + 0.09, y + 0.02), (x + 0.08, y + 0.14), (x - 0.08, y + 0.14))
    for side in (1, -1):
        hand = (x + side * (0.13 + 0.02 * step), y + 0.02 - 0.09 * side * step)
        cel.limb(INK, 0.022, (x + 0.07 * side, y - 0.06), hand)
        cel.oval((1.0, 1.0, 0.98), *hand, 0.03, 0.03)
    head = y - 0.22 + 0.01 * step
    for side in (1, -1):
        cel.oval(INK, x + 0.1 * side, head - 0.1, 0.055, 0.055)
    cel.oval(look.skin, x, head, 0.11, 0.115, gap=12)
    blinks = drawing % 9 == 8
    for side in (1, -1):
        cel.oval((1.0, 1.0, 1.0), x + 0.04 * side + 0.01, head - 0.03, 0.024, 0.006 if blinks else 0.04)
        if not blinks:
            cel.oval(INK, x + 0.045 * side + 0.012, head - 0.02, 0.008, 0.016)
    cel.oval((0.75, 0.2, 0.2), x + 0.01, head + 0.055, 0.04, 0.012 + 0.01 * abs(step))
    cel.area(
        look.hat, (x - 0.07, head - 0.1), (x + 0.07, head - 0.1), (x + 0.055, head - 0.19), (x - 0.055, head - 0.19)
    )


def drawing(seed: int, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) R'G'B' 0..1: one drawing of a shot of its own."""
    count = 24
    at = int(np.random.default_rng([seed, 1]).integers(count))
    return next(rgb for n, rgb in enumerate(drawn_frames(seed, count, size)) if n == at)
