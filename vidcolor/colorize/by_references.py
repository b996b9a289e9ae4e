"""Stage 4: a frame coloured from free references: by transfer from all, and by registration where one shows the scene.

A reference that was made for another frame of the same take lies nearly over this one: what fits there is taken by
alignment, which keeps small things and sharp edges that superpixels lose; the rest is transferred.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidcolor.colorize.by_registration import register
from vidcolor.colorize.by_transfer import transfer
from vidcolor.features import Features
from vidcolor.settings import ColorizeSettings
from vidcolor.types import ColorFrame, Frame, Reference

SHARPNESS = 4.0
"""Power to which confidences are raised when two colours of a pixel are mixed: nearly the surer one alone."""
LEAST = 1e-6


def color_from_references(
    target: Frame,
    references: Sequence[tuple[Reference, float]],
    features: Features,
    settings: ColorizeSettings,
) -> ColorFrame:
    """The frame in colours found in the references, at the frame's size, with confidence.

    references  each with how well it matches the frame, 0..1, best first (as `choose_references` gives them)
    Without references: no colour, confidence 0.
    """
    transferred = transfer(target, references, features, settings)
    if not references:
        return transferred
    registration, laid = register(target, references[0][0], settings)
    if registration.kind == "far":
        return transferred
    weights = np.stack([c.confidence**SHARPNESS + LEAST for c in (laid, transferred)])
    weights /= weights.sum(0)
    chroma = laid.chroma * weights[0] + transferred.chroma * weights[1]
    confidence = laid.confidence * weights[0] + transferred.confidence * weights[1]
    return ColorFrame(target.index, chroma.astype(np.float32), confidence.astype(np.float32))
