"""What the networks say of one gray frame: of a frame near it too, moved along the flow; as plain arrays, and back.

Networks cost more than all else that propagation does, and neighbours show the same things. So one frame of a few is
looked at, and its neighbours take its maps, moved to where things are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import loose
from vidcolor.flow.warp import resized
from vidcolor.networks.features_net import FeaturesConfig
from vidcolor.networks.kept_maps import NAMES, STRIDES, kept, numbers, rounded, sound
from vidcolor.networks.lite_net import WIDTHS

FEATURES = FeaturesConfig().outputs


@dataclass(frozen=True, slots=True, eq=False)
class FrameMaps:
    """Maps at strides 4, 8 and 16, each (h, w, C) float32, unit length along C."""

    features: tuple[Array, ...]
    things: tuple[Array, ...]
    """None where nothing knows things; zeros where they do not count"""
    share: float
    """How much things count, 0..1"""


def frame_maps(features: Sequence[Array], things: Sequence[Array], share: float) -> FrameMaps:
    """Of what the networks answer: (h, w, C) each, taken over, and rounded as they are kept: kept and made are one."""
    return FrameMaps(tuple(map(rounded, features)), tuple(map(rounded, things)), share)


def moved(maps: FrameMaps, flow: Array) -> FrameMaps:
    """The maps of a frame near it.

    flow  (2, H, W), from the frame near it to the one whose maps these are, at the size that they were made at
    """
    flows = [np.nan_to_num(resized(flow, (m.shape[0], m.shape[1]))) for m in maps.features]
    features, things = (
        tuple(_sampled(m, f) for m, f in zip(kind, flows, strict=False)) for kind in (maps.features, maps.things)
    )
    return FrameMaps(features, things if maps.share else maps.things, maps.share)


def _sampled(x: Array, flow: Array) -> Array:
    """(h, w, C), fetched along a flow in its places."""
    there = np.empty(x.shape, np.float32)
    _fetch(x, flow, there)
    return there


@loose()
def _fetch(x, flow, out):  # type: ignore[no-untyped-def]
    """Bilinear, and to unit length."""
    rows, columns, channels = x.shape
    zero, one, least = np.float32(0), np.float32(1), np.float32(1e-24)
    for row in range(rows):
        for column in range(columns):
            down = min(max(np.float32(row) + flow[1, row, column], zero), np.float32(rows - 1))
            across = min(max(np.float32(column) + flow[0, row, column], zero), np.float32(columns - 1))
            top, left = int(down), int(across)
            bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            down -= np.float32(top)
            across -= np.float32(left)
            a, b, c, d = x[top, left], x[top, right], x[bottom, left], x[bottom, right]
            of_a, of_b = (one - down) * (one - across), (one - down) * across
            of_c, of_d = down * (one - across), down * across
            there, square = out[row, column], zero
            for n in range(channels):
                value = of_a * a[n] + of_b * b[n] + of_c * c[n] + of_d * d[n]
                there[n] = value
                square += value * value
            share = one / np.sqrt(max(square, least))
            for n in range(channels):
                there[n] *= share


def arrays_of(maps: FrameMaps) -> dict[str, Array]:
    """The maps to be kept."""
    named = dict(zip(NAMES, map(kept, (*maps.features, *maps.things)), strict=False))
    return {**named, "share": np.array(maps.share)}


def maps_of(arrays: Mapping[str, Array], size: tuple[int, int], *, has_things: bool) -> FrameMaps | None:
    """What `arrays_of` was given, of a frame of `size`; None where the arrays are not such as networks answer."""
    if not sound(arrays, size, has_things=has_things):
        return None
    names = [name for name in NAMES if name in arrays]
    if [arrays[name].shape[2] for name in names] != [*FEATURES, *(WIDTHS if has_things else ())]:
        return None
    maps, share = [numbers(arrays[name]) for name in names], float(arrays["share"])
    return FrameMaps(tuple(maps[: len(STRIDES)]), tuple(maps[len(STRIDES) :]), share)
