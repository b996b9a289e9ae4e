"""The picture track of a delivery: planes in, packets out.

- Planes are written through NumPy views, and their format and size must be the encoder's: FFmpeg would
  otherwise convert them in silence, and no plane of ours passes through its scaler.
- ProRes takes the colour tags of its frame headers from each frame, so every frame carries them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.codec.context import Flags

from vidcolor.errors import InputError, MediaError
from vidcolor.media.codecs import FilmDelivery
from vidcolor.settings import ExportSettings
from vidcolor.threads import as_the_caller
from vidcolor.types import Reel

if TYPE_CHECKING:
    from numpy import ndarray as Array

LIMITED_RANGE, FULL_RANGE = 1, 2
FIELD_ORDER = {"progressive": 1, "top": 2, "bottom": 3}
"""FFmpeg's AVFieldOrder: which line is stored and shown first."""
FIELD_FILTER = {"top": "tff", "bottom": "bff"}
FINE_TIMESCALE = 10_000
"""A rate's numerator below this is multiplied by 1000, so that sound edits are fine enough too."""
PICTURE_HANDLER = "vidcolor picture"
MOST_IN_A_SECOND = 255
"""Frames a second that a timecode track of MOV and MP4 counts: a byte. Matroska has it as text."""


def timescale(rate: Fraction) -> int:
    """Ticks a second in which a frame of `rate`, and so the edit list, is a whole number."""
    return rate.numerator if rate.numerator >= FINE_TIMESCALE else rate.numerator * 1000


