"""Stage 4: a frame coloured from its own picture.

An artist's picture of a frame is one of three things, found out here:
- exact: the same pixels, maybe resized or re-toned: its chroma is taken as it is;
- near: the same scene drawn again (models change framing and details by several pixels): chroma is fetched by
  alignment where it fits, settled onto the frame's edges, and the rest is filled from what fits;
- far: anything else; the caller treats it as a free reference.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.colorize.align import Alignment, Prepared, align, local_contrast, prepare
from vidcolor.colorize.by_transfer import transfer
from vidcolor.colorize.settle import attend, smooth
from vidcolor.confidence import confidence_of
from vidcolor.features import PatchFeatures, gray_of
from vidcolor.grain import grain_of
from vidcolor.planes.kinds import grid
from vidcolor.settings import ColorizeSettings
from vidcolor.types import ColorFrame, Frame, Reference, Registration

EXACT_BLURS = (1.2, 3.0)
"""Deviations of the blurs that take grain, JPEG and a picture's smaller size out of the comparison, in pixels."""
GRAINY, COARSEST, SOFTENED = 1.5, 12.0, 1 / 3
"""Grain, in L*, from which both pictures are softened before they are aligned, and beyond which there is nothing else
in them; deviation of that blur, in pixels, for each L* of grain. Where things are even, grain is the only structure,
and nothing would fit."""
BY_CHANCE = 0.15
"""What more of soft pictures fits by chance: of 28 of other scenes one fits .34, and four .25; of their frames all fit
.53 and more."""
BLOCK = 32
FEWEST_BLOCKS = 6
STRUCTURE = 0.002
"""Smaller eigenvalue of a block's gradients (of local contrast, a pixel) from which its place is known."""
EXACT_PIXELS = 0.33
EXACT_ALIKE = 0.8
EXACT_SHARE = 0.9
"""Share of the blocks that must agree: artists mend scratches, films have dirt."""
EVEN_TOLERANCE = 3.0
"""L* by which a frame without structure may differ from its picture."""
ATTENTION = 20.0
"""Sharpness of the local attention, on mean squares of local contrast."""
NEAR_REACH, FAR_REACH = 2.0, 25.0
"""How far trusted colours run, in pixels of a 900-pixel-wide frame: to settle, and to fill."""
ENOUGH = 0.15
"""Fit around a pixel with which it keeps its own colours; with less they are filled."""
RUN_ENOUGH = 0.1
"""Trust that has run over even ground with which it alone fills; with less, what looks alike elsewhere helps."""
FILLED, FILLED_LOST = 0.5, np.float32(18.0)
"""What a filled colour's confidence is at most, and how far off one of no trust is, in a*b*; between, in a straight
line. Of 61 training frames beside pictures of another framing, colours filled with trust .85, .7, .5 and .3 were off by
4, 7, 10 and 13."""
OWN_REACH = 0.07
"""How far from its place a thing is looked for in the frame's own picture, in widths of the picture."""
MOST_OFF = 6.0
"""The flow of what fits is off by no more, in pixels of a 900-pixel-wide frame."""
LEAST_FIT = 0.15
"""Share of the frame that a picture must fit for any of its colours to be laid on it. Of 197 pictures of other scenes
7 % fit a training frame as much by chance (26 % fit .1); of 87 of the same clip, cropped, 3 % fit less."""


def register(
    target: Frame, picture: Reference, settings: ColorizeSettings, *, may_be_exact: bool = True
) -> tuple[Registration, ColorFrame]:
    """How the frame's own picture fits it, and the frame in its colours, at the frame's size.

    may_be_exact  False: it is known to be another frame's, which most of this one's pixels may still agree with
    A picture that is far gives what little fits, unfilled, as evidence for a colorizer to weigh and no colours to show:
    some of any picture fits by chance. Where less than LEAST_FIT does, chroma and confidence are 0.
    """
    size = target.lightness.shape
    planes = resized(np.concatenate([gray_of(picture)[None], picture.chroma]), size)
    if may_be_exact and is_exact(target.lightness, planes[0]):
        return Registration("exact"), ColorFrame(target.index, planes[1:], np.ones(size, np.float32))
    blur = _grain_blur(target.lightness, planes[0])
    pair = [prepare(cv2.GaussianBlur(p, (0, 0), blur) if blur else p) for p in (target.lightness, planes[0])]
    laying = _Laying(pair[0], pair[1], planes[1:], settings)
    shift = float(np.median(np.hypot(*(laying.found.points - grid(size)))))
    fits = max(0.0, float(laying.found.fit.mean()) - (BY_CHANCE if blur else 0.0))
    if fits >= settings.near:
        return Registration("near", shift, fits), _settled(target, picture, laying)
    return Registration("far", shift, fits), _little(target, laying, fits)


