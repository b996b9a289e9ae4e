"""The camera's own motion: what the flow would be if nothing in the scene moved.

A thing that passes hides the ground behind it, and flow loses the hidden ground for good. The camera's motion still
says where the ground lies in an earlier picture; whether it looks alike there is for the caller to see.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.planes.kinds import grid, on_device

SAMPLES = 40
"""Places along the picture's height at which the flow is taken."""
LEAST_SAMPLES = 40
LEAST_TRUST = 0.3
INLIER, INLIER_SHARE = 1.5, 3 / 256
"""By how much a place may miss the motion and still follow it: pixels at least, and of the picture's height. Found on
training clips 128 and 256 high; at 256 the share is worth .03 dB."""
LEAST_SHARE = 0.7
"""Share of the trusted places that must follow one motion; below it, what moves is not the camera."""
ROUNDS = 500


def camera_points(points: Array, trust: Array) -> Array | None:
    """Where each pixel lies in the other picture by the camera's motion alone; None where no one motion rules.

    points   (2, h, w): where each pixel lies in the other picture, as found by flow
    trust    (h, w), 0..1
    returns  (2, h, w) float32, by the homography that most of the trusted points follow (RANSAC). On a device there is
             no None: all pixels then lie beyond every edge
    """
    height, width = trust.shape
    step = max(4, height // SAMPLES)
    if on_device(trust):
        from vidcolor.flow.camera_on_device import camera_points as found  # loads PyTorch

        return found(points, trust, step)  # type: ignore[arg-type, return-value]
    sampled = (slice(step // 2, None, step), slice(step // 2, None, step))
    own = grid(trust.shape)
    known = trust[sampled].ravel() > LEAST_TRUST
    if known.sum() < LEAST_SAMPLES:
        return None
    here, there = (np.stack([p[sampled].ravel()[known] for p in field], axis=1) for field in (own, points))
    matrix, follows = cv2.findHomography(here, there.astype(np.float32), cv2.RANSAC, most_off(height), maxIters=ROUNDS)
    if matrix is None or float(follows.mean()) < LEAST_SHARE:
        return None
    # Row by row: BLAS works a product this small on the caller's thread; for all at once it wakes its own, which then
    # wait busily for the next.
    rows = np.stack([*own, np.ones((height, width), np.float32)], axis=1)
    x, y, depth = (matrix.astype(np.float32) @ rows).transpose(1, 0, 2)
    if depth.min() <= 0:
        return None
    return np.stack([x / depth, y / depth])


def most_off(height: int) -> float:
    """Pixels by which a place may miss the motion in a picture this high."""
    return max(INLIER, INLIER_SHARE * height)
