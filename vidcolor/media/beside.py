"""What goes beside the picture into a delivery: the film's sound, subtitles, chapters and titles.

- Every track is kept with its language, title and flags: copied where the container holds it, converted where it holds
  another kind, else left behind and told of.
- Time zero is the first picture shown, whatever the film's own clock says there.
- Sound that can neither be copied nor converted is refused before any work is done.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
from av.packet import Packet

from vidcolor.errors import MediaError
from vidcolor.media.container import is_cover, open_film
from vidcolor.media.index import FrameIndex, find_frames
from vidcolor.media.joins import move, nearest_shift
from vidcolor.media.sound import EXACT, ONLY_RATE, AsPcm
from vidcolor.media.subtitles import READ, TEXTS, AsText
from vidcolor.settings import ExportSettings
from vidcolor.types import Reel

AHEAD = Fraction(1, 2)
"""Sound is written up to this many seconds before its picture, so that players need not seek."""
KEPT = ("language", "title", "handler_name", "comment")
TOLD = ("language", "title")
MOV_TITLE = "name"
"""Where a MOV keeps the title of a track."""
TITLES = (
    "title", "artist", "album", "album_artist", "author", "comment", "composer", "copyright", "date", "description",
    "director", "genre", "language", "network", "performer", "producer", "publisher", "show", "synopsis", "year",
)  # fmt: skip
"""What a film's file says of the work, not of itself, by FFmpeg's generic names (libavformat/avformat.h)."""
HOLDS_CHAPTERS = HOLDS_TITLES = ("mov", "mp4", "matroska")
HOLDS_ATTACHMENTS = ("matroska",)


@dataclass(frozen=True, slots=True)
class Track:
    """A track beside the picture, and how it comes into a container."""

    index: int
    """Of the stream in the film's file."""
    kind: str
    """`sound` or `subtitle`"""
    name: str
    """`sound track 2 (opus)`"""
    way: Literal["copy", "convert", "leave"]
    same: bool = False
    """Whether what is converted comes out sample for sample as it was."""


def tracks_of(path: Path, container: str) -> list[Track]:
    """The sound and subtitle tracks of a film: found by writing their heads to memory."""
    with open_film(path) as film:
        return [
            Track(
                stream.index,
                kind,
                f"{kind} track {number} ({_codec(stream)})",
                _way(path, stream, kind, container),
                _stays(stream, container),
            )
            for kind, streams in (("sound", film.streams.audio), ("subtitle", film.streams.subtitles))
            for number, stream in enumerate(streams, 1)
        ]


def _stays(stream: Any, container: str) -> bool:
    rate = ONLY_RATE.get(container)
    return rate is not None and _codec(stream) in EXACT and stream.codec_context.sample_rate == rate


def _codec(stream: Any) -> str:
    return stream.codec_context.name if stream.codec_context is not None else "unknown"


def _way(path: Path, stream: Any, kind: str, container: str) -> Literal["copy", "convert", "leave"]:
    if stream.codec_context is None:
        return "leave"
    if _taken(path, stream.index, container, by_packet=kind == "sound"):
        return "copy"
    if kind == "subtitle":
        return "convert" if container in TEXTS and _codec(stream) in READ else "leave"
    return "convert" if stream.codec_context.sample_rate and stream.codec_context.layout.nb_channels else "leave"


def _taken(path: Path, index: int, container: str, *, by_packet: bool) -> bool:
    """Whether a container takes a track as it is; `by_packet`: some refusals come only with the first packet."""
    output = av.open(io.BytesIO(), "w", format=container)
    with open_film(path) as film, suppress(av.FFmpegError, ValueError):
        track = film.streams[index]
        copy = output.add_stream_from_template(track)
        output.start_encoding()
        for packet in film.demux(track) if by_packet else ():
            if packet.size:
                packet.stream = copy
                output.mux(packet)
                break
        output.close()  # and some only here
        return True
    return False


def titles_of(metadata: Mapping[str, str]) -> dict[str, str]:
    """What a file says of the work, by `TITLES`; keys come in any case."""
    said = {key.lower(): value for key, value in metadata.items()}
    return {name: said[name] for name in TITLES if said.get(name)}


def language_of(track: Any) -> str:
    """The language that a track states; empty where it says `und`, undetermined."""
    language = str(track.metadata.get("language", ""))
    return "" if language == "und" else language


def takes_sound(reel: Reel, settings: ExportSettings) -> bool:
    """Whether the film has sound, and it is to go along."""
    return bool(reel.sound_tracks) and settings.sound == "copy"


