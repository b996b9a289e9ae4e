"""The times of a film's frames, found without decoding.

- Frame k is the k-th time in order; never `time x rate`, and never the count the file claims.
- Pictures at the head that need one which is not there are left out, and counted (`lost`).
- A file is refused here if it ends before its own table or header says it does.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media import ffv1
from vidcolor.media.container import only, open_film, prepare, reason, video_stream
from vidcolor.media.joins import JOINABLE, Join, find_joins, move, shift_at
from vidcolor.media.timing import conform, find_rate

STORED_ORDER = ("avi", "mxf")
"""Containers that hold no times of display: those the library makes up are wrong for codecs with B-frames."""
PART = 0.75
"""Part of a frame by which a film may fall short of the length in its header: rounding, not loss."""
LOOKED_AT = 8
"""Packets by which FFV1's checksums show."""
DURATION = re.compile(r"([0-9]{1,6}):([0-9]{2}):([0-9]{2}(?:\.[0-9]{1,9})?)")
"""The length of a track as FFmpeg writes it into MKV; other words there say nothing"""
LOOSE = 2.0
"""The same, in frames, where the header's length is that of the longest track."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """The frames of one film file."""

    path: Path
    stream: int
    """Index of the video stream in the file."""
    time_base: Fraction
    pts: np.ndarray
    """(n,) int64, sorted: the time of each frame, in ticks of `time_base`."""
    keys: np.ndarray
    """(k,) int64, sorted: the times of the key frames."""
    counted: bool
    """True if the file gives no times of display: frames are counted from the head, and seeking is not possible."""
    rate: Fraction
    """The constant rate, or the rate the film is conformed to."""
    change: int | None
    """The first frame where the rate changes; None if it is constant."""
    shown: np.ndarray
    """(frames,) int64: which of the film's frames is shown at each frame of constant rate."""
    lost: int = 0
    """Pictures at the head that cannot be decoded, as the file begins inside a group of pictures; not among `pts`."""
    joins: tuple[Join, ...] = ()
    """Where recordings that follow the first begin; `pts` and `keys` are moved so that each goes on from the last."""
    places: Mapping[int, int] = field(default_factory=dict)
    """Of a joined film: byte of each key frame by its time."""
    checksums: bool = False
    """FFV1: whether its slices have checksums."""
    woven: np.ndarray | None = None
    """(frames,) bool: whether one field of a frame lies in the picture before the one that is shown; None: nowhere"""
    damaged: frozenset[int] = frozenset()
    """Pictures that are known not to decode whole, and are passed over."""


UNTOLD = -(1 << 63)
"""In place of a time that the file does not tell; FFmpeg's own"""


class Row(NamedTuple):
    """One frame as the file holds it."""

    pts: int | None
    """Time of display, in ticks."""
    key: bool
    guessed: bool
    """The time is that of decoding, which differs where pictures are reordered."""
    duration: int = 0
    dts: int | None = None
    place: int = 0
    """Byte in the file."""


class Rows:
    """The rows of a file, in 34 bytes each: as objects they take seven times that."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._times, self._flags = array("q"), bytearray()
        for row in rows:
            self.append(row)

    def append(self, row: Row) -> None:
        """Takes the next row."""
        pts, dts = (UNTOLD if time is None else time for time in (row.pts, row.dts))
        self._times.extend((pts, row.duration, dts, row.place))
        self._flags.append(row.key + 2 * row.guessed)

    def __len__(self) -> int:
        return len(self._flags)

    def __iter__(self) -> Iterator[Row]:
        times = iter(self._times)
        for flags, pts, duration, dts, place in zip(self._flags, times, times, times, times, strict=True):
            told, stored = (None if time == UNTOLD else time for time in (pts, dts))
            yield Row(told, bool(flags & 1), bool(flags & 2), duration, stored, place)

    def told(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the rows with a time, in the file's order: the times, the durations, and which are key frames."""
        columns, flags = np.array(self._times).reshape(-1, 4), np.frombuffer(bytes(self._flags), np.uint8)
        told = columns[:, 0] != UNTOLD
        return columns[told, 0], columns[told, 1], (flags[told] & 1) == 1

    def guessed(self) -> bool:
        """Whether some time is guessed."""
        return any(flags & 2 for flags in self._flags)


