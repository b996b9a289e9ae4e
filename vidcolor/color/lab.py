"""CIELAB of luma codes and of R'G'B' pictures, and back."""

from functools import cache

import numpy as np

from vidcolor.color import kernels, lab_on_device
from vidcolor.color.colorimetry import check_tags, rgb_to_xyz
from vidcolor.errors import InputError
from vidcolor.planes.kinds import on_device
from vidcolor.types import ColorTags

BLACK, WHITE = 64, 940
"""Luma codes of black and white, 10 bits, limited range."""
CODES = 1024


def decode_exactly(value: np.ndarray) -> np.ndarray:
    """Linear light of coded values, in float64."""
    size = np.abs(np.asarray(value, np.float64))
    light = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.copysign(light, value)


@cache
def _lightness_of_codes() -> np.ndarray:
    """(1024,) float32: L* of every 10-bit luma code. Codes below black and above white are clipped."""
    light = decode_exactly(np.clip((np.arange(CODES) - BLACK) / (WHITE - BLACK), 0, 1))
    f = np.where(light > 216 / 24389, np.cbrt(light), (24389 / 27 * light + 16) / 116)
    table = (116 * f - 16).astype(np.float32)
    table.setflags(write=False)
    return table


@cache
def _matrices() -> tuple[np.ndarray, np.ndarray]:
    """(3, 3) float32 each: linear BT.709 RGB to XYZ over white, and back."""
    forward = rgb_to_xyz(1)
    forward = forward / forward.sum(axis=1, keepdims=True)
    return forward.astype(np.float32), np.linalg.inv(forward).astype(np.float32)


def luma_to_lightness(codes: np.ndarray, tags: ColorTags) -> np.ndarray:
    """L* of a film's luma: float32, the shape of `codes`.

    codes   uint16, 10-bit limited range (64 black, 940 white); what lies outside is clipped
    tags    the film's; transfers that are not display-referred (PQ, HLG, log) are refused
    A neutral R'G'B' picture with this luma has exactly this L* in `rgb_to_lab`.
    """
    check_tags(tags)
    if codes.dtype != np.uint16:
        raise InputError(f"luma codes must be uint16, not {codes.dtype}")
    return np.take(_lightness_of_codes(), codes, mode="clip")


def rgb_to_lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of an R'G'B' picture: (3, H, W) float32, L* 0..100, then a*, b*.

    rgb     (3, H, W) coded R'G'B' (sRGB curve, BT.709 primaries), 0..1; what lies outside is clipped
    """
    if on_device(rgb):
        return lab_on_device.rgb_to_lab(rgb, _matrices()[0])
    rgb = _planes(rgb)
    lab = np.empty_like(rgb)
    kernels.fill_lab(rgb.reshape(3, -1), _matrices()[0], lab.reshape(3, -1))
    return lab


def light_to_lab(light: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of linear light, BT.709 primaries: (3, ...) float32. Colours outside the cube keep theirs."""
    xyz = np.tensordot(_matrices()[0], np.asarray(light, np.float32), axes=1)
    f = np.where(xyz > np.float32(216 / 24389), np.cbrt(xyz), (np.float32(24389 / 27) * xyz + 16) / 116)
    return np.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def lab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """R'G'B' picture of CIELAB values: (3, H, W) float32, 0..1, each channel clipped on its own.

    lab     (3, H, W): L*, a*, b*
    """
    if on_device(lab):
        return lab_on_device.lab_to_rgb(lab, _matrices()[1])
    lab = _planes(lab)
    rgb = np.empty_like(lab)
    kernels.fill_rgb(lab.reshape(3, -1), _matrices()[1], rgb.reshape(3, -1))
    return rgb


def fit_to_rgb(lab: np.ndarray) -> np.ndarray:
    """R'G'B' picture of CIELAB values, with their L* and hue: colours outside the cube are shrunk towards neutral.

    lab     (3, H, W); L* beyond 0..100 is clipped
    (`lab_to_rgb` clips each channel on its own, which changes lightness and hue.)
    """
    lab = _planes(lab).copy()
    np.clip(lab[0], 0, 100, out=lab[0])
    kernels.shrink_at_lightness(lab.reshape(3, -1), _matrices()[1])
    return lab_to_rgb(lab)


def _planes(picture: np.ndarray) -> np.ndarray:
    if picture.ndim != 3 or picture.shape[0] != 3:
        raise InputError(f"a colour picture has shape (3, height, width), not {tuple(picture.shape)}")
    return np.ascontiguousarray(picture, np.float32)
