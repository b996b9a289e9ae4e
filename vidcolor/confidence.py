"""How far a colour is probably off (expected error, in a*b*), and how that reads as confidence, 0 to 1."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.planes.kinds import full, of

HALF = np.float32(4.0)
"""Expected error at which confidence is one half."""
LEAST = 1e-4
"""Confidence below which all is one: an error of 400."""
ABSENT = 60.0
"""Expected error of a guess that is not there, as the networks that weigh guesses were trained with it."""


def confidence_of(error: Array) -> Array:
    """float32, 0..1, of an expected error in a*b*: 1 / (1 + (error / HALF)^2)."""
    return full(1 / (1 + of(error).square(error / HALF)))


def error_of(confidence: Array) -> Array:
    """The expected error in a*b* of a confidence 0..1; that of LEAST where it is less."""
    xp = of(confidence)
    return cast(Array, HALF * xp.sqrt(1 / xp.clip(confidence, LEAST, 1) - 1))
