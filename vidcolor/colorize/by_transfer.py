"""Stage 4: a picture in the colours of others, by super-features; needs no training.

1. Superpixels of target and references are compared by their super-features, and those of the references that look
   alike lend their mean colour (`super_features`: eq. 4.3 to 4.5).
2. Each pixel takes the colours of the superpixels around that are near and of a like colour (`spread`: eq. 4.6 to 4.9).
3. The target's own gradients are given back (`regrain`).

A gray target keeps its lightness: only a*b* are transferred, and L* stands for its colour everywhere. Looks are always
compared on what a gray film would show of a picture.

Source: Carrillo et al., Non-local matching of superpixel-based deep features for color transfer, VISAPP 2022; Carrillo
2024, ch. 4. `PUBLISHED` has its constants; `OURS` and `OURS_IN_COLOR` differ where the training pictures say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.colorize.regrain import RegrainRule, regrain
from vidcolor.colorize.spread import SpreadRule, reach_of, spread
from vidcolor.colorize.super_features import Bias, SuperPixels, attend, super_pixels
from vidcolor.errors import InputError
from vidcolor.features import Features, correlate, gray_of
from vidcolor.settings import ColorizeSettings
from vidcolor.superpixels.pool import pool
from vidcolor.types import ColorFrame, Frame, Reference

LARGEST = 1000
"""References are read at this long side at most; finer detail does not change their superpixels' colours."""
AGREE = 12.0
"""Spread of colour among a superpixel's matches that halves its confidence."""
SOFTEST = 1e-3
"""Least score of a reference."""


@dataclass(frozen=True, slots=True)
class TransferRule:
    """The constants of one way to transfer colours."""

    levels: Literal["averaged", "together"]
    """Eq. 4.4: one attention a level, averaged; or one attention of the correlations' mean over the levels."""
    tau: float
    """Eq. 4.3: softness of the choice among the references' superpixels."""
    reach: float
    """How far from its own place a thing is looked for, in widths and heights of the picture."""
    spread: SpreadRule
    regrain: RegrainRule | None


PUBLISHED = TransferRule("averaged", 0.015, np.inf, SpreadRule(10, 0.1, 0.1), RegrainRule(30, 10, 51.2, 1e-3))
"""As the sources have them; what they leave open is the grain (of 8 bits) and psi's least value."""
OURS = TransferRule("together", 0.015, 0.5, SpreadRule(2, 2, 2), RegrainRule(1, 10, 51.2, 0.03))
"""For gray targets. On L* alone a reach that sharp in colour and that wide in space gives each pixel the colour of
whatever is as light within a tenth of the picture: 3 dB worse on the training pictures. Nor is there any colour whose
gradients could be given back: regraining only keeps colours from running over the edges of L*."""
OURS_IN_COLOR = TransferRule("together", 0.015, 0.5, SpreadRule(10, 0.1, 2), RegrainRule(60, 10, 20, 0.01))
"""For targets in colour, whose three channels tell things apart as the sources say."""


@dataclass(frozen=True, slots=True, eq=False)
class Transferred:
    """A picture in the colours of others."""

    colors: Array
    """(C, H, W): a*b* of a gray target, L*a*b* of one in colour"""
    sure: Array
    """(H, W), 0..1"""


def transfer(
    target: Frame,
    references: Sequence[tuple[Reference, float]],
    features: Features,
    settings: ColorizeSettings,
    *,
    reach: float | None = None,
) -> ColorFrame:
    """The gray frame in colours found in the references, at the frame's size, with confidence.

    references  each with how well it matches the frame, 0..1 (as `choose_references` gives them)
    reach       how far from its own place a thing is looked for, in widths and heights of the picture
    Without references: no colour, confidence 0.
    """
    size = target.lightness.shape
    if not references:
        return ColorFrame(target.index, np.zeros((2, *size), np.float32), np.zeros(size, np.float32))
    rule = replace(OURS, tau=settings.tau, reach=OURS.reach if reach is None else reach)
    prior = [np.log(max(score, SOFTEST)) * settings.trust for _, score in references]
    found = transfer_colors(
        target.lightness[None], [r for r, _ in references], (features,), rule, prior, settings.alike
    )
    return ColorFrame(target.index, found.colors, found.sure)


def transfer_colors(
    target: Array,
    references: Sequence[Reference],
    makers: Sequence[Features],
    rule: TransferRule,
    prior: Sequence[float] | None = None,
    alike: float = 0.3,
) -> Transferred:
    """The target in colours found in the references.

    target  (1, H, W) L* of a gray picture, or (3, H, W) L*a*b* of one in colour
    makers  what the super-features are made of: their levels are taken together
    prior   of each reference, as a logit
    alike   correlation of super-features up to which a colour has no confidence
    """
    if target.ndim != 3 or len(target) not in (1, 3) or not references:
        raise InputError(f"transfer: a target of {target.shape} from {len(references)} references")
    gray = len(target) == 1
    lightness = target[0] if gray else gray_of(Reference("", "", target[0], target[1:]))
    mine = super_pixels(lightness, makers)
    theirs, colors, logits = [], [], []
    for n, reference in enumerate(references):
        seen, planes = _bounded(reference)
        theirs.append(super_pixels(seen, makers))
        count = theirs[-1].count
        colors.append(pool(planes[1:] if gray else planes, theirs[-1].labels, count))
        logits.append(np.full(count, prior[n] if prior is not None else 0.0, np.float32))
    bias = Bias(mine.places, np.concatenate([t.places for t in theirs]), rule.reach, np.concatenate(logits))
    values, sure = _attended(mine, theirs, bias, np.concatenate(colors, 1), rule, alike)
    reach = reach_of(target, mine.labels, rule.spread)
    planes = spread(target, reach, np.concatenate([values, sure[None]]))
    made, sure = planes[:-1], np.clip(planes[-1], 0, 1)
    if rule.regrain is not None:
        own = np.zeros_like(made) if gray else target
        made = regrain(own, made, rule.regrain, target)
    return Transferred(made, sure)


def _attended(
    mine: SuperPixels, theirs: Sequence[SuperPixels], bias: Bias, colors: Array, rule: TransferRule, least: float
) -> tuple[Array, Array]:
    """Colours (K, N) that the attention finds for each superpixel, and how sure they are (N,)."""
    if rule.levels == "together":
        keys = np.concatenate([t.together() for t in theirs], 1)
        pairs = [(mine.together(), keys)]
    else:
        levels = zip(*(t.features for t in theirs), strict=True)
        pairs = [(own, np.concatenate(level, 1)) for own, level in zip(mine.features, levels, strict=True)]
    found = [attend(correlate(own, keys), bias, colors, rule.tau) for own, keys in pairs]
    mean, apart, alike = (np.mean(parts, axis=0) for parts in zip(*found, strict=True))
    return mean, np.clip((alike - least) / (1 - least), 0, 1) / (1 + (apart / AGREE) ** 2)


def _bounded(reference: Reference) -> tuple[Array, Array]:
    """What a gray film shows of the reference, and its L*a*b*, at most LARGEST long."""
    planes = np.concatenate([gray_of(reference)[None], reference.lightness[None], reference.chroma])
    height, width = reference.lightness.shape
    scale = LARGEST / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        planes = np.stack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in planes])
    return planes[0], planes[1:]
