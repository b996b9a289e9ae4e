"""Colours carried along optical flow by local attention; and the plain warp it is measured against.

Two sources answer in one softmax: the neighbour just coloured, and the keyframe itself, reached by the flows joined so
far. The neighbour is near and looks alike; the keyframe's colours have never been resampled.
Confidence is that of the weakest link: it does not fade with every frame, but one bad step ends it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array

from vidcolor.flow.camera import camera_points
from vidcolor.flow.estimate import FlowEstimator
from vidcolor.flow.warp import missed
from vidcolor.planes.kinds import full, grid_of, of, on_device
from vidcolor.planes.samples import fetch, mean_around
from vidcolor.propagate.light import change_of, lit, tinted
from vidcolor.propagate.runs import Look
from vidcolor.propagate.window import attend
from vidcolor.settings import PropagateSettings

LEAST_TRUST = np.float32(1e-4)
"""What nobody trusts is still carried, for want of better."""
FADE = np.float32(0.995)
"""Confidence kept from one frame to the next where nothing speaks against it."""
STILL = np.float32(0.9)
"""Trust of what the camera's motion alone finds in the keyframe; a chance likeness is possible."""
LITTLE = np.float32(0.5)
"""a*b* up to which nothing is carried: attention smears a little farther with every frame."""
BESIDE = 16
"""Pixels around what is carried where attention works at least: superpixels that it lies in reach no farther."""
AROUND = 9
"""Side of the square in which the two ways' likeness is compared, in chroma pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What the carriers work with."""

    little_flow: FlowEstimator
    """For pictures that are nearly in place"""
    settings: PropagateSettings
    camera: bool = True
    """Whether the keyframe is also seen by the camera's motion alone."""
    tints: bool = True
    """Whether what is carried goes with the light."""
    everywhere: bool = True
    """Whether attention works where nothing is carried too: there it tells only how far carrying is to be trusted."""
    dimmed: Collection[int] = ()
    """Positions of frames whose colours go with the light of a fade afterwards, all at once"""

    def tints_between(self, one: Look, other: Look) -> bool:
        """Whether colours of one frame are brought into the light of the other."""
        return self.tints and one.position not in self.dimmed and other.position not in self.dimmed


@dataclass(frozen=True, slots=True, eq=False)
class SmallKeyframe:
    """A keyframe at chroma size."""

    look: Look
    chroma: Array
    """(2, h, w)"""
    confidence: Array
    """(h, w)"""


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """What one direction knows of one frame."""

    look: Look
    chroma: Array
    """(2, h, w)"""
    confidence: Array
    """(h, w), of the carrying, 0..1: not yet comparable with other carriers'"""
    key: SmallKeyframe
    points: Array
    """(2, h, w): where in the keyframe each pixel came from"""
    reach: Array
    """(h, w), 0..1: how far `points` are to be trusted"""

    @property
    def age(self) -> int:
        """Frames from the keyframe."""
        return abs(self.look.position - self.key.look.position)


def start(key: SmallKeyframe) -> Carried:
    """The keyframe itself."""
    return Carried(key.look, key.chroma, key.confidence, key, grid_of(key.look.luma), key.confidence)


def carry_plain(source: Carried, target: Look, flow: Array, back: Array, rule: Rule) -> Carried:
    """The baseline: chroma fetched through the flow, bilinear, and nothing else."""
    points = grid_of(target.luma) + full(flow)
    confidence = fetch(source.confidence, points) * FADE
    return replace(source, look=target, chroma=fetch(source.chroma, points), confidence=confidence)


def carry_by_flow(source: Carried, target: Look, flow: Array, back: Array, rule: Rule) -> Carried:
    """Chroma and confidence of `target` from its neighbour and from the neighbour's keyframe.

    flow, back  (2, h, w): from the target to the source, and from the source to the target
    """
    settings, key, xp = rule.settings, source.key, of(target.luma)
    flow, back = full(flow), full(back)
    near = grid_of(target.luma) + flow
    agreement = _agreement(flow, back, settings)
    trust = xp.minimum(fetch(source.confidence, near), agreement)
    reach = xp.minimum(fetch(source.reach, near), agreement)
    points, beside = fetch(source.points, near), fetch(source.look.luma, near)
    since, at_once = (
        change_of(target.luma, fetch(key.look.luma, points), reach),
        change_of(target.luma, beside, agreement),
    )
    far, off = _mended(target, key, points, since, rule)
    there = fetch(key.look.luma, far)
    lumas = [lit(beside, at_once), lit(there, since)]
    nearer = at_once if rule.tints_between(target, source.look) else None
    farther = since if rule.tints_between(target, key.look) else None
    chromas = [
        tinted(_fetched(source.chroma, near, cubic=True), beside, nearer),
        tinted(_fetched(key.chroma, far), there, farther),
    ]
    trusts = [trust, reach]
    still = camera_points(far, reach) if rule.camera else None
    if still is not None:
        unmoved = fetch(key.look.luma, still)
        lumas.append(lit(unmoved, since))
        chromas.append(tinted(_fetched(key.chroma, still), unmoved, farther))
        trusts.append(_seen_still(lumas[-1], still, target, key, settings))
    sources = xp.stack(lumas), xp.stack(chromas), xp.stack(trusts) + LEAST_TRUST
    if rule.everywhere:
        chroma, confidence, residual = _attended(target.luma, sources, settings)
    else:
        chroma, confidence, residual = np.zeros_like(source.chroma), (trust + reach) / 2, off
        for near_by, own in _boxes(sources[1], target.luma.shape, settings):
            found = _attended(target.luma[near_by], [planes[..., *near_by] for planes in sources], settings)
            chroma[:, *own[0]], confidence[own[0]], residual[own[0]] = (plane[..., *own[1]] for plane in found)
    confidence = xp.minimum(confidence, _likeness(residual, settings)) * FADE
    return Carried(target, chroma, confidence, key, far, xp.minimum(reach, confidence))


