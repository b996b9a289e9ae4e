"""What lab.py does with pictures, for planes on a device: kernels.py's curves, in whole planes at once."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.planes.kinds import Device, device_of, of, up

LINEAR, KNEE = 216 / 24389, 6 / 29
"""CIELAB's light below which its curve is a line, and that curve's value there."""


def rgb_to_lab(rgb: Array, to_xyz: np.ndarray) -> Array:
    """(3, H, W) of R'G'B' (3, H, W), clipped to 0..1; to_xyz: (3, 3), linear RGB to XYZ over white."""
    xp = of(rgb)
    rgb = xp.clip(rgb, 0.0, 1.0)
    light = xp.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = _through(to_xyz, light)
    x, y, z = xp.where(xyz > LINEAR, xp.clip(xyz, LINEAR, None) ** (1 / 3), (xyz * (24389 / 27) + 16) / 116)
    return cast(Array, xp.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)]))


def lab_to_rgb(lab: Array, to_rgb: np.ndarray) -> Array:
    """(3, H, W) R'G'B', each channel clipped to 0..1, of CIELAB (3, H, W); to_rgb: (3, 3), XYZ over white to linear."""
    xp = of(lab)
    y = (lab[0] + 16) / 116
    f = xp.stack([y + lab[1] / 500, y, y - lab[2] / 200])
    xyz = xp.where(f > KNEE, f * f * f, (f * 116 - 16) * (27 / 24389))
    light = xp.clip(_through(to_rgb, xyz), 0.0, 1.0)
    coded = 1.055 * xp.clip(light, 0.0031308, None) ** (1 / 2.4) - 0.055
    return cast(Array, xp.clip(xp.where(light > 0.0031308, coded, light * 12.92), 0.0, 1.0))


def _through(matrix: np.ndarray, planes: Array) -> Array:
    """Planes (3, H, W) by a matrix (3, 3)."""
    own = _there(tuple(matrix.ravel().tolist()), device_of(planes))
    return cast(Array, (own @ planes.reshape(3, -1)).reshape(planes.shape))


@lru_cache(maxsize=8)
def _there(matrix: tuple[float, ...], device: Device) -> Array:
    """(3, 3) on the device: gone up once."""
    return up(np.array(matrix, np.float32).reshape(3, 3), device)
