"""What networks say of a frame as plain arrays, as they are kept: names, kinds and sizes; loads no network.

Maps are (h, w, C) at strides 4, 8 and 16; kept as whole numbers of 1 / FINE.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy import ndarray as Array

KINDS, STRIDES = ("features", "things"), (4, 8, 16)
FINE = np.float32(2**14)
"""Steps from 0 to 1: a map's values lie between -1 and 1."""
ROUNDER = np.float32(1.5 * 2**23) / FINE
"""What a number of at most 1 loses all but those steps by, once it is added"""
NAMES = tuple(f"{kind} {stride}" for kind in KINDS for stride in STRIDES)


def sound(arrays: Mapping[str, Array], size: tuple[int, int], *, has_things: bool) -> bool:
    """Whether these are maps of a frame of `size`, of any number of channels, and how much things count there."""
    names = NAMES if has_things else NAMES[: len(STRIDES)]
    if set(arrays) != {*names, "share"}:
        return False
    share = arrays["share"]
    if share.shape or share.dtype != np.float64 or not 0 <= float(share) <= float(has_things):
        return False
    sides = [tuple(-(-side // stride) for side in size) for stride in (*STRIDES, *STRIDES)]
    maps = zip((arrays[name] for name in names), sides, strict=False)
    return all(m.dtype == np.int16 and m.ndim == 3 and m.shape[:2] == side and m.shape[2] > 0 for m, side in maps)


def rounded(values: Array) -> Array:
    """A map in the steps that are kept, in its own place."""
    values += ROUNDER
    values -= ROUNDER
    return values


def kept(values: Array) -> Array:
    """A map that is rounded, as it is kept."""
    return (values * FINE).astype(np.int16)


def numbers(values: Array) -> Array:
    """float32 of a map that is kept, the same to the bit."""
    return values.astype(np.float32) / FINE
