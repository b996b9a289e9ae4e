"""Colours carried along optical flow from a neighbour, by local attention; and the plain warp it is measured against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array  # noqa: N812 (reads as a type)

from vidcolor.flow.warp import fetch, grid, mismatch
from vidcolor.propagate.runs import Look
from vidcolor.propagate.window import attend
from vidcolor.settings import PropagateSettings


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """What one direction knows of one frame."""

    look: Look
    chroma: Array
    """(2, h, w)"""
    confidence: Array
    """(h, w)"""


def carry_plain(source: Carried, target: Look, flow: Array) -> Carried:
    """The baseline: chroma fetched through the flow, bilinear, and nothing else."""
    points = grid(target.luma.shape) + flow.astype(np.float32)
    return Carried(target, fetch(source.chroma, points), fetch(source.confidence, points))


def carry_by_flow(source: Carried, target: Look, flow: Array, back: Array, settings: PropagateSettings) -> Carried:
    """Chroma and confidence of `target` from its neighbour.

    flow, back  (2, h, w): from the target to the source, and from the source to the target
    """
    flow, back = flow.astype(np.float32), back.astype(np.float32)
    points = grid(target.luma.shape) + flow
    apart = mismatch(flow, back) / (1 + settings.slack * np.hypot(*flow))
    trust = fetch(source.confidence, points) * np.exp(-((apart / settings.mismatch) ** 2)) + np.float32(1e-6)
    chroma, confidence, residual = attend(
        target.luma,
        fetch(source.look.luma, points)[None],
        fetch(source.chroma, points, cubic=True)[None],
        trust[None].astype(np.float32),
        radius=settings.window,
        patch=settings.patch,
        tau=settings.tau,
    )
    confidence = confidence * np.exp(-residual / np.float32(settings.residual))
    return Carried(target, chroma, confidence)
