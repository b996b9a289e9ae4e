"""The times of a film's frames, found without decoding.

- Frame k is the k-th time in order; never `time x rate`, and never the count the file claims.
- A file is refused here if it ends before its own table or header says it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media.timing import conform, find_rate

FORMATS = "mov,matroska,mxf,mxf_opatom,avi,mpeg,mpegts,mpegvideo,nut,ivf,ogg,flv,asf,gxf,dv,yuv4mpegpipe,h264,hevc"
"""Containers that are opened; playlists and text are not films, and may name other files."""
MAX_SIDE = 16384
"""Longest side of a film's pictures, in pixels; more is a damaged header."""
STORED_ORDER = ("avi", "mxf")
"""Containers that hold no times of display: those the library makes up are wrong for codecs with B-frames."""
SHORT = 2
"""Frames by which a film may fall short of the length it claims: rounding, not loss."""


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


def open_film(path: Path) -> Any:
    """The open container of a film. Refuses what is missing, empty, or not a film."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the path") from error
    if size == 0:
        raise MediaError(f"{path}: the file is empty; copy it again from its source")
    try:
        # An absolute path, or a colon in the name would be taken for a protocol.
        return av.open(str(path.absolute()), options={"format_whitelist": FORMATS, "protocol_whitelist": "file"})
    except av.FFmpegError as error:
        raise MediaError(f"{path}: cannot be read as a film ({reason(error)}); {_remedy(error)}") from error
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the file's permissions") from error


def reason(error: av.FFmpegError) -> str:
    said = error.strerror or type(error).__name__
    log: Any = error.log  # (level, name, message)
    return f"{said}: {log[2].strip()}" if log else said


def _remedy(error: av.FFmpegError) -> str:
    if "moov" in reason(error):
        return "the file was cut short or never finished; copy it again from its source"
    return "give a MOV, MP4, MKV, MXF or AVI file, or a folder of pictures, and copy it again if it should be one"


def picture_streams(container: Any) -> list[Any]:
    """The video streams that are not cover art."""
    cover = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & cover]


def video_stream(container: Any, path: Path) -> Any:
    """The first video stream that is not cover art. Refuses a file without one, and absurd sizes."""
    streams = picture_streams(container)
    if not streams:
        raise MediaError(f"{path}: no picture in this file (no video stream); give a film")
    context = streams[0].codec_context
    if context is None or not context.width or not context.height:
        raise MediaError(f"{path}: no picture can be found in the video stream; copy it again, or convert it to ProRes")
    if max(context.width, context.height) > MAX_SIDE:
        raise MediaError(
            f"{path}: {context.width}x{context.height} pixels is more than {MAX_SIDE} a side; the header is damaged"
        )
    return streams[0]


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
    times = [pts for pts, _, _ in rows if pts is not None]
    counted = len(times) < len(rows) or any(guessed for _, _, guessed in rows) or _made_up(container, stream, rows)
    pts = np.array(sorted(times), np.int64) if not counted else np.arange(len(rows), dtype=np.int64)
    if not len(pts):
        raise MediaError(f"{path}: the film has no frames; copy it again from its source")
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
        keys=np.array(sorted(t for t, key, _ in rows if key and t is not None), np.int64),
        counted=counted,
        rate=rate,
        change=None if constant else change,
        shown=shown,
    )
    _check_length(index, container, stream)
    return index


Row = tuple[int | None, bool, bool]
"""(time of display, key frame, the time is only a guess) of one frame."""


def _from_table(path: Path, container: Any, stream: Any) -> list[Row]:
    """Rows from a MOV's own table, for codecs without B-frames; empty where the table cannot be used."""
    if "mov" not in container.format.name:
        return []
    entries = stream.index_entries
    end = path.stat().st_size
    lost = sum(1 for entry in entries if entry.pos + entry.size > end)
    if lost:
        raise MediaError(
            f"{path}: cut short: the last {lost} of {len(entries)} frames are missing; copy it again from its source"
        )
    if not stream.codec_context.codec.intra_only or len(entries) != stream.frames:
        return []
    return [(entry.timestamp, entry.is_keyframe, False) for entry in entries if not entry.is_discard]


def _from_packets(path: Path, container: Any, stream: Any) -> list[Row]:
    """Rows from reading every packet, decoding none."""
    only(container, stream.index)
    context = stream.codec_context
    reorders = not context.codec.intra_only and context.has_b_frames
    rows: list[Row] = []
    try:
        for packet in container.demux(stream):
            if not packet.size or packet.is_discard or _hidden(context.name, packet):
                continue
            pts = packet.pts if packet.pts is not None else packet.dts
            rows.append((pts, packet.is_keyframe, packet.pts is None and reorders))
    except av.FFmpegError as error:
        raise MediaError(
            f"{path}: cut short or damaged after frame {len(rows)} ({reason(error)}); copy it again from its source"
        ) from error
    return rows


def _made_up(container: Any, stream: Any, rows: list[Row]) -> bool:
    """True if pictures are displayed in another order than they are stored, and the times do not show it."""
    if container.format.name not in STORED_ORDER or not stream.codec_context.has_b_frames:
        return False
    in_order = all(a[0] is None or b[0] is None or a[0] < b[0] for a, b in pairwise(rows))
    return in_order and not all(key for _, key, _ in rows)


def _hidden(codec: str, packet: Any) -> bool:
    """True for VP8's reference frames that are never shown (RFC 6386, 9.1: the show_frame bit)."""
    return codec == "vp8" and not memoryview(packet)[0] & 0x10


def only(container: Any, stream: int) -> None:
    for other in container.streams:
        if other.index != stream:
            other.discard = av.stream.Discard.all


def _check_length(index: FrameIndex, container: Any, stream: Any) -> None:
    """Refuses a film that ends before the length its header claims. MOV was judged by its table."""
    name = container.format.name
    if "mov" in name or index.counted:
        return
    if name == "avi" and stream.frames > len(index.pts) + SHORT:
        _refuse_short(index, stream.frames)
    step = (index.pts[-1] - index.pts[0]) / max(1, len(index.pts) - 1)
    end = float((int(index.pts[-1]) + Fraction(step)) * index.time_base)
    claimed = _claimed_end(container, stream)
    slack = max(SHORT / float(index.rate), 2 * float(step * index.time_base))
    if claimed is not None and claimed - end > slack and claimed - _last_packet(index.path) > slack:
        _refuse_short(index, round(claimed * index.rate))


def _refuse_short(index: FrameIndex, claimed: int) -> None:
    raise MediaError(
        f"{index.path}: cut short: it holds {len(index.pts)} of {claimed} frames; copy it again from its source"
    )


def _claimed_end(container: Any, stream: Any) -> float | None:
    """Where the header says the pictures end, in seconds; None where it does not say."""
    if container.format.name not in ("matroska,webm", "mxf", "avi", "nut", "gxf"):
        return None  # other containers have no header with a length: theirs is measured from the packets
    text = stream.metadata.get("DURATION", "")
    parts = text.split(":")
    if len(parts) == 3:
        hours, minutes, seconds = (float(part) for part in parts)
        return hours * 3600 + minutes * 60 + seconds
    if stream.duration:
        return float((stream.duration + (stream.start_time or 0)) * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _last_packet(path: Path) -> float:
    """The end of the last packet of any stream, in seconds: sound may outlast the picture."""
    end = 0.0
    with open_film(path) as container:
        for packet in container.demux():
            if packet.pts is not None and packet.size:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end
