"""Colours as people see them: 8-bit pictures of lightness and chroma, heat of confidence and of errors, boxes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import lab_to_rgb

BOX = (0, 255, 255)
"""Cyan, which the heat map has nowhere."""
LINE = 2
"""Width of a box's line, in pixels."""
LARGEST_ERROR = 20.0
"""CIEDE2000 at the bright end of an error map."""
Box = tuple[int, int, int, int]
"""Left, top, right, bottom; the last two are not included"""


def fitted(planes: Array, width: int) -> Array:
    """(C, H, W) planes made `width` wide, in their proportions."""
    height = max(1, round(width * planes.shape[1] / planes.shape[2]))
    if planes.shape[1:] == (height, width):
        return planes
    how = cv2.INTER_AREA if width <= planes.shape[2] else cv2.INTER_LINEAR
    return np.stack([cv2.resize(plane, (width, height), interpolation=how) for plane in planes])


def shown(lightness: Array, chroma: Array) -> Array:
    """(3, h, w) uint8 R'G'B' of L* and a*b* of one size."""
    rgb = lab_to_rgb(np.concatenate([lightness[None], chroma]).astype(np.float32))
    return np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)


def gray(lightness: Array) -> Array:
    """(3, h, w) uint8 of L* alone."""
    return shown(lightness, np.zeros((2, *lightness.shape), np.float32))


def heat(confidence: Array) -> Array:
    """(3, h, w) uint8: the black-body ramp, dark red where confidence is low, yellow at half, white at 1."""
    level = np.clip(confidence, 0, 1)
    ramp = np.stack([0.25 + level * 1.5, level * 1.5 - 0.5, level * 3 - 2])
    return np.rint(np.clip(ramp, 0, 1) * 255).astype(np.uint8)


def error_heat(errors: Array) -> Array:
    """(3, h, w) uint8 of CIEDE2000 (h, w): from black over red to pale yellow at `LARGEST_ERROR` and above."""
    codes = np.rint(np.clip(errors / LARGEST_ERROR, 0, 1) * 255).astype(np.uint8)
    return np.moveaxis(cv2.applyColorMap(codes, cv2.COLORMAP_INFERNO)[..., ::-1], 2, 0)


def boxed(picture: Array, box: Box, film: tuple[int, int]) -> Array:
    """The picture (3, h, w) with the outline of a box that is given in pixels of a film of size (height, width)."""
    height, width = picture.shape[1:]
    left, right = (round(x * width / film[1]) for x in box[::2])
    top, bottom = (round(y * height / film[0]) for y in box[1::2])
    outline = np.zeros((height, width), bool)
    outline[top:bottom, left:right] = True
    outline[top + LINE : bottom - LINE, left + LINE : right - LINE] = False
    return np.where(outline, np.array(BOX, np.uint8)[:, None, None], picture)