def _seen_still(luma: Array, points: Array, target: Look, key: SmallKeyframe, settings: PropagateSettings) -> Array:
    """(h, w) 0..1: how far the keyframe, seen by the camera's motion alone, shows what the frame shows."""
    height, width = target.luma.shape
    inside = (points[0] > -1) & (points[0] < width) & (points[1] > -1) & (points[1] < height)
    like = _likeness(_around(of(luma).square(luma - target.luma)), settings)
    return full(STILL * inside * like * fetch(key.confidence, points))


def _fetched(chroma: Array, points: Array, *, cubic: bool = False) -> Array:
    """As `fetch`, and without work for planes that hold nothing but 0."""
    if on_device(chroma):
        return fetch(chroma, points, cubic=cubic)
    some = chroma.any(axis=(1, 2))
    if some.all():
        return fetch(chroma, points, cubic=cubic)
    planes = np.zeros(chroma.shape, np.float32)
    if some.any():
        planes[some] = fetch(chroma[some], points, cubic=cubic)
    return planes


Box = tuple[slice, slice]


def _attended(target: Array, sources: Sequence[Array], settings: PropagateSettings) -> tuple[Array, Array, Array]:
    lumas, chromas, trusts = sources
    return attend(target, lumas, chromas, trusts, radius=settings.window, patch=settings.patch, tau=settings.tau)


def _boxes(chromas: Array, size: tuple[int, int], settings: PropagateSettings) -> Iterator[tuple[Box, tuple[Box, Box]]]:
    """The box around what any source (S, 2, h, w) holds, if any does.

    With all that attention in it looks at; and the box by itself, in the frame and in that.
    """
    held = np.asarray(np.abs(chromas).max(axis=(0, 1)) > LITTLE)
    inner, outer, part = list[slice](), list[slice](), list[slice]()
    for side, there in zip(size, (held.any(1), held.any(0)), strict=True):
        where = np.flatnonzero(there)
        if not len(where):
            return
        first, last = max(0, int(where[0]) - BESIDE), min(side, int(where[-1]) + 1 + BESIDE)
        seen = settings.window + settings.patch
        begin = max(0, first - seen)
        inner.append(slice(first, last))
        outer.append(slice(begin, min(side, last + seen)))
        part.append(slice(first - begin, last - begin))
    yield (outer[0], outer[1]), ((inner[0], inner[1]), (part[0], part[1]))


def _mended(target: Look, key: SmallKeyframe, points: Array, since: Array | None, rule: Rule) -> tuple[Array, Array]:
    """Where in the keyframe each pixel lies, mended by the flow straight to it: (2, h, w); and how unlike it is there.

    Joined flows drift. The keyframe, fetched by them, is almost in place; the little flow that is left ends the drift
    wherever it brings a better likeness.
    """
    there = lit(fetch(key.look.luma, points), since)
    rest = rule.little_flow(target.luma * np.float32(100), there * np.float32(100))
    mended, xp = fetch(points, grid_of(target.luma) + rest), of(rest)
    before = _around(xp.square(there - target.luma))
    after = _around(xp.square(lit(fetch(key.look.luma, mended), since) - target.luma))
    return xp.where(after < before, mended, points), xp.minimum(before, after)


def _around(plane: Array) -> Array:
    return mean_around(plane, AROUND)


def _likeness(residual: Array, settings: PropagateSettings) -> Array:
    """(h, w) 0..1 of mean squared luma differences."""
    return full(1 / (1 + of(residual).square(residual / np.float32(settings.residual))))


def _agreement(flow: Array, back: Array, settings: PropagateSettings) -> Array:
    """(h, w) 0..1: near 1 where the flow there and back returns, falling steeply where it misses."""
    miss = missed(flow, back, settings.slack)
    square = of(miss).square
    return full(1 / (1 + square(square(miss / np.float32(settings.mismatch)))))
