"""How grainy a gray picture is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.planes.kinds import of

CURVED = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""What edges and slopes answer nothing to, and grain of deviation 1 answers with 6"""
MEDIAN = 0.6745
"""Of the size of a normal deviate."""


def grain_of(lightness: Array) -> float:
    """Deviation of the grain of lightness (H, W), in L*.

    Source: Immerkaer 1996; the median in place of the mean, for texture is no grain.
    """
    answered = cv2.filter2D(lightness, cv2.CV_32F, CURVED)
    return float(np.median(np.abs(answered)) / (6 * MEDIAN))


def grains_of(lightness: Array) -> Array:
    """(B,): the same of tensors (B, H, W), none of whose numbers comes down."""
    answered = _curved(_curved(lightness, -2), -1).abs().flatten(1)  # type: ignore[attr-defined]
    ordered, middle = of(answered).sort(answered, axis=1), answered.shape[1] // 2
    between = (ordered[:, middle] + ordered[:, (answered.shape[1] - 1) // 2]) / 2
    return between / (6 * MEDIAN)  # type: ignore[no-any-return]


def _curved(planes: Array, axis: int) -> Array:
    """Second differences along an axis, the rows before the last mirrored."""
    xp, count = of(planes), planes.shape[axis]
    inward = min(1, count - 1)
    before, behind = (planes.narrow(axis, n, 1) for n in (inward, count - 1 - inward))  # type: ignore[attr-defined]
    wide = xp.concat([before, planes, behind], axis=axis)
    return wide.narrow(axis, 0, count) - 2 * planes + wide.narrow(axis, 2, count)  # type: ignore[no-any-return]
