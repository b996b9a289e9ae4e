"""One picture file decoded by FFmpeg, for image sequences and for references of 16 bits."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av

from vidcolor.errors import MediaError

TILE_WIDTH = 322
"""TIFF tag of pictures stored in tiles, which FFmpeg decodes as black without a word."""


def decode_still(path: Path, demuxer: str) -> tuple[Any, dict[str, str]]:
    """(the decoded picture as av.VideoFrame, its header's metadata). Refuses what is damaged.

    demuxer   named by the caller: FFmpeg would read `%` in a file name as a pattern, and guess by content
    The caller has checked the picture's size.
    """
    try:
        if demuxer == "tiff_pipe" and _is_tiled(path):
            raise MediaError(f"{path}: this TIFF is stored in tiles, which are not read; save it in strips, or as PNG")
        with av.open(str(path.absolute()), format=demuxer, metadata_errors="replace") as container:
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"
            picture = next(container.decode(stream), None)
            metadata = dict(stream.metadata)
    except av.FFmpegError as error:
        raise MediaError(f"{path}: cannot be read as a picture ({error.strerror}); save it again") from error
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the file's permissions") from error
    if picture is None or picture.is_corrupt:
        raise MediaError(f"{path}: the picture is damaged or cut short; copy it again from its source")
    return picture, metadata


def _is_tiled(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None or len(head) < 8:
            return False
        file.seek(struct.unpack(f"{order}I", head[4:])[0])
        (count,) = struct.unpack(f"{order}H", file.read(2).rjust(2, b"\0"))
        entries = file.read(12 * count)
    return any(struct.unpack_from(f"{order}H", entries, k)[0] == TILE_WIDTH for k in range(0, len(entries) - 11, 12))
