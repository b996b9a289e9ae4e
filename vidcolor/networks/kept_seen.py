"""A frame as the networks see it, as plain arrays and back: bit for bit, and nothing twice.

Of a cell's places only what things add is kept; the rest is their features, which the finest map holds.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.networks.compare_places import SIDE, Seen, in_cells, joined_places
from vidcolor.networks.features_net import STRIDES, FeaturesConfig
from vidcolor.networks.lite_net import WIDTHS
from vidcolor.networks.precision import working_dtype

MAPS = ("map 4", "map 8", "map 16")
NAMES = (*MAPS, "places", "cells", "things", "share")
FEATURES = FeaturesConfig().outputs


def arrays_of(seen: Seen) -> dict[str, Array]:
    """All of what was seen but its lightness; bfloat16 as the whole numbers of its bits."""
    width = seen.maps[0].shape[1]
    tensors = [*seen.maps, seen.places[:, :, width:], seen.cells, seen.things]
    return {**dict(zip(NAMES, map(_bits, tensors), strict=False)), "share": np.array(seen.share)}


def seen_of(arrays: Mapping[str, Array], lightness: Array, *, has_things: bool) -> Seen | None:
    """What was seen of the lightness (H, W); None where the arrays are not such as networks answer."""
    wanted = _kinds(lightness.shape, has_things=has_things)
    found = {name: (array.shape, array.dtype.str) for name, array in arrays.items()}
    if found != wanted:
        return None
    share, rounded = float(arrays["share"]), working_dtype()
    if not 0 <= share <= 1 or (share and not has_things):
        return None
    maps = tuple(_tensor(arrays[name], rounded) for name in MAPS)
    places = in_cells(maps[0])
    if has_things:
        places = joined_places(places, _tensor(arrays["places"], rounded), share)
    cells, things = (_tensor(arrays[name], torch.float32) for name in ("cells", "things"))
    return Seen(maps, places, cells, things, lightness, share)


def _kinds(size: tuple[int, ...], *, has_things: bool) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and kind of each array of a frame of `size`."""
    number = np.dtype(np.int16 if working_dtype() == torch.bfloat16 else np.float32).str
    real = np.dtype(np.float32).str
    sides = [tuple(-(-side // stride) for side in size) for stride in STRIDES]
    count = int(np.prod([-(-side // SIDE) for side in sides[0]]))
    fine, *coarse = WIDTHS if has_things else (0, 0)
    return {
        **{m: ((1, w, *side), number) for m, w, side in zip(MAPS, FEATURES, sides, strict=True)},
        "places": ((count, SIDE * SIDE, fine), number),
        "cells": ((count, FEATURES[0] + FEATURES[1] + fine), real),
        "things": ((count, sum(coarse)), real),
        "share": ((), np.dtype(np.float64).str),
    }


def _bits(tensor: Tensor) -> Array:
    plain = tensor.contiguous()
    return plain.view(torch.int16).numpy() if plain.dtype == torch.bfloat16 else plain.numpy()


def _tensor(array: Array, dtype: torch.dtype) -> Tensor:
    return torch.from_numpy(array).view(dtype) if dtype == torch.bfloat16 else torch.from_numpy(array)
