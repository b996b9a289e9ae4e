"""What the names in a references folder mean. Looks at names only, never at the disk.

000134.png, ref_000134.jpg     the picture of frame 134: the stem ends in four or more digits
01-00-05-09.png                the picture of the frame at that timecode
r1-000134/coat.png             offered to shot r1-000134 only
coat.png, wardrobe/coat.png    a free reference, offered to every shot
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from vidcolor.errors import InputError
from vidcolor.timeline import TIMECODE, parse_timecode
from vidcolor.types import Reel, Shot

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
FRAME_STEM = re.compile(r"(?:.*[^0-9])?([0-9]{4,})", re.DOTALL)
SHOT_FOLDER = re.compile(r"[A-Za-z][A-Za-z0-9]*-[0-9]{6}")
CLUTTER = ("thumbs.db", "desktop.ini")
MOST_DIGITS = 12
"""A frame number of more digits is past the end of any film (and int() refuses thousands of digits)."""


@dataclass(frozen=True, slots=True)
class PictureName:
    """One picture of the references folder, and what its name says."""

    path: str
    """Relative to the references folder, with `/`."""
    frame: int | None = None
    """The frame it is the picture of; None for a free reference."""
    shot: str | None = None
    """The only shot it is offered to; None for every shot."""


@dataclass(frozen=True, slots=True)
class FolderNames:
    """A references folder as its names describe it."""

    pictures: tuple[PictureName, ...]
    """In order of path."""
    notes: tuple[str, ...]
    """What was passed over, a sentence each."""


def read_names(paths: Iterable[str], reel: Reel) -> FolderNames:
    """What each picture of a references folder is for, from the paths relative to it.

    Refuses two pictures for one frame, and frames and timecodes outside the reel. Hidden files are passed
    over; so is what is no PNG, TIFF or JPEG, and the notes say so.
    """
    pictures: list[PictureName] = []
    notes: list[str] = []
    for path in sorted(paths):
        parts = PurePosixPath(path).parts
        if any(part.startswith(".") for part in parts) or parts[-1].lower() in CLUTTER:
            continue
        if PurePosixPath(path).suffix.lower() not in SUFFIXES:
            notes.append(f"{path}: passed over; references are PNG, TIFF or JPEG pictures")
            continue
        shot = parts[0] if len(parts) > 1 and SHOT_FOLDER.fullmatch(parts[0]) else None
        pictures.append(PictureName(path, _frame_of(path, reel), shot))
    _refuse_doubles(pictures, reel)
    return FolderNames(tuple(pictures), tuple(notes))


def check_shots(pictures: Iterable[PictureName], shots: Sequence[Shot]) -> None:
    """Refuses pictures restricted to a shot that is not there, or whose frame lies outside their shot."""
    known = {shot.id: shot for shot in shots}
    for picture in pictures:
        if picture.shot is None:
            continue
        if picture.shot not in known:
            close = difflib.get_close_matches(picture.shot, list(known), n=1)
            hint = f"did you mean {close[0]}?" if close else f"the film's shots run from {shots[0].id}"
            raise InputError(f"{picture.path}: no shot {picture.shot}; {hint} Rename its folder or move it out")
        frames = known[picture.shot].frames
        if picture.frame is not None and picture.frame not in frames:
            raise InputError(
                f"{picture.path}: frame {picture.frame} is not in shot {picture.shot} "
                f"(frames {frames.start} to {frames.stop - 1}); move it out of the folder or rename it"
            )


def pictures_for(shot: Shot, pictures: Iterable[PictureName]) -> list[PictureName]:
    """The pictures a shot may take colours from: its own frames', and those offered to it or to every shot."""
    return [
        picture
        for picture in pictures
        if (picture.shot in (None, shot.id) and picture.frame is None) or picture.frame in shot.frames
    ]


def _frame_of(path: str, reel: Reel) -> int | None:
    stem = PurePosixPath(path).stem
    if TIMECODE.fullmatch(stem):
        return _frame_at(path, stem, reel)
    match = FRAME_STEM.fullmatch(stem)
    if not match:
        return None
    digits = match[1].lstrip("0") or "0"
    if len(digits) > MOST_DIGITS or int(digits) >= reel.frame_count:
        shown = digits if len(digits) <= MOST_DIGITS else f"{digits[:MOST_DIGITS]}..."
        raise InputError(
            f"{path}: frame {shown} is past the film's end ({reel.frame_count} frames, 0 to "
            f"{reel.frame_count - 1}); rename it, without four digits at the end for a free reference"
        )
    return int(digits)


def _frame_at(path: str, stem: str, reel: Reel) -> int:
    """The frame whose timecode is `stem`. Dashes stand for the reel's own marks."""
    mark = ";" if reel.drop_frame else ":"
    text = stem.replace("-", ":")
    at = max(text.rfind(":"), text.rfind(";"), text.rfind("."))
    try:
        label = parse_timecode(f"{text[:at]}{mark}{text[at + 1 :]}", reel.rate)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    day = parse_timecode(f"23:59:59{mark}{reel.rate.base - 1:02d}", reel.rate) + 1
    frame = (label - reel.start) % day
    if frame >= reel.frame_count:
        raise InputError(
            f"{path}: outside the film, which runs from {reel.timecode(0)} to "
            f"{reel.timecode(reel.frame_count - 1)}; rename it"
        )
    return frame


def _refuse_doubles(pictures: Sequence[PictureName], reel: Reel) -> None:
    first: dict[int, str] = {}
    for picture in pictures:
        if picture.frame is None:
            continue
        if picture.frame in first:
            raise InputError(
                f"{first[picture.frame]} and {picture.path}: two pictures for frame {picture.frame} "
                f"({reel.timecode(picture.frame)}); keep one, or rename the other"
            )
        first[picture.frame] = picture.path
