"""The networks that propagation uses, made once and shared by all shots: NumPy in, NumPy out.

May be called by several threads at once; see precision.py for how they run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from numpy import ndarray as Array

from vidcolor.networks import compare_places, kept_seen
from vidcolor.networks.compare_places import Colored, Seen
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.precision import run_alone, working_dtype
from vidcolor.networks.shipped import PROPAGATOR, THINGS
from vidcolor.networks.things import Things
from vidcolor.networks.weighing import Weigher

CARRIERS = ("before", "behind", "found", "scene", "remembered")
"""Where guesses come from: carried from the keyframe on the left, from the one on the right, found by places,
by cells, remembered by superpixels."""
SLOTS = (*CARRIERS, "ruled")
"""The guesses that are weighed: also what the rules make of all but the cells'."""
SIGNALS = 3
"""Planes of each guess that tell how good it is, each of about -1..1."""


class Propagator:
    """What frames look like, what they find in coloured ones, and who weighs their guesses."""

    def __init__(self, features: NetworkFeatures, file: Path | None = PROPAGATOR, things: Path | None = THINGS) -> None:
        """Loads the network that weighs, and the one that knows things. Without a file there is none, and guesses
        must be weighed by rule, frames compared by their features alone."""
        self._features = features
        self._things = None if things is None else Things(things)
        self.weigher = None if file is None else Weigher(file, SLOTS)
        self.name = "+".join(part.name for part in (features, self._things, self.weigher) if part is not None)

    @torch.inference_mode()
    def see(self, lightness: Array) -> Seen:
        """A frame as the networks see it; lightness (H, W) L*."""
        maps = [m.to(working_dtype()) for m in self._features.maps(lightness)]
        things, share = ([], 0.0) if self._things is None else self._things(lightness)
        return compare_places.see(lightness, maps, things, share)

    def arrays_of(self, seen: Seen) -> dict[str, Array]:
        """What `see` answered, to be kept: see kept_seen.py."""
        return kept_seen.arrays_of(seen)

    def seen_of(self, arrays: Mapping[str, Array], lightness: Array) -> Seen | None:
        """What `see` answered of the lightness when `arrays` was kept; None where that is not what it answers."""
        return kept_seen.seen_of(arrays, lightness, has_things=self._things is not None)

    @torch.inference_mode()
    def with_colors(self, seen: Seen, chroma: Array, confidence: Array) -> Colored:
        """A coloured frame: chroma (2, H, W), confidence (H, W) 0..1."""
        return compare_places.with_colors(seen, chroma, confidence)

    @torch.inference_mode()
    def compare(self, seen: Seen, colored: Sequence[Colored], away: Sequence[int]) -> tuple[Array, Array]:
        """What is found for each pixel in the coloured frames, by places and by cells: see compare_places.PLANES.

        away  how far each coloured frame is, in frames
        """
        run_alone()
        return compare_places.compare(seen, compare_places.gathered(colored, away))
