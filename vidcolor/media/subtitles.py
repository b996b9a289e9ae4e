"""One track of subtitles on its way into a delivery that holds another kind of text: MOV's own, or SubRip."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.packet import Packet

MILLISECOND = Fraction(1, 1000)
TEXTS = {"mov": "mov_text", "mp4": "mov_text", "matroska": "subrip"}
"""The kind of text that a container holds, as FFmpeg names its encoder."""
READ = ("subrip", "srt", "webvtt", "mov_text", "ass", "ssa", "text")
"""Kinds that are text: their words are carried, styles as far as the new kind knows them."""
HEADER = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""FFmpeg's encoders of text ask for styles, in Advanced SubStation's words; where the source has none, these."""


class AsText:
    """A track of `output` that gets the words of `track`."""

    def __init__(self, track: Any, output: Any, container: str) -> None:
        self._source = track.codec_context
        self.codec = TEXTS[container]
        self.stream = output.add_stream(self.codec)
        self.stream.codec_context.subtitle_header = self._source.subtitle_header or HEADER
        self.stream.codec_context.time_base = MILLISECOND

    def packets(self, packet: Packet) -> Iterator[Packet]:
        """What a packet of the source becomes; nothing where it cannot be read."""
        try:
            said = self._source.decode2(packet)
            if said is None or not len(said):
                return
            made = self.stream.codec_context.encode_subtitle(said)
        except av.FFmpegError:
            return
        made.pts = made.dts = packet.pts
        made.duration, made.time_base = packet.duration, packet.time_base
        yield made

    def flush(self) -> Iterator[Packet]:
        """Nothing: each packet is made at once."""
        return iter(())
