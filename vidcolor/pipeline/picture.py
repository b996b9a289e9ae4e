"""One picture in the colours of another: read, transfer, join at full size, write.

- Colours are transferred at a reduced size: the picture's over a whole number, about SIDE long. What they change is
  enlarged along the picture's own edges (`finish.enlarge`) and added to the full-size picture, in bands of rows.
- A gray target keeps its L* in every pixel: a*b* that would leave the cube under it are shrunk towards neutral.
- At full size nothing is held but the target (its L* alone if it is gray) and the 16-bit result; each file is read
  alone.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import fit_to_rgb, lab_to_rgb
from vidcolor.colorize.by_transfer import OURS, OURS_IN_COLOR, PUBLISHED, Transferred, TransferRule, transfer_colors
from vidcolor.colorize.vgg import VggFeatures
from vidcolor.errors import WeightsError
from vidcolor.features import LUMA, Features, PatchFeatures
from vidcolor.finish import enlarge
from vidcolor.media.images import read_picture
from vidcolor.media.picture_out import check_picture_out, write_picture
from vidcolor.networks.pretrained import NETWORKS, Weights
from vidcolor.settings import FinishSettings
from vidcolor.types import Reference
from vidcolor.weights import cached

SIDE = 1000
"""Long side, about, at which colours are transferred."""
BAND = 64
"""Rows joined at once, at the reduced size."""
MARGIN = 8
"""Reduced rows beyond a band that its enlarging sees."""
NEUTRAL, NEUTRAL_SHARE = 3.0, 0.001
"""A picture is gray where no more of its pixels than this share are further from neutral, in a*b*: scans and JPEG have
some noise."""
BLACK, SPAN = 64, 876
"""10-bit luma codes, as `enlarge` reads them."""
MOST = 65535
NO_VGG = "VGG-19's weights are not here: give them with --weights, or fetch them with --features vgg19"
STEPS = 5
"""Of the progress, beside the network's own."""


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """How a picture is coloured."""

    features: Literal["auto", "own", "vgg19"] = "auto"
    """auto: VGG-19's where its weights are given or already here; vgg19 fetches them"""
    weights: Path | None = None
    """A file of torchvision's VGG-19"""
    rule: Literal["ours", "published"] = "ours"
    gray: bool = False
    """The target is a gray picture, whatever its colours: a toned print"""
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class MadePicture:
    """What was made of what."""

    size: tuple[int, int]
    gray: bool
    """Whether the target was gray, so that its L* was kept."""
    features: str
    """What superpixels were compared by, in words."""
    sure: float
    """Mean confidence, 0..1."""


def color_picture(
    target: Path, reference: Path, out: Path, options: PictureOptions, progress: Callable[[str, int, int], None]
) -> MadePicture:
    """Writes the target in the colours of the reference.

    Refuses places that cannot be written to before anything is read, and pictures as `read_picture` does.
    """
    check_picture_out(out, (target, reference))
    steps = _Steps(progress)
    makers, words = _makers(options, steps)
    lender = _bounded(read_picture(reference))
    steps.done()
    planes = _read_target(target, options.gray)
    steps.done()
    height, width = planes.shape[1:]
    shrink = max(1, round(max(height, width) / SIDE))
    small = _reduced(planes, shrink)
    found = transfer_colors(small, [lender], makers, _rule(options, gray=len(planes) == 1))
    steps.done()
    rgb = np.empty((3, height, width), np.uint16)
    for rows, lab in joined(planes, small, found, shrink):
        rgb[:, rows] = np.rint(fit_to_rgb(lab) * np.float32(MOST))
    steps.done()
    gray = len(planes) == 1
    del planes
    write_picture(out, rgb)
    steps.done(last=True)
    return MadePicture((height, width), gray, words, float(found.sure.mean()))


def _rule(options: PictureOptions, *, gray: bool) -> TransferRule:
    if options.rule == "published":
        return PUBLISHED
    return OURS if gray else OURS_IN_COLOR


class _Steps:
    """Progress in steps: the work's own, and the network's bands of two pictures where there is one."""

    def __init__(self, progress: Callable[[str, int, int], None]) -> None:
        self._progress, self._count = progress, 0

    def done(self, *, last: bool = False) -> None:
        self._count = STEPS if last else self._count + 1
        self._progress("transfer", self._count, STEPS)

    def bands(self, done: int, total: int) -> None:
        self._progress("look", done, total)