def has_extras(container: Any, picture: Any) -> bool:
    """Whether an open film carries anything beside its picture track `picture` and its sound."""
    streams = container.streams
    covers = any(map(is_cover, streams.video))
    told = titles_of(container.metadata) or language_of(picture)
    return bool(streams.subtitles or streams.attachments or covers or container.chapters() or told)


def left_behind(path: Path, container: str, tracks: list[Track]) -> list[str]:
    """What a container cannot hold of a film, in words."""
    with open_film(path) as film:
        left = [track.name for track in tracks if track.way == "leave"]
        if container not in HOLDS_CHAPTERS and film.chapters():
            left.append(_many(len(film.chapters()), "chapter"))
        if container not in HOLDS_TITLES and titles_of(film.metadata):
            left.append(_many(len(titles_of(film.metadata)), "title"))
        if container not in HOLDS_ATTACHMENTS and film.streams.attachments:
            left.append(_many(len(film.streams.attachments), "attachment"))
        if covers := sum(map(is_cover, film.streams.video)):
            left.append(_many(covers, "cover picture"))
    return left


def _many(count: int, name: str) -> str:
    return f"{count} {name}{'s' if count > 1 else ''}"


def notes_on(path: Path, container: str, *, sound: bool) -> list[str]:
    """What a person should know of a delivery before it is made: what is converted, what is left behind.

    sound  whether the film's sound goes along
    """
    tracks = [track for track in tracks_of(path, container) if sound or track.kind != "sound"]
    name = container_name(container)
    notes = [
        f"{track.name} has no place in {name}: it is delivered as "
        + ("PCM" if track.kind == "sound" else "text of another kind")
        for track in tracks
        if track.way == "convert" and not track.same
    ]
    left = left_behind(path, container, tracks)
    if left:
        notes.append(f"left behind, as {name} has no place for it: {', '.join(left)}")
    return notes


def container_name(container: str) -> str:
    """A container as people call it."""
    return {"matroska": "MKV"}.get(container, container.upper())


class _Copy:
    """A track that is copied packet for packet."""

    def __init__(self, track: Any, output: Any) -> None:
        self.codec = track.codec_context.name
        self.stream = output.add_stream_from_template(track)

    def packets(self, packet: Packet) -> Iterator[Packet]:
        yield packet

    def flush(self) -> Iterator[Packet]:
        return iter(())