def lay(
    frame: Prepared, picture: Prepared, chroma: Array, settings: ColorizeSettings
) -> tuple[Array, Array, Alignment] | None:
    """A picture registered onto a frame: its chroma (2, H, W), how far to trust that, (H, W) 0..1, and how it lies.

    picture  as a gray film shows it, at the frame's size; chroma (2, H, W) its a*b*
    Nothing is filled: where the picture does not fit, trust is about 0. None where less than LEAST_FIT of it fits.
    """
    laying = _Laying(frame, picture, chroma, settings)
    return (*_unfilled(laying), laying.found) if laying.found.fit.mean() >= LEAST_FIT else None


class _Laying:
    """A picture aligned with a frame."""

    def __init__(self, frame: Prepared, picture: Prepared, chroma: Array, settings: ColorizeSettings) -> None:
        self.frame, self.picture, self.chroma, self.settings = frame, picture, chroma, settings
        self.found = align(frame, picture)
        self.scale = frame.lightness.shape[1] / 900

    def guide(self) -> Array:
        """(H, W) lightness whose edges stop colours."""
        return cv2.GaussianBlur(self.frame.lightness, (0, 0), 0.8)


def _unfilled(laying: _Laying) -> tuple[Array, Array]:
    """The aligned picture's chroma, settled onto the frame's edges, and trust."""
    laid, trust = _fetched(laying)
    near, reached = smooth(laid, trust, laying.guide(), NEAR_REACH * laying.scale, laying.settings.edge)
    return near, np.sqrt(np.clip(reached, 0, 1))


def _little(target: Frame, laying: _Laying, fits: float) -> ColorFrame:
    """What of a far picture fits, if it is worth laying."""
    size = target.lightness.shape
    if fits < LEAST_FIT:
        return ColorFrame(target.index, np.zeros((2, *size), np.float32), np.zeros(size, np.float32))
    return ColorFrame(target.index, *_unfilled(laying))


def _fetched(laying: _Laying) -> tuple[Array, Array]:
    """The aligned picture's chroma, and trust: less where colours are steep and the flow may be off."""
    found, contrasts = laying.found, (laying.frame.contrast, laying.picture.contrast)
    laid = attend(*contrasts, laying.chroma, found.points, 3, ATTENTION)
    unsure = _unsure(laid, found.back, laying.scale)
    return laid, found.fit * np.exp(-((unsure / laying.settings.unsure) ** 2))


def _grain_blur(*pictures: Array) -> float:
    """Deviation, in pixels, of the blur that takes out the grain of lightness pictures (H, W); 0: none is needed."""
    grain = max(map(grain_of, pictures))
    return SOFTENED * grain if GRAINY <= grain <= COARSEST else 0.0


def resized(planes: Array, size: tuple[int, int]) -> Array:
    """(C, H, W) planes at another size, averaged when smaller."""
    if planes.shape[1:] == size:
        return planes
    how = cv2.INTER_AREA if size[0] < planes.shape[1] else cv2.INTER_CUBIC
    return np.stack([cv2.resize(plane, size[::-1], interpolation=how) for plane in planes])


def is_exact(frame: Array, picture: Array) -> bool:
    """True if two lightness pictures of one size show the same pixels, whatever their tones and grain.

    Asked of blocks with structure: nearly all correlate and lie within a third of a pixel of each other
    (one step of Lucas and Kanade). A strong blur is tried where grain hides it under a weak one.
    """
    return any(_agree(frame, picture, blur) for blur in EXACT_BLURS)


