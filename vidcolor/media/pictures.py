"""Colour pictures by frame number: of a film, of a folder of numbered pictures, or of one picture.

- A picture's number is the last run of digits in its name: `ref_000134.jpg` is frame 134. Gaps are allowed.
- A film's frames are counted from 0; one picture alone is frame 0, whatever its name.
- What is read in order streams; only the frames that are asked for are decoded, as far as the codec allows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vidcolor.color.colorimetry import LUMA_WEIGHTS
from vidcolor.errors import InputError, MediaError
from vidcolor.media.colors import picture_rgb, rgb_luma
from vidcolor.media.decode import read_shown
from vidcolor.media.images import read_rgb
from vidcolor.media.index import find_frames
from vidcolor.media.luma import luma_codes
from vidcolor.media.probe import open_reel
from vidcolor.media.read import check_count, checked
from vidcolor.settings import ReelSettings
from vidcolor.timeline import TIMECODE
from vidcolor.types import Reel

if TYPE_CHECKING:
    from numpy import ndarray as Array

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".webp")
NUMBER = re.compile(r"(\d+)\D*", re.ASCII)
Pictures = Generator[tuple[int, "ColorPicture"], None, None]


@dataclass(frozen=True, slots=True, eq=False)
class ColorPicture:
    """One picture in colour."""

    rgb: Array
    """(3, H, W) float32, R'G'B' 0..1 as coded for a display."""
    luma: Array
    """(H, W) uint16, 10-bit limited-range codes: a film's own Y', or computed from R'G'B'."""


@dataclass(frozen=True, slots=True, eq=False)
class ColorClip:
    """Colour pictures by frame number; `open_colors` makes it. Holds no file open between two readings."""

    path: Path
    name: str
    """`film`, `folder` or `picture`"""
    frames: Sequence[int]
    """The frames there are, rising."""
    size: tuple[int, int]
    """(height, width)"""
    rate: Fraction | None
    """Frames a second; None where nothing says."""
    _source: Callable[[Sequence[int]], Pictures]

    def __len__(self) -> int:
        return len(self.frames)

    def read(self, frames: Sequence[int] | None = None) -> Pictures:
        """(frame, picture) of each of `frames`, in rising order; of all if None. Decodes while it is iterated.

        Refuses frames that do not exist, and pictures that are damaged or of another size, naming the frame. The
        file is closed when the iterator ends or is closed.
        """
        wanted = self.frames if frames is None else sorted(set(frames))
        if frames is not None:
            known = self.frames if isinstance(self.frames, range) else set(self.frames)
            missing = next((frame for frame in wanted if frame not in known), None)
            if missing is not None:
                raise InputError(f"{self.path}: holds no frame {missing}; {self._held()}")
        return self._source(wanted)

    def __getitem__(self, frame: int) -> ColorPicture:
        """The picture of one frame, by its number."""
        with closing(self.read([frame])) as pictures:
            return next(pictures)[1]

    def _held(self) -> str:
        return f"it holds {len(self.frames)}, from {self.frames[0]} to {self.frames[-1]}"


def open_colors(path: Path, settings: ReelSettings | None = None) -> ColorClip:
    """The colour pictures of a film, of a folder of numbered pictures, or of one picture.

    path      a film; a folder; or a PNG, TIFF, JPEG or WebP picture, 8 or 16 bits
    settings  how a film is read; by default interlaced films and variable rates are refused
    Refuses what `open_reel` and `read_rgb` refuse, folders without pictures, and names without a number of their own.
    """
    if path.is_dir():
        files, name = _numbered(path), "folder"
    elif path.suffix.lower() in SUFFIXES:
        files, name = {0: path}, "picture"
    else:
        reel = open_reel(path, settings or ReelSettings())
        size, rate = reel.size, reel.rate.fraction
        return ColorClip(path, "film", range(reel.frame_count), size, rate, partial(_film_pictures, reel))
    frames = tuple(files)
    height, width = read_rgb(files[frames[0]]).shape[1:]
    size = (height, width)
    return ColorClip(path, name, frames, size, None, partial(_still_pictures, files, size))


def _film_pictures(reel: Reel, frames: Sequence[int]) -> Pictures:
    index = find_frames(reel.path)
    check_count(reel, len(index.shown))
    weights = LUMA_WEIGHTS[reel.tags.matrix]
    with closing(read_shown(index, frames)) as shown:
        for frame, decoded in zip(frames, shown, strict=True):
            picture = checked(reel, frame, decoded)
            luma = luma_codes(picture, full_range=reel.full_range, weights=weights)
            yield frame, ColorPicture(picture_rgb(picture, reel), luma)


def _still_pictures(files: dict[int, Path], size: tuple[int, int], frames: Sequence[int]) -> Pictures:
    for frame in frames:
        rgb = read_rgb(files[frame])
        if rgb.shape[1:] != size:
            raise MediaError(
                f"{files[frame]}: {rgb.shape[2]}x{rgb.shape[1]} pixels where the first picture has "
                f"{size[1]}x{size[0]}; make all pictures one size"
            )
        yield frame, ColorPicture(rgb, rgb_luma(rgb))


def _numbered(folder: Path) -> dict[int, Path]:
    """The pictures of a folder by their frame numbers, rising. Hidden files and what is no picture are passed over."""
    try:
        names = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    except OSError as error:
        raise MediaError(f"{folder}: cannot be listed ({error.strerror}); check the folder's permissions") from error
    names = [p for p in names if not p.name.startswith(".")]
    if not names:
        known = ", ".join(suffix.lstrip(".") for suffix in SUFFIXES)
        raise MediaError(f"{folder}: no pictures in this folder ({known}); give a film or a folder of pictures")
    files: dict[int, Path] = {}
    for path in names:
        frame = _frame_of(path)
        if frame in files:
            raise MediaError(
                f"{path}: the same frame number as {files[frame].name} ({frame}); remove or rename one of them"
            )
        files[frame] = path
    return dict(sorted(files.items()))


def _frame_of(path: Path) -> int:
    if TIMECODE.fullmatch(path.stem):
        raise MediaError(f"{path}: named by timecode; name it by its frame number, as 000134{path.suffix}")
    numbers = NUMBER.findall(path.stem)
    if not numbers:
        raise MediaError(f"{path}: no frame number in its name; name it as 000134{path.suffix}, or move it elsewhere")
    return int(numbers[-1])
