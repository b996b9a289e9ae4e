"""What each figure is: its name, unit, direction, and the line that says what it means. Tables follow this order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["", "higher", "lower", "near 0", "near 1", "near truth"]
LARGEST_PSNR = 100.0
"""Decibels that one frame counts at most: beyond 98 dB 16-bit pictures no longer differ, and equal ones have no end."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table."""

    key: str
    name: str
    unit: str
    better: Better
    digits: int
    group: str
    text: str
    """One line for people."""


COLOR, SEEN, RICH, STEADY, KEYS, LUMA = (
    "Colour, each pixel",
    "As seen by networks",
    "How colourful, and like the reference",
    "From frame to frame",
    "At the keyframes",
    "Luma",
)
UNDER = "under the truth's lightness"

FIGURES: tuple[Figure, ...] = (
    Figure(
        "psnr", "PSNR", "dB", "higher", 2, COLOR,
        f"R'G'B' of the result's a*b* {UNDER}, against the truth; peak 1. A frame counts at most "
        f"{LARGEST_PSNR:.0f} dB; mean over frames.",
    ),
    Figure(
        "psnr_delivered", "PSNR, as delivered", "dB", "higher", 2, COLOR,
        "The same of the R'G'B' as it was delivered.",
    ),
    Figure(
        "psnr_ab", "PSNR, a*b*", "dB", "higher", 2, COLOR,
        "a* and b* alone, no lightness; peak 255.",
    ),
    Figure(
        "ssim", "SSIM", "", "higher", 4, COLOR,
        f"Structural similarity of R'G'B' {UNDER} (Wang 2004: Gaussian window of 11, sigma 1.5; mean of "
        "channels).",
    ),
    Figure(
        "ciede2000", "CIEDE2000, mean", "", "lower", 2, COLOR,
        f"Colour difference as the eye sees it, {UNDER}: 1 is just visible side by side. Mean over pixels, "
        "then frames.",
    ),
    Figure(
        "ciede2000_p90", "CIEDE2000, 90 %", "", "lower", 2, COLOR,
        "The difference that a tenth of a frame's pixels exceed; mean over frames.",
    ),
    Figure(
        "lpips", "LPIPS", "", "lower", 4, SEEN,
        f"Distance of VGG-16's features {UNDER} (Zhang 2018, version 0.1); mean over frames.",
    ),
    Figure(
        "fid", "FID", "", "lower", 2, SEEN,
        f"Distance of two distributions of Inception features: the result's frames {UNDER}, and the truth's "
        "(Heusel 2017). The fewer the frames, the larger.",
    ),
    Figure(
        "fid_infinity", "FIDinf", "", "lower", 2, SEEN,
        "FID run on to endless frames (Chong 2020): mean and standard deviation of ten draws.",
    ),
    Figure(
        "colorfulness", "Colourfulness", "", "near truth", 2, RICH,
        "Hasler 2003: 15 is slightly colourful, 45 quite, 82 highly. As delivered; mean over frames.",
    ),
    Figure(
        "colorfulness_ratio", "Colourfulness, ratio", "", "near 1", 3, RICH,
        "That of the column over the truth's: below 1 is faded.",
    ),
    Figure(
        "his", "HIS", "", "lower", 4, RICH,
        "Symmetric chi-square of the a*b* histograms (441 bins) of frame and reference; 0 where they agree.",
    ),
    Figure(
        "dhis", "dHIS", "", "lower", 4, RICH,
        "How far the frame's HIS is from the true frame's.",
    ),
    Figure(
        "lpips_r", "LPIPS_R", "", "lower", 4, RICH,
        f"Contextual distance of VGG-19's features between frame {UNDER} and reference (Mechrez 2018).",
    ),
    Figure(
        "cdc", "CDC", "", "lower", 5, STEADY,
        "Colour distribution consistency: Jensen-Shannon divergence of the R'G'B' histograms of frames 1, 2 "
        "and 4 apart, of one shot; keyframes count. A gray film is low too: read it beside colourfulness.",
    ),
    Figure(
        "warp_error", "Warp error", "x 1000", "lower", 3, STEADY,
        "Mean squared difference to the frame before, fetched along the truth's flow, where visible, in one "
        "shot (reduced pictures); keyframes count. Viewers hardly agree with it: CDC says more.",
    ),
    Figure(
        "keyframe_error", "Keyframe error", "CIEDE2000", "lower", 2, KEYS,
        f"Mean on the keyframes themselves, {UNDER}.",
    ),
    Figure(
        "keyframe_jump", "Keyframe jump", "CIEDE2000", "near 0", 2, KEYS,
        "Difference of a keyframe and the frames beside it, less the truth's own (reduced pictures): above 0 "
        "where colour steps.",
    ),
    Figure(
        "unseen_error", "Never-seen error", "CIEDE2000", "lower", 2, KEYS,
        "Mean over the pixels that no keyframe shows, as far as the truth's flow can tell (reduced pictures).",
    ),
    Figure(
        "unseen_psnr", "Never-seen PSNR", "dB", "higher", 2, KEYS,
        "PSNR of their R'G'B', all of them together.",
    ),
    Figure(
        "unseen_share", "Never-seen share", "%", "", 1, KEYS,
        "How many pixels those are: a fact of the film and its keyframes.",
    ),
    Figure(
        "luma_change", "Luma change", "10-bit codes", "lower", 0, LUMA,
        "Largest |Y' of the result - Y' of the truth| of any pixel of any frame: at 0 the luma is the film's "
        "own, code for code. A lossy codec does not keep it.",
    ),
)  # fmt: skip
BASELINES = {
    "result": "what is measured",
    "gray": "the frame without colour: a* = b* = 0 under the truth's lightness",
    "copy": "the truth's a*b* of the nearest keyframe, unmoved, under the frame's lightness (without keyframes: of the "
    "first frame measured, which then counts for no copy)",
    "truth": "the truth itself, where a figure can be had of it",
}
"""What the columns are."""
BY_KEY = {figure.key: figure for figure in FIGURES}
