"""What networks say of a frame as plain arrays, as they are kept: names, kinds and sizes, told without loading PyTorch.

Maps are (h, w, C) at strides 4, 8 and 16; bfloat16 is kept as the whole numbers of its bits.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy import ndarray as Array

from vidcolor.machine import number_type

KINDS, STRIDES = ("features", "things"), (4, 8, 16)
NAMES = tuple(f"{kind} {stride}" for kind in KINDS for stride in STRIDES)


def sound(arrays: Mapping[str, Array], size: tuple[int, int], *, has_things: bool) -> bool:
    """Whether these are maps of a frame of `size`, of any number of channels, and how much things count there."""
    names = NAMES if has_things else NAMES[: len(STRIDES)]
    if set(arrays) != {*names, "share"}:
        return False
    share, kind = arrays["share"], np.dtype(np.int16 if number_type() == "bfloat16" else np.float32)
    if share.shape or share.dtype != np.float64 or not 0 <= float(share) <= float(has_things):
        return False
    sides = [tuple(-(-side // stride) for side in size) for stride in (*STRIDES, *STRIDES)]
    maps = zip((arrays[name] for name in names), sides, strict=False)
    return all(m.dtype == kind and m.ndim == 3 and m.shape[:2] == side and m.shape[2] > 0 for m, side in maps)


def numbers(kept: Array) -> Array:
    """float32 of a map that is kept."""
    if kept.dtype == np.float32:
        return kept
    return (kept.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
