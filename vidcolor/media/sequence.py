"""An image sequence as a film: its pictures in order of their numbers, and what is wrong with them.

- The number is the last run of digits in the file's stem: `scan_v2.0086400.dpx` is number 86400.
- A gap is refused: a scanner that skips gaps shifts every later frame against its sound and timecode.
- A single picture without a number is a film of one frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media.deep import read_stored
from vidcolor.media.light import as_light
from vidcolor.media.load import picture_size
from vidcolor.media.scan import is_packed
from vidcolor.media.still import decode_still
from vidcolor.timeline import numbered
from vidcolor.types import Transfer

DEMUXERS = {".png": "png_pipe", ".dpx": "dpx_pipe", ".jpg": "jpeg_pipe", ".jpeg": "jpeg_pipe"}
"""FFmpeg's demuxer of each suffix that FFmpeg reads."""
STORED = (".tif", ".tiff", ".exr")
"""Suffixes that deep.py reads."""
SUFFIXES = (*DEMUXERS, *STORED)
FILMS, MOST_NAMED = (".mov", ".mp4", ".mkv", ".mxf", ".avi"), 3
"""What films are usually called, and how many of them a message names"""
FORMATS = {"uint8": ("gray", "rgb24"), "uint16": ("gray16le", "rgb48le"), "float32": ("grayf32le", "gbrpf32le")}
"""FFmpeg's names for one channel and for three, by the samples' kind."""
GAPS_NAMED = 3


@dataclass(frozen=True, slots=True)
class ImageSequence:
    """Pictures in order, without a gap."""

    pictures: tuple[Path, ...]
    first: int
    """Number of the first picture; 0 if it has none."""


def is_sequence(path: Path) -> bool:
    """True for names of pictures, and for folders: the reels that are image sequences."""
    return path.suffix.lower() in SUFFIXES or path.is_dir()


def find_sequence(path: Path) -> ImageSequence:
    """The sequence in a folder, or the one a picture belongs to.

    Refuses folders without pictures or with several sequences, gaps, and two pictures of one number.
    """
    folder = path if path.is_dir() else path.parent
    if path != folder and not path.is_file():
        raise MediaError(f"{path}: no such file; check the path")
    try:
        names = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    except OSError as error:
        raise MediaError(f"{folder}: cannot be listed ({error.strerror}); check the folder's permissions") from error
    names = [p for p in names if not p.name.startswith(".")]
    if not names:
        if films := sorted(str(p) for p in folder.iterdir() if p.suffix.lower() in FILMS):
            several = f"{' '.join(films[:MOST_NAMED])}{' ...' if len(films) > MOST_NAMED else ''}"
            raise MediaError(f"{folder}: a folder of films, and no film; name the films themselves, as {several}")
        known = ", ".join(sorted({suffix.lstrip(".") for suffix in SUFFIXES}))
        raise MediaError(f"{folder}: no pictures in this folder ({known}); give a film or a folder of pictures")
    families: dict[tuple[str, str, str], list[tuple[int, Path]]] = {}
    for picture in names:
        family, number = _family(picture)
        families.setdefault(family, []).append((number, picture))
    if path == folder:
        if len(families) > 1:
            some = " and ".join(sorted(pictures[0][1].name for pictures in families.values())[:2])
            raise MediaError(f"{folder}: several image sequences ({some}); name a picture of the one to read")
        family = next(iter(families))
    else:
        family, _ = _family(path)
    return _in_order(families[family])


def _family(picture: Path) -> tuple[tuple[str, str, str], int]:
    """What the pictures of one sequence share, and the picture's number."""
    parts = numbered(picture.stem)
    if parts is None:
        return (picture.stem, "", picture.suffix), 0
    before, number, behind = parts
    return (before, behind, picture.suffix), number


def _in_order(pictures: list[tuple[int, Path]]) -> ImageSequence:
    pictures.sort(key=lambda item: item[0])
    gaps: list[str] = []
    for (before, one), (after, other) in pairwise(pictures):
        if after == before:
            raise MediaError(f"{other}: the same number as {one.name}; remove one of them")
        if after > before + 1:
            gaps.append(str(before + 1) if after == before + 2 else f"{before + 1}-{after - 1}")
    if gaps:
        more = f" and {len(gaps) - GAPS_NAMED} more" if len(gaps) > GAPS_NAMED else ""
        missing = ", ".join(gaps[:GAPS_NAMED]) + more
        raise MediaError(f"{pictures[0][1]}: pictures are missing from the sequence: {missing}; add or renumber them")
    return ImageSequence(tuple(path for _, path in pictures), pictures[0][0])


def read_picture_frame(path: Path, transfer: Transfer) -> tuple[Any, dict[str, str]]:
    """(the decoded picture as av.VideoFrame, its tags). Refuses what is damaged, empty or too large.

    transfer  what its codes stand for (`media/light.py`)
    """
    picture, tags = _decoded(path)
    return as_light(picture, transfer), tags


def _decoded(path: Path) -> tuple[Any, dict[str, str]]:
    picture_size(path)
    suffix = path.suffix.lower()
    if suffix == ".dpx" and is_packed(path):
        samples = np.right_shift(read_stored(path).samples, 6, dtype=np.uint16)  # the library spreads 10 bits over 16
        if samples.shape[2] == 1:
            return av.VideoFrame.from_ndarray(samples[..., 0], format="gray10le"), {}
        return av.VideoFrame.from_ndarray(samples, format="gbrp10le"), {}
    if suffix not in STORED:
        return decode_still(path, DEMUXERS[suffix])
    stored = read_stored(path)
    one, three = FORMATS[stored.samples.dtype.name]
    samples = stored.samples if stored.samples.shape[2] == 3 else stored.samples[..., 0]
    return av.VideoFrame.from_ndarray(samples, format=three if samples.ndim == 3 else one), {}
