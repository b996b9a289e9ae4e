"""How grainy a gray picture is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy import ndarray as Array

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
