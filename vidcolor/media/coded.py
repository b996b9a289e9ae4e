"""The coded pictures of a delivered film, as they lie in its file: nothing is decoded."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av

from vidcolor.errors import MediaError

if TYPE_CHECKING:
    from numpy import ndarray as Array


@dataclass(frozen=True, slots=True, eq=False)
class CodedFrame:
    """One frame as an earlier delivery coded it, to be copied."""

    index: int
    luma: Array
    """(H, W) uint16: the film's own, which was coded"""
    data: bytes


def coded_pictures(path: Path) -> Generator[tuple[int, bytes], None, None]:
    """(frame, coded picture) of a delivery that codes each frame by itself, in order; the file is closed at the end.

    Of a folder of pictures: their files. Refuses what cannot be read.
    """
    try:
        if path.is_dir():
            for frame, picture in enumerate(sorted(path.iterdir())):
                yield frame, picture.read_bytes()
            return
        with av.open(str(path.absolute())) as film:
            for frame, packet in enumerate(packet for packet in film.demux(video=0) if packet.size):
                yield frame, bytes(packet)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise MediaError(
            f"{path}: the film that is there cannot be read to the end ({error}); delete it and deliver again"
        ) from error
