"""One picture file decoded by FFmpeg, for image sequences and for references of 16 bits."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av

from vidcolor.errors import MediaError

COMPRESSION, PHOTOMETRIC, TILE_WIDTH = 259, 262, 322
"""TIFF tags (TIFF 6.0)."""
SHORT = 3
"""TIFF's type of numbers of two bytes."""
COMPRESSIONS, PHOTOMETRICS = (1, 5, 8, 32773, 32946), (0, 1, 2, 3)
"""None, LZW, deflate, PackBits; gray both ways, RGB, palette. FFmpeg gives JPEG strips and tiles as black, and takes
Y'CbCr for limited range, all without a word."""


def decode_still(path: Path, demuxer: str) -> tuple[Any, dict[str, str]]:
    """(the decoded picture as av.VideoFrame, its header's metadata). Refuses what is damaged.

    demuxer   named by the caller: FFmpeg would read `%` in a file name as a pattern, and guess by content
    The caller has checked the picture's size.
    """
    try:
        if demuxer == "tiff_pipe":
            _check_tiff(path)
        with av.open(str(path.absolute()), format=demuxer, metadata_errors="replace") as container:
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"
            if demuxer == "jpeg_pipe":
                # Else the missing rows of a JPEG come out gray. (TIFF would refuse good files, EXR does not care.)
                stream.codec_context.options = {"err_detect": "bitstream+buffer+explode"}
            picture = next(container.decode(stream), None)
            metadata = dict(stream.metadata)
    except av.FFmpegError as error:
        raise MediaError(f"{path}: cannot be read as a picture ({error.strerror}); save it again") from error
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the file's permissions") from error
    if picture is None or picture.is_corrupt:
        raise MediaError(f"{path}: the picture is damaged or cut short; copy it again from its source")
    return picture, metadata


def _check_tiff(path: Path) -> None:
    """Refuses the kinds of TIFF that FFmpeg would give wrongly."""
    tags = _tiff_tags(path)
    if TILE_WIDTH in tags:
        raise MediaError(f"{path}: this TIFF is stored in tiles, which are not read; save it in strips, or as PNG")
    if tags.get(COMPRESSION, 1) not in COMPRESSIONS or tags.get(PHOTOMETRIC, 1) not in PHOTOMETRICS:
        raise MediaError(
            f"{path}: this kind of TIFF is not read; save it as RGB or gray, LZW or uncompressed, or as PNG"
        )


def _tiff_tags(path: Path) -> dict[int, int]:
    """The first value of each tag of short whole numbers in the first directory; empty if it is no TIFF."""
    with path.open("rb") as file:
        head = file.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None or len(head) < 8:
            return {}
        file.seek(struct.unpack(f"{order}I", head[4:])[0])
        (count,) = struct.unpack(f"{order}H", file.read(2).rjust(2, b"\0"))
        entries = file.read(12 * count)
    tags = {}
    for at in range(0, len(entries) - 11, 12):
        tag, kind = struct.unpack_from(f"{order}HH", entries, at)
        # A short fills the first two of its four bytes, in either byte order.
        (tags[tag],) = struct.unpack_from(order + ("H" if kind == SHORT else "I"), entries, at + 8)
    return tags
