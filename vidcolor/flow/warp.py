"""Use a flow field: fetch along it, join two, and see where it does not come back.

Flow is (2, H, W), x then y, in pixels: `flow[:, y, x]` leads from a pixel of frame t to where it lies in frame u.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError

ABSOLUTE = 1.0
"""A flow that comes back this near is consistent, in pixels: about what DIS reaches on smooth motion."""
RELATIVE = 0.1
"""Share of the motion's length that is allowed on top; long motions are found less exactly."""


@lru_cache(maxsize=4)
def grid(size: tuple[int, int]) -> Array:
    """(2, H, W) float32: each pixel's own x and y. Read-only."""
    height, width = size
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    result = np.stack([xs, ys])
    result.setflags(write=False)
    return result


def _checked(flow: Array, size: tuple[int, int]) -> None:
    if flow.ndim != 3 or flow.shape[0] != 2 or flow.shape[1:] != size:
        raise InputError(f"flow of shape {flow.shape} does not fit a picture of {size}; it must be (2, H, W)")


def fetch(image: Array, points: Array, *, cubic: bool = False) -> Array:
    """`image` sampled at `points` ((2, h, w), x then y); beyond the edge, the edge's value.

    image    (H, W) or (C, H, W) float32
    returns  (h, w) or (C, h, w) float32
    """
    how = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    planes = [image] if image.ndim == 2 else list(image)
    out = [cv2.remap(plane, points[0], points[1], how, borderMode=cv2.BORDER_REPLICATE) for plane in planes]
    return out[0] if image.ndim == 2 else np.stack(out)


def warp(image: Array, flow: Array, *, cubic: bool = False) -> Array:
    """Frame u's values fetched to frame t along the flow from t to u, bilinear unless `cubic`.

    image    (H, W) or (C, H, W) float32, values of frame u
    flow     (2, H, W), from t to u
    returns  the same shape as `image`, on frame t's pixels
    """
    _checked(flow, image.shape[-2:])
    return fetch(image, grid(image.shape[-2:]) + flow, cubic=cubic)


def compose(first: Array, second: Array) -> Array:
    """The flow from a to c, of the flows from a to b and from b to c."""
    _checked(second, first.shape[-2:])
    return first + warp(second, first)


def mismatch(flow: Array, back: Array) -> Array:
    """(H, W) pixels: how far from its start each pixel lands after going there and back."""
    return np.hypot(*(flow + warp(back, flow)))


def missed(flow: Array, back: Array, slack: float) -> Array:
    """(H, W) pixels: the mismatch, less where motion is long: `slack` is the share of its length that may be off."""
    return mismatch(flow, back) / (1 + slack * np.hypot(*flow))


def occluded(flow: Array, back: Array) -> Array:
    """(H, W) bool: seen in t but not in u, as the flows from t to u and back do not agree there.

    Source: the forward-backward test of Sundaram, Brox, Keutzer, ECCV 2010, in this simpler form:
    |w + w'| > 1 px + 0.1 (|w| + |w'|) / 2.
    """
    returned = warp(back, flow)
    length = (np.hypot(*flow) + np.hypot(*returned)) / 2
    return np.hypot(*(flow + returned)) > ABSOLUTE + RELATIVE * length


def resized(flow: Array, size: tuple[int, int]) -> Array:
    """The same motion on a grid of another size (height, width), in pixels of that size."""
    height, width = flow.shape[1:]
    if (height, width) == size:
        return flow
    how = cv2.INTER_AREA if size[0] < height else cv2.INTER_LINEAR
    x, y = (cv2.resize(np.ascontiguousarray(plane, np.float32), size[::-1], interpolation=how) for plane in flow)
    return np.stack([x * np.float32(size[1] / width), y * np.float32(size[0] / height)])
