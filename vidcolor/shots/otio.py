"""OpenTimelineIO lists, in and out: one video track, a clip a shot, a transition where two shots meet.

Clip times count on the film's own timecode. A dissolve is an `SMPTE_Dissolve`; a fade is a `Custom_Transition` that
says `fade` in its metadata. Frames are read from the clips and transitions themselves, so that a list edited
elsewhere means what it shows; the metadata `vidcolor` only says which transitions are fades.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidcolor.errors import InputError
from vidcolor.shots.rows import Row
from vidcolor.types import Reel, Shot, TransitionKind

if TYPE_CHECKING:
    import opentimelineio as otio

SCHEMA = "vidcolor.shots/1"
DEEPEST = 64
"""Nesting of the file's objects; the library reads deeper ones by recursion in C++."""
RATE_TOLERANCE = 5e-4
"""Relative difference at which 23.98 still means 24000/1001, and 24 does not."""
FRAME_TOLERANCE = 1e-3
"""A time may miss a whole frame by so much of one: rates are stored as floating point."""


def otio_text(shots: Sequence[Shot], reel: Reel) -> str:
    """The shots as an OpenTimelineIO timeline, the same text for the same shots."""
    import opentimelineio as otio

    rate = float(reel.rate.fraction)

    def time(frames: int) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(frames, rate)

    timeline = otio.schema.Timeline(name=reel.tape or reel.path.stem, global_start_time=time(reel.start))
    about = {"schema": SCHEMA, "rate": str(reel.rate), "frames": reel.frame_count, "drop_frame": reel.drop_frame}
    timeline.metadata["vidcolor"] = about
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    media = otio.schema.ExternalReference(
        target_url=reel.path.name,
        available_range=otio.opentime.TimeRange(time(reel.start), time(reel.frame_count)),
    )
    for shot in shots:
        if shot.entry.frames is not None:
            track.append(_transition(shot, time))
        start, stop = shot.frames.start, shot.frames.stop
        span = otio.opentime.TimeRange(time(reel.start + start), time(stop - start))
        clip = otio.schema.Clip(name=shot.id, media_reference=media.deepcopy(), source_range=span)
        clip.metadata["vidcolor"] = {"reel": shot.reel, "start": start, "stop": stop, "entry": shot.entry.kind}
        track.append(clip)
    return str(timeline.to_json_string(indent=2)) + "\n"


def _transition(shot: Shot, time: Any) -> otio.schema.Transition:
    import opentimelineio as otio

    kind, frames = shot.entry.kind, shot.entry.frames
    assert frames is not None
    types = otio.schema.TransitionTypes
    return otio.schema.Transition(
        name=kind,
        transition_type=types.SMPTE_Dissolve if kind == "dissolve" else types.Custom,
        in_offset=time(shot.frames.start - frames.start),
        out_offset=time(frames.stop - shot.frames.start),
        metadata={"vidcolor": {"kind": kind, "start": frames.start, "stop": frames.stop}},
    )


def read_otio(path: Path, text: str, reel: Reel) -> list[Row]:
    """The shots of a timeline, unchecked. Refuses gaps, more than one video track, other rates, and broken files."""
    track = _video_track(path, _timeline(path, text))
    import opentimelineio as otio

    rows: list[Row] = []
    at = 0
    entry: tuple[TransitionKind, int, int] | None = None
    for number, item in enumerate(track, 1):
        place = f"item {number}"
        if isinstance(item, otio.schema.Transition):
            kind: TransitionKind = "fade" if _is_fade(item) or not rows else "dissolve"
            before = _frames(path, place, item.in_offset, reel)
            entry = (kind, at - before, at + _frames(path, place, item.out_offset, reel))
            continue
        if isinstance(item, otio.schema.Gap):
            raise InputError(f"{path}: {place}: a gap; close it or put a clip there, every frame needs a shot")
        try:
            length = item.duration()
        except otio.exceptions.OTIOError as error:
            raise InputError(f"{path}: {place}: has no duration; give the clip a source range") from error
        stop = at + _frames(path, place, length, reel)
        if entry:
            rows.append(Row(place, at, stop, entry[0], entry[1:]))
        else:
            rows.append(Row(place, at, stop))
        at, entry = stop, None
    return rows


def _timeline(path: Path, text: str) -> otio.schema.Timeline:
    """The timeline in the text. Refuses what is not JSON, what is nested deeply, and what the library refuses."""
    import opentimelineio as otio

    depth = deepest = 0
    for mark in text:
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    if deepest > DEEPEST:
        raise InputError(f"{path}: nested {deepest} deep; not a timeline this program reads, write it flat")
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error}); write the timeline again") from error
    try:
        timeline = otio.adapters.read_from_string(text, "otio_json")
    except (otio.exceptions.OTIOError, ValueError, TypeError, KeyError, RuntimeError, OverflowError) as error:
        raise InputError(f"{path}: OpenTimelineIO cannot read it ({_short(error)}); write it again") from error
    if not isinstance(timeline, otio.schema.Timeline):
        raise InputError(f"{path}: holds a {type(timeline).__name__}, not a timeline; write the timeline itself")
    return timeline


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__


def _video_track(path: Path, timeline: otio.schema.Timeline) -> otio.schema.Track:
    tracks = [track for track in timeline.video_tracks() if len(track)]
    if len(tracks) != 1:
        raise InputError(f"{path}: {len(tracks)} video tracks with clips; it must have one, flatten it")
    return tracks[0]


def _is_fade(item: otio.schema.Transition) -> bool:
    about = item.metadata.get("vidcolor")
    return hasattr(about, "get") and about.get("kind") == "fade"


def _frames(path: Path, place: str, time: otio.opentime.RationalTime | None, reel: Reel) -> int:
    """Whole frames of a time at the film's rate. Refuses other rates, fractions, and numbers without end."""
    value = 0.0 if time is None else float(time.value)
    rate = float(reel.rate.fraction)
    if time is None or not math.isfinite(value) or abs(value) > 2**31:
        raise InputError(f"{path}: {place}: duration {value} is not a number of frames; give it one")
    if not abs(float(time.rate) - rate) <= RATE_TOLERANCE * rate:
        raise InputError(
            f"{path}: {place}: runs at {time.rate}, but the film at {reel.rate} frames a second; conform it"
        )
    if abs(value - round(value)) > FRAME_TOLERANCE or value < 0:
        raise InputError(f"{path}: {place}: {value} frames is not a whole number; end it on a frame")
    return round(value)
