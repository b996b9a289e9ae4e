"""The plan of a film as values: shots, keyframes, pictures, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from vidcolor.errors import ProjectError
from vidcolor.project.corrections import Correction, Problem
from vidcolor.project.kinds import PROPOSED_BY
from vidcolor.references.names import PictureName, RegionName
from vidcolor.timeline import FrameRange
from vidcolor.types import Reel, Shot

ID = re.compile(r".*-([0-9]{1,12})", re.DOTALL)
"""A shot's name, by its first frame."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One colour picture of the references folder."""

    name: str
    """Relative to the folder, with `/`."""
    hash: str
    frame: int | None = None
    shot: str | None = None
    gray: bool = False
    """True: it holds no colour, so it matches nothing."""
    use: Literal["frame", "asked", "region", "offered"] = "offered"
    """What it is for: it is the picture of its frame (frame), or a person wants its frame in its colours (asked); it
    serves regions alone (region); or it is offered to shots without pictures of their own."""


@dataclass(frozen=True, slots=True)
class PlannedKeyframe:
    """A keyframe and the pictures its colours come from, best first."""

    frame: int
    reason: Literal["person", "asked", "regions", "coverage"]
    """person: the first picture is the frame's own; asked: a person wants the frame in its colours; regions: a person
    gave masks alone"""
    pictures: tuple[str, ...] = ()
    regions: tuple[RegionName, ...] = ()
    scores: tuple[float, ...] = ()
    """How well the first of the pictures match the frame, 0..1, as they were chosen; the others were given for regions
    or are the frame's own"""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person put into the references folder."""

    pictures: tuple[Picture, ...]
    regions: tuple[RegionName, ...] = ()
    """In order of frames"""
    notes: tuple[str, ...] = ()
    """On what was passed over"""
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    """Every file's size, time and hash, to keep"""
    partial: tuple[Picture, ...] = ()
    """Pictures of frames of which only the opaque part counts"""
    unseen: tuple[PictureName, ...] = ()
    """Pictures that `vidcolor plan` has not looked at yet"""

    @property
    def hashes(self) -> dict[str, str]:
        """Of every picture and mask, by its name."""
        return {name: entry["hash"] for name, entry in self.files.items()}


@dataclass(frozen=True, slots=True)
class ChosenKeyframes:
    """What was chosen for a shot without a picture of its own."""

    made_of: str
    """Fingerprint of what the choice hangs on"""
    keyframes: tuple[PlannedKeyframe, ...]
    title: bool = False
    """True: it is a title card."""


@dataclass(frozen=True, slots=True)
class ShotPlan:
    """A shot, the frames it renders, and its keyframes."""

    shot: Shot
    reach: FrameRange
    """The shot's frames and those it shares with its neighbours in dissolves."""
    keyframes: tuple[PlannedKeyframe, ...]
    matched: bool = True
    """False: references have changed since keyframes were chosen here; `vidcolor plan` chooses again."""
    dissolves: tuple[FrameRange, ...] = ()
    """Those it shares with its neighbours."""
    fades: tuple[FrameRange, ...] = ()
    """Its own frames that fade in or out."""
    corrections: tuple[Correction, ...] = ()
    """Those that change its colours, in order"""
    excluded: bool = False
    """True: it is delivered gray: a person wants it so, or it is a title."""
    title: bool = False
    """True: it is a title card, for which nobody gave colours."""
    approval: Correction | None = None
    """What a person approved of it."""

    @property
    def laid_over(self) -> tuple[PlannedKeyframe, ...]:
        """Keyframes of regions alone beside others: laid over the colours that the shot has from those."""
        regions = tuple([key for key in self.keyframes if key.reason == "regions"])
        return regions if regions and any(key.reason in ("person", "asked") for key in self.keyframes) else ()

    @property
    def carried(self) -> tuple[PlannedKeyframe, ...]:
        """Keyframes that the shot takes its colours from: all but those laid over."""
        over = self.laid_over
        return tuple(key for key in self.keyframes if key not in over) if over else self.keyframes

    @property
    def unseen(self) -> tuple[int, ...]:
        """Frames whose colours were proposed and accepted by the machine: nobody has looked at them."""
        return tuple(c.frame for c in self.corrections if c.kind == "keyframe" and c.said.by == PROPOSED_BY)

    @property
    def mixed(self) -> frozenset[int]:
        """The frames of keyframes that show two shots at once."""
        return frozenset(key.frame for key in self.keyframes if any(key.frame in run for run in self.dissolves))


