"""The networks that propagation uses, made once and shared by all shots: NumPy in, NumPy out.

May be called by several threads at once; see precision.py for how they run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array

from vidcolor.networks import matching
from vidcolor.networks.fuse import Fuser
from vidcolor.networks.load import load_features
from vidcolor.networks.matching import Known, Seen
from vidcolor.networks.precision import run_alone, working_dtype
from vidcolor.networks.shipped import FEATURES, PROPAGATOR, mark_of

CARRIERS = ("before", "behind", "found", "scene", "remembered")
"""Where guesses come from: carried from the keyframe on the left, from the one on the right, looked up by places, by
cells, remembered by superpixels."""
SLOTS = (*CARRIERS, "ruled")
"""The guesses that are weighed: also what the rules make of all but the cells'."""
SIGNALS = 3
"""Planes of each guess that tell how good it is, each of about -1..1."""


class Propagator:
    """What frames look like, what they find in coloured ones, and what their guesses come to."""

    def __init__(self, features: Path = FEATURES, fusion: Path | None = PROPAGATOR) -> None:
        """Loads the files. Without a `fusion` guesses must be weighed by rule."""
        files = [features] if fusion is None else [features, fusion]
        self.name = "+".join(mark_of(file) for file in files)
        self._features = load_features(features).to(working_dtype())
        self._fuse = None if fusion is None else Fuser(fusion, SLOTS)

    slots = SLOTS

    @property
    def weighs(self) -> bool:
        """Whether `fuse` may be called."""
        return self._fuse is not None

    @torch.inference_mode()
    def see(self, lightness: Array) -> Seen:
        """A frame as the network sees it; lightness (H, W) L*."""
        run_alone()
        picture = torch.from_numpy(np.ascontiguousarray(lightness, np.float32))
        return matching.see(lightness, [m.to(working_dtype()) for m in self._features(picture[None, None])])

    @torch.inference_mode()
    def know(self, seen: Seen, chroma: Array, confidence: Array) -> Known:
        """A coloured frame: chroma (2, H, W), confidence (H, W) 0..1."""
        return matching.know(seen, chroma, confidence)

    @torch.inference_mode()
    def look_up(self, seen: Seen, known: Sequence[Known], away: Sequence[int]) -> tuple[Array, Array]:
        """What is found for each pixel in the coloured frames, by places and by cells: see matching.PLANES.

        away  how far each coloured frame is, in frames
        """
        run_alone()
        return matching.look_up(seen, matching.gathered(known, away))

    def fuse(self, seen: Seen, evidence: Array, error: Array) -> tuple[Array, Array]:
        """Chroma (2, H, W) and its expected error (H, W) in a*b*, of guesses as FusionNet takes them.

        evidence  (S, 2 + SIGNALS, H, W), in the order of SLOTS
        error     (S, H, W)
        """
        assert self._fuse is not None, "fuse needs the network; ask `weighs`"
        return self._fuse(seen.lightness, [m[0] for m in seen.maps], evidence, error)
