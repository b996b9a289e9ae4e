"""Use a flow field: fetch along it, join two, and see where it does not come back.

Flow is (2, H, W), x then y, in pixels: `flow[:, y, x]` leads from a pixel of frame t to where it lies in frame u.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.planes.kinds import grid_of, of, on_device
from vidcolor.planes.samples import How, at_size, fetch

ABSOLUTE = 1.0
"""A flow that comes back this near is consistent, in pixels: about what DIS reaches on smooth motion."""
RELATIVE = 0.1
"""Share of the motion's length that is allowed on top; long motions are found less exactly."""


def _checked(flow: Array, size: tuple[int, int]) -> None:
    if flow.ndim != 3 or flow.shape[0] != 2 or flow.shape[1:] != size:
        raise InputError(f"flow of shape {flow.shape} does not fit a picture of {size}; it must be (2, H, W)")


def warp(image: Array, flow: Array, *, cubic: bool = False) -> Array:
    """Frame u's values fetched to frame t along the flow from t to u, bilinear unless `cubic`.

    image    (H, W) or (C, H, W) float32, values of frame u
    flow     (2, H, W), from t to u
    returns  the same shape as `image`, on frame t's pixels
    """
    _checked(flow, image.shape[-2:])
    return fetch(image, grid_of(image) + flow, cubic=cubic)


def compose(first: Array, second: Array) -> Array:
    """The flow from a to c, of the flows from a to b and from b to c."""
    _checked(second, first.shape[-2:])
    return first + warp(second, first)


def mismatch(flow: Array, back: Array) -> Array:
    """(H, W) pixels: how far from its start each pixel lands after going there and back."""
    return length(flow + warp(back, flow))


def missed(flow: Array, back: Array, slack: float) -> Array:
    """(H, W) pixels: the mismatch, less where motion is long: `slack` is the share of its length that may be off."""
    return mismatch(flow, back) / (1 + slack * length(flow))


def length(pair: Array) -> Array:
    """(H, W): of what (2, H, W) says of each pixel."""
    return cast(Array, of(pair).hypot(pair[0], pair[1]))


def occluded(flow: Array, back: Array) -> Array:
    """(H, W) bool: seen in t but not in u, as the flows from t to u and back do not agree there.

    Source: the forward-backward test of Sundaram, Brox, Keutzer, ECCV 2010, in this simpler form:
    |w + w'| > 1 px + 0.1 (|w| + |w'|) / 2.
    """
    returned = warp(back, flow)
    mean = (length(flow) + length(returned)) / 2
    return length(flow + returned) > ABSOLUTE + RELATIVE * mean


def resized(flow: Array, size: tuple[int, int]) -> Array:
    """The same motion on a grid of another size (height, width), in pixels of that size."""
    height, width = flow.shape[1:]
    if (height, width) == size:
        return flow
    how: How = "area" if size[0] < height else "linear"
    planes = flow if on_device(flow) else (np.ascontiguousarray(plane, np.float32) for plane in flow)
    x, y = (at_size(plane, size, how) for plane in planes)
    return cast(Array, of(x).stack([x * np.float32(size[1] / width), y * np.float32(size[0] / height)]))