@lru_cache(maxsize=16)
def _cached(path: Path, size: int, modified: int) -> FrameIndex:
    with open_film(path) as container:
        return _build(path, container, video_stream(container, path))


def find_frames(path: Path) -> FrameIndex:
    """The frame index of a film file; kept while the file's length and date stay the same.

    Refuses files that are cut short, and films without frames.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the path") from error
    return _cached(path, state.st_size, state.st_mtime_ns)


def _build(path: Path, container: Any, stream: Any) -> FrameIndex:
    rows = _from_table(path, container, stream) or _from_packets(path, container, stream)
    joins = _joins(container, stream, rows)
    if joins:
        rows = Rows(row if row.pts is None else row._replace(pts=row.pts + shift_at(joins, row.place)) for row in rows)
    times, _, key = rows.told()
    counted = len(times) < len(rows) or rows.guessed() or _made_up(container, stream, rows)
    pts = np.arange(len(rows), dtype=np.int64) if counted else np.sort(times)
    if not len(pts):
        raise MediaError(f"{path}: the film has no frames; copy it again from its source")
    keys = np.sort(times[key])
    alone = stream.codec_context.codec.intra_only
    lost = 0 if counted or alone else _lost_at_head(path, stream.index, pts)
    if lost and len(keys) == len(pts):
        keys = pts[lost : lost + 1]  # a writer that never saw a key frame called all of them so
    pts = pts[lost:]
    claims = (stream.average_rate, stream.base_rate, stream.guessed_rate)
    if counted:
        rate: Fraction | None = next((claim for claim in claims if claim), None)
        if rate is None:
            raise MediaError(f"{path}: the file gives neither times nor a rate; re-wrap it into MOV or MKV")
        time_base, change = 1 / rate, 0
    else:
        time_base = stream.time_base
        rate, change = find_rate(pts, time_base, claims)
    shown = np.arange(len(pts), dtype=np.int64)
    constant = rate is not None
    if rate is None:
        rate, shown = conform(pts, time_base)
    index = FrameIndex(
        path=path,
        stream=stream.index,
        time_base=time_base,
        pts=pts,
        keys=keys[keys >= pts[0]],
        counted=counted,
        rate=rate,
        change=None if constant else change,
        shown=shown,
        lost=lost,
        joins=tuple(joins),
        places={row.pts: row.place for row in rows if row.key and row.pts is not None} if joins else {},
        checksums=stream.codec_context.name == "ffv1" and _has_checksums(path, stream.index),
    )
    _check_length(index, container, stream, rows)
    return index


def _from_table(path: Path, container: Any, stream: Any) -> Rows:
    """Rows from a MOV's own table, for codecs without B-frames; empty where the table cannot be used."""
    if "mov" not in container.format.name:
        return Rows()
    entries = stream.index_entries
    end = path.stat().st_size
    lost = sum(1 for entry in entries if entry.pos + entry.size > end)
    if lost:
        raise MediaError(
            f"{path}: cut short: the last {lost} of {len(entries)} frames are missing; copy it again from its source"
        )
    if not stream.codec_context.codec.intra_only or len(entries) != stream.frames:
        return Rows()
    return Rows(Row(entry.timestamp, entry.is_keyframe, False) for entry in entries if not entry.is_discard)


def _from_packets(path: Path, container: Any, stream: Any) -> Rows:
    """Rows from reading every packet, decoding none."""
    only(container, stream.index)
    context = stream.codec_context
    reorders = not context.codec.intra_only and context.has_b_frames
    rows = Rows()
    try:
        for packet in container.demux(stream):
            if not packet.size or packet.is_discard or _hidden(context.name, packet):
                continue
            pts = packet.pts if packet.pts is not None else packet.dts
            guessed = packet.pts is None and reorders
            rows.append(Row(pts, packet.is_keyframe, guessed, packet.duration or 0, packet.dts, packet.pos or 0))
    except av.FFmpegError as error:
        raise MediaError(
            f"{path}: cut short or damaged after frame {len(rows)} ({reason(error)}); copy it again from its source"
        ) from error
    return rows


