"""Colour difference CIEDE2000."""

import numpy as np

from vidcolor.errors import InputError

SEVENTH = 25.0**7
OPPOSITE = 1e-12
"""Radians about 180 degrees in which hues are opposite. Arc tangents round: without it, one exact pair in twenty would
get the mean hue of the other side."""


def delta_e(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """CIEDE2000 of two CIELAB arrays, (3, ...) each: float64, the shape behind the channels.

    Source: G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", Color Research and
    Application 30, 2005, equations 2 to 22, with kL = kC = kH = 1.
    """
    if first.shape != second.shape or first.shape[:1] != (3,):
        raise InputError(f"CIEDE2000 needs two (3, ...) arrays of one shape, not {first.shape} and {second.shape}")
    l1, a1, b1 = np.asarray(first, np.float64)
    l2, a2, b2 = np.asarray(second, np.float64)
    stretch = 1.5 - 0.5 * _strong((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2)
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.arctan2(b1, a1) % (2 * np.pi), np.arctan2(b2, a2) % (2 * np.pi)
    turn, hue = _hues(h1, h2, c1 * c2 == 0)
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    off = (lightness - 50) ** 2
    dl = (l2 - l1) / (1 + 0.015 * off / np.sqrt(20 + off))
    dc = (c2 - c1) / (1 + 0.045 * chroma)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2) / (1 + 0.015 * chroma * t)
    theta = np.radians(30) * np.exp(-(((np.degrees(hue) - 275) / 25) ** 2))
    rotation = -2 * _strong(chroma) * np.sin(2 * theta)
    return np.asarray(np.sqrt(np.maximum(dl**2 + dc**2 + dh**2 + rotation * dc * dh, 0)))


def _strong(chroma: np.ndarray) -> np.ndarray:
    """sqrt(C^7 / (C^7 + 25^7)): 0 for grays, 1 for strong colours."""
    seventh = chroma**7
    return np.asarray(np.sqrt(seventh / (seventh + SEVENTH)))


def _hues(h1: np.ndarray, h2: np.ndarray, gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hue turned through, the short way round, and mean hue, both in radians (equations 10 and 14)."""
    turn = h2 - h1
    far = np.abs(turn) > np.pi + OPPOSITE
    short = np.where(far, turn - np.copysign(2 * np.pi, turn), turn)
    total = h1 + h2
    mean = np.where(far, np.where(total < 2 * np.pi, total + 2 * np.pi, total - 2 * np.pi), total) / 2
    return np.where(gray, 0.0, short), np.where(gray, total, mean)
