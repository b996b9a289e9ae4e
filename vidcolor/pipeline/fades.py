"""Fades: colour goes with the light. What is carried into a fade was seen in full light, and would glow in the dark.

A fade mixes a frame with black or white, in the codes: its contrast falls, and its chroma by the same share. L* holds
for codes up to a power, and a*, b* go with L* there, so the contrast of L* tells the share of a* and b*. It is taken
of frames reduced, where grain counts for little.

What a person painted on a frame in a fade is as dark as that frame, and is delivered there as it was painted; a colour
that is named (of a hint, from the palette) is the thing's, in full light.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import cv2

from vidcolor.pipeline.layers import Change, Layer
from vidcolor.project.kinds import Paint
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Frame

REDUCED = 4
"""Times smaller, both ways, for the contrast."""
LEAST = 0.5
"""Contrast in L* below which a frame in full light shows nothing that could fade."""
LEAST_SHARE = 0.05
"""Share of its colour below which a frame is too dark to tell what a colour painted on it is in full light."""


def fade_shares(
    frames: Sequence[Frame], start: int, shot: FrameRange, fades: Collection[FrameRange], keyframes: Collection[int]
) -> dict[int, float]:
    """How much of its colour each frame in a fade keeps, 0 to 1; frames that keep all are left out.

    frames     the gray frames from frame `start` on, those of `shot` among them
    fades      runs of frames inside the shot, each at one of its ends
    keyframes  where colours come from: what comes from inside the fade is as dark as there, and not dimmed for it
    """
    found = {}
    for run in fades:
        inside = [frame for frame in keyframes if frame in run]
        beside = [frame for frame in (run.start - 1, run.stop) if frame in shot]
        for frame in run:
            lit = min(inside or beside, key=lambda other: abs(other - frame), default=frame)
            full = _contrast(frames[lit - start])
            share = _contrast(frames[frame - start]) / full if full > LEAST else 1.0
            if share < 1:
                found[frame] = share
    return found


def dimmed(color: ColorFrame, share: float) -> ColorFrame:
    """The colours with `share` of their chroma, 0 to 1."""
    return color if share == 1 else ColorFrame(color.index, (color.chroma * share).astype("float32"), color.confidence)


def in_full_light(layer: Layer, share: float) -> Layer:
    """The layer in the colours that its frame, which keeps `share` of its chroma, would have in full light."""
    said = layer.correction.said if layer.correction is not None else None
    if share == 1 or layer.change.chroma is None or not isinstance(said, Paint) or said.color is not None:
        return layer
    return replace(layer, change=Change((layer.change.chroma / max(share, LEAST_SHARE)).astype("float32")))


def _contrast(frame: Frame) -> float:
    height, width = frame.lightness.shape
    size = (max(1, width // REDUCED), max(1, height // REDUCED))
    return float(cv2.resize(frame.lightness, size, interpolation=cv2.INTER_AREA).std())