def _agree(frame: Array, picture: Array, blur: float) -> bool:
    a, b = (local_contrast(cv2.GaussianBlur(p, (0, 0), blur)) for p in (frame, picture))
    gx, gy = cv2.Sobel(a, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(a, cv2.CV_32F, 0, 1, scale=1 / 8)
    xx, xy, yy, xd, yd = (_blocks(p) for p in (gx * gx, gx * gy, gy * gy, gx * (b - a), gy * (b - a)))
    mean_a, mean_b = _blocks(a), _blocks(b)
    var_a, var_b = _blocks(a * a) - mean_a**2, _blocks(b * b) - mean_b**2
    alike = (_blocks(a * b) - mean_a * mean_b) / np.sqrt(np.maximum(var_a * var_b, 1e-12))
    corner = (xx + yy) / 2 - np.sqrt(np.maximum((xx - yy) ** 2 / 4 + xy * xy, 0))
    structured = corner > STRUCTURE
    if structured.sum() < FEWEST_BLOCKS:
        return bool(np.quantile(np.abs(frame - picture), EXACT_SHARE) < EVEN_TOLERANCE)
    area = np.maximum(xx * yy - xy * xy, 1e-12)
    dx, dy = (yy * xd - xy * yd) / area, (xx * yd - xy * xd) / area
    still = (np.hypot(dx, dy) < EXACT_PIXELS) & (alike > EXACT_ALIKE)
    return bool(still[structured].mean() >= EXACT_SHARE)


def _blocks(plane: Array) -> Array:
    """Means of the plane over blocks; a last part of a block is left out."""
    height, width = (n // BLOCK * BLOCK for n in plane.shape)
    if not height or not width:
        return plane.mean(keepdims=True)
    return plane[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean((1, 3))


def _settled(target: Frame, picture: Reference, laying: _Laying) -> ColorFrame:
    """The aligned picture's chroma on the frame: fetched, settled onto its edges, filled where nothing fits."""
    scale, settings, found, guide = laying.scale, laying.settings, laying.found, laying.guide()
    laid, trust = _fetched(laying)
    near, near_trust = smooth(laid, trust, guide, NEAR_REACH * scale, settings.edge)
    share = np.clip(cv2.GaussianBlur(found.fit, (0, 0), max(1.0, NEAR_REACH * scale)) / ENOUGH, 0, 1)
    settled, confidence = near, np.sqrt(near_trust)
    if share.min() < 1:
        filled, fill_trust = _filled(target, picture, laid, trust, guide, settings)
        settled = near * share + filled * (1 - share)
        confidence = confidence * share + fill_trust * (1 - share)
    confidence = np.clip(confidence, 0, 1)
    return ColorFrame(target.index, settled.astype(np.float32), confidence.astype(np.float32))


def _filled(
    target: Frame, picture: Reference, laid: Array, trust: Array, guide: Array, settings: ColorizeSettings
) -> tuple[Array, Array]:
    """Chroma and trust for what does not fit: from trusted colours near by, or the picture's like elsewhere."""
    scale = guide.shape[1] / 900
    far, far_trust = smooth(laid, trust, guide, FAR_REACH * scale, settings.edge)
    alike = transfer(target, [(picture, 1.0)], PatchFeatures(), settings, reach=OWN_REACH)
    run = np.clip(far_trust / RUN_ENOUGH, 0, 1)
    other = (1 - run) * alike.confidence + 1e-6
    chroma = (far * run + alike.chroma * other) / (run + other)
    sure = np.clip(np.maximum(np.sqrt(far_trust), alike.confidence), 0, 1)
    return chroma, np.minimum(confidence_of(FILLED_LOST * (1 - sure)), FILLED)


def _unsure(chroma: Array, back: Array, scale: float) -> Array:
    """(H, W), in units of a*b*: how far the chroma may be off, as the flow may be off by `back` pixels or one."""
    steep = np.zeros(chroma.shape[1:], np.float32)
    for plane in chroma:
        soft = cv2.GaussianBlur(plane, (0, 0), max(0.8, scale))
        steep += cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8) ** 2
        steep += cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8) ** 2
    return np.sqrt(steep) * np.clip(back, 1, MOST_OFF * scale)
