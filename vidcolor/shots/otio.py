"""OpenTimelineIO lists, in and out: one video track, a clip a shot, a transition where two shots meet or the film ends.

Clip times count on the film's own timecode. A dissolve is an `SMPTE_Dissolve`; a fade is a `Custom_Transition` that
says `fade` in its metadata. The library writes; reading is our own, since a damaged file makes the library's reader
end the whole program. Frames are read from the clips and transitions themselves, so that a list edited
elsewhere means what it shows; the metadata `vidcolor` only says which transitions are fades.
"""

from __future__ import annotations

import json
import math
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from vidcolor.errors import InputError
from vidcolor.shots.rows import Listed, Row, part_that_fits, rows_of_film
from vidcolor.shots.tracks import lowest
from vidcolor.timeline import FrameRange
from vidcolor.types import Reel, Shot, TransitionKind

if TYPE_CHECKING:
    import opentimelineio as otio

Json = Any
"""What `json.loads` gives, not yet looked at."""

SCHEMA = "vidcolor.shots/1"
MOST_FRAMES = 2**31
LONGEST = 4096
"""Letters of a file's address that are looked at"""
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
            track.append(_transition(shot.entry.kind, shot.entry.frames, shot.frames.start, time))
        start, stop = shot.frames.start, shot.frames.stop
        span = otio.opentime.TimeRange(time(reel.start + start), time(stop - start))
        clip = otio.schema.Clip(name=shot.id, media_reference=media.deepcopy(), source_range=span)
        clip.metadata["vidcolor"] = {"reel": shot.reel, "start": start, "stop": stop, "entry": shot.entry.kind}
        track.append(clip)
        if shot.exit is not None:
            track.append(_transition("fade", shot.exit, shot.frames.stop, time))
    return str(timeline.to_json_string(indent=2)) + "\n"


def _transition(kind: TransitionKind, frames: FrameRange, at: int, time: Any) -> otio.schema.Transition:
    import opentimelineio as otio

    types = otio.schema.TransitionTypes
    return otio.schema.Transition(
        name=kind,
        transition_type=types.SMPTE_Dissolve if kind == "dissolve" else types.Custom,
        in_offset=time(at - frames.start),
        out_offset=time(frames.stop - at),
        metadata={"vidcolor": {"kind": kind, "start": frames.start, "stop": frames.stop}},
    )


def read_otio(path: Path, text: str, reel: Reel) -> Listed:
    """The shots of a timeline, unchecked; of several timelines, the one that holds the film.

    A time at another rate than the film's lasts as many seconds; shots then end on the nearest frame. Where that does
    not hold the film, but its frames do, frame for frame (24 for 23.976), they are the film's. Refuses gaps at the
    head and the end, time warps, lists at another rate that last longer or shorter than the film, and broken files.
    """
    return Listed(
        rows_of_film(
            path,
            _timelines(path, text),
            lambda timeline: _shots(path, timeline, reel),
            lambda timeline: str(timeline.get("name", "")),
            "timelines",
            reel,
        )
    )


def _shots(path: Path, timeline: Json, reel: Reel) -> list[Row]:
    tracks = _video_tracks(path, timeline)
    read = [_track(path, items, reel, above=number > 0) for number, items in enumerate(tracks)]
    others = [track.other for track in read if track.other]
    if others and max(track.stop for track in read) != reel.frame_count:
        read = [_track(path, items, reel, as_frames=True, above=number > 0) for number, items in enumerate(tracks)]
        if max(track.stop for track in read) != reel.frame_count:
            place, rate = others[0]
            raise InputError(
                f"{path}: {place}: runs at {rate}, but the film at {reel.rate} frames a second; conform it"
            )
    rows = lowest(path, [track.rows for track in read])
    for gap in read[0].gaps:
        if not rows or gap.stop <= rows[0].start or gap.start >= max(row.stop for row in rows):
            raise InputError(
                f"{path}: {gap.place}: a gap; close it or put a clip there, every frame needs a shot"
                f"{part_that_fits(rows, reel)}"
            )
    return rows


@dataclass(slots=True)
class _Track:
    """The shots of one video track."""

    rows: list[Row] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)
    stop: int = 0
    other: tuple[str, float] | None = None
    """(place, rate) of an item at another rate than the film's"""

    def leave(self, start: int, stop: int) -> None:
        """Has the last shot fade into nothing."""
        if self.rows and self.rows[-1].stop == stop:
            self.rows[-1] = replace(self.rows[-1], leaves=(start, stop))


