"""References made of the target itself: another exposure, and a bend of the whole picture by a thin-plate spline.

Pictures are CIELAB (3, H, W) float32; everything hangs on the generator alone.

Sources: Carrillo 2024, ch. 6 (both kinds, without numbers: the ranges are ours); Bookstein, Principal Warps, PAMI 1989.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy import ndarray as Array
from numpy.random import Generator

KNOTS = 4
"""Points a side that the spline is bent at."""
BEND = 0.07
"""Deviation of a knot's move, of the picture's side."""
GAMMA, CONTRAST, BRIGHTNESS = 0.4, 0.25, 8.0
"""Of the changed look: logarithm of the gamma, of the contrast, and L*, at most."""
GRAIN, BLUR = 3.0, 1.2
"""Deviation of the grain in L*, of the blur in pixels, at most."""
MIDDLE = 50.0
"""L* that contrast turns around."""


def changed_look(lab: Array, random: Generator) -> Array:
    """The same picture of another exposure, contrast, sharpness and grain; its a*b* stay."""
    lightness = np.clip(lab[0] / 100, 0, 1) ** np.exp(random.uniform(-GAMMA, GAMMA)) * 100
    contrast, shift = np.exp(random.uniform(-CONTRAST, CONTRAST)), random.uniform(-BRIGHTNESS, BRIGHTNESS)
    lightness = MIDDLE + contrast * (lightness - MIDDLE) + shift
    lightness = cv2.GaussianBlur(lightness.astype(np.float32), (0, 0), random.uniform(0.1, BLUR))
    lightness = lightness + random.uniform(0, GRAIN) * random.standard_normal(lightness.shape, np.float32)
    return np.concatenate([np.clip(lightness, 0, 100)[None], lab[1:]]).astype(np.float32)


def bent_places(size: tuple[int, int], random: Generator) -> Array:
    """(H, W, 2) float32, x then y: where each pixel of a bent picture lies in the picture."""
    line = np.linspace(0, 1, KNOTS)
    knots = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    moved = knots + random.normal(0, BEND, knots.shape)
    height, width = size
    y, x = np.mgrid[:height, :width]
    points = np.stack([(x + 0.5) / width, (y + 0.5) / height], -1).reshape(-1, 2)
    places = thin_plate(knots, moved, points).reshape(height, width, 2)
    return (places * (width, height) - 0.5).astype(np.float32)


def thin_plate(knots: Array, moved: Array, points: Array) -> Array:
    """(n, 2): where a thin-plate spline that takes knots (k, 2) to `moved` takes points (n, 2)."""
    count = len(knots)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _radial(knots, knots)
    system[:count, count:] = np.concatenate([np.ones((count, 1)), knots], 1)
    system[count:, :count] = system[:count, count:].T
    weights = np.linalg.solve(system, np.concatenate([moved, np.zeros((3, 2))]))
    affine = np.concatenate([np.ones((len(points), 1)), points], 1)
    return np.asarray(_radial(points, knots) @ weights[:count] + affine @ weights[count:])


def fetched(picture: Array, places: Array) -> Array:
    """(C, H, W) float32: the picture's values at places (H, W, 2); beyond its edges it is mirrored."""
    x, y = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
    planes = [
        cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        for plane in np.asarray(picture, np.float32)
    ]
    return np.stack(planes)


def _radial(points: Array, knots: Array) -> Array:
    """(n, k): r^2 log r of every pair."""
    squared = np.square(points[:, None] - knots).sum(-1)
    return np.asarray(0.5 * squared * np.log(np.where(squared > 0, squared, 1)))