@dataclass(frozen=True, slots=True)
class Plan:
    """The machine's reading of the film, with people's pictures in their places."""

    reel: Reel
    shots: tuple[ShotPlan, ...]
    pictures: tuple[Picture, ...]
    notes: tuple[str, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Of every picture and mask, by its name"""
    corrections: tuple[Correction, ...] = ()
    """All that are in force, in order"""
    problems: tuple[Problem, ...] = ()
    """On corrections that are left out"""

    def shot(self, shot_id: str) -> ShotPlan:
        """The shot of this name, with its frame's zeros or without. Refuses a name that no shot has."""
        number = ID.fullmatch(shot_id)
        frame = int(number[1]) if number else -1
        reel = shot_id[: number.start(1)] if number else ""
        for planned in self.shots:
            own = planned.shot.frames.start == frame and planned.shot.id.startswith(reel)
            if planned.shot.id == shot_id or own:
                return planned
        there = next((f"frame {frame} is in {p.shot.id}" for p in self.shots if frame in p.shot.frames), "")
        some = there or f"the first is {self.shots[0].shot.id}"
        raise ProjectError(f"{shot_id}: no such shot; {some}; `vidcolor status` lists them")


def with_theirs(pictures: Sequence[str], regions: Sequence[RegionName]) -> tuple[str, ...]:
    """A frame's pictures, and those of its regions behind them."""
    return tuple(dict.fromkeys([*pictures, *(region.picture for region in regions)]))


def dissolves_of(shots: Sequence[Shot]) -> Iterator[tuple[FrameRange, ...]]:
    """For each shot the dissolves it shares with its neighbours."""
    entries = [shot.entry.frames if shot.entry.kind == "dissolve" else None for shot in shots]
    for pair in zip(entries, [*entries[1:], None], strict=True):
        yield tuple(run for run in pair if run is not None)


def fades_of(shots: Sequence[Shot]) -> Iterator[tuple[FrameRange, ...]]:
    """For each shot the runs of its own frames that fade in or out."""
    entries = [shot.entry.frames if shot.entry.kind == "fade" else None for shot in shots]
    for shot, pair in zip(shots, zip(entries, [*entries[1:], shots[-1].exit], strict=True), strict=True):
        runs = [(max(run.start, shot.frames.start), min(run.stop, shot.frames.stop)) for run in pair if run]
        yield tuple(FrameRange(start, stop) for start, stop in runs if start < stop)


def reach_of(shot: Shot, dissolves: Sequence[FrameRange]) -> FrameRange:
    """The frames it renders: its own, and the dissolves it shares with its neighbours."""
    runs = (shot.frames, *dissolves)
    return FrameRange(min(run.start for run in runs), max(run.stop for run in runs))


def clear_by_id(shots: Sequence[Shot]) -> dict[str, FrameRange]:
    """`clear_frames` by the ids of the shots."""
    return {shot.id: frames for shot, frames in zip(shots, clear_frames(shots), strict=True)}


def clear_frames(shots: Sequence[Shot]) -> Iterator[FrameRange]:
    """For each shot its frames outside dissolves and fades; all of them where nothing else is left."""
    for shot, following in zip(shots, [*shots[1:], None], strict=True):
        start, stop = shot.frames.start, shot.frames.stop
        if shot.entry.frames:
            start = max(start, shot.entry.frames.stop)
        if leaves := following.entry.frames if following is not None else shot.exit:
            stop = min(stop, leaves.start)
        yield FrameRange(start, stop) if start < stop else shot.frames
