"""Colours for the page's picker: what a colour will be under the film's own lightness."""

from __future__ import annotations

import re

import numpy as np
from numpy import ndarray as Array

from vidcolor.color import fit_to_rgb
from vidcolor.errors import InputError
from vidcolor.pipeline.layers import lab_of

SIDE, REACH = 128, 100
"""Samples along a side of the plane of colours, and a* and b* at its edge."""
CODE = re.compile(r"[0-9A-Fa-f]{6}")


def under(color: str, lightness: float) -> str:
    """A colour (rrggbb) as it will be at L* `lightness`: its hue, and as much of its chroma as there is there."""
    lab = _lab(color)
    lab[0] = lightness
    return _code(fit_to_rgb(lab)[:, 0, 0])


def plane(lightness: float) -> Array:
    """(3, SIDE, SIDE) uint8: all colours of one L*; a* grows to the right, b* upwards. Beyond what there is at that L*
    the colours are those of the edge."""
    axis = np.linspace(-REACH, REACH, SIDE, dtype=np.float32)
    a, b = np.meshgrid(axis, axis[::-1])
    lab = np.stack([np.full_like(a, lightness), a, b])
    return np.rint(fit_to_rgb(lab) * 255).astype(np.uint8)


def place_of(color: str) -> tuple[float, float]:
    """Where a colour lies on the plane, in shares of its sides from the left and top."""
    _, a, b = _lab(color)[:, 0, 0]
    return float(a / (2 * REACH) + 0.5), float(0.5 - b / (2 * REACH))


def _lab(color: str) -> Array:
    if not CODE.fullmatch(color):
        raise InputError(f"{color:.20} is no colour; write six hexadecimal digits")
    return lab_of(color)


def _code(rgb: Array) -> str:
    return "".join(f"{round(float(value) * 255):02x}" for value in rgb)
