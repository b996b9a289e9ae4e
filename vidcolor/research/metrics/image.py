"""The field's figures of one picture against the truth: PSNR, SSIM, CIEDE2000, colourfulness.

- Pictures are (3, H, W): R'G'B' as float 0..1, or uint8 0..255, which is divided by 255 before anything else. They
  are never subtracted as bytes: a difference that wraps round gives a frame without colour 31 dB. Sums are float64.
- Under true luma: the result's a*b* joined to the truth's L* and clipped to the cube. A colorizer answers for the
  colour alone; its luma is the film's own. Figures as delivered stand beside it and show what a viewer gets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy import ndarray as Array

from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.errors import InputError
from vidcolor.research.metrics import kernels

AB_PEAK = 255.0
"""Peak of PSNR on a*b*: their range as 8-bit codes, -128..127."""
PERCENTILE = 0.9
SMALLEST = 2 * kernels.RADIUS + 1
"""Sides of the smallest picture that has an SSIM."""


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """Figures of one picture against the truth. Decibels where psnr; equal pictures have infinity."""

    psnr: float
    """R'G'B', peak 1, under true luma."""
    psnr_delivered: float
    """R'G'B', peak 1, as delivered."""
    psnr_ab: float
    """a*b* as delivered, peak 255."""
    ssim: float
    """Under true luma; the mean over R', G' and B'."""
    delta_e: float
    """Mean CIEDE2000, under true luma."""
    delta_e_p90: float
    """Its 90th percentile over the pixels."""
    colorfulness: float
    """As delivered, on the published 0..255 scale."""
    error_map: Array | None = None
    """(H, W) float32 CIEDE2000 under true luma, where maps are asked for."""
    shown: Array | None = None
    """(3, H, W) the picture under true luma, likewise."""
    chroma: Array | None = None
    """(2, H, W) a*b* as delivered, likewise."""


def as_rgb(picture: Array) -> Array:
    """(3, H, W) float32 R'G'B' 0..1, of uint8 0..255 or float 0..1. Refuses other types, ranges, shapes, and NaN."""
    if picture.ndim != 3 or picture.shape[0] != 3 or not picture.size:
        raise InputError(f"a colour picture has shape (3, height, width), not {picture.shape}")
    if picture.dtype == np.uint8:
        return picture.astype(np.float32) / np.float32(255)
    if picture.dtype not in (np.float32, np.float64):
        raise InputError(f"a picture to be measured is uint8 (0..255) or float (0..1), not {picture.dtype}")
    least, most = float(picture.min()), float(picture.max())
    if not (least >= 0 and most <= 1):
        raise InputError(f"a float picture to be measured has values 0..1; this one has {least:g}..{most:g}")
    return np.ascontiguousarray(picture, np.float32)


def psnr(first: Array, second: Array) -> float:
    """Peak signal-to-noise ratio of two R'G'B' pictures, in dB, peak 1; infinity for equal ones."""
    return _psnr(*_pair(first, second), 1.0)


def ssim(first: Array, second: Array) -> float:
    """Structural similarity of two R'G'B' pictures: the mean over channels and places; 1 for equal ones.

    Gaussian window 11 x 11 of sigma 1.5, population covariance, K1 = 0.01, K2 = 0.03, range 1. Only places where the
    whole window fits count, so the outer 5 pixels are centres of none; smaller pictures than the window are refused.
    Source: Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13(4), 2004.
    """
    x, y = _pair(first, second)
    return _ssim(x, y, *_moments(x))


def colorfulness(rgb: Array) -> float:
    """Colourfulness M on the published 0..255 scale: 0 for gray, 109 for extremely colourful.

    Source: Hasler, Suesstrunk, Measuring Colourfulness in Natural Images, SPIE 5007, 2003: M^(3).
    """
    return _colorfulness(as_rgb(rgb))


def difference(first: Array, second: Array) -> tuple[float, Array]:
    """Mean CIEDE2000 of two CIELAB pictures (3, H, W), and its map (H, W) float32: as `color.delta_e`, but fast."""
    if first.shape != second.shape or first.ndim != 3 or first.shape[0] != 3:
        raise InputError(f"pictures to be compared are (3, height, width), not {first.shape} and {second.shape}")
    out = np.empty(first.shape[1:], np.float32)
    return float(kernels.ciede2000(first, second, out)) / out.size, out


