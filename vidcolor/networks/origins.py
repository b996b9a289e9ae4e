"""Whether a place that a colour is said to come from looks like the place it is brought to: flow slides, and does not
know it."""

from __future__ import annotations

import importlib
from typing import Any, cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import loose
from vidcolor.networks.features_net import STRIDES
from vidcolor.networks.frame_maps import FrameMaps
from vidcolor.planes.kinds import of, on_device, planes_of
from vidcolor.planes.samples import at_size

FEATURES, THINGS = (0.5, 0.25, 0.0), (0.25, 0.0, 0.0)
"""What the cosines of maps at strides 4, 8 and 16 count in how like the look of two places is."""
KINDS = (0.0, 0.5, 0.5)
"""What those of maps of things count in how like the things there are."""


def unlike(maps: FrameMaps, others: FrameMaps, points: Array) -> Array:
    """(2, h, w) float32, 0..1: how unlike their origins a frame's places are, in look, and in what things are there.

    0 is alike; 1 also where things do not count.

    others  what the networks say of the frame that the places' colours come from
    points  (2, h, w), x then y: where in that frame each place of 4 pixels comes from, in pixels
    """
    size, xp = (points.shape[1], points.shape[2]), of(points)
    looks, kinds = planes_of(size, 0.0, points), planes_of(size, 0.0, points)
    counted = [(m, o, s, k, 0.0) for m, o, s, k in zip(maps.features, others.features, STRIDES, FEATURES, strict=True)]
    of_things = zip(maps.things, others.things, STRIDES, THINGS, KINDS, strict=False)
    there: dict[int, Array] = {}
    for own, other, stride, look, kind in (*counted, *of_things):
        if not (look or kind):
            continue
        if stride not in there:
            there[stride] = _places(points, own, stride)
        cosine = _resized(_cosines(own, other, there[stride]), size)
        if look:
            looks += look * cosine
        if kind:
            kinds += kind * cosine
    return cast(Array, xp.clip(1 - xp.stack([looks, kinds]), 0.0, 1.0))


def _places(points: Array, own: Array, stride: int) -> Array:
    """(2, h, w): the points of the places of a map (h, w, C) at a stride, in such places; on a device as it looks them
    up."""
    there = (_resized(points, (own.shape[0], own.shape[1])) + 0.5) / stride - 0.5
    return cast(Array, _there("planes").between(there, own.shape)) if on_device(own) else there


def _cosines(own: Array, other: Array, places: Array) -> Array:
    """(h, w): of maps (h, w, C) of a frame, with another's at `places`."""
    if on_device(own):
        return cast(Array, _there("networks").compare(own, other, places))
    out = np.empty((own.shape[0], own.shape[1]), np.float32)
    _compare(own, other, places, out)
    return out


def _there(room: str) -> Any:
    """What a device does in a room, brought in where there is one: it loads PyTorch."""
    return importlib.import_module(f"vidcolor.{room}.on_device")


def _resized(planes: Array, size: tuple[int, int]) -> Array:
    """Planes (..., h, w) at another size."""
    if planes.shape[-2:] == size:
        return planes
    return at_size(planes, size, "area" if size[0] < planes.shape[-2] else "linear")


@loose()
def _compare(own, other, points, out):  # type: ignore[no-untyped-def]
    """Cosines with `other`, fetched bilinearly; what has no length is unlike all."""
    rows, columns, channels = other.shape
    zero, one, least = np.float32(0), np.float32(1), np.float32(1e-12)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            down = min(max(points[1, y, x], zero), np.float32(rows - 1))
            across = min(max(points[0, y, x], zero), np.float32(columns - 1))
            top, left = int(down), int(across)
            bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            down -= np.float32(top)
            across -= np.float32(left)
            a, b, c, d = other[top, left], other[top, right], other[bottom, left], other[bottom, right]
            of_a, of_b = (one - down) * (one - across), (one - down) * across
            of_c, of_d = down * (one - across), down * across
            mine = own[y, x]
            product, square = zero, zero
            for n in range(channels):
                value = of_a * a[n] + of_b * b[n] + of_c * c[n] + of_d * d[n]
                product += value * mine[n]
                square += value * value
            out[y, x] = product / np.sqrt(max(square, least))
