"""Film files opened, and what may be opened at all.

- Only containers that hold films are allowed: a playlist or a text may name other files, or the network.
- A MOV or MP4 is checked atom by atom first: one that was cut short is told from one that is no film.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import av

from vidcolor.errors import MediaError

FORMATS = "mov,matroska,mxf,mxf_opatom,avi,mpeg,mpegts,mpegvideo,nut,ivf,ogg,flv,asf,gxf,dv,yuv4mpegpipe,h264,hevc"
"""Names of FFmpeg's demuxers that are used."""
MAX_SIDE = 16384
"""Longest side of a film's pictures, in pixels; more is a damaged header."""
MANY = 48
"""Pictures of one stream by which every other has shown its second, unless it is a still."""
ATOMS = (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip", b"moof", b"mfra", b"udta", b"styp", b"sidx", b"pnot")
"""Atoms found at the top of MOV and MP4 files (ISO/IEC 14496-12)."""


def open_film(path: Path) -> Any:
    """The open container of a film. Refuses what is missing, empty, cut short, or not a film."""
    try:
        size = path.stat().st_size
        if size == 0:
            raise MediaError(f"{path}: the file is empty; copy it again from its source")
        _check_atoms(path, size)
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the path and permissions") from error
    try:
        # An absolute path, or a colon in the name would be taken for a protocol.
        return av.open(
            str(path.absolute()),
            options={"format_whitelist": FORMATS, "protocol_whitelist": "file"},
            metadata_errors="replace",  # old files have titles in Latin-1
        )
    except av.FFmpegError as error:
        # FFmpeg's word for a kind that is not among FORMATS is "invalid argument".
        said = "of a kind that is not read here" if isinstance(error, av.ArgumentError) else reason(error)
        raise MediaError(
            f"{path}: cannot be read as a film ({said}); "
            "copy it again if it is one, or give a MOV, MP4, MKV, MXF or AVI file"
        ) from error


def _check_atoms(path: Path, size: int) -> None:
    """Refuses a MOV or MP4 whose last atom goes past its end, or that has no table of its frames."""
    found = set()
    with path.open("rb") as file:
        place = 0
        while place + 8 <= size:
            file.seek(place)
            length, kind = struct.unpack(">I4s", file.read(8))
            if kind not in ATOMS:
                break
            found.add(kind)
            if length == 1:
                (length,) = struct.unpack(">Q", file.read(8).rjust(8, b"\0"))
            if length == 0:
                return  # up to the end of the file
            if length < 8:
                break
            place += length
    if place > size:
        lost = place - size
        raise MediaError(f"{path}: cut short: at least {lost} bytes are missing; copy it again from its source")
    if found & {b"mdat", b"ftyp"} and b"moov" not in found:
        raise MediaError(f"{path}: cut short, or never finished: it has no table of frames (moov); copy it again")


def reason(error: av.FFmpegError) -> str:
    """FFmpeg's own words."""
    said = error.strerror or type(error).__name__
    log: Any = error.log  # (level, name, message)
    return f"{said}: {log[2].strip()}" if log else said


def is_cover(stream: Any) -> bool:
    """Whether a video stream is cover art."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def picture_streams(container: Any, path: Path) -> list[Any]:
    """The video streams that show a film: no cover art, and no single still beside one that goes on."""
    streams = [stream for stream in container.streams.video if not is_cover(stream)]
    if len(streams) > 1 and (stills := _stills(path, [stream.index for stream in streams])):
        return [stream for stream in streams if stream.index not in stills]
    return streams


def _stills(path: Path, streams: list[int]) -> set[int]:
    """Those of some streams that hold one picture at most where another holds many; none where all of them go on."""
    counts = dict.fromkeys(streams, 0)
    with open_film(path) as container, suppress(av.FFmpegError):  # whoever reads the film itself will tell
        for packet in container.demux([container.streams[index] for index in streams]):
            counts[packet.stream_index] += bool(packet.size)
            if min(counts.values()) > 1 or max(counts.values()) > MANY:
                break
    stills = {index for index, count in counts.items() if count <= 1}
    return stills if len(stills) < len(streams) else set()


def video_stream(container: Any, path: Path) -> Any:
    """The first stream that shows a film. Refuses a file without one, and absurd sizes."""
    streams = picture_streams(container, path)
    if not streams:
        raise MediaError(f"{path}: no picture in this file (no video stream); give a film")
    context = streams[0].codec_context
    if context is None or not context.width or not context.height:
        raise MediaError(f"{path}: the video stream shows no picture; copy the file again, or convert it to ProRes")
    if max(context.width, context.height) > MAX_SIDE:
        raise MediaError(
            f"{path}: {context.width}x{context.height} pixels is more than {MAX_SIDE} a side; the header is damaged, "
            "or the film must be made smaller"
        )
    return streams[0]


ONE_THREAD = ("v210",)
"""Codecs whose decoder spoils pictures when it runs in threads."""


def prepare(context: Any) -> None:
    """Sets a picture track's decoder up: threads as it likes, and no picture larger than is believed."""
    context.thread_type = "AUTO"
    if context.name in ONE_THREAD:
        context.thread_count = 1
    context.options = {"max_pixels": str(MAX_SIDE * MAX_SIDE)}


def only(container: Any, stream: int) -> None:
    """Has the container pass over all streams but one."""
    for other in container.streams:
        if other.index != stream:
            other.discard = av.stream.Discard.all
