"""Crops of a picture as a camera might see them: moved, turned, nearer or farther, bent; and what lies at each place.

Places are x, y in pixels, 0, 0 the corner of the corner pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from numpy.random import Generator
from torch.nn import functional as F

from vidcolor.color import rgb_to_lab
from vidcolor.features import LUMA

STRIDE = 4
"""Pixels to one place of the finest map."""
STRETCH = 0.08
"""Logarithm of how much wider than high a view is, at most."""
BENDS = 4
"""Knots of a bend, each way."""


@dataclass(frozen=True, slots=True)
class Camera:
    """How differently a picture may be seen."""

    scales: tuple[float, float]
    """Pixels of the picture to one of the crop, least and most."""
    turn: float
    """Degrees, at most."""
    apart: float
    """Pixels between the middles of two views, at most, each way."""


@dataclass(frozen=True, slots=True)
class View:
    """How a crop's pixels lie in its picture: picture = centre + matrix (pixel - middle) + bend."""

    matrix: Array
    """(2, 2)"""
    centre: Array
    """(2,)"""
    bend: Array
    """(crop, crop, 2) float32"""

    def of(self, points: Array) -> Array:
        """(..., 2) places in the picture of places (..., 2) in the crop."""
        x, y = (np.ascontiguousarray(points[..., k] - 0.5, np.float32) for k in (0, 1))
        field = cv2.remap(self.bend, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return (points - self.bend.shape[0] / 2) @ self.matrix.T + self.centre + field

    def back(self, points: Array) -> Array:
        """Places in the crop of places in the picture; for views that do not bend."""
        return (points - self.centre) @ np.linalg.inv(self.matrix).T + self.bend.shape[0] / 2


@dataclass(frozen=True, slots=True)
class Aim:
    """What makes a view of a crop: `View` but for its bend, of which here are the knots (BENDS, BENDS, 2)."""

    matrix: Array
    centre: Array
    knots: Array


def draw_aim(
    size: tuple[int, int],
    crop: int,
    camera: Camera,
    random: Generator,
    *,
    near: Array | None = None,
    bend: float = 0.0,
) -> Aim:
    """An aim at a picture of `size` (H, W); its centre near another's, if that is given; `bend` is a deviation."""
    scale = np.exp(random.uniform(*np.log(camera.scales)))
    angle = np.deg2rad(random.uniform(-camera.turn, camera.turn))
    stretch = np.exp(random.uniform(-STRETCH, STRETCH))
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = scale * spin @ np.diag([stretch, 1 / stretch])
    half = np.minimum(crop * scale / 2, np.array(size[::-1]) / 2)
    low, high = half, np.array(size[::-1]) - half
    if near is None:
        centre = random.uniform(low, high)
    else:
        centre = np.clip(near + random.uniform(-camera.apart, camera.apart, 2), low, high)
    knots = (BENDS, BENDS, 2)
    field = random.normal(0, bend, knots).astype(np.float32) if bend else np.zeros(knots, np.float32)
    return Aim(matrix, centre, field)


def draw_view(
    size: tuple[int, int],
    crop: int,
    camera: Camera,
    random: Generator,
    *,
    near: Array | None = None,
    bend: float = 0.0,
) -> View:
    """A view of a picture of `size` (H, W); its centre near another's, if that is given; `bend` is a deviation."""
    aim = draw_aim(size, crop, camera, random, near=near, bend=bend)
    return View(aim.matrix, aim.centre, cv2.resize(aim.knots, (crop, crop), interpolation=cv2.INTER_CUBIC))


def grid(count: int, step: float) -> Array:
    """(count, count, 2): middles of places, x then y, in pixels."""
    line = (np.arange(count, dtype=np.float32) + 0.5) * step
    return np.stack(np.meshgrid(line, line), -1)


def fetched(rgb: Array, view: View) -> tuple[Array, Array]:
    """L* (crop, crop) of the luma, and a*b* (2, crop / 4, crop / 4), of a view of R'G'B' bytes (H, W, 3)."""
    crop = view.bend.shape[0]
    places = view.of(grid(crop, 1)).astype(np.float32) - 0.5
    seen = cv2.remap(rgb, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    seen = seen.astype(np.float32) / 255
    lightness = rgb_to_lab(np.ascontiguousarray(np.broadcast_to(seen @ LUMA, (3, crop, crop))))[0]
    small = cv2.resize(seen, (crop // STRIDE, crop // STRIDE), interpolation=cv2.INTER_AREA)
    return lightness, rgb_to_lab(np.ascontiguousarray(small.transpose(2, 0, 1)))[1:]


def sampled(maps: Array, size: tuple[int, int], places: Array) -> Array:
    """(C, h, w) float16 of unit length: feature maps (C, H', W') of a picture of `size` at its places (h, w, 2)."""
    at = torch.from_numpy((places / np.array(size[::-1]) * 2 - 1).astype(np.float32))[None]
    whole = torch.from_numpy(maps.astype(np.float32))[None]
    found = F.grid_sample(whole, at, padding_mode="border", align_corners=False)
    return F.normalize(found[0], dim=0).half().numpy()
