"""Corrections of colour as layers over a shot's colours: where each counts on its frame, and carried from there.

A layer says how far it counts in every pixel of its frame, and what it makes of the colours there. Propagation carries
that share through the shot as it carries a keyframe's chroma, both ways, as far as the next exact picture of a person;
there the layer fades. Where a layer does not count, the colours below stay as they are, bit for bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import overload

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import rgb_to_lab
from vidcolor.flow.estimate import FlowEstimator
from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Hint, Hue, Neutral, Paint, Region, Saturation
from vidcolor.propagate.ablation import Ablation, without
from vidcolor.propagate.cached import FrameCache
from vidcolor.propagate.guesses import Listener
from vidcolor.propagate.runs import Look, Within
from vidcolor.propagate.shot import propagate
from vidcolor.settings import PropagateSettings
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Frame

FADE = 8
"""Frames over which a layer fades towards an exact picture that says otherwise."""
FULL = np.float32(100)
"""The share 1 as propagation carries it: in place of a*."""
NOT_THERE, THERE = 0.2, 0.8
"""Carried shares up to which a pixel is none of the layer's, and from which it wholly is: between them, an edge."""
COLORS = without("attention", "flats")
"""A person's colours are not looked up elsewhere, nor known by their gray: another coat is another thing."""
SHARES = without("attention", "flats", "tinted")
"""Nor is a mask; and it is the same in any light."""
SOFT = 0.05, 0.9
"""The same of what spread from a point or stroke: how much of a share is left says how sure it is. Where its colour is
another than is there, the whole thing is meant, and is wholly there from THERE on."""
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


class Part(Sequence[Frame]):
    """Some of a shot's frames, one after the other."""

    def __init__(self, frames: Sequence[Frame], first: int, count: int) -> None:
        self._frames, self._first, self._count = frames, first, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Frame: ...
    @overload
    def __getitem__(self, place: slice) -> list[Frame]: ...
    def __getitem__(self, place: int | slice) -> Frame | list[Frame]:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError(f"place {place} of {self._count} frames")
        return self._frames[self._first + place % self._count]


def span_of(frame: int, reach: FrameRange, exact: Sequence[int]) -> FrameRange:
    """The frames that a layer of `frame` is carried to: up to the exact pictures on either side, without them."""
    before = max((k for k in exact if k < frame), default=reach.start - 1)
    after = min((k for k in exact if k > frame), default=reach.stop)
    return FrameRange(max(before + 1, reach.start), min(after, reach.stop))


def carry(
    layer: Layer,
    frames: Sequence[Frame],
    flow: FlowEstimator,
    settings: PropagateSettings,
    ends: tuple[bool, bool],
    cache: FrameCache | None = None,
    within: Within | None = None,
) -> Iterator[ColorFrame]:
    """The layer on each of the frames, in order: its own colours as chroma, its share as confidence.

    frames  a run that holds the layer's own frame
    within  the whole shot and the place of the run in it, if it is a part
    ends    whether the run ends before, and behind, at an exact picture, towards which the layer fades
    """
    assert layer.share is not None, "what holds everywhere is not carried"
    frame, first, count = layer.frame, frames[0].index, len(frames)
    share = np.stack([layer.share * FULL, np.zeros_like(layer.share)])
    looks = deque[Look](maxlen=1)
    shares = _carried(frame, share, frames, flow, settings, cache, within, SHARES, lambda look, *_: looks.append(look))
    own = layer.change.chroma
    plain = np.zeros((2, *layer.share.shape), np.float32) if own is None else np.broadcast_to(own, share.shape)
    varies = layer.varies
    spread = spread_out(plain, layer.share) if varies else plain
    colors = _carried(frame, spread, frames, flow, settings, cache, within) if varies else None
    with ThreadPoolExecutor(1) as beside:
        for place in range(count):
            waiting = beside.submit(next, colors) if colors is not None else None
            found = next(shares)
            counts = _edge(found.chroma[0] / FULL, layer) if found.index != frame else layer.share
            if layer.light is not None and found.index != frame:
                counts = counts * layer.light.share(looks[-1].luma * np.float32(100))
            counts = counts * np.float32(_ramp(place, frame - first, count, ends))
            yield ColorFrame(found.index, waiting.result().chroma if waiting is not None else plain, counts)


def _carried(
    frame: int,
    planes: Array,
    frames: Sequence[Frame],
    flow: FlowEstimator,
    settings: PropagateSettings,
    cache: FrameCache | None,
    within: Within | None,
    ablation: Ablation = COLORS,
    listen: Listener | None = None,
) -> Iterator[ColorFrame]:
    known = ColorFrame(frame, planes.astype(np.float32), np.ones(planes.shape[1:], np.float32))
    return propagate(
        frames, {frame: known}, flow, settings, ablation=ablation, listen=listen, cache=cache, within=within
    )


def _edge(share: Array, layer: Layer) -> Array:
    """Carried shares without what carrying smeared: nothing of what hardly counts, all of what nearly does."""
    nothing, all_of_it = NOT_THERE, THERE
    if layer.soft:
        said, instead = layer.change.chroma, layer.change.instead
        other = 1.0 if said is None or instead is None else how_other(instead, said)
        nothing, all_of_it = SOFT[0], SOFT[1] + other * (THERE - SOFT[1])
    return np.clip((share - nothing) / (all_of_it - nothing), 0, 1).astype(np.float32)


def _ramp(place: int, own: int, count: int, ends: tuple[bool, bool]) -> float:
    """How much of the layer is left beside an exact picture, 0..1."""
    left = (place + 1) / (min(FADE, own) + 1) if ends[0] and place < own else 1.0
    right = (count - place) / (min(FADE, count - 1 - own) + 1) if ends[1] and place > own else 1.0
    return min(1.0, left, right)