def _joins(container: Any, stream: Any, rows: Rows) -> list[Join]:
    """Where recordings begin behind the first, in a file of a kind that can be joined."""
    if container.format.name not in JOINABLE:
        return []
    return find_joins([row.place for row in rows], [row.dts for row in rows], stream.time_base)


def _lost_at_head(path: Path, stream: int, pts: np.ndarray) -> int:
    """How many of the first pictures cannot be decoded; 0 too where none can, which reading will tell."""
    with open_film(path) as container:
        track = container.streams[stream]
        only(container, stream)
        prepare(track.codec_context)
        track.thread_type = "NONE"
        for packet in container.demux(track):
            with suppress(av.FFmpegError):
                for picture in packet.decode():
                    if picture.pts is not None and not picture.is_corrupt:
                        return int(np.searchsorted(pts, picture.pts))
    return 0


def _has_checksums(path: Path, stream: int) -> bool:
    with open_film(path) as container, suppress(av.FFmpegError):
        return ffv1.has_checksums(islice(container.demux(container.streams[stream]), LOOKED_AT))
    return False


def moved(index: FrameIndex, packet: Any) -> Any:
    """A packet of the picture track, on the index's clock."""
    shift = shift_at(index.joins, packet.pos or 0) if index.joins else 0
    if shift and packet.size:
        move(packet, shift)
    return packet


def seek(index: FrameIndex, container: Any, stream: Any, key: int) -> None:
    """Goes to the key frame of the time `key`, in the index's clock, or to one before it."""
    if index.joins:
        container.seek(index.places[key], unsupported_byte_offset=True)
    else:
        container.seek(key, stream=stream, backward=True, any_frame=False)


def _made_up(container: Any, stream: Any, rows: Rows) -> bool:
    """True if pictures are displayed in another order than they are stored, and the times do not show it."""
    if container.format.name not in STORED_ORDER or not stream.codec_context.has_b_frames:
        return False
    in_order = all(a.pts is None or b.pts is None or a.pts < b.pts for a, b in pairwise(rows))
    return in_order and not all(row.key for row in rows)


def _hidden(codec: str, packet: Any) -> bool:
    """True for VP8's reference frames that are never shown (RFC 6386, 9.1: the show_frame bit)."""
    return codec == "vp8" and not memoryview(packet)[0] & 0x10


def _check_length(index: FrameIndex, container: Any, stream: Any, rows: Rows) -> None:
    """Refuses a film that ends before the length its header claims; a MOV was judged by its table."""
    kind = container.format.name
    if kind in STORED_ORDER:
        seconds = (stream.duration or 0) * stream.time_base
        claimed = max(stream.frames, round(seconds * (stream.average_rate or index.rate)))
        if len(rows) < claimed:
            _refuse_short(index.path, len(rows), claimed)
    if kind != "matroska,webm" or index.counted:
        return
    step = float(index.pts[-1] - index.pts[0]) / max(1, len(rows) - 1)
    times, durations, _ = rows.told()
    end = float((times + np.where(durations == 0, step, durations)).max()) * float(index.time_base)
    text = next((value for key, value in stream.metadata.items() if key.upper().startswith("DURATION")), "")
    stated = DURATION.match(text)
    rate = float(stream.average_rate or index.rate)
    if stated:
        hours, minutes, seconds = map(float, stated.groups())
        claim, slack = hours * 3600 + minutes * 60 + seconds, PART / rate
    elif container.duration:
        claim, slack = container.duration / av.time_base, LOOSE / rate
    else:
        return
    if claim - end > slack and (stated or claim - _last_packet(index.path) > slack):
        _refuse_short(index.path, len(rows), round(claim * rate))


def _refuse_short(path: Path, held: int, claimed: int) -> None:
    raise MediaError(f"{path}: cut short: it holds {held} of {claimed} frames; copy it again from its source")


def _last_packet(path: Path) -> float:
    """The end of the last packet of any stream, in seconds: sound may outlast the picture."""
    end = 0.0
    with open_film(path) as container:
        for packet in container.demux():
            if packet.pts is not None and packet.size:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end