class Truth:
    """One frame of the truth, with what is computed once for all that is compared with it."""

    def __init__(self, rgb: Array) -> None:
        self.rgb: Array = as_rgb(rgb)
        """(3, H, W) float32 R'G'B' 0..1"""

    @cached_property
    def lab(self) -> Array:
        """(3, H, W) float32 CIELAB."""
        return rgb_to_lab(self.rgb)

    @cached_property
    def colorfulness(self) -> float:
        return _colorfulness(self.rgb)

    @cached_property
    def _moments(self) -> tuple[Array, Array]:
        return _moments(self.rgb)

    def colored(self, chroma: Array) -> Array:
        """(3, H, W) R'G'B' with a*b* `chroma` (2, H, W) and the truth's L*, clipped to the cube."""
        if chroma.shape != (2, *self.rgb.shape[1:]):
            raise InputError(f"chroma of shape {chroma.shape} does not fit a picture of {self.rgb.shape[1:]}")
        return lab_to_rgb(np.concatenate([self.lab[:1], chroma]))

    def figures(self, rgb: Array, *, maps: bool = False) -> PictureFigures:
        """All figures of a delivered picture `rgb` (3, H, W); with `maps`, its maps too."""
        rgb = self._fitting(rgb)
        lab = rgb_to_lab(rgb)
        return self._figures(rgb, lab, self.colored(lab[1:]), maps)

    def figures_of_chroma(self, chroma: Array, *, maps: bool = False) -> PictureFigures:
        """All figures of a*b* `chroma` (2, H, W) under the truth's L*: what is delivered has the true luma already."""
        shown = self.colored(chroma)
        return self._figures(shown, None, shown, maps)

    def figures_of_gray(self, *, maps: bool = False) -> PictureFigures:
        """All figures of the picture without colour: a* = b* = 0 under the truth's L*."""
        return self.figures_of_chroma(np.zeros((2, *self.rgb.shape[1:]), np.float32), maps=maps)

    def _figures(self, delivered: Array, lab: Array | None, shown: Array, maps: bool) -> PictureFigures:
        """Of the delivered picture and its Lab, and of the picture under true luma; None: both are one picture."""
        shown_lab = rgb_to_lab(shown)
        chroma = (shown_lab if lab is None else lab)[1:]
        mean, error_map = difference(shown_lab, self.lab)
        in_rgb = _psnr(shown, self.rgb, 1.0)
        return PictureFigures(
            psnr=in_rgb,
            psnr_delivered=in_rgb if lab is None else _psnr(delivered, self.rgb, 1.0),
            psnr_ab=_psnr(chroma, self.lab[1:], AB_PEAK),
            ssim=_ssim(self.rgb, shown, *self._moments),
            delta_e=mean,
            delta_e_p90=percentile(error_map, PERCENTILE),
            colorfulness=_colorfulness(delivered),
            error_map=error_map if maps else None,
            shown=shown if maps else None,
            chroma=chroma if maps else None,
        )

    def _fitting(self, rgb: Array) -> Array:
        rgb = as_rgb(rgb)
        _same_size(rgb, self.rgb)
        return rgb


def percentile(values: Array, share: float) -> float:
    """The value below which `share` (0..1) of the values lie; between two ranks, linearly."""
    rank, part = divmod(share * (values.size - 1), 1)
    sorted_at = np.partition(values.reshape(-1), int(rank))
    low = float(sorted_at[int(rank)])
    high = float(sorted_at[int(rank) + 1 :].min(initial=np.inf)) if part else low
    return float(low + (high - low) * part)


def _same_size(first: Array, second: Array) -> None:
    if first.shape != second.shape:
        raise InputError(f"pictures to be compared have one size, not {first.shape[1:]} and {second.shape[1:]}")


def _pair(first: Array, second: Array) -> tuple[Array, Array]:
    first, second = as_rgb(first), as_rgb(second)
    _same_size(first, second)
    return first, second


def _psnr(first: Array, second: Array, peak: float) -> float:
    error = kernels.sum_of_squares(first.reshape(-1), second.reshape(-1)) / first.size
    return float(20 * np.log10(peak) - 10 * np.log10(error)) if error > 0 else float("inf")


def _moments(x: Array) -> tuple[Array, Array]:
    """Mean and variance under SSIM's window, (3, H - 10, W - 10) float32 each."""
    height, width = x.shape[1:]
    if min(height, width) < SMALLEST:
        raise InputError(f"SSIM needs pictures of at least {SMALLEST}x{SMALLEST}; this one is {width}x{height}")
    inside = (3, height - SMALLEST + 1, width - SMALLEST + 1)
    mean, variance = np.empty(inside, np.float32), np.empty(inside, np.float32)
    for c in range(3):
        kernels.moments(x[c], mean[c], variance[c])
    return mean, variance


def _ssim(x: Array, y: Array, mean: Array, variance: Array) -> float:
    total = sum(kernels.similarity(x[c], y[c], mean[c], variance[c]) for c in range(3))
    return float(total) / mean.size


def _colorfulness(rgb: Array) -> float:
    flat = rgb.reshape(3, -1)
    p, q, pp, qq = (x / flat.shape[1] for x in kernels.opponent_sums(flat))
    spread = max(pp - p * p, 0.0) + max(qq - q * q, 0.0)
    return float(255 * (np.sqrt(spread) + 0.3 * np.hypot(p, q)))
