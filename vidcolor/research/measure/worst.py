"""The worst frames of a film, kept small for people to look at: a few, and not neighbours of each other."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from vidcolor.research.measure.measurement import WorstFrame
from vidcolor.research.metrics.temporal import reduced, reduced_size

LONG_SIDE = 480
"""Pixels of the longer side of a kept picture."""
APART = 12
"""Frames between two that are shown, at least, where the film is long enough: neighbours show the same fault."""
SPARE = 4
"""Candidates kept for each frame shown: some of them turn out to be neighbours."""


class Worst:
    """Finds up to `most` frames of the largest mean CIEDE2000, none near another.

    Of each short run of frames the worst is a candidate, and the worst candidates are kept.
    """

    def __init__(self, most: int, frame_count: int) -> None:
        self._most = most
        self._apart = max(1, min(APART, frame_count // max(1, most)))
        self._kept: dict[int, WorstFrame] = {}

    def add(self, one: WorstFrame) -> None:
        """Takes the next frame, as `looked_at` made it; keeps it if it is a candidate."""
        run = one.frame // max(1, self._apart // 2)
        if run in self._kept:
            if self._kept[run].error >= one.error:
                return
        elif len(self._kept) == SPARE * self._most:
            least = min(self._kept, key=lambda other: self._kept[other].error)
            if self._kept[least].error >= one.error:
                return
            del self._kept[least]
        self._kept[run] = one

    def frames(self) -> tuple[WorstFrame, ...]:
        """The worst, worst first."""
        chosen: list[WorstFrame] = []
        for kept in sorted(self._kept.values(), key=lambda one: (-one.error, one.frame)):
            if len(chosen) < self._most and all(abs(kept.frame - one.frame) >= self._apart for one in chosen):
                chosen.append(kept)
        return tuple(chosen)


def looked_at(frame: int, error: float, result: Array, truth: Array, errors: Array) -> WorstFrame:
    """Small pictures of a frame, of R'G'B' 0..1 (3, H, W) and of its error map (H, W)."""
    size = reduced_size(errors.shape, LONG_SIDE)
    return WorstFrame(frame, error, _bytes(result, size), _bytes(truth, size), reduced(errors, size))


def _bytes(rgb: Array, size: tuple[int, int]) -> Array:
    """(3, h, w) uint8 of R'G'B' 0..1."""
    planes = np.stack([reduced(plane, size) for plane in rgb])
    return np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)
