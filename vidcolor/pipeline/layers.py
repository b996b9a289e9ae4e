"""Corrections of colour as layers over a shot's colours: where each counts on its frame, and what it makes of colours.

A layer says how far it counts in every pixel of its frame, and what it makes of the colours there. Propagation carries
that share through the shot as it carries a keyframe's chroma (carried.py). Where a layer does not count, the colours
below stay as they are, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import rgb_to_lab
from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Hint, Hue, Neutral, Paint, Region, Saturation
from vidcolor.types import ColorFrame

OTHER = 10.0, 30.0
"""Distance in a*b* up to which a point's colour is what is there, put right, and from which it is another colour."""
KNOWN = 1e-3
"""Share from which a paint's own colour is known."""
UNLIKE = np.float32(12)
"""Difference of L* from a point at which its colour counts by half, where the colours there were unsure: what is off at
one place is not off alike where a thing is lighter or darker. Chosen on three clips (8 to 12 alike)."""
SAME = 0.25
"""Difference of a* or b* that makes no other colour: a shot's colours are stored in such steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What a layer makes of the colours below: `chroma` in their place; where that is None, they are trimmed."""

    chroma: Array | None = None
    """(2, 1, 1) or (2, h, w) a*b*"""
    amount: float = 1.0
    degrees: float = 0.0
    instead: Array | None = None
    """(2, 1, 1) a*b* that was there where a person said `chroma`: what is off by as much is moved by as much, and what
    has the colour already stays as it is; None: all become `chroma`"""

    def __call__(self, below: Array) -> Array:
        """(2, h, w) a*b* of the layer over `below`."""
        if self.chroma is not None and self.instead is not None:
            return _put_right(below, self.instead, self.chroma)
        if self.chroma is not None:
            return np.broadcast_to(self.chroma, below.shape)
        turn = np.deg2rad(self.degrees)
        cos, sin = np.float32(np.cos(turn) * self.amount), np.float32(np.sin(turn) * self.amount)
        return np.stack([cos * below[0] - sin * below[1], sin * below[0] + cos * below[1]])


