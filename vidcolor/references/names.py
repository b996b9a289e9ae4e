"""What the names in a references folder mean. Looks at names only, never at the disk.

000134.png, frame_134.jpg      the picture of frame 134; what else is taken for a frame's, `readings.py` says
01-00-05-09.png                the picture of the frame at that timecode
coat_134.png                   the picture of frame 134 if it fits it: the picture decides
coat.png, wardrobe/coat.png    a free reference, offered to every shot
r1-000134/coat.png             offered to shot r1-000134 only
coat.region-000134.png         a mask of frame 134: its white part takes the colours of coat.png alone
coat.region.png                a mask of coat.png: only its white part serves such regions
coat.region-sleeve-000134.png, coat.region-sleeve.png    the same for a second region, called sleeve
Of which reel they are, where a film has several: `by_reel.py`.
"""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from vidcolor.errors import InputError
from vidcolor.references.by_reel import Reels, has_timecode
from vidcolor.references.readings import Reading, read_stem
from vidcolor.timeline import TIMECODE
from vidcolor.types import Reel, Shot

HEIC = (".heic", ".heif")
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".webp", ".avif", ".jxl", ".jp2", ".exr", ".dpx")
LAYERED = (".psd", ".psb", ".ora")
"""Working files: read where nobody saved a flat picture of the same name beside them."""
REGION_STEM = re.compile(r"(.+)\.region(?:-(.+))?", re.DOTALL)
"""The picture's stem, and what follows."""
REGION_FRAME = re.compile(
    rf"(?:(?P<name>.*)-)?(?P<frame>[0-9]{{4,}}|{TIMECODE.pattern})|(?P<number>[0-9]{{1,3}})", re.DOTALL
)
"""The region's own name, and its frame; behind a name a number has four digits."""
SHOT_FOLDER = re.compile(r"[A-Za-z][A-Za-z0-9]*-[0-9]{6}")
CLUTTER = ("thumbs.db", "desktop.ini")
HOWS = {
    "own": "References are numbered as the film's own pictures are",
    "from 0": "References are numbered from 0, not as the film's own pictures are",
    "time": "Read as times since the film's start",
}
TO_BE_FREE = "rename it, without a number for a free reference"
TO_BE_A_MASK = "rename it by the frame it is a mask of"
MOST_NAMED = 4
"""Pictures named in one note before `and N more`."""


@dataclass(frozen=True, slots=True)
class PictureName:
    """One picture of the references folder, and what its name says."""

    path: str
    """Relative to the references folder, with `/`."""
    frame: int | None = None
    """The frame it is the picture of; None for a free reference, and where the picture decides."""
    shot: str | None = None
    """The only shot it is offered to; None for every shot."""
    maybe: tuple[int, ...] = ()
    """Where the name may mean more than one thing: the frames it may mean, the likeliest first."""
    free: bool = True
    """False: it is the picture of some frame. True: it may be a free reference."""


@dataclass(frozen=True, slots=True)
class RegionName:
    """A part of a frame that takes its colours from one picture, and what its masks are called."""

    path: str
    """The frame's mask; relative to the references folder, with `/`."""
    frame: int
    picture: str
    """Path of the picture its colours come from."""
    part: str = ""
    """The picture's mask; empty: all of it serves."""
    shot: str | None = None


@dataclass(frozen=True, slots=True)
class FolderNames:
    """A references folder as its names describe it."""

    pictures: tuple[PictureName, ...]
    """In order of path."""
    regions: tuple[RegionName, ...]
    """In order of frame and path."""
    notes: tuple[str, ...]
    """What was passed over, a sentence each."""
    others: int = 0
    """Pictures and masks of the film's other reels, which are none of the above"""


def read_names(paths: Iterable[str], reel: Reel, reels: Reels | None = None) -> FolderNames:
    """What each picture of a references folder is for, from the paths relative to it.

    reels  those of the film, where it has several: their pictures are passed over
    Refuses two pictures for one frame, frames and timecodes outside the reel, and masks of a picture that is not
    there. Hidden files are passed over; so is what is no picture, and the notes say so.
    """
    pictures: list[PictureName] = []
    masks: list[tuple[str, re.Match[str]]] = []
    elsewhere: list[str] = []
    others = 0
    read: dict[str, Reading] = {}
    strangers: list[str] = []
    layered: list[str] = []
    listed = sorted(paths)

    @cache
    def flat() -> set[str]:
        return {_without_suffix(path) for path in listed if posixpath.splitext(path)[1].lower() in SUFFIXES}

    for path in listed:
        parts = path.split("/")
        if path.startswith(".") or "/." in path or parts[-1].lower() in CLUTTER:
            continue
        stem, suffix = posixpath.splitext(parts[-1])
        if suffix.lower() not in (*SUFFIXES, *LAYERED):
            strangers.append(path)
            continue
        if suffix.lower() in LAYERED and _without_suffix(path) in flat():
            layered.append(path)
            continue
        region = REGION_STEM.fullmatch(stem)
        within = path
        if reels:
            named, within = reels.named(path)
            stem = posixpath.splitext(posixpath.basename(within))[0]
            if not named and _is_elsewhere(path, _frame_of(region) if region else stem, reel, reels):
                elsewhere.append(path)
                continue
            if named not in ("", reels.own):
                others += 1
                continue
        if region:
            masks.append((path, region))
            continue
        read[path] = _read(path, stem, reel)
        pictures.append(_picture(path, within, read[path]))
    refuse_doubles(pictures, reel)
    regions, more = _regions_of(masks, pictures, reel)
    left = [f"Of other reels, as this one has no such timecode: {some(elsewhere)}."] if elsewhere else []
    notes = (*_passed_over(strangers, layered), *left, *_told(read, reel), *more)
    return FolderNames(tuple(pictures), regions, notes, others + len(elsewhere))


