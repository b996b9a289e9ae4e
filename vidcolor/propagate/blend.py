"""Candidates and their confidence into one chroma.

Every carrier's own signs (agreement of flows, luma residual, spread of attention) are first turned into one measure,
the chroma error to be expected, in units of a*b* (by_superpixel.py gives its own). The constants were fitted on clips
whose colours are known.
Candidates are weighed by the fourth power of 1 / error: nearly the best one, without seams. What then has a large error
is filled from the surroundings of like lightness. Confidence is 1 / (1 + (error / 4)^2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray as Array

from vidcolor.propagate.smooth import smooth
from vidcolor.settings import PropagateSettings

FLOW_LEAST, FLOW_DOUBT, FLOW_LOST, FLOW_LOW, FLOW_AGE = 1.5, 2.5, 8.0, 0.02, 0.01
"""Expected error of a carried colour: least + doubt (1 - c) + lost / (1 + c / low) + age x frames, c its confidence."""
LOOK_LEAST, LOOK_SPREAD, LOOK_DISTANCE = 3.0, 0.7, 0.7
"""Expected error of a looked-up colour: least + spread of its sources + so much for each unit of feature distance."""
SHARPNESS = 4
HALF = np.float32(4.0)
"""Expected error at which confidence is one half."""
SURE = np.float32(3.0)
"""Colours of this expected error and better are held against filling."""
KEEP = np.float32(0.1)
LEAST_WEIGHT = np.float32(1e-4)

Candidate = tuple[Array, Array]
"""Chroma (2, h, w) and the expected error (h, w)."""


def of_flow(chroma: Array, confidence: Array, age: int) -> Candidate:
    c = confidence.astype(np.float32)
    error = FLOW_LEAST + FLOW_DOUBT * (1 - c) + FLOW_LOST * FLOW_LOW / (c + FLOW_LOW) + FLOW_AGE * age
    return chroma.astype(np.float32), error.astype(np.float32)


def of_attention(looked_up: Array) -> Candidate:
    """looked_up  (4, h, w), from `carry_by_attention`"""
    return looked_up[:2], (LOOK_LEAST + LOOK_SPREAD * looked_up[2] + LOOK_DISTANCE * looked_up[3]).astype(np.float32)


def mixed(candidates: Sequence[Candidate]) -> Candidate:
    """All that is known as one candidate: nearly the best of each pixel."""
    total = np.zeros(candidates[0][1].shape, np.float32)
    chroma = np.zeros((2, *total.shape), np.float32)
    for values, error in candidates:
        weight = error**-SHARPNESS
        total += weight
        chroma += weight * values
    return chroma / total, total ** np.float32(-1 / SHARPNESS)


def best(candidates: Sequence[Candidate]) -> Candidate:
    """The candidate of the least expected error at each pixel, as it is."""
    chroma, error = (np.stack(planes) for planes in zip(*candidates, strict=True))
    choice = error.argmin(0)[None]
    return np.take_along_axis(chroma, choice[:, None], 0)[0], np.take_along_axis(error, choice, 0)[0]


def blend(
    candidates: Sequence[Candidate],
    luma: Array,
    settings: PropagateSettings,
    mix: Callable[[Sequence[Candidate]], Candidate] = mixed,
) -> tuple[Array, Array]:
    """Chroma (2, h, w) and confidence (h, w) of all that is known, made one candidate by `mix`."""
    chroma, error = mix(candidates)
    if settings.fill > 0:
        chroma = filled(chroma, error, luma, settings)
    return chroma, _confidence(error)


def _confidence(error: Array) -> Array:
    return (1 / (1 + np.square(error / HALF))).astype(np.float32)


def blend_plain(candidates: Sequence[Candidate]) -> tuple[Array, Array]:
    """The baseline's rule: the nearer keyframe's candidate, as it is."""
    chroma, error = min(candidates, key=lambda c: float(c[1].mean()))
    return chroma, _confidence(error)


def filled(chroma: Array, error: Array, luma: Array, settings: PropagateSettings) -> Array:
    """Doubtful colours replaced, in the measure of the doubt, by those around them of like lightness."""
    weight = np.clip((SURE / error) ** 3, LEAST_WEIGHT, 1)
    around = smooth(chroma, weight, luma, strength=settings.fill, sigma=settings.edge)
    keep = weight / (weight + KEEP)
    return chroma * keep + around * (1 - keep)
