"""Pictures in and out: references as Lab, pictures to measure as R'G'B', 16-bit PNG; `load.py` reads their files.

- Colours go through the picture's ICC profile to sRGB. Profiles of curves and a matrix, which RGB and gray
  pictures have, are computed in floating point (`icc.py`), so 16 bits stay 16 bits. Others, and CMYK, go through
  LittleCMS in 8 bits.
- Pictures with transparency are refused, but as paints and masks (`painted.py`): there alpha says where they count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from vidcolor.color import rgb_to_lab
from vidcolor.errors import InputError, MediaError
from vidcolor.media.colors import unit_planes
from vidcolor.media.icc import read_profile
from vidcolor.media.load import Loaded, by_tables, load
from vidcolor.media.place import whole
from vidcolor.types import Reference

BAND = 256
"""Rows turned into Lab at a time, to keep memory near the size of the result."""
HEAD = 1 << 16
"""Bytes in which a PNG says whether it has transparent pixels: behind a palette and a profile of usual size."""
TURNS = {
    1: (0, False),
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (3, True),
    6: (3, False),
    7: (1, True),
    8: (1, False),
}
"""EXIF orientation: quarter turns counter-clockwise, then mirrored left to right."""


def read_picture(path: Path, name: str = "") -> Reference:
    """An artist's picture: lightness and chroma (CIELAB, D65) at its own size, upright, its profile honoured.

    path    a picture as `media/load.py` reads it; gray, RGB, indexed, or CMYK with a profile; 8, 16 or 32 bits
    name    the reference's name; the file's own if empty
    Refuses damaged and enormous pictures, transparency, Lab pixels, and profiles that cannot be used.
    """
    stored = load(path)
    lab = np.empty((3, *stored.samples.shape[:2]), np.float32)
    for rows, rgb in _bands(path, stored):
        lab[:, rows] = rgb_to_lab(rgb)
    lab = _upright(lab, stored.orientation)
    return Reference(name or path.name, hashlib.sha256(stored.data).hexdigest(), lab[0], lab[1:])


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A picture of which only a part may count: what lies in the least box around that part, h rows by w columns."""

    shape: tuple[int, int]
    """(H, W) of the picture"""
    box: tuple[slice, slice]
    """Rows and columns; all beyond is transparent"""
    chroma: np.ndarray
    """(2, h, w) a*b*"""
    share: np.ndarray
    """(h, w) 0..1: how far each pixel counts, by its alpha"""
    white: np.ndarray
    """(h, w) 0..1: how light each pixel is, black to white"""
    hash: str

    @property
    def nbytes(self) -> int:
        return self.chroma.nbytes + self.share.nbytes + self.white.nbytes

    def whole(self, part: np.ndarray) -> np.ndarray:
        """(..., H, W) of what lies in the box, with 0 around it."""
        if part.shape[-2:] == self.shape:
            return part
        whole = np.zeros((*part.shape[:-2], *self.shape), part.dtype)
        whole[(..., *self.box)] = part
        return whole


def may_have_alpha(path: Path) -> bool:
    """Whether a picture may have transparent pixels, by its head alone: some PNG, and all kinds but JPEG."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False  # who reads it says why it cannot be read
    if head.startswith(b"\x89PNG"):
        return head[25:26] in (b"\x04", b"\x06") or b"tRNS" in head
    return not head.startswith(b"\xff\xd8")  # JPEG


def read_painted(path: Path) -> Painted:
    """A paint or a soft mask, upright.

    Refuses what `read_picture` does, but for transparency.
    """
    stored = load(path, opaque=False)
    share = _upright(stored.share[None], stored.orientation)[0]
    box = _box(stored.share)
    stored = replace(stored, samples=stored.samples[box], share=stored.share[box])
    lab = np.empty((3, *stored.share.shape), np.float32)
    for rows, rgb in _bands(path, stored):
        lab[:, rows] = rgb_to_lab(rgb)
    white = stored.samples.mean(2, dtype=np.float32) / np.float32(np.iinfo(stored.samples.dtype).max)
    planes = _upright(np.concatenate([lab[1:], stored.share[None], white[None]]), stored.orientation)
    mark = hashlib.sha256(stored.data).hexdigest()
    return Painted(share.shape, _box(share), planes[:2], planes[2], planes[3], mark)


def _box(share: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the least box around what is not transparent; of one pixel where all is."""
    return _span(share.max(axis=1)), _span(share.max(axis=0))


def _span(most: np.ndarray) -> slice:
    places = np.flatnonzero(most)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 1)


def read_rgba(path: Path) -> np.ndarray:
    """(4, H, W) float32: sRGB R'G'B' and how opaque each pixel is, 0..1, upright.

    Refuses what `read_picture` does, but for transparency.
    """
    stored = load(path, opaque=False)
    rgba = np.empty((4, *stored.samples.shape[:2]), np.float32)
    for rows, band in _bands(path, stored):
        rgba[:3, rows] = band
    rgba[3] = stored.share
    return _upright(rgba, stored.orientation)


def read_rgb(path: Path) -> np.ndarray:
    """A picture to measure: (3, H, W) float32 sRGB R'G'B' 0..1, upright; as stored where it has no profile.

    Reads and refuses what `read_picture` does.
    """
    stored = load(path)
    if stored.profile or stored.stated is not None:
        rgb = np.empty((3, *stored.samples.shape[:2]), np.float32)
        for rows, band in _bands(path, stored):
            rgb[:, rows] = band
    else:
        rgb = unit_planes(stored.samples)
    return _upright(rgb, stored.orientation)


def _bands(path: Path, stored: Loaded) -> Iterator[tuple[slice, np.ndarray]]:
    """(rows, (3, rows, W) float32 sRGB) from top to bottom."""
    samples, profile = stored.samples, stored.profile
    simple = read_profile(profile) if profile else stored.stated
    if profile and simple is None:
        if samples.dtype == np.uint16:
            samples = ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
        picture = Image.fromarray(np.repeat(samples, 3, axis=2) if samples.shape[2] == 1 else samples)
        samples = np.asarray(by_tables(path, picture, profile))
    for top in range(0, samples.shape[0], BAND):
        band = samples[top : top + BAND]
        yield slice(top, top + BAND), simple.to_srgb(band) if simple is not None else unit_planes(band)


def _upright(planes: np.ndarray, orientation: int) -> np.ndarray:
    turns, mirrored = TURNS.get(orientation, (0, False))
    planes = np.rot90(planes, turns, axes=(1, 2))
    return np.ascontiguousarray(planes[:, :, ::-1] if mirrored else planes)


def write_image(path: Path, picture: np.ndarray, option: str = "-o") -> None:
    """Writes a PNG of 8 or 16 bits: whole or not at all. `option` of the command named its place.

    picture  (H, W) gray, (3, H, W) R'G'B', or (4, H, W) with how opaque each pixel is; uint8 or uint16
    """
    if picture.dtype not in (np.uint8, np.uint16) or picture.ndim not in (2, 3) or 0 in picture.shape:
        raise InputError(f"{path}: a picture of {picture.dtype} {picture.shape} cannot be written as PNG")
    blue_first = [2, 1, 0, 3][: len(picture)]
    pixels = picture if picture.ndim == 2 else np.ascontiguousarray(np.moveaxis(picture[blue_first], 0, 2))
    done, data = cv2.imencode(".png", pixels)
    if not done:
        raise MediaError(f"{path}: the picture could not be encoded as PNG; make it smaller")
    with whole(path, option) as partial:
        partial.write_bytes(data.tobytes())