def _track(path: Path, items: list[Json], reel: Reel, *, as_frames: bool = False, above: bool = False) -> _Track:
    """What stands in one track.

    as_frames   times at rates of as many labels a second count frames of the film
    above       it lies above another: titles may be warped
    """
    found = _Track()
    end = 0.0
    empty = True
    entry: tuple[TransitionKind, int, int] | None = None
    for number, item in enumerate(items, 1):
        place, at = f"item {number}", found.stop
        schema = _schema(item)
        if schema == "Transition":
            kind: TransitionKind = "fade" if _is_fade(item) or empty else "dissolve"
            before, after = (round(_frames(path, place, item.get(f"{way}_offset"), reel)) for way in ("in", "out"))
            entry = (kind, at - before, at + after)
            continue
        if schema not in ("Clip", "Stack", "Track", "Gap"):
            raise InputError(f"{path}: {place}: {schema or 'an unknown thing'} is no clip; take it out of the track")
        if not _is_own(rate := _number(_duration(item), "rate"), reel) and not math.isnan(rate):
            found.other = (place, rate)
        if not above:
            _refuse_warps(path, place, item)
        end += _as_frames(item, reel) if as_frames else _length(path, place, item, reel)
        found.stop = round(end)
        empty = schema == "Gap" or item.get("enabled", True) is False
        if empty and entry:
            found.leave(entry[1], at)
        row = Row(place, at, found.stop, of=_source(item))
        if entry:
            row = replace(row, kind=entry[0], frames=entry[1:])
        if not empty:
            found.rows.append(row)
        elif found.stop > at:
            found.gaps.append(row)
        entry = None
    if entry:
        found.leave(entry[1], found.stop)
    return found


def _as_frames(item: Json, reel: Reel) -> float:
    """The frames that an item says, taken for the film's; endless where its rate has other labels a second."""
    duration = _duration(item)
    value, rate = _number(duration, "value"), _number(duration, "rate")
    return value if 0 <= value <= MOST_FRAMES and round(rate) == reel.rate.base else MOST_FRAMES


def _length(path: Path, place: str, item: Json, reel: Reel, depth: int = 0) -> float:
    """Frames of the film that an item takes; what stands in another and says none of its own lasts as its parts do."""
    if depth:
        _refuse_warps(path, place, item)
    duration, kind = _duration(item), _schema(item)
    if duration is not None or kind not in ("Stack", "Track") or depth == DEEPEST:
        return _frames(path, place, duration, reel)
    parts = [
        _length(path, place, part, reel, depth + 1) for part in _list(item, "children") if _schema(part) != "Transition"
    ]
    return sum(parts) if kind == "Track" else max(parts, default=0.0)


def _timelines(path: Path, text: str) -> list[Json]:
    """The timeline in the text, or those of a collection. Refuses what is not JSON, and what holds no timeline."""
    try:
        root = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error}); export the timeline again") from error
    found = [root, *(_list(root, "children") if _schema(root) == "SerializableCollection" else [])]
    timelines = [one for one in found if _schema(one) == "Timeline"]
    if not timelines:
        raise InputError(
            f"{path}: holds {_schema(root) or 'nothing of OpenTimelineIO'}, not a Timeline; export the whole timeline"
        )
    return timelines


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


def _video_tracks(path: Path, timeline: Json) -> list[list[Json]]:
    """What stands in each video track that is switched on and holds something, from the lowest up.

    Refuses timelines without one, and warps of the whole.
    """
    tracks = [
        (track, items)
        for track in _list(timeline.get("tracks"), "children")
        if _schema(track) == "Track" and track.get("kind") == "Video" and track.get("enabled", True) is not False
        if (items := _list(track, "children"))
    ]
    tracks = [pair for pair in tracks if any(_schema(item) != "Gap" for item in pair[1])] or tracks[:1]
    if not tracks:
        raise InputError(
            f"{path}: holds no video track with clips; export the timeline with its pictures, or "
            "give another list with --shots"
        )
    _refuse_warps(path, "the timeline", timeline.get("tracks"))
    _refuse_warps(path, "the video track", tracks[0][0])
    return [items for _, items in tracks]


def _duration(item: Json) -> Json:
    """The item's duration: of its source range, else of the media it shows, else None."""
    span = item.get("source_range")
    if not isinstance(span, dict):
        span = _media(item).get("available_range")
    return span.get("duration") if isinstance(span, dict) else None


def _media(item: Json) -> dict[str, Json]:
    """The media that a clip shows; empty where it says none."""
    media = item.get("media_reference")
    several, key = item.get("media_references"), item.get("active_media_reference_key")
    if isinstance(several, dict) and isinstance(key, str):
        media = several.get(key)
    return media if isinstance(media, dict) else {}


def _source(item: Json) -> str:
    """The name of the file that a clip shows, as far as it is told; else the clip's own."""
    name = _media(item).get("target_url") or item.get("name")
    return posixpath.basename(unquote(name[:LONGEST])) if isinstance(name, str) else ""


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
