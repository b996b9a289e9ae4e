"""Planes sampled, at other sizes and smoothed: OpenCV's ways on the processor, the same by PyTorch on a device."""

from __future__ import annotations

import importlib
from typing import Any, Literal

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.planes.kinds import on_device

How = Literal["area", "linear", "cubic"]
"""area    each value the mean of what it covers; only to a smaller size
linear  between the two nearest, each way
cubic   of the four nearest, each way
"""
WAYS = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
Edge = Literal["mirrored", "doubled", "repeated"]
"""What is beyond the edge: the rows before it but the last (cba|...), those with the last, or the last alone."""
EDGES = {"mirrored": cv2.BORDER_REFLECT_101, "doubled": cv2.BORDER_REFLECT, "repeated": cv2.BORDER_REPLICATE}


def _there() -> Any:
    """What a device does, brought in where there is one: it loads PyTorch."""
    return importlib.import_module("vidcolor.planes.on_device")


def fetch(image: Array, points: Array, *, cubic: bool = False) -> Array:
    """`image` sampled at `points` ((2, h, w), x then y); beyond the edge, the edge's value.

    image    (H, W) or (C, H, W) float32
    returns  (h, w) or (C, h, w) float32
    """
    if on_device(image):
        return _there().fetch(image, points, cubic=cubic)
    how = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    planes = [image] if image.ndim == 2 else list(image)
    out = [cv2.remap(plane, points[0], points[1], how, borderMode=cv2.BORDER_REPLICATE) for plane in planes]
    return out[0] if image.ndim == 2 else np.stack(out)


def at_size(plane: Array, size: tuple[int, int], how: How) -> Array:
    """A plane (H, W), or planes (C, H, W), at another size (height, width): (h, w) or (C, h, w) float32; of a device's
    also planes (..., H, W)."""
    if on_device(plane):
        return _there().at_size(plane, size, how)
    if plane.ndim == 3:
        return np.stack([at_size(one, size, how) for one in plane])
    return cv2.resize(plane, size[::-1], interpolation=WAYS[how])


def mean_around(plane: Array, side: int, edge: Edge = "mirrored") -> Array:
    """(H, W): the mean of the square of this side, in pixels, around each pixel."""
    if on_device(plane):
        return _there().mean_around(plane, side, edge)
    return cv2.boxFilter(plane, -1, (side, side), borderType=EDGES[edge])


def blurred(plane: Array, deviation: float, edge: Edge = "mirrored") -> Array:
    """(H, W): smoothed by a Gaussian, four deviations to each side."""
    if on_device(plane):
        return _there().blurred(plane, deviation, edge)
    return cv2.GaussianBlur(plane, (0, 0), deviation, borderType=EDGES[edge])