def _makers(options: PictureOptions, steps: _Steps) -> tuple[list[Features], str]:
    """What superpixels are compared by, and that in words."""
    own: list[Features] = [PatchFeatures()]
    if options.features == "own":
        return own, "its own (training-free)"
    if options.features == "auto" and options.weights is None and not _have_vgg():
        return own, f"its own (training-free); {NO_VGG}"
    vgg = VggFeatures(Weights([options.weights] if options.weights else []), options.device, steps.bands)
    words = f"VGG-19 without pooling ({vgg.facts.file.name}, SHA-256 {vgg.facts.sha256[:12]})"
    if options.rule == "published":
        return [vgg], words
    return [*own, vgg], f"{words} and its own"


def _have_vgg() -> bool:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("torchvision") is None:
        return False
    try:
        return cached(NETWORKS["vgg19"].url).is_file()
    except WeightsError:
        return False


def _bounded(reference: Reference) -> Reference:
    """The reference, at most SIDE long."""
    height, width = reference.lightness.shape
    scale = SIDE / max(height, width)
    if scale >= 1:
        return reference
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    lightness, *chroma = (
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (reference.lightness, *reference.chroma)
    )
    return Reference(reference.name, reference.hash, lightness, np.stack(chroma))


def _read_target(path: Path, gray: bool) -> Array:
    """(1, H, W) L* of a gray picture, (3, H, W) L*a*b* of one in colour."""
    picture = read_picture(path)
    if gray or is_gray(picture.chroma):
        return picture.lightness[None].copy()
    return np.concatenate([picture.lightness[None], picture.chroma])


def is_gray(chroma: Array) -> bool:
    """Whether a picture has no colours of its own."""
    colored = sum(int((np.abs(band) > NEUTRAL).any(0).sum()) for band in np.array_split(chroma, 16, axis=1))
    return colored <= NEUTRAL_SHARE * chroma[0].size


def _reduced(planes: Array, shrink: int) -> Array:
    """Means of shrink x shrink pixels; the last row and column are repeated to fill theirs."""
    if shrink == 1:
        return planes
    size = tuple(-(-n // shrink) for n in planes.shape[1:])
    out = np.empty((len(planes), *size), np.float32)
    for top in range(0, size[0], BAND):
        bottom = min(top + BAND, size[0])
        band = _rows(planes, top, bottom, shrink)
        blocks = band.reshape(len(planes), bottom - top, shrink, size[1], shrink)
        out[:, top:bottom] = blocks.mean((2, 4))
    return out


def _rows(planes: Array, top: int, bottom: int, shrink: int) -> Array:
    """The full-size rows of reduced rows top..bottom, filled to whole blocks."""
    band = planes[:, top * shrink : bottom * shrink]
    short = ((0, 0), (0, (bottom - top) * shrink - band.shape[1]), (0, -band.shape[2] % shrink))
    return np.pad(band, short, "edge")


def joined(planes: Array, small: Array, found: Transferred, shrink: int) -> Iterator[tuple[slice, Array]]:
    """(rows, their L*a*b* in the new colours) from top to bottom.

    planes  (1, H, W) L* or (3, H, W) L*a*b* of the picture; small: reduced `shrink` times
    found   what was transferred at the reduced size
    """
    height, width = planes.shape[1:]
    gray = len(planes) == 1
    change = found.colors if gray else found.colors - small
    for top in range(0, change.shape[1], BAND):
        bottom = min(top + BAND, change.shape[1])
        first, last = max(0, top - MARGIN), min(change.shape[1], bottom + MARGIN)
        band = _rows(planes, first, last, shrink)
        part = np.ascontiguousarray(change[:, first:last])
        large = enlarge(part, _codes(band), FinishSettings().detail, found.sure[first:last])
        rows = slice(top * shrink, min(bottom * shrink, height))
        inside = slice((top - first) * shrink, (top - first) * shrink + rows.stop - rows.start)
        large, band = large[:, inside, :width], band[:, inside, :width]
        yield rows, np.concatenate([band, large]) if gray else band + large


def _codes(band: Array) -> Array:
    """10-bit luma codes of a band."""
    lab = band if len(band) == 3 else np.concatenate([band, np.zeros((2, *band.shape[1:]), np.float32)])
    return np.rint(BLACK + SPAN * np.tensordot(LUMA, lab_to_rgb(lab), 1)).astype(np.uint16)