class Beside:
    """All that goes beside the picture of the film at `path`, on its way into `output`.

    Made before the output's first packet, after its picture track. `copy_until` is called as the pictures go by,
    `finish` after the last.
    """

    def __init__(self, path: Path, output: Any, container: str, *, sound: bool) -> None:
        self._path, self._output, self._container = path, output, container
        self._index = find_frames(path)
        self._start = _picture_start(self._index)
        self._reached: dict[int, Fraction] = {}
        """Of a joined film, where each of its tracks has come to, in seconds."""
        self._film = open_film(path)
        self._carriers: dict[int, Any] = {}
        self.languages: dict[int, str] = {}
        """Language by number of the track in `output`."""
        tracks = tracks_of(path, container)
        self.sound: list[dict[str, str]] = []
        """Codec of each track, what it was made from, and its language and title where the film names them."""
        self.subtitles: list[dict[str, str]] = []
        """The same."""
        self.left = left_behind(path, container, tracks)
        self.chapters = self._keep_chapters() if container in HOLDS_CHAPTERS else 0
        self.titles = titles_of(self._film.metadata) if container in HOLDS_TITLES else {}
        output.metadata.update(self.titles)
        self._keep_language()
        for track in tracks:
            stream = self._film.streams[track.index]
            if track.way != "leave" and (sound or stream.type != "audio"):
                self._add(stream, track)
        if container in HOLDS_ATTACHMENTS:
            for attachment in self._film.streams.attachments:
                output.add_attachment(attachment.name or "attachment", attachment.mimetype or "", attachment.data)
        self._packets = self._read()
        self._next: Packet | None = next(self._packets, None)

    def _keep_chapters(self) -> int:
        """Sets the film's chapters, on the delivery's clock; how many there are."""
        kept = []
        for chapter in self._film.chapters():
            early = round(self._start / chapter["time_base"])
            start, end = max(0, chapter["start"] - early), chapter["end"] - early
            if end > 0:
                kept.append({**chapter, "start": start, "end": max(start, end)})
        self._output.set_chapters(kept)
        return len(kept)

    def _keep_language(self) -> None:
        picture = self._output.streams.video[0]
        if language := language_of(self._film.streams[self._index.stream]):
            picture.metadata["language"] = language
            self.languages[picture.index] = language

    def _follows(self, packet: Packet) -> bool:
        """Moves a packet of a film joined of several to the film's one clock; False where it overlaps with what the
        recording before left."""
        joins, ticks = self._index.joins, self._index.time_base
        time = packet.dts if packet.dts is not None else packet.pts
        if not joins or time is None:
            return True
        after = self._reached.get(packet.stream.index, self._start)
        at = time * packet.time_base
        shift = nearest_shift(joins, packet.pos or 0, at, after, ticks) * ticks
        if at + shift < after - packet.time_base and packet.stream.index in self._reached:
            return False
        self._reached[packet.stream.index] = at + shift + (packet.duration or 0) * packet.time_base
        move(packet, round(shift / packet.time_base))
        return True

    def _add(self, track: Any, told_of: Track) -> None:
        carrier: Any
        if told_of.way == "copy":
            carrier = _Copy(track, self._output)
        elif track.type == "audio":
            carrier = AsPcm(track, self._output, self._container, self._start)
        else:
            carrier = AsText(track, self._output, self._container)
        kept = {key: track.metadata[key] for key in KEPT if key in track.metadata}
        if MOV_TITLE in track.metadata:
            kept.setdefault("title", track.metadata[MOV_TITLE])
        carrier.stream.metadata.update(kept)
        carrier.stream.disposition = track.disposition
        self._carriers[track.index] = carrier
        self.languages[carrier.stream.index] = kept.get("language", "")
        told = {key: kept[key] for key in TOLD if key in kept}
        made_from = {"from": track.codec_context.name} if told_of.way == "convert" and not told_of.same else {}
        (self.sound if track.type == "audio" else self.subtitles).append({"codec": carrier.codec, **made_from, **told})

    def _read(self) -> Iterator[Packet]:
        tracks = [self._film.streams[index] for index in self._carriers]
        if not tracks:
            return
        try:
            for packet in self._film.demux(*tracks):
                if packet.size and self._follows(packet):  # the demuxer ends with an empty packet for each track
                    yield packet
        except av.FFmpegError as error:
            raise MediaError(
                f"{self._path}: its sound cannot be read to the end ({error.strerror}); mend the film, or leave "
                "the sound out with --set export.sound=none"
            ) from error

    def copy_until(self, seconds: Fraction) -> None:
        """Copies what is heard or read before `seconds` of picture, and a little ahead of it."""
        while self._next is not None:
            time = self._next.dts if self._next.dts is not None else self._next.pts
            if time is not None and time * self._next.time_base - self._start >= seconds + AHEAD:
                return
            self._put(self._next)

    def finish(self, until: Fraction) -> None:
        """Copies the rest and closes the film; `until`: how long the picture is, in seconds.

        MXF's sound is filled with silence up to there: FFmpeg drops pictures, without a word, for which there is none.
        """
        while self._next is not None:
            self._put(self._next)
        filled = until if self._container in ONLY_RATE else None
        for carrier in self._carriers.values():
            for packet in carrier.flush(filled) if isinstance(carrier, AsPcm) else carrier.flush():
                self._mux(packet, carrier.stream)
        self._film.close()

    def _put(self, packet: Packet) -> None:
        carrier = self._carriers[packet.stream.index]
        for made in carrier.packets(packet):
            if not isinstance(carrier, AsPcm):
                move(made, -round(self._start / made.time_base))  # from the film's clock to the delivery's
            self._mux(made, carrier.stream)
        self._next = next(self._packets, None)

    def _mux(self, packet: Packet, stream: Any) -> None:
        packet.stream = stream
        self._output.mux(packet)

    @property
    def told(self) -> dict[str, Any]:
        """What went along beside sound, and what is left behind, for the manifest; empty where there is neither."""
        facts = {
            "subtitles": self.subtitles,
            "chapters": self.chapters,
            "titles": self.titles,
            "left_behind": self.left,
        }
        return {name: fact for name, fact in facts.items() if fact}

    def close(self) -> None:
        """Lets go of the film without copying further."""
        self._film.close()


def _picture_start(index: FrameIndex) -> Fraction:
    """When the first picture is shown, in seconds of the film's own clock."""
    return Fraction(0) if index.counted else int(index.pts[0]) * index.time_base
