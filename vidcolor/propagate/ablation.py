"""What propagation may do without, so that tools can tell what each part is worth. A film does without nothing.

No setting and no fingerprint knows of it: what is rendered so belongs into a project of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal[
    "flow",
    "local",
    "camera",
    "superpixel",
    "attention",
    "blend",
    "fill",
    "weigher",
    "flats",
    "steady",
    "mended",
    "tinted",
    "everywhere",
]
"""flow        colours carried along it, from both sides
local       attention around where the flow ends; without it colours are warped, and the nearer keyframe's taken
camera      the keyframe seen by the camera's motion alone
superpixel  what temporal superpixels remember
attention   colours found in the keyframes, by what places look like
blend       guesses mixed by their expected errors; without it each pixel takes its most trusted one as it is
fill        doubtful colours filled from around
weigher     the network that weighs guesses; without it rules do
flats       flat areas of drawn frames in one paint each
steady      what the frame before says; it needs the flow
mended      worn frames evened and without wear, where they are matched
tinted      colours that go with the light; without it they stay as they are, as a mask does
everywhere  attention along the flow where nothing is carried; without it, a mask is carried where it is
"""
FlowAt = Literal["chroma", "working"]


@dataclass(frozen=True, slots=True)
class Ablation:
    """The parts that are left out, and where flow is found."""

    without: frozenset[Part] = frozenset()
    flow_at: FlowAt = "chroma"
    """Size at which flow is found; working takes a fifth more time in all, and brings up to 0.06 dB."""

    def keeps(self, part: Part) -> bool:
        """Whether the part works."""
        return part not in self.without


WHOLE = Ablation()
"""As films are made."""


def without(*parts: Part) -> Ablation:
    """Everything but these parts."""
    return Ablation(frozenset(parts))
