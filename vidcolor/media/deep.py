"""TIFF, EXR and pictures of 16 bits, read by OpenImageIO, which refuses what is cut short.

- Only read: its PNG writer (3.2.2) reports no failure on a full disk, and none of its writers writes to memory. Hence
  picture_out.py.
- DPX is left to FFmpeg (still.py), which gives a scan's 10-bit codes; here they would be spread over 16 bits.
- A picture that is read keeps its ICC profile, which is not applied (icc.py).
- The library is loaded where it is first needed: 30 ms of every command otherwise.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vidcolor.errors import MediaError

if TYPE_CHECKING:
    from numpy import ndarray as Array

WHITE_IS_ZERO = 0
PHOTOMETRICS = (WHITE_IS_ZERO, 1, 2, 3)
"""Kinds of TIFF that are read: gray both ways, RGB, palette (TIFF 6.0)."""
KINDS = {"uint8": "uint8", "uint16": "uint16", "half": "float", "float": "float"}
"""Samples that are read, and as what; halves as floats, which hold them exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A picture as its file holds it, without transparency."""

    samples: Array
    """(H, W, 1 or 3) uint8, uint16 or float32 (linear light)"""


def stored_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture, from its header alone. Refuses files that cannot be read."""
    with closing(opened(path)) as file:
        spec = file.spec()
        return spec.height, spec.width


def read_stored(path: Path) -> Stored:
    """The picture's samples. Refuses what is damaged or cut short, and samples of other kinds.

    The caller has checked the picture's size.
    """
    with closing(opened(path)) as file:
        spec = file.spec()
        kind, channels = str(spec.format), _channels(list(spec.channelnames))
        photometric = spec.get_int_attribute("tiff:PhotometricInterpretation", 1)
        if kind not in KINDS or not channels or photometric not in PHOTOMETRICS:
            raise MediaError(f"{path}: this kind of picture is not read; save it as RGB or gray of 8 or 16 bits")
        samples = file.read_image(KINDS[kind])
        if samples is None:
            raise MediaError(f"{path}: the picture is damaged or cut short; copy it again from its source")
    if photometric == WHITE_IS_ZERO and kind == "uint16":
        samples = np.iinfo(np.uint16).max - samples  # the library (3.2.2) turns 8 bits alone
    chosen = samples if len(channels) == samples.shape[2] else samples[:, :, channels]
    return Stored(np.ascontiguousarray(chosen))


def read_composite(path: Path) -> tuple[Array, Array]:
    """A layered picture's layers together: (H, W, 1 or 3) uint8 or uint16 samples, and (H, W) float32 alpha 0..1.

    Refuses what is damaged or cut short, and samples of other kinds. The caller has checked the picture's size.
    """
    with closing(opened(path)) as file:
        spec = file.spec()
        kind, names = str(spec.format), list(spec.channelnames)
        channels = _channels(names)
        if kind not in ("uint8", "uint16") or not channels:
            raise MediaError(f"{path}: this kind of picture is not read; save it as RGB or gray of 8 or 16 bits")
        samples = file.read_image(kind)
        if samples is None:
            raise MediaError(f"{path}: the picture is damaged or cut short; copy it again from its source")
    alpha = np.ones(samples.shape[:2], np.float32)
    if "A" in names:
        alpha = samples[:, :, names.index("A")].astype(np.float32) / np.float32(np.iinfo(samples.dtype).max)
    return np.ascontiguousarray(samples[:, :, channels]), alpha


def opened(path: Path) -> Any:
    """The picture's file, opened by OpenImageIO; refused where it cannot be. The caller closes it."""
    import OpenImageIO

    wish = OpenImageIO.ImageSpec()
    wish["oiio:UnassociatedAlpha"] = 1  # samples as stored, not times their alpha
    wish["oiio:RawColor"] = 1
    file = OpenImageIO.ImageInput.open(str(path.absolute()), wish)
    if file is None:
        said = (OpenImageIO.geterror().splitlines() or ["it says no more"])[0]
        raise MediaError(f"{path}: cannot be read as a picture ({said[:120]}); save it again")
    return file


def _channels(names: list[str]) -> list[int]:
    """Which channels are R, G and B, or gray; none where there is nothing of the kind."""
    if {"R", "G", "B"} <= set(names):
        return [names.index(name) for name in "RGB"]
    return next(([names.index(name)] for name in ("Y", "I", "L") if name in names), [])
