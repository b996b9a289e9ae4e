"""The delivered files as an OpenTimelineIO timeline: clips are called as their files, times are the files' timecode.

Resolve finds a file when the address is relative to the list and the clip has the file's name. Drop-frame labels are no
matter of OpenTimelineIO's times, which count frames; that the film has them stands in the metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from vidcolor.conform.pieces import Conform, Piece
from vidcolor.timeline import FrameRange
from vidcolor.types import Reel

if TYPE_CHECKING:
    import opentimelineio as otio

SCHEMA = "vidcolor.conform/1"


def otio_text(conform: Conform) -> str:
    """The list as a timeline, the same text for the same pieces."""
    import opentimelineio as otio

    reel = conform.clock
    timeline = otio.schema.Timeline(name=conform.title, global_start_time=_time(reel, reel.start))
    timeline.metadata["vidcolor"] = {"schema": SCHEMA, "rate": str(reel.rate), "drop_frame": reel.drop_frame}
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    at = 0
    for piece in conform.pieces:
        listed = conform.listed(piece)
        if listed.start > at:
            track.append(otio.schema.Gap(source_range=_span(reel, FrameRange(at, listed.start))))
        if piece.dissolve:
            track.append(
                otio.schema.Transition(
                    name="dissolve",
                    transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
                    in_offset=_time(reel, piece.frames.start - piece.dissolve.start),
                    out_offset=_time(reel, piece.dissolve.stop - piece.frames.start),
                )
            )
        track.append(_clip(conform, piece))
        at = listed.stop
    return str(timeline.to_json_string(indent=2)) + "\n"


def _clip(conform: Conform, piece: Piece) -> otio.schema.Clip:
    import opentimelineio as otio

    reel = conform.reel_of(piece)
    span, pictures = _span(reel, piece.media), piece.pictures
    media: otio.schema.ExternalReference | otio.schema.ImageSequenceReference
    if pictures is None:
        media = otio.schema.ExternalReference(target_url=quote(piece.path), available_range=span)
    else:
        media = otio.schema.ImageSequenceReference(
            target_url_base=f"{quote(piece.where)}/",
            name_prefix=pictures.prefix,
            name_suffix=pictures.suffix,
            start_frame=pictures.first,
            frame_zero_padding=pictures.digits,
            rate=float(reel.rate.fraction),
            available_range=span,
        )
    media.name = piece.file
    clip = otio.schema.Clip(name=piece.file, media_reference=media, source_range=_span(reel, piece.frames))
    clip.metadata["vidcolor"] = {"shot": piece.shot.id, "version": piece.version, "sha256": piece.sha256}
    return clip


def _time(reel: Reel, frames: int) -> otio.opentime.RationalTime:
    import opentimelineio as otio

    return otio.opentime.RationalTime(frames, float(reel.rate.fraction))


def _span(reel: Reel, frames: FrameRange) -> otio.opentime.TimeRange:
    import opentimelineio as otio

    return otio.opentime.TimeRange(_time(reel, reel.start + frames.start), _time(reel, len(frames)))
