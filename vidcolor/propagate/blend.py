"""Candidates and their confidence into one chroma."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array  # noqa: N812 (reads as a type)

from vidcolor.propagate.by_flow import Carried

NOTHING = np.float32(1e-6)


def blend(candidates: Sequence[Carried]) -> tuple[Array, Array]:
    """Chroma (2, h, w) and confidence (h, w) of what the directions know: means weighed by the square of confidence."""
    if len(candidates) == 1:
        return candidates[0].chroma, candidates[0].confidence
    weights = [np.square(c.confidence) + NOTHING for c in candidates]
    total = sum(weights[1:], weights[0])
    chroma = sum(
        (w / total * c.chroma for w, c in zip(weights[1:], candidates[1:], strict=True)),
        weights[0] / total * candidates[0].chroma,
    )
    confidence = np.maximum.reduce([c.confidence for c in candidates])
    return chroma, confidence
