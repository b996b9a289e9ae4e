"""Colours carried along optical flow by local attention; and the plain warp it is measured against.

Two sources answer in one softmax: the neighbour just coloured, and the keyframe itself, reached by the flows joined so far.
The neighbour is near and looks alike; the keyframe's colours have never been resampled.
Confidence is that of the weakest link: it does not fade with every frame, but one bad step ends it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray as Array  # noqa: N812 (reads as a type)

from vidcolor.flow.warp import fetch, grid, mismatch
from vidcolor.propagate.runs import Look
from vidcolor.propagate.window import attend
from vidcolor.settings import PropagateSettings

LEAST_TRUST = np.float32(1e-4)
"""What nobody trusts is still carried, for want of better."""
FADE = np.float32(0.995)
"""Confidence kept from one frame to the next where nothing speaks against it."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
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
    key: Key
    points: Array
    """(2, h, w): where in the keyframe each pixel came from"""
    reach: Array
    """(h, w), 0..1: how far `points` are to be trusted"""

    @property
    def age(self) -> int:
        """Frames from the keyframe."""
        return abs(self.look.position - self.key.look.position)


def start(key: Key) -> Carried:
    """The keyframe itself."""
    return Carried(key.look, key.chroma, key.confidence, key, grid(key.look.luma.shape), key.confidence)


def carry_plain(source: Carried, target: Look, flow: Array, back: Array, settings: PropagateSettings) -> Carried:
    """The baseline: chroma fetched through the flow, bilinear, and nothing else."""
    points = grid(target.luma.shape) + flow.astype(np.float32)
    confidence = fetch(source.confidence, points) * FADE
    return replace(source, look=target, chroma=fetch(source.chroma, points), confidence=confidence)


def carry_by_flow(source: Carried, target: Look, flow: Array, back: Array, settings: PropagateSettings) -> Carried:
    """Chroma and confidence of `target` from its neighbour and from the neighbour's keyframe.

    flow, back  (2, h, w): from the target to the source, and from the source to the target
    """
    flow, back = flow.astype(np.float32), back.astype(np.float32)
    near = grid(target.luma.shape) + flow
    agreement = _agreement(flow, back, settings)
    far = fetch(source.points, near)
    reach = np.minimum(fetch(source.reach, near), agreement)
    trust = np.minimum(fetch(source.confidence, near), agreement)
    key = source.key
    chroma, confidence, residual = attend(
        target.luma,
        np.stack([fetch(source.look.luma, near), fetch(key.look.luma, far)]),
        np.stack([fetch(source.chroma, near, cubic=True), fetch(key.chroma, far)]),
        np.stack([trust, reach]) + LEAST_TRUST,
        radius=settings.window,
        patch=settings.patch,
        tau=settings.tau,
    )
    likeness = 1 / (1 + np.square(residual / np.float32(settings.residual)))
    confidence = np.minimum(confidence, likeness) * FADE
    return Carried(target, chroma, confidence, key, far, np.minimum(reach, confidence))


def _agreement(flow: Array, back: Array, settings: PropagateSettings) -> Array:
    """(h, w) 0..1: near 1 where the flow there and back returns, falling steeply where it misses."""
    miss = mismatch(flow, back) / (1 + settings.slack * np.hypot(*flow))
    return (1 / (1 + np.square(np.square(miss / np.float32(settings.mismatch))))).astype(np.float32)