def _frame_of(region: re.Match[str]) -> str:
    """What says the frame of a frame's mask; empty of a picture's mask."""
    of_frame = REGION_FRAME.fullmatch(region[2] or "")
    return (of_frame["frame"] or of_frame["number"]) if of_frame else ""


def _is_elsewhere(path: str, text: str, reel: Reel, reels: Reels) -> bool:
    """Whether a picture that names no reel is of another, by its timecode. Refuses one of a frame of any reel.

    text  its name, or of a mask what says its frame
    """
    coded = has_timecode(text, reel)
    try:
        sure = read_stem(text, reel).sure
    except InputError as error:
        if coded:
            return True
        raise reels.which(path) from error
    if sure and not coded:
        raise reels.which(path)
    return coded and not sure


def _picture(path: str, within: str, reading: Reading) -> PictureName:
    """within  the path without the name of a reel"""
    if reading.sure and len(reading.frames) == 1:
        return PictureName(path, reading.frames[0], _shot_of(within), free=False)
    return PictureName(path, None, _shot_of(within), reading.frames, not reading.sure)


def _passed_over(strangers: Sequence[str], layered: Sequence[str]) -> Iterator[str]:
    heic = [path for path in strangers if path.lower().endswith(HEIC)]
    others = [path for path in strangers if path not in heic]
    if heic:
        yield f"HEIC is not read; save as PNG or TIFF: {some(heic)}."
    if others:
        yield f"Passed over, as references are pictures as PNG, TIFF, JPEG, PSD or EXR: {some(others)}."
    if layered:
        yield f"Passed over for the flat pictures of the same names: {some(layered)}."


def _told(read: Mapping[str, Reading], reel: Reel) -> Iterator[str]:
    """Sentences on names that are read otherwise than as frames from 0 or as the film's timecode."""
    for how, words in HOWS.items():
        names = [f"{path} is frame {r.frames[0]}" for path, r in read.items() if r.how == how and len(r.frames) == 1]
        if names:
            yield f"{words}: {some(names)}."
    outside = [f"{path} ({r.outside})" for path, r in read.items() if r.outside]
    if outside:
        yield f"Free references, as the film ({reel.frame_count} frames) has no such frame or time: {some(outside)}."


def some(names: Sequence[str]) -> str:
    """`a, b, c, d and 7 more`."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def check_shots(names: Iterable[PictureName | RegionName], shots: Sequence[Shot]) -> None:
    """Refuses what is restricted to a shot that is not there, or whose frame lies outside its shot."""
    known = {shot.id: shot for shot in shots}
    for picture in names:
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


def _regions_of(
    masks: Sequence[tuple[str, re.Match[str]]], pictures: Sequence[PictureName], reel: Reel
) -> tuple[tuple[RegionName, ...], list[str]]:
    """Each frame's mask with its picture and the picture's mask; notes on the pictures' masks that serve no frame."""
    named = {_without_suffix(picture.path): picture.path for picture in pictures}
    parts: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str, int], str] = {}
    for path, match in masks:
        picture = posixpath.join(posixpath.dirname(path), match[1])
        if picture not in named:
            raise InputError(f"{path}: a mask of {picture}, which is not there; put {match[1]}.png beside it")
        of_frame = REGION_FRAME.fullmatch(match[2] or "")
        if not of_frame:
            _keep_once(parts, (picture, match[2] or ""), path)
            continue
        frames = _read(path, _frame_of(match), reel, TO_BE_A_MASK).frames
        _keep_once(found, (picture, of_frame["name"] or "", frames[0]), path)
    regions = [
        RegionName(path, frame, named[picture], parts.get((picture, label), ""), _shot_of(path))
        for (picture, label, frame), path in found.items()
    ]
    used = {region.part for region in regions}
    idle = [path for path in parts.values() if path not in used]
    notes = [f"{path}: serves no frame yet; a mask {_without_suffix(path)}-FRAME.png says where" for path in idle]
    return tuple(sorted(regions, key=lambda region: (region.frame, region.path))), notes


def _keep_once(table: dict[Any, str], key: Any, path: str) -> None:
    if key in table:
        raise InputError(f"{table[key]} and {path}: two masks for one region; keep one, or name the regions")
    table[key] = path


def _without_suffix(path: str) -> str:
    return posixpath.splitext(path)[0]


def _shot_of(path: str) -> str | None:
    folder, below, _ = path.partition("/")
    return folder if below and SHOT_FOLDER.fullmatch(folder) else None


def _read(path: str, stem: str, reel: Reel, remedy: str = TO_BE_FREE) -> Reading:
    try:
        return read_stem(stem, reel)
    except InputError as error:
        raise InputError(f"{path}: {error}; {remedy}") from error


def refuse_doubles(pictures: Sequence[PictureName], reel: Reel) -> None:
    """Refuses two pictures of one frame."""
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
