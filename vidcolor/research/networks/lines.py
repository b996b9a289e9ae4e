"""The lines of a picture, found in one of two ways: what Diffusart is told where nobody has drawn them apart.

Source: Winnemoeller 2012 (XDoG). Published are two ways of finding lines, drawn from evenly in training; which two
these are is ours.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy import ndarray as Array

GRAY = np.array([0.299, 0.587, 0.114], np.float32)
FINE, COARSER, EDGES, SOFT, AT = 0.8, 1.6, 20.0, 10.0, 0.55
"""XDoG: deviation in pixels, of the other blur times so much, how sharp, how soft the threshold, and where it is."""
BLUR, DARKER = 4.0, 3.0
"""The dodge: deviation in pixels, and power that darkens its lines."""


def gray_of(rgb: Array) -> Array:
    """(H, W) 0..1: BT.601's luma of R'G'B' (3, H, W), 0..1."""
    return np.tensordot(GRAY, rgb, 1).astype(np.float32)


def xdog(gray: Array) -> Array:
    """(H, W) 0..1, lines dark: what stands out between two blurs of a gray picture (H, W), 0..1."""
    fine, coarse = (cv2.GaussianBlur(gray, (0, 0), s) for s in (FINE, FINE * COARSER))
    sharp = (1 + EDGES) * fine - EDGES * coarse
    return np.where(sharp >= AT, 1, 1 + np.tanh(SOFT * (sharp - AT))).clip(0, 1).astype(np.float32)


def dodge(gray: Array) -> Array:
    """(H, W) 0..1, lines dark: a gray picture over its blur, as by a pencil."""
    over = gray / np.maximum(cv2.GaussianBlur(gray, (0, 0), BLUR), 1e-3)
    return (over.clip(0, 1) ** DARKER).astype(np.float32)


EXTRACTORS: dict[str, Callable[[Array], Array]] = {"xdog": xdog, "dodge": dodge}
