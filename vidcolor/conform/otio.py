"""The delivered files as an OpenTimelineIO timeline: clips are called as their files, times are the files' timecode.

Resolve finds a file when the address is relative to the list and the clip has the file's name. Drop-frame labels are no
matter of OpenTimelineIO's times, which count frames; that the film has them stands in the metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from vidcolor.conform.pieces import Conform, Piece
from vidcolor.timeline import FrameRange

if TYPE_CHECKING:
    import opentimelineio as otio

SCHEMA = "vidcolor.conform/1"


def otio_text(conform: Conform) -> str:
    """The list as a timeline, the same text for the same pieces."""
    import opentimelineio as otio

    reel = conform.reel
    timeline = otio.schema.Timeline(name=conform.title, global_start_time=_time(conform, reel.start))
    timeline.metadata["vidcolor"] = {"schema": SCHEMA, "rate": str(reel.rate), "drop_frame": reel.drop_frame}
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    at = 0
    for piece in conform.pieces:
        if piece.frames.start > at:
            track.append(otio.schema.Gap(source_range=_span(conform, FrameRange(at, piece.frames.start))))
        if piece.dissolve:
            track.append(
                otio.schema.Transition(
                    name="dissolve",
                    transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
                    in_offset=_time(conform, piece.frames.start - piece.dissolve.start),
                    out_offset=_time(conform, piece.dissolve.stop - piece.frames.start),
                )
            )
        track.append(_clip(conform, piece))
        at = piece.frames.stop
    return str(timeline.to_json_string(indent=2)) + "\n"


def _clip(conform: Conform, piece: Piece) -> otio.schema.Clip:
    import opentimelineio as otio

    span, pictures = _span(conform, piece.media), piece.pictures
    media: otio.schema.ExternalReference | otio.schema.ImageSequenceReference
    if pictures is None:
        media = otio.schema.ExternalReference(target_url=quote(piece.path), available_range=span)
    else:
        media = otio.schema.ImageSequenceReference(
            target_url_base=f"{quote(piece.place)}/",
            name_prefix=pictures.prefix,
            name_suffix=pictures.suffix,
            start_frame=pictures.first,
            frame_zero_padding=pictures.digits,
            rate=float(conform.reel.rate.fraction),
            available_range=span,
        )
    media.name = piece.file
    clip = otio.schema.Clip(name=piece.file, media_reference=media, source_range=_span(conform, piece.frames))
    clip.metadata["vidcolor"] = {"shot": piece.shot.id, "version": piece.version, "sha256": piece.sha256}
    return clip


def _time(conform: Conform, frames: int) -> otio.opentime.RationalTime:
    import opentimelineio as otio

    return otio.opentime.RationalTime(frames, float(conform.reel.rate.fraction))


def _span(conform: Conform, frames: FrameRange) -> otio.opentime.TimeRange:
    import opentimelineio as otio

    return otio.opentime.TimeRange(_time(conform, conform.reel.start + frames.start), _time(conform, len(frames)))
