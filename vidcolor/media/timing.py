"""The rate of a film from the times of its frames, and the constant grid of one that has no single rate.

- Times are integers in a container's time base, so a constant rate shows as a grid with rounding; Matroska's
  millisecond makes 41 and 42 of 24 frames a second.
- The stated rate is believed only when every frame lies on its grid.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

STANDARD_RATES = tuple(
    Fraction(*pair)
    for pair in (
        (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (16, 1), (18, 1), (20, 1), (48000, 1001), (48, 1),
        (50, 1), (60000, 1001), (60, 1), (120000, 1001), (120, 1), (12, 1), (15000, 1001), (15, 1),
    )
)  # fmt: skip
"""Rates that films have, the likeliest first; 16, 18 and 20 are silent film."""
PULLED_DOWN, NTSC_FIELDS = Fraction(24000, 1001), Fraction(60000, 1001)
FEWEST_PULLED = 8
"""Pictures by which 3:2 pulldown shows"""
JITTER = Fraction(1, 20)
"""How far a frame may lie from its place on the grid, in frames: phones and capture cards shake by so much."""
ROUNDED = Fraction(1, 20_000)
"""A claim this near to a standard rate, as a fraction of it, is that rate rounded: 2997/125, 983/41 ..."""
WHOLE = 0.75
"""Share of a film's frames that follow one another at its rate, where others were left out of it."""
NEAR = Fraction(1, 500)
"""A mean rate this near to a standard one, as a fraction of it, is taken for that rate when conforming."""


def _off_grid(pts: np.ndarray, step: Fraction) -> int | None:
    """The first frame that is off the grid of `step` ticks a frame, or None."""
    places = np.arange(len(pts), dtype=np.int64)
    # A tick of rounding is forgiven only where a tick is a small part of a frame.
    slack = max(step * JITTER, min(Fraction(1), step / 4))
    ideal = places * (step.numerator / step.denominator)
    wrong = np.flatnonzero(np.abs(pts - pts[0] - ideal) > float(slack) + 1e-6)
    return int(wrong[0]) if len(wrong) else None


def _unrounded(claim: Fraction) -> Fraction:
    near = min(STANDARD_RATES, key=lambda rate: abs(rate - claim))
    return near if abs(near - claim) <= near * ROUNDED else claim


def find_rate(pts: np.ndarray, time_base: Fraction, stated: Iterable[Fraction | None]) -> tuple[Fraction | None, int]:
    """(rate, 0) of a film of constant rate, or (None, frame where the rate changes first).

    pts     (n,) int64, sorted, in ticks of `time_base` seconds
    stated  the rates the file claims, the most trusted first; a film of one frame takes the first of them
    """
    claims = [_unrounded(rate) for rate in stated if rate]
    if len(pts) < 2:
        return (claims[0] if claims else STANDARD_RATES[0]), 0
    mean = Fraction(int(pts[-1] - pts[0]), len(pts) - 1)
    if mean <= 0:
        return None, 1
    candidates = [*claims, *STANDARD_RATES, 1 / (mean * time_base)]
    for rate in candidates:
        if _off_grid(pts, 1 / (rate * time_base)) is None:
            return rate, 0
    if pulled_down(pts, time_base):
        return PULLED_DOWN, 0
    deltas = np.diff(pts)
    usual = Fraction(int(np.median(deltas)))
    slack = float(max(usual * JITTER, min(Fraction(1), usual / 4)))
    wrong = np.flatnonzero(np.abs(deltas - float(usual)) > slack + 1e-6)
    return None, int(wrong[0]) + 1 if len(wrong) else _off_grid(pts, mean) or 1


def _with_holes(pts: np.ndarray, step: Fraction) -> np.ndarray | None:
    """The places of frames on the grid of `step` ticks a frame, where only few places of it are empty; else None."""
    places = np.rint((pts - pts[0]) / float(step)).astype(np.int64)
    slack = float(max(step * JITTER, min(Fraction(1), step / 4)))
    off = np.abs(pts - pts[0] - places * float(step)).max() > slack + 1e-6
    gaps = np.diff(places)
    if off or not len(gaps) or gaps.min() < 1 or (gaps == 1).mean() < WHOLE:
        return None
    return places


def pulled_down(pts: np.ndarray, time_base: Fraction) -> bool:
    """Whether a film is stored for NTSC video by 3:2 pulldown flags: its pictures last two and three fields in turn,
    24000/1001 a second in all, and each is stored once.

    pts  (n,) int64, sorted, in ticks of `time_base` seconds
    """
    field = float(1 / (NTSC_FIELDS * time_base))
    fields = np.diff(pts) / field
    whole = np.rint(fields)
    if len(pts) < FEWEST_PULLED or set(np.unique(whole)) != {2, 3}:
        return False
    slack = max(2.5 * float(JITTER), 1 / field)
    early = (pts - pts[0]) / field - 2.5 * np.arange(len(pts))
    return bool(np.abs(fields - whole).max() <= slack and np.ptp(early) <= 1 + slack)


def conform(pts: np.ndarray, time_base: Fraction) -> tuple[Fraction, np.ndarray]:
    """(rate, (n,) int64 frame of the film for each frame of the grid) at the rate that frames were left out of, where
    most follow one another at a usual one and the others are whole frames later; else at the film's mean rate.

    A place on the grid shows the frame that is on the screen in the middle of its time, so the film keeps its
    length and its sound; frames are repeated or dropped where the film is slower or faster than its mean.
    """
    for rate in STANDARD_RATES:
        if (places := _with_holes(pts, 1 / (rate * time_base))) is not None:
            return rate, np.searchsorted(places, np.arange(places[-1] + 1), side="right") - 1
    step = Fraction(max(1, int(pts[-1] - pts[0])), max(1, len(pts) - 1))  # the last frame lasts as long as the mean
    length = len(pts) * step * time_base
    mean = len(pts) / length
    near = [rate for rate in STANDARD_RATES if abs(rate - mean) <= rate * NEAR]
    rate = min(near, key=lambda r: abs(r - mean)) if near else Fraction(round(mean * 1000), 1000)
    count = max(1, round(length * rate))
    middles = (np.arange(count) + 0.5) * float(1 / (rate * time_base)) + float(pts[0])
    shown = np.searchsorted(pts, middles + 1e-9, side="right") - 1
    return rate, np.clip(shown, 0, len(pts) - 1).astype(np.int64)