@dataclass(frozen=True, slots=True)
class AsLight:
    """What counts less the less light or dark a place is as where it was said."""

    lightness: float
    """L* there"""
    matters: float
    """0..1: how far that is so"""

    def share(self, lightness: Array) -> Array:
        """(h, w) 0..1 of a frame's L* (h, w): how much of it counts."""
        alike = 1 / (1 + np.square((lightness - np.float32(self.lightness)) / UNLIKE))
        return np.asarray(1 - np.float32(self.matters) * (1 - alike), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One correction, or a frame's regions, where it was said."""

    name: str
    """What its matte is named by"""
    frame: int
    change: Change
    share: Array | None
    """(h, w) 0..1; None: all of every frame of the shot"""
    correction: Correction | None = None
    """None: regions"""
    soft: bool = False
    """Whether it spread from a point or stroke, less where it is less sure"""
    light: AsLight | None = None
    """None: it counts in any light"""

    @property
    def varies(self) -> bool:
        """Whether it has colours of its own that differ from pixel to pixel, and are carried too."""
        return self.change.chroma is not None and self.change.chroma.shape[1:] != (1, 1)


def how_other(there: Array, said: Array, between: tuple[float, float] = OTHER) -> float:
    """0..1: how far a person's colour is another than what is there, not the same put right.

    between  distances in a*b* up to which it is the same, and from which it is another
    """
    same, other = between
    return float(np.clip((_length(said - there) - same) / (other - same), 0, 1))


def _length(step: Array) -> float:
    return float(np.hypot(*step.ravel()))


def _put_right(below: Array, instead: Array, chroma: Array) -> Array:
    """(2, h, w): colours moved from what was there to `chroma`, no farther; one colour where the two lie far apart."""
    step = chroma - instead
    length = _length(step)
    done = np.clip((step * (below - instead)).sum(0) / max(length**2, 1e-6), 0, 1)
    keeps = np.float32(1 - how_other(instead, chroma))
    return np.asarray(keeps * (below + (1 - done) * step) + (1 - keeps) * chroma)


def over(color: ColorFrame, change: Change, share: Array | np.float32) -> ColorFrame:
    """The colours with a layer over them; a person's own colour is sure."""
    chroma = color.chroma + share * (change(color.chroma) - color.chroma)
    confidence = color.confidence if change.chroma is None else np.maximum(color.confidence, share)
    return ColorFrame(color.index, chroma.astype(np.float32), confidence.astype(np.float32))


def over_together(color: ColorFrame, parts: Sequence[tuple[Change, Array | np.float32]]) -> ColorFrame:
    """The colours with layers over them that share each place: none lies over another, whatever their order.

    Carried shares may sum to more than 1; there they are scaled down to it. One layer is laid as `over` lays it.
    """
    if len(parts) == 1:
        return over(color, *parts[0])
    total = np.maximum(sum((share for _, share in parts), np.zeros_like(color.confidence)), 1)
    chroma, known = color.chroma.astype(np.float32), np.zeros_like(color.confidence)
    for change, share in parts:
        part = share / total
        chroma = chroma + part * (change(color.chroma) - color.chroma)
        known = known if change.chroma is None else known + part
    confidence = np.maximum(color.confidence, np.minimum(known, 1))
    return ColorFrame(color.index, chroma.astype(np.float32), confidence.astype(np.float32))


def together(layers: Sequence[Layer]) -> list[list[int]]:
    """Layers by number, in the order they are laid in: those side by side that spread on one frame share places."""
    groups: list[list[int]] = []
    for n, layer in enumerate(layers):
        before = layers[n - 1] if n else None
        if before is not None and layer.soft and before.soft and layer.frame == before.frame:
            groups[-1].append(n)
        else:
            groups.append([n])
    return [sorted(group, key=lambda n: _mark(layers[n])) for group in groups]


def _mark(layer: Layer) -> str:
    """What it says, whatever it is called."""
    return layer.correction.mark if layer.correction is not None else ""


def change_of(correction: Correction, painted: Array | None) -> Change:
    """What a correction of colour makes of colours; `painted`: (2, h, w) a*b* of its paint."""
    said = correction.said
    if isinstance(said, Hint | Region) and said.color is not None:
        return Change(chroma_of(said.color))
    if isinstance(said, Neutral):
        return Change(np.zeros((2, 1, 1), np.float32))
    if isinstance(said, Saturation):
        return Change(amount=said.amount)
    if isinstance(said, Hue):
        return Change(degrees=said.degrees)
    assert isinstance(said, Paint), correction.kind
    assert painted is not None, "a paint is read first"
    return Change(painted)


def one_color(chroma: Array, share: Array) -> Array:
    """A paint's colours (2, h, w); (2, 1, 1) where all that it knows are the same: those need no carrying."""
    known = chroma[:, share >= KNOWN]
    if not known.size or (known.max(1) - known.min(1)).max() > SAME:
        return chroma
    return known.mean(1)[:, None, None].astype(np.float32)


def chroma_of(color: str) -> Array:
    """(2, 1, 1) a*b* of R'G'B' in hexadecimal digits."""
    return lab_of(color)[1:]


def lab_of(color: str) -> Array:
    """(3, 1, 1) L*a*b* of R'G'B' in hexadecimal digits."""
    codes = np.array([int(color.removeprefix("#")[k : k + 2], 16) for k in (0, 2, 4)], np.float32)
    return rgb_to_lab((codes / 255)[:, None, None])


def spread_out(chroma: Array, share: Array) -> Array:
    """(2, h, w): a paint's colours, continued beyond its edge, where carried shares may reach; one colour as it is."""
    if chroma.shape[1:] == (1, 1):
        return chroma
    known = (share >= KNOWN).astype(np.uint8)
    if not known.any() or known.all():
        return chroma
    _, nearest = cv2.distanceTransformWithLabels(
        1 - known, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros((2, int(nearest.max()) + 1), np.float32)
    table[:, nearest[known > 0]] = chroma[:, known > 0]
    return table[:, nearest]
