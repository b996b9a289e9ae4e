"""Damaged pictures of a film file: found by decoding packet by packet, and replaced by their neighbours where asked.

Decoders that run in threads tell of damage early or late, and their patches differ from run to run: here one thread
decodes, and goes on behind an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media import ffv1
from vidcolor.media.container import only, open_film, prepare
from vidcolor.media.index import FrameIndex, moved, seek
from vidcolor.media.sequence import read_picture_frame
from vidcolor.types import Transfer


def whole(index: FrameIndex, packet: Any) -> list[Any]:
    """The undamaged pictures that a packet gives."""
    if index.checksums and packet.size and ffv1.flaw(packet):
        return []
    with suppress(av.FFmpegError):
        return [picture for picture in packet.decode() if not picture.is_corrupt]
    return []


def _whole_from(index: FrameIndex, key: int | None) -> Iterator[Any]:
    """Undamaged pictures from the key frame at time `key` on; from the head if None. What cannot be reached is not."""
    with open_film(index.path) as container:
        stream = container.streams[index.stream]
        only(container, index.stream)
        prepare(stream.codec_context)
        stream.thread_type = "NONE"
        with suppress(av.FFmpegError):
            if key is not None:
                seek(index, container, stream, key)
            for packet in container.demux(stream):
                yield from whole(index, moved(index, packet))


def first_bad(index: FrameIndex, since: int, wanted: int) -> int:
    """The first picture up to `wanted` that does not decode whole, from the key frame before `since` on."""
    if index.counted:
        return wanted
    key = max(0, int(np.searchsorted(index.keys, index.pts[since], side="right")) - 1) if len(index.keys) else 0
    found: set[int] = set()
    for picture in _whole_from(index, int(index.keys[key]) if key else None):
        if picture.pts is not None:
            found.add(picture.pts)
            if picture.pts > index.pts[wanted]:
                break
    begin = int(np.searchsorted(index.pts, index.keys[key])) if len(index.keys) else 0
    return next((frame for frame in range(begin, wanted) if int(index.pts[frame]) not in found), wanted)


def find_damaged(index: FrameIndex) -> list[int]:
    """The film's own pictures that do not decode whole; decodes all of it.

    Refuses a film of which none does, and one whose pictures have no times by which they could be told apart.
    """
    if index.counted:
        raise MediaError(
            f"{index.path}: gives its frames no times, so that damaged ones cannot be told apart; re-wrap it into MOV "
            "or MKV, or set reel.damaged=refuse"
        )
    found = {picture.pts for picture in _whole_from(index, None)}
    damaged = [frame for frame, time in enumerate(index.pts) if int(time) not in found]
    if len(damaged) == len(index.pts):
        raise MediaError(f"{index.path}: no frame of it can be decoded; copy the file again from its source")
    return damaged


def unreadable(pictures: Sequence[Path], transfer: Transfer) -> list[int]:
    """The places of the pictures of a sequence that cannot be read; refuses a sequence of which none can."""
    bad = []
    for place, picture in enumerate(pictures):
        try:
            read_picture_frame(picture, transfer)
        except MediaError:
            bad.append(place)
    if len(bad) == len(pictures):
        read_picture_frame(pictures[0], transfer)
    return bad


def repeating(index: FrameIndex, damaged: Sequence[int]) -> FrameIndex:
    """The film with a neighbour shown in place of each damaged picture: the one before it, or at the head the first
    that is whole. Decoding it goes on behind damage."""
    if not damaged:
        return index
    return replace(index, shown=neighbours(len(index.pts), damaged)[index.shown], damaged=frozenset(damaged))


def neighbours(count: int, damaged: Sequence[int]) -> np.ndarray:
    """(count,) int64: which picture is shown for each; itself where it is whole."""
    shown = np.arange(count, dtype=np.int64)
    shown[list(damaged)] = -1
    shown = np.maximum.accumulate(shown)
    shown[shown < 0] = shown[shown >= 0][0]
    return shown