def plane_view(picture: av.VideoFrame, number: int) -> Array:
    """Plane `number` as a writable array, without the padding at the ends of its lines."""
    plane = picture.planes[number]
    kind = np.dtype("<u2" if picture.format.components[number].bits > 8 else "u1")
    lines = np.frombuffer(memoryview(plane), kind).reshape(-1, plane.line_size // kind.itemsize)
    return lines[: plane.height, : plane.width]


def padded(plane: Array, size: tuple[int, ...]) -> Array:
    """`plane` grown to `size` by repeating its last line and column."""
    grow = [(0, wanted - had) for wanted, had in zip(size, plane.shape, strict=True)]
    return np.pad(plane, grow, mode="edge") if any(after for _, after in grow) else plane


class PictureTrack:
    """The picture track of `output`: the reel's pictures by one delivery, from `timecode` on.

    at_once  each picture comes out of the encoder before the next goes in, so that coded ones can come between
    """

    def __init__(
        self,
        output: Any,
        codec: FilmDelivery,
        reel: Reel,
        settings: ExportSettings,
        timecode: str,
        *,
        at_once: bool = False,
    ) -> None:
        self._codec, self._reel, self._at_once = codec, reel, at_once
        self._size = codec.picture_size(reel.size, settings)
        self._range = FULL_RANGE if codec.scale_of(reel).full else LIMITED_RANGE
        rate = reel.rate.fraction
        options = codec.encoder_options(settings, reel)
        if codec.encoder == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "1")  # errors alone: the library's log knows no other switch
        self._stream = output.add_stream(codec.encoder, rate=rate, options=options)
        self._stream.time_base = 1 / rate
        self._stream.metadata.update({"encoder": codec.compressor, "handler_name": PICTURE_HANDLER})
        if reel.rate.base <= MOST_IN_A_SECOND or output.format.name == "matroska":
            self._stream.metadata["timecode"] = timecode
        if reel.tape:
            self._stream.metadata["reel_name"] = reel.tape
        self._set_up(self._stream.codec_context, settings)
        if codec.encoder == "libsvtav1":
            with as_the_caller():  # it takes real-time priority where it may (as root), for whoever opens it as well
                self._stream.codec_context.open()
        self._marks = self._marker()
        self._count = 0

    def name(self, name: str) -> None:
        """Gives the track a name; before its first picture."""
        self._stream.metadata["title"] = name

    def _set_up(self, encoder: Any, settings: ExportSettings) -> None:
        codec, reel = self._codec, self._reel
        encoder.height, encoder.width = self._size
        encoder.pix_fmt = codec.pixel_format
        encoder.time_base = 1 / reel.rate.fraction
        encoder.thread_type = "SLICE" if self._at_once else "AUTO"  # threads by frames hold some back
        encoder.thread_count = codec.threads
        encoder.sample_aspect_ratio = reel.pixel_aspect
        encoder.color_primaries = reel.tags.primaries
        encoder.color_trc = reel.tags.transfer
        encoder.colorspace = reel.tags.matrix
        encoder.color_range = self._range
        encoder.field_order = FIELD_ORDER[reel.scan]
        encoder.flags |= Flags.bitexact
        if reel.scan != "progressive":
            encoder.flags |= Flags.interlaced_dct | Flags.interlaced_me
        if codec.quantiser and settings.prores_rate == "quality":
            encoder.qscale = True
            encoder.global_quality = codec.quantiser
        if codec.is_proxy:
            encoder.gop_size = reel.rate.base  # a second, so that people can step through it

    def _marker(self) -> Any:
        """Filters that mark frames as interlaced and set their pixel aspect, which PyAV cannot; they copy no plane."""
        marks = []
        if self._reel.scan != "progressive":
            marks.append(("setfield", FIELD_FILTER[self._reel.scan]))
        aspect = self._reel.pixel_aspect
        if aspect != 1:
            marks.append(("setsar", f"{aspect.numerator}/{aspect.denominator}"))
        if not marks:
            return None
        graph: Any = av.filter.Graph()
        height, width = self._size
        source = graph.add_buffer(
            width=width, height=height, format=self._codec.pixel_format, time_base=1 / self._reel.rate.fraction
        )
        graph.link_nodes(source, *(graph.add(*mark) for mark in marks), graph.add("buffersink")).configure()
        return graph

    def encode(self, planes: Sequence[Array]) -> tuple[list[Any], Array]:
        """(packets that are ready, the luma as the encoder got it) of the next picture."""
        height, width = self._size
        picture = av.VideoFrame(width, height, self._codec.pixel_format)
        views = [plane_view(picture, number) for number in range(3)]
        for view, plane in zip(views, planes, strict=True):
            view[:] = padded(plane, view.shape)
        picture = self._tagged(picture)
        encoder = self._stream.codec_context
        if (picture.format.name, picture.width, picture.height) != (encoder.pix_fmt, encoder.width, encoder.height):
            raise MediaError(
                f"{self._codec.name}: the encoder takes {encoder.pix_fmt} {encoder.width}x{encoder.height}, not "
                f"{picture.format.name} {picture.width}x{picture.height}; choose another --delivery"
            )
        packets = self._stream.encode(picture)
        self._count += 1
        if self._at_once and len(packets) != 1:
            raise MediaError(f"{self._codec.name}: the encoder holds pictures back; delete the film and deliver again")
        return packets, views[0][: planes[0].shape[0], : planes[0].shape[1]]

    def copied(self, data: bytes) -> Any:
        """The packet of the next picture, coded before. Refuses one that would overtake those in the encoder."""
        if not self._at_once:
            raise InputError("coded pictures go only into a track that is written at once")
        packet = av.Packet(data)
        packet.pts = packet.dts = self._count
        packet.time_base = 1 / self._reel.rate.fraction
        packet.duration = 1
        packet.is_keyframe = True
        packet.stream = self._stream
        self._count += 1
        return packet

    def _tagged(self, picture: Any) -> Any:
        tags = self._reel.tags
        picture.pts = self._count
        picture.time_base = 1 / self._reel.rate.fraction
        if self._marks:
            self._marks.push(picture)
            picture = self._marks.pull()
        picture.duration = 1
        picture.color_primaries = tags.primaries
        picture.color_trc = tags.transfer
        picture.colorspace = tags.matrix
        picture.color_range = self._range
        return picture

    def flush(self) -> list[Any]:
        """The packets of the pictures that are still inside the encoder."""
        return list(self._stream.encode(None))
