"""The networks that propagation uses, made once and shared by all shots: arrays in, arrays out.

May be called by several threads at once; see graph.py for how they run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from numpy import ndarray as Array

from vidcolor.networks import compare_places, frame_maps, origins
from vidcolor.networks.compare_places import Colored, Seen
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.frame_maps import FrameMaps
from vidcolor.networks.shipped import PROPAGATOR, THINGS
from vidcolor.networks.tells import Tells
from vidcolor.networks.things import Things
from vidcolor.networks.weighing import Weigher

CARRIERS = ("before", "behind", "found", "scene", "remembered")
"""Where guesses come from: carried from the keyframe on the left, from the one on the right, found by places,
by cells, remembered by superpixels."""
SLOTS = (*CARRIERS, "ruled")
"""The guesses that are weighed: also what the rules make of all but the cells'."""
SIGNALS = 3
"""Planes of each guess that tell how good it is, each of about -1..1."""
CLAIMS = 6
"""Planes of what is said against the first two guesses, by where they come from: how far lightness is off, how unlike
the look is, and what things are there."""


class Propagator:
    """What frames look like, what they find in coloured ones, and who weighs their guesses."""

    def __init__(self, features: NetworkFeatures, file: Path | None = PROPAGATOR, things: Path | None = THINGS) -> None:
        """Loads the network that weighs, and the one that knows things. Without a file there is none, and guesses
        must be weighed by rule, frames compared by their features alone."""
        self._features = features
        self.things = None if things is None else Things(things)
        self.weigher = None if file is None else Weigher(file, SLOTS)
        self.name = "+".join(part.name for part in (features, self.things, self.weigher) if part is not None)

    def maps(self, lightness: Array) -> FrameMaps:
        """What the networks say of a frame; lightness (H, W) L*."""
        things, share = ([], 0.0) if self.things is None else self.things(lightness)
        return frame_maps.frame_maps(self._features.maps(lightness), things, share)

    def maps_of_all(self, lightness: Array) -> Iterator[FrameMaps]:
        """The same of frames of one size (B, H, W)."""
        return map(self.maps, lightness)

    def moved(self, maps: FrameMaps, flow: Array) -> FrameMaps:
        """What they would say of a frame near it: see frame_maps.moved."""
        return frame_maps.moved(maps, flow)

    def see(self, lightness: Array, maps: FrameMaps) -> Seen:
        """A frame by its maps, to be compared; lightness (H, W) L*."""
        return compare_places.see(lightness, maps.features, maps.things, maps.share)

    def unlike(self, maps: FrameMaps, others: FrameMaps, points: Array) -> Array:
        """How unlike their origins a frame's places are: see origins.unlike."""
        return origins.unlike(maps, others, points)

    def arrays_of(self, maps: FrameMaps) -> dict[str, Array]:
        """The maps, to be kept."""
        return frame_maps.arrays_of(maps)

    def maps_of(self, arrays: Mapping[str, Array], size: tuple[int, int]) -> FrameMaps | None:
        """What `arrays_of` was given, of a frame of `size`; None where that is not what `maps` answers."""
        return frame_maps.maps_of(arrays, size, has_things=self.things is not None)

    def with_colors(self, seen: Seen, chroma: Array, confidence: Array) -> Colored:
        """A coloured frame: chroma (2, H, W), confidence (H, W) 0..1."""
        return compare_places.with_colors(seen, chroma, confidence)

    def learned(self, colored: Sequence[Colored]) -> tuple[list[Colored], Tells | None]:
        """Coloured frames that are looked into together, with what they tell one another: as `compare` takes them."""
        tells = compare_places.learned(colored)
        known = colored if tells is None else [compare_places.told_colored(frame, tells) for frame in colored]
        return compare_places.Together(known) if known else [], tells

    def compare(
        self, seen: Seen, colored: Sequence[Colored], tells: Tells | None, away: Sequence[int]
    ) -> tuple[Array, Array]:
        """What is found for each pixel in the coloured frames, by places and by cells: see compare_places.PLANES.

        away  how far each coloured frame is, in frames
        """
        known = seen if tells is None else compare_places.told(seen, tells)
        return compare_places.compare(known, compare_places.gathered(colored, away))
