"""A frame's own picture in the frame's tones: contrast, brightness and gamma that were changed take colours with them.

- Editors and models change the tones of R'G'B'. Where one curve of all three channels makes the frame's luma of the
  picture, the picture is the frame in other tones, and the curve takes its colours back.
- A picture that was drawn again is lit otherwise from place to place: no curve does that, and its colours are its
  maker's choice.
- The curve is found on small pictures, blurred, where they fit: neither grain, blur nor a few pixels of shift matter,
  nor how the film's stock mixes colours to gray.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.colorize.align import correlation
from vidcolor.colorize.which_frame import (
    correlation_of,
    gray_mix,
    inner,
    laid_on,
    look_of,
    luma_of,
    small_picture,
    small_size,
)
from vidcolor.media.read import resized
from vidcolor.types import Reference

BLUR = 1.5
"""Deviation, in small pixels."""
WINDOW, FITTING = 4.0, 0.5
"""Deviation of the window in which local contrast is held against the frame's, and the correlation that fits."""
CLIPPED = (0.004, 0.99)
"""R'G'B' and luma at which a picture may have lost what lies beyond, each with all pixels around within AROUND."""
AROUND = 5
SAMPLES, FEWEST = 4000, 200
GAMMAS, BETWEEN = np.exp(np.arange(-4, 5) * 0.2), np.exp(np.arange(-3, 4) * 0.05)
"""Powers that are tried, and around the best of them."""
ROUNDS, KEPT = 3, 0.7
"""Rounds of the fit; after each the share of samples that fit best is kept: things were painted over or have moved."""
FLATTEST = 0.05
"""Gain below which the picture says nothing of the frame."""
EXPLAINED = 0.035
"""Deviation from the frame's luma, in deviations of that luma, up to which the curve explains it."""
OTHER = 0.06
"""Share of the mean chroma by which colours must change for a picture's tones to be other than the frame's: grain and
blur make .05 of a training picture at most, a contrast of 1.15 makes .09 at least."""


@dataclass(frozen=True, slots=True)
class Tones:
    """What makes a picture's R'G'B', 0..1, the frame's: a line, clipped, to a power."""

    gain: float
    offset: float
    gamma: float

    def __call__(self, values: Array) -> Array:
        line = np.clip(np.float32(self.gain) * values + np.float32(self.offset), 0, 1)
        return np.asarray(line ** np.float32(self.gamma), np.float32)


def in_tones_of(lightness: Array, picture: Reference) -> Reference | None:
    """The picture in the tones of its frame, whose L* is given, (H, W); None where it has them or no curve is found."""
    size = small_size(lightness.shape)
    rgb = small_picture(picture, size)
    tones = tones_between(resized(lightness, size), rgb)
    if tones is None:
        return None
    had, has = rgb_to_lab(rgb)[1:], rgb_to_lab(tones(rgb))[1:]
    if np.hypot(*(has - had)).mean() < OTHER * np.hypot(*had).mean():
        return None
    lab = rgb_to_lab(tones(lab_to_rgb(np.concatenate([picture.lightness[None], picture.chroma]))))
    return Reference(picture.name, picture.hash, lab[0], lab[1:])


def tones_between(frame: Array, picture: Array) -> Tones | None:
    """The curve from a small picture, (3, h, w) R'G'B', to its frame, (h, w) L*; None where none explains the frame."""
    look = look_of(frame)
    laid = max(laid_on(look, picture), key=lambda planes: correlation_of(look_of(gray_mix(planes)), look))
    colors, luma = _samples(frame, laid)
    if len(luma) < FEWEST or not luma.std():
        return None
    best, miss, tones = 1.0, np.inf, None
    for gammas in (GAMMAS, BETWEEN):
        for gamma in best * gammas:
            if (fit := _fit(colors, luma, float(gamma))) and fit[0] < miss:
                miss, tones, best = *fit, float(gamma)
    return tones if miss <= EXPLAINED else None


def _samples(frame: Array, picture: Array) -> tuple[Array, Array]:
    """(N, 3) R'G'B' and (N,) luma of places that fit and are not clipped, blurred."""
    planes = (*picture, luma_of(frame))
    looks = [look_of(cv2.GaussianBlur(gray, (0, 0), BLUR)) for gray in (frame, gray_mix(picture))]
    usable = inner(correlation(looks[0], looks[1], WINDOW)) > FITTING
    square = np.ones((AROUND, AROUND), np.uint8)
    for plane in planes:
        usable &= inner(cv2.erode(plane, square)) > CLIPPED[0]
        usable &= inner(cv2.dilate(plane, square)) < CLIPPED[1]
    soft = [inner(cv2.GaussianBlur(plane, (0, 0), BLUR))[usable].astype(np.float64) for plane in planes]
    step = max(1, len(soft[0]) // SAMPLES)
    return np.stack(soft[:3], 1)[::step], soft[3][::step]


def _fit(colors: Array, luma: Array, gamma: float) -> tuple[float, Tones] | None:
    """How far the best line to that power is off, in deviations of luma, and the line; None where none rises.

    The spreads are matched, not the error made least: noise in the picture would flatten the line.
    """
    wanted, kept = luma ** (1 / gamma), np.ones(len(luma), np.bool_)
    for _ in range(ROUNDS):
        middle, level = colors[kept].mean(0), wanted[kept].mean()
        weights = np.linalg.lstsq(colors[kept] - middle, wanted[kept] - level, rcond=1e-3)[0]
        if weights.sum() <= FLATTEST:
            return None
        mixed = colors @ (weights / weights.sum())
        gain = wanted[kept].std() / max(mixed[kept].std(), 1e-6)
        offset = level - gain * mixed[kept].mean()
        off = np.abs(np.clip(gain * mixed + offset, 0, 1) ** gamma - luma)
        kept = off <= np.quantile(off, KEPT)
    miss = float(np.sqrt(np.mean(off[kept] ** 2)) / luma.std())
    # rounded, so that the last digits of other machines' sums change nothing
    return miss, Tones(round(float(gain), 3), round(float(offset), 3), round(gamma, 3))
