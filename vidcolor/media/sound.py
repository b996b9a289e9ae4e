"""The film's sound, copied packet for packet: nothing is decoded, resampled or cut.

- Every track is kept, with its language, title and flags.
- Time zero is the first picture shown, whatever the film's own clock says there.
- A track that the new container cannot hold is refused before any work is done.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from vidcolor.errors import MediaError
from vidcolor.media.index import find_frames, open_film

AHEAD = Fraction(1, 2)
"""Sound is written up to this many seconds before its picture, so that players need not seek."""
KEPT = ("language", "title", "handler_name", "comment")
TOLD = ("language", "title")
MOV_TITLE = "name"
"""Where a MOV keeps the title of a track."""


def _picture_start(path: Path) -> Fraction:
    """When the first picture is shown, in seconds of the film's own clock."""
    index = find_frames(path)
    return Fraction(0) if index.counted else int(index.pts[0]) * index.time_base


def untaken_tracks(path: Path, container: str) -> list[str]:
    """The sound tracks that `container` cannot hold, as `track 2 (opus)`: found by writing their heads to memory."""
    with open_film(path) as film:
        names = [track.codec_context.name for track in film.streams.audio]
    return [f"track {n + 1} ({name})" for n, name in enumerate(names) if not _taken(path, n, container)]


def _taken(path: Path, number: int, container: str) -> bool:
    output = av.open(io.BytesIO(), "w", format=container)
    with open_film(path) as film, suppress(av.FFmpegError, ValueError):
        track = film.streams.audio[number]
        copy = output.add_stream_from_template(track)
        for packet in film.demux(track):
            if packet.size:
                packet.stream = copy
                output.mux(packet)
                break
        output.close()  # some refusals come only here
        return True
    return False


class Sound:
    """The sound tracks of the film at `path`, on their way into `output`.

    Made before the output's first packet. `copy_until` is called as the pictures go by, `finish` after the last.
    """

    def __init__(self, path: Path, output: Any) -> None:
        self._path = path
        self._output = output
        self._start = _picture_start(path)
        self._film = open_film(path)
        self._tracks: dict[int, Any] = {}
        self._offsets: dict[int, int] = {}
        self.described: list[dict[str, str]] = []
        """Codec of each track, and its language and title where the film names them."""
        self.languages: dict[int, str] = {}
        """Language by number of the track in `output`."""
        for track in self._film.streams.audio:
            self._add(track)
        self._packets = self._read()
        self._next: Packet | None = next(self._packets, None)

    def _add(self, track: Any) -> None:
        copy = self._output.add_stream_from_template(track)
        kept = {key: track.metadata[key] for key in KEPT if key in track.metadata}
        if MOV_TITLE in track.metadata:
            kept.setdefault("title", track.metadata[MOV_TITLE])
        copy.metadata.update(kept)
        copy.disposition = track.disposition
        self._tracks[track.index] = copy
        base = track.time_base or Fraction(1, track.codec_context.sample_rate)
        self._offsets[track.index] = round(self._start / base)
        self.languages[copy.index] = kept.get("language", "")
        told = {key: kept[key] for key in TOLD if key in kept}
        self.described.append({"codec": track.codec_context.name, **told})

    def _read(self) -> Iterator[Packet]:
        try:
            for packet in self._film.demux(*self._film.streams.audio):
                if packet.size:  # the demuxer ends with an empty packet for each track
                    yield packet
        except av.FFmpegError as error:
            raise MediaError(
                f"{self._path}: its sound cannot be read to the end ({error.strerror}); mend the film, or leave "
                "the sound out with --set export.sound=none"
            ) from error

    def copy_until(self, seconds: Fraction) -> None:
        """Copies what is heard before `seconds` of picture, and a little ahead of it."""
        while self._next is not None:
            packet, index = self._next, self._next.stream.index
            time = packet.dts if packet.dts is not None else packet.pts
            if time is not None and (time - self._offsets[index]) * packet.time_base >= seconds + AHEAD:
                return
            self._put(packet, index)

    def finish(self) -> None:
        """Copies the rest and closes the film."""
        while self._next is not None:
            self._put(self._next, self._next.stream.index)
        self._film.close()

    def _put(self, packet: Packet, index: int) -> None:
        if packet.pts is not None:
            packet.pts -= self._offsets[index]
        if packet.dts is not None:
            packet.dts -= self._offsets[index]
        packet.stream = self._tracks[index]
        self._output.mux(packet)
        self._next = next(self._packets, None)

    def close(self) -> None:
        """Lets go of the film without copying further."""
        self._film.close()
