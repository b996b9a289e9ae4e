"""The keyframes of a measurement: which frames were given in colour, and which of them is nearest to another frame."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from vidcolor.errors import InputError, MediaError
from vidcolor.media.probe import open_reel
from vidcolor.references.names import read_names
from vidcolor.research.measure.pairing import READING, Pair, ranges
from vidcolor.timeline import TIMECODE, Rate
from vidcolor.types import Reel


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the static copy takes its colours from; and, where keyframes were given, what is left out of means."""

    frames: tuple[int, ...]
    """Rising, at least one."""
    given: bool
    """False: no keyframes were given, and the only source is the first frame measured."""

    def nearest(self, frame: int) -> int:
        """The nearest source; the earlier of two equally near."""
        after = bisect_left(self.frames, frame)
        near = self.frames[max(0, after - 1) : after + 1]
        return min(near, key=lambda source: abs(source - frame))

    def is_keyframe(self, frame: int) -> bool:
        return self.given and self.distance(frame) == 0

    def distance(self, frame: int) -> int:
        return abs(self.nearest(frame) - frame)


def find_sources(pair: Pair, keyframes: Path | Sequence[int] | None) -> tuple[Sources, list[str]]:
    """The keyframes of a folder, or of a list of numbers, or else the first frame; and notes on what was passed over.

    Refuses a folder whose names name no frame, numbers outside the film, and keyframes that leave no frame to measure.
    """
    if keyframes is None:
        return Sources((pair.frames[0],), given=False), []
    numbers = _named(pair, keyframes) if isinstance(keyframes, Path) else sorted(set(keyframes))
    known = set(pair.frames)
    missing = [frame for frame in numbers if frame not in known]
    place = f"{keyframes}: " if isinstance(keyframes, Path) else ""
    if missing and not known.intersection(numbers):
        raise InputError(
            f"{place}keyframe {missing[0]} is not among the frames measured ({pair.frames[0]} to {pair.frames[-1]}), "
            "nor is another; give keyframes of these films"
        )
    if known <= set(numbers):
        raise InputError(
            f"{place}every frame measured is a keyframe, and keyframes are left out of the figures; measure without "
            "--keyframes"
        )
    notes = [f"{place}keyframes that are not among the frames measured: {ranges(missing)}"] if missing else []
    return Sources(tuple(frame for frame in numbers if frame in known), given=True), notes


def _named(pair: Pair, folder: Path) -> list[int]:
    if not folder.is_dir():
        raise MediaError(f"{folder}: no such folder of keyframes; give the folder of pictures named by frame")
    paths = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    timed = any(TIMECODE.search(PurePosixPath(path).stem) for path in paths)
    pictures = read_names(paths, _reel(pair, timed=timed)).pictures
    named = [p.maybe[0] if p.maybe and not p.free else p.frame for p in pictures]
    numbers = sorted({frame for frame in named if frame is not None})
    if not numbers:
        raise InputError(
            f"{folder}: no picture here is named by its frame; name keyframes as 000134.png, or leave --keyframes out"
        )
    return numbers


def _reel(pair: Pair, *, timed: bool) -> Reel:
    """What names are read against: frame numbers alone, or the timecode of a film if names are `timed`."""
    clips = [placed.clip for placed in (pair.truth, pair.result)]
    reels = [open_reel(clip.path, READING) for clip in clips if timed and clip.name == "film"]
    if reels:
        return next((reel for reel in reels if reel.timecoded), reels[0])
    last = max(pair.result.frames[-1], pair.truth.frames[-1])
    return Reel("r1", pair.truth.clip.path, last + 1, Rate(24), pair.size)
