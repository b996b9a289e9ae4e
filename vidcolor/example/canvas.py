"""A canvas to paint one sprite on, and the sprite that comes off it.

- Coordinates are frame pixels; the canvas is `OVER` times finer and is averaged down when lifted, which
  gives soft edges without any drawing of half-covered pixels.
- A colour is three numbers or a (H, W, 3) surface of the whole canvas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vidcolor.example.texture import Picture, Rgb, noise

OVER = 2
DENSITY = 1.2
"""Texels of a sprite to one frame pixel: sharp enough for the film's largest zoom."""
FIXED = 4
"""Binary digits after the point in OpenCV's drawing coordinates."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A painted piece of the scene, premultiplied R'G'B'A, and the point it is placed and turned by."""

    image: Picture
    """(h, w, 4) float32"""
    pivot: Point
    """In frame pixels from the sprite's upper left corner."""
    density: float = DENSITY
    opaque: bool = False


class Canvas:
    """`width` x `height` frame pixels, empty."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.size = (height * OVER, width * OVER)
        self.pixels = np.zeros((*self.size, 4), np.float32)

    def cover(self, surface: Rgb | Picture) -> None:
        """Paint all of it."""
        self.pixels[..., :3] = surface
        self.pixels[..., 3] = 1

    def polygon(self, points: Sequence[Point], color: Rgb | Picture, opacity: float = 1.0) -> None:
        if isinstance(color, tuple) and opacity == 1:
            cv2.fillPoly(self.pixels, [_fixed(points)], (*color, 1.0), shift=FIXED)
            return
        part, mask = self._mask(points)
        surface = color if isinstance(color, tuple) else color[part]
        weight = (mask * np.float32(opacity))[..., None]
        here = self.pixels[part]
        here[..., :3] += (np.asarray(surface, np.float32) - here[..., :3]) * weight
        here[..., 3:] += (1 - here[..., 3:]) * weight

    def rect(self, x0: float, y0: float, x1: float, y1: float, color: Rgb | Picture, opacity: float = 1.0) -> None:
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], color, opacity)

    def ellipse(
        self,
        center: Point,
        radii: Point,
        color: Rgb | Picture,
        *,
        angle: float = 0,
        arc: tuple[float, float] = (0, 360),
        opacity: float = 1.0,
    ) -> None:
        if isinstance(color, tuple) and opacity == 1 and arc == (0, 360):
            at, axes = _fixed([center, radii]).tolist()
            cv2.ellipse(self.pixels, at, axes, angle, 0, 360, (*color, 1.0), cv2.FILLED, shift=FIXED)
            return
        along = np.deg2rad(np.linspace(arc[0], arc[1], 61))
        turn = np.deg2rad(angle)
        x, y = np.cos(along) * radii[0], np.sin(along) * radii[1]
        xs = center[0] + x * np.cos(turn) - y * np.sin(turn)
        ys = center[1] + x * np.sin(turn) + y * np.cos(turn)
        self.polygon(list(zip(xs.tolist(), ys.tolist(), strict=True)), color, opacity)

    def line(self, points: Sequence[Point], width: float, color: Rgb) -> None:
        cv2.polylines(
            self.pixels,
            [_fixed(points)],
            isClosed=False,
            color=(*color, 1.0),
            thickness=max(1, round(width * OVER)),
            shift=FIXED,
        )

    def shade(self, points: Sequence[Point], factor: float, blur: float = 0) -> None:
        """Darken (or lighten) what is painted there; `blur`: softness of its edge in frame pixels."""
        part, mask = self._mask(points, round(3 * blur * OVER))
        if blur and mask.size:
            mask = cv2.GaussianBlur(mask, (0, 0), blur * OVER)
        self.pixels[part][..., :3] *= (1 + (factor - 1) * mask)[..., None]

    def paste(self, other: Canvas, x: int, y: int) -> None:
        """Another canvas over this one, its corner at frame pixel (x, y); both may hang over the edges."""
        x0, y0 = max(0, x), max(0, y)
        x1, y1 = min(self.width, x + other.width), min(self.height, y + other.height)
        if x0 >= x1 or y0 >= y1:
            return
        here = self.pixels[y0 * OVER : y1 * OVER, x0 * OVER : x1 * OVER]
        there = other.pixels[(y0 - y) * OVER : (y1 - y) * OVER, (x0 - x) * OVER : (x1 - x) * OVER]
        here += (there - here) * there[..., 3:]

    def multiply(self, factor: Picture) -> None:
        """Times `factor` (H, W), colours only."""
        self.pixels[..., :3] *= factor[..., None]

    def grit(self, amount: float, seed: int, cell: float = 2.5) -> None:
        """Fine wear over all that is painted, so that no surface is flat."""
        self.multiply(1 + amount * noise(self.size, cell * OVER, seed, octaves=3))

    def round_off(self, strength: float, *, left: float = 0.3) -> None:
        """Light what is painted as one upright body: bright at `left` of its width, dark to the far side."""
        across = np.linspace(0, 1, self.size[1], dtype=np.float32)[None]
        self.multiply(np.broadcast_to(1 + strength * (0.35 - np.abs(across - left)), self.size))

    def sprite(self, pivot: Point = (0, 0), *, opaque: bool = False, density: float = DENSITY) -> Sprite:
        """What was painted, averaged down."""
        self.pixels[..., :3] = np.clip(self.pixels[..., :3], 0.015, 0.97) * self.pixels[..., 3:]
        size = (round(self.width * density), round(self.height * density))
        image = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA)
        return Sprite(image, pivot, density, opaque)

    def _mask(self, points: Sequence[Point], margin: int = 0) -> tuple[tuple[slice, slice], Picture]:
        """The part of the canvas about the polygon, and how far (0 or 1) each of its pixels is covered."""
        fixed = _fixed(points)
        low, high = fixed.min(0) >> FIXED, (fixed.max(0) >> FIXED) + 1
        x0, y0 = np.maximum(0, low - margin).tolist()
        x1, y1 = np.minimum(self.size[::-1], high + 1 + margin).tolist()
        mask = np.zeros((max(0, y1 - y0), max(0, x1 - x0)), np.float32)
        if mask.size:
            cv2.fillPoly(mask, [fixed - np.array([x0, y0]) * (1 << FIXED)], 1.0, shift=FIXED)
        return (slice(y0, y0 + mask.shape[0]), slice(x0, x0 + mask.shape[1])), mask


def _fixed(points: Sequence[Point]) -> Picture:
    """Frame pixels to OpenCV's fixed-point canvas pixels."""
    return np.round(np.asarray(points, float) * (OVER << FIXED)).astype(np.int32)


def soft_blot(radii: Point, color: Rgb, strength: float, *, glow: bool = False) -> Sprite:
    """A round soft spot: a shadow or puff of `color`, or (`glow`) light that is added to what lies below."""
    width, height = int(radii[0] * 2), int(radii[1] * 2)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    weight = np.clip(1 - (x * x + y * y), 0, 1) ** 1.6 * strength
    image = np.dstack([weight * c for c in color] + [weight * (0 if glow else 1)]).astype(np.float32)
    return Sprite(image, radii, 1.0)
