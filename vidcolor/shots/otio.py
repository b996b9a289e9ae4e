"""OpenTimelineIO lists, in and out: one video track, a clip a shot, a transition where two shots meet.

Clip times count on the film's own timecode. A dissolve is an `SMPTE_Dissolve`; a fade is a `Custom_Transition` that
says `fade` in its metadata. The library writes; reading is our own, since a damaged file makes the library's reader
end the whole program. Frames are read from the clips and transitions themselves, so that a list edited
elsewhere means what it shows; the metadata `vidcolor` only says which transitions are fades.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vidcolor.errors import InputError
from vidcolor.shots.rows import Listed, Row
from vidcolor.types import Reel, Shot, TransitionKind

if TYPE_CHECKING:
    import opentimelineio as otio

Json = Any
"""What `json.loads` gives, not yet looked at."""

SCHEMA = "vidcolor.shots/1"
MOST_FRAMES = 2**31
RATE_TOLERANCE = 5e-4
"""Relative difference at which 23.98 still means 24000/1001, and 24 does not."""
DEEPEST = 20
"""Tracks and stacks in one another"""
TIME_EFFECTS = ("TimeEffect", "LinearTimeWarp", "FreezeFrame")
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


def read_otio(path: Path, text: str, reel: Reel) -> Listed:
    """The shots of a timeline, unchecked.

    A time at another rate than the film's lasts as many seconds; shots then end on the nearest frame. Refuses gaps,
    pictures on more than one video track, time warps, lists at another rate that last longer or shorter than the film,
    and broken files.
    """
    rows: list[Row] = []
    at, end = 0, 0.0
    other: tuple[str, float] | None = None
    entry: tuple[TransitionKind, int, int] | None = None
    for number, item in enumerate(_video_items(path, _timeline(path, text)), 1):
        place = f"item {number}"
        schema = _schema(item)
        if schema == "Transition":
            kind: TransitionKind = "fade" if _is_fade(item) or not rows else "dissolve"
            before, after = (round(_frames(path, place, item.get(f"{way}_offset"), reel)) for way in ("in", "out"))
            entry = (kind, at - before, at + after)
            continue
        if schema == "Gap":
            raise InputError(f"{path}: {place}: a gap; close it or put a clip there, every frame needs a shot")
        if schema not in ("Clip", "Stack", "Track"):
            raise InputError(f"{path}: {place}: {schema or 'an unknown thing'} is no clip; take it out of the track")
        if not _is_own(rate := _number(_duration(item), "rate"), reel) and not math.isnan(rate):
            other = (place, rate)
        end += _length(path, place, item, reel)
        stop = round(end)
        rows.append(Row(place, at, stop, entry[0], entry[1:]) if entry else Row(place, at, stop))
        at, entry = stop, None
    if other and at != reel.frame_count:
        raise InputError(
            f"{path}: {other[0]}: runs at {other[1]}, but the film at {reel.rate} frames a second; conform it"
        )
    return Listed(rows)


def _length(path: Path, place: str, item: Json, reel: Reel, depth: int = 0) -> float:
    """Frames of the film that an item takes; what stands in another and says none of its own lasts as its parts do."""
    _refuse_warps(path, place, item)
    duration, kind = _duration(item), _schema(item)
    if duration is not None or kind not in ("Stack", "Track") or depth == DEEPEST:
        return _frames(path, place, duration, reel)
    parts = [
        _length(path, place, part, reel, depth + 1) for part in _list(item, "children") if _schema(part) != "Transition"
    ]
    return sum(parts) if kind == "Track" else max(parts, default=0.0)


def _timeline(path: Path, text: str) -> Json:
    """The timeline in the text. Refuses what is not JSON, and what is not a timeline."""
    try:
        timeline = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error}); export the timeline again") from error
    if _schema(timeline) != "Timeline":
        raise InputError(f"{path}: holds {_schema(timeline) or 'no object'}, not a Timeline; export the whole timeline")
    return timeline


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _schema(item: Json) -> str:
    """Kind of an object without its version: `Clip` of `Clip.2`; empty for what is none."""
    name = item.get("OTIO_SCHEMA") if isinstance(item, dict) else None
    return "".join(c for c in name.partition(".")[0] if c.isalnum())[:40] if isinstance(name, str) else ""


def _list(item: Json, name: str) -> list[Json]:
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, list) else []


def _refuse_warps(path: Path, place: str, item: Json) -> None:
    """Refuses what plays faster, slower, backwards or still: programs differ in which frames it then takes."""
    for effect in _list(item, "effects"):
        name = _schema(effect)
        if name in TIME_EFFECTS and effect.get("enabled", True) is not False and effect.get("time_scalar") != 1:
            raise InputError(
                f"{path}: {place}: a time warp ({name}); the list must cut the film as it runs: render the warp into "
                "the film, or take it out of the list"
            )


def _video_items(path: Path, timeline: Json) -> list[Json]:
    """What stands in the lowest video track; above whole pictures lie titles and the like.

    Refuses timelines without one, several with a gap in the lowest, and warps of the whole.
    """
    tracks = [
        (track, items)
        for track in _list(timeline.get("tracks"), "children")
        if _schema(track) == "Track" and track.get("kind") == "Video" and (items := _list(track, "children"))
    ]
    tracks = [pair for pair in tracks if any(_schema(item) != "Gap" for item in pair[1])] or tracks[:1]
    if not tracks or (len(tracks) > 1 and any(_schema(item) == "Gap" for item in tracks[0][1])):
        raise InputError(f"{path}: {len(tracks)} video tracks hold clips; flatten them into one")
    track, items = tracks[0]
    for place, whole in (("the timeline", timeline.get("tracks")), ("the video track", track)):
        _refuse_warps(path, place, whole)
    return items


def _duration(item: Json) -> Json:
    """The item's duration: of its source range, else of the media it shows, else None."""
    span = item.get("source_range")
    if not isinstance(span, dict):
        media = item.get("media_reference")
        several, key = item.get("media_references"), item.get("active_media_reference_key")
        if isinstance(several, dict) and isinstance(key, str):
            media = several.get(key)
        span = media.get("available_range") if isinstance(media, dict) else None
    return span.get("duration") if isinstance(span, dict) else None


def _is_fade(item: Json) -> bool:
    about = item.get("metadata")
    mine = about.get("vidcolor") if isinstance(about, dict) else None
    return isinstance(mine, dict) and mine.get("kind") == "fade"


def _is_own(rate: float, reel: Reel) -> bool:
    own = float(reel.rate.fraction)
    return abs(rate - own) <= RATE_TOLERANCE * own


def _frames(path: Path, place: str, time: Json, reel: Reel) -> float:
    """Frames of the film in a time: whole ones of a time at its rate. Refuses fractions there, and what is no time."""
    value = _number(time, "value")
    if not math.isfinite(value) or abs(value) > MOST_FRAMES:
        raise InputError(f"{path}: {place}: has no duration in frames; give it a source range")
    rate = _number(time, "rate")
    if not _is_own(rate, reel):
        frames = value * float(reel.rate.fraction) / rate if rate > 0 else math.nan
        if not 0 <= frames <= MOST_FRAMES:
            raise InputError(f"{path}: {place}: {value} at {rate} a second is no time; give it a source range")
        return frames
    if abs(value - round(value)) > FRAME_TOLERANCE or value < 0:
        raise InputError(f"{path}: {place}: {value} frames is not a whole number; end it on a frame")
    return round(value)


def _number(time: Json, name: str) -> float:
    """A number of a time, NaN for what is none."""
    value = time.get(name) if isinstance(time, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > MOST_FRAMES:
        return math.nan
    return float(value)
