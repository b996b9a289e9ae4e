"""What delivered codes show: R'G'B' of a film's own luma with Cb, Cr codes, as a picture for any program."""

from functools import cache

import numpy as np

from vidcolor.color.colorimetry import LUMA_WEIGHTS, check_tags, rgb_to_xyz
from vidcolor.color.lab import decode_exactly
from vidcolor.color.scale import TEN
from vidcolor.errors import InputError
from vidcolor.types import ColorTags

SRGB = 1
"""Primaries that a picture without a profile has."""


def codes_to_rgb(luma: np.ndarray, cb: np.ndarray, cr: np.ndarray, tags: ColorTags) -> np.ndarray:
    """(3, H, W) float32 R'G'B' 0..1 (sRGB) that codes of a film show; what lies outside is clipped.

    luma, cb, cr  (H, W) uint16, 10-bit limited codes, chroma of every pixel
    tags          the film's: primaries other than BT.709's are turned into them
    Neutral codes give R' = G' = B'. Refuses planes of different sizes.
    """
    rgb = np.clip(components(luma, cb, cr, tags), 0, 1)
    return rgb if _same(tags.primaries) else _in_srgb(rgb, tags.primaries)


def components(luma: np.ndarray, cb: np.ndarray, cr: np.ndarray, tags: ColorTags) -> np.ndarray:
    """(3, H, W) float32 R'G'B' of the film's own primaries that codes stand for, not clipped: 0 black, 1 white.

    luma, cb, cr  (H, W) uint16, 10-bit limited codes, chroma of every pixel
    Refuses planes of different sizes.
    """
    check_tags(tags)
    if not luma.shape == cb.shape == cr.shape:
        raise InputError(f"luma {luma.shape}, Cb {cb.shape} and Cr {cr.shape} are no planes of one picture")
    red, blue = LUMA_WEIGHTS[tags.matrix]
    light = (luma.astype(np.float32) - TEN.black) / np.float32(TEN.span)
    u, v = ((plane.astype(np.float32) - np.float32(TEN.neutral)) / np.float32(TEN.chroma_span) for plane in (cb, cr))
    rgb = np.empty((3, *luma.shape), np.float32)
    rgb[0] = light + np.float32(2 - 2 * red) * v
    rgb[2] = light + np.float32(2 - 2 * blue) * u
    rgb[1] = (light - np.float32(red) * rgb[0] - np.float32(blue) * rgb[2]) / np.float32(1 - red - blue)
    return rgb


def _same(primaries: int) -> bool:
    return bool(np.array_equal(rgb_to_xyz(primaries), rgb_to_xyz(SRGB)))


@cache
def _to_srgb(primaries: int) -> np.ndarray:
    return np.asarray(np.linalg.solve(rgb_to_xyz(SRGB), rgb_to_xyz(primaries)))


def _in_srgb(rgb: np.ndarray, primaries: int) -> np.ndarray:
    linear = np.tensordot(_to_srgb(primaries), decode_exactly(rgb), 1)
    size = np.clip(linear, 0, 1)
    coded = np.where(size <= 0.0031308, 12.92 * size, 1.055 * np.power(size, 1 / 2.4) - 0.055)
    neutral = (rgb[0] == rgb[1]) & (rgb[1] == rgb[2])
    return np.where(neutral, rgb, coded).astype(np.float32)
