"""One picture of an image sequence decoded by FFmpeg: PNG, JPEG and DPX, whose 10-bit codes it gives as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

from vidcolor.errors import MediaError


def decode_still(path: Path, demuxer: str) -> tuple[Any, dict[str, str]]:
    """(the decoded picture as av.VideoFrame, its header's metadata). Refuses what is damaged.

    demuxer   named by the caller: FFmpeg would read `%` in a file name as a pattern, and guess by content
    The caller has checked the picture's size.
    """
    try:
        with av.open(str(path.absolute()), format=demuxer, metadata_errors="replace") as container:
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"
            if demuxer == "jpeg_pipe":
                # Else the missing rows of a JPEG come out gray. (DPX refuses them by itself.)
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
