"""Shots that take their colours from one reference made to agree: each thing is moved to its colour in the reference.

A network gives each shot what suits that shot, so one coat comes out in two blues. Superpixels of the frame that look
like some of the reference (super-attention, eq. 4.3 to 4.5 of `super_features`) are moved, as a whole, towards the mean
colour of those: the surer the match, the farther. What is around a superpixel's mean stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.colorize.by_registration import resized
from vidcolor.colorize.by_transfer import OURS, SOFTEST
from vidcolor.colorize.settle import smooth
from vidcolor.colorize.super_features import Bias, SuperPixels, attend, bounded, enlarged, super_pixels
from vidcolor.features import Features, correlate, gray_of
from vidcolor.settings import ColorizeSettings
from vidcolor.superpixels.pool import pool, unpool
from vidcolor.types import ColorFrame, Frame, Reference

AGREE = 8.0
"""Spread of colour among a superpixel's matches, in a*b*, that halves how far it is moved."""
EDGE_REACH, EDGE_STEP = 2.0, 3.0
"""What is moved ends at the lightness' edges: so many pixels far, in steps of so many L*."""


def harmonized(
    target: Frame,
    color: ColorFrame,
    references: Sequence[tuple[Reference, float]],
    features: Features,
    settings: ColorizeSettings,
) -> ColorFrame:
    """The frame's colours, things moved towards their colours in the references by the share `settings.harmonize`.

    color       (2, H, W) at the size of the target's lightness
    references  that it took them from, each with its score
    """
    if not settings.harmonize or not references:
        return color
    size = bounded(target.lightness.shape)
    planes = resized(np.concatenate([target.lightness[None], color.chroma]), size)
    mine = super_pixels(planes[0], (features,))
    theirs, colors, logits = [], [], []
    for reference, score in references:
        seen = np.concatenate([gray_of(reference)[None], reference.chroma])
        seen = resized(seen, bounded(seen.shape[1:]))
        theirs.append(super_pixels(seen[0], (features,)))
        colors.append(pool(seen[1:], theirs[-1].labels, theirs[-1].count))
        logits.append(np.full(theirs[-1].count, np.log(max(score, SOFTEST)) * settings.trust, np.float32))
    wanted, sure = _found(mine, theirs, np.concatenate(colors, 1), np.concatenate(logits), settings)
    move = np.float32(settings.harmonize) * sure * (wanted - pool(planes[1:], mine.labels, mine.count))
    guide = cv2.GaussianBlur(planes[0], (0, 0), 0.5)
    moved, _ = smooth(unpool(move, mine.labels), np.ones(size, np.float32), guide, EDGE_REACH, EDGE_STEP)
    return ColorFrame(color.index, color.chroma + enlarged(moved, color.confidence.shape), color.confidence)


def _found(
    mine: SuperPixels, theirs: Sequence[SuperPixels], colors: Array, logits: Array, settings: ColorizeSettings
) -> tuple[Array, Array]:
    """The mean colour (2, N) of what each superpixel looks like, and how sure that is, (N,) 0..1."""
    bias = Bias(mine.places, np.concatenate([t.places for t in theirs]), OURS.reach, logits)
    keys = np.concatenate([t.together() for t in theirs], 1)
    found, apart, alike = attend(correlate(mine.together(), keys), bias, colors, settings.tau)
    sure = np.clip((alike - settings.alike) / (1 - settings.alike), 0, 1) / (1 + np.square(apart / np.float32(AGREE)))
    return found, sure.astype(np.float32)
