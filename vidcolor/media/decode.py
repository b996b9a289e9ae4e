"""Decoded pictures of a film from any frame on, each exactly the one asked for.

- Every reading opens the file anew (no stale decoder), seeks to the key frame at or before the first frame, and
  demands the exact times that follow. Where the first picture comes late or damaged, it starts a key frame earlier.
- The log level of the library is never set: that hangs decoders that run in threads.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from typing import Any

import av
import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media import ffv1
from vidcolor.media.container import only, open_film, prepare, reason
from vidcolor.media.damage import first_bad, whole
from vidcolor.media.index import FrameIndex, moved, seek

SEEKS_BACK = 3
"""Key frames to go back before starting from the head of the file."""
AHEAD = 24
"""Frames that are rather passed over than sought: opening a film costs about as much."""


def read_frames(index: FrameIndex, first: int) -> Generator[Any, None, None]:
    """The film's decoded pictures (av.VideoFrame) from frame `first` on, each exactly the one asked for.

    `first` counts the file's own frames. Refuses pictures that are missing or damaged, naming the frame; those in
    `index.damaged` are passed over. The file is closed when the iterator ends or is closed.
    """
    frames: Sequence[int] = range(first, len(index.pts))
    if index.damaged:
        frames = [frame for frame in frames if frame not in index.damaged]
    return _read_run(index, frames)


def read_chosen(index: FrameIndex, frames: Sequence[int]) -> Generator[Any, None, None]:
    """The pictures of some of the file's own frames, rising; of those between, only what must be is decoded.

    Otherwise as `read_frames`.
    """
    far = [place for place in range(1, len(frames)) if _is_far(index, frames[place - 1], frames[place])]
    for start, stop in pairwise((0, *far, len(frames))):
        yield from _read_run(index, frames[start:stop])


def read_shown(index: FrameIndex, frames: Sequence[int]) -> Generator[Any, None, None]:
    """The picture that each of some of the film's frames shows, rising, as `read_chosen` decodes them; one that several
    frames show comes again for each.
    """
    stored = [int(index.shown[frame]) for frame in frames]
    with closing(read_chosen(index, sorted(set(stored)))) as decoded:
        here, picture = -1, None
        for number in stored:
            if number != here:
                here, picture = number, next(decoded)
            yield picture


def _is_far(index: FrameIndex, here: int, there: int) -> bool:
    """True if seeking to a frame is quicker than going on to it."""
    if there - here <= AHEAD or index.counted:
        return False
    key = int(np.searchsorted(index.keys, index.pts[there], side="right")) - 1
    return key >= 0 and index.keys[key] > index.pts[here + AHEAD]


def _read_run(index: FrameIndex, frames: Sequence[int]) -> Generator[Any, None, None]:
    if index.counted:
        yield from _attempt(index, frames, None)
        return
    key = int(np.searchsorted(index.keys, index.pts[frames[0]], side="right")) - 1
    starts = [k for k in range(key, key - SEEKS_BACK, -1) if k > 0]
    for start in starts:
        begun = False
        for picture in _attempt(index, frames, int(index.keys[start])):
            if picture is None:
                break
            begun = True
            yield picture
        if begun:
            return
    yield from _attempt(index, frames, None)


def _attempt(index: FrameIndex, frames: Sequence[int], key: int | None) -> Generator[Any, None, None]:
    """The pictures of `frames`, decoding from the key frame of time `key`; None in their place where that was too
    late."""
    count = 0
    flaws: dict[int, str] = {}
    failure = ""
    container = open_film(index.path)
    try:
        stream = container.streams[index.stream]
        only(container, index.stream)
        prepare(stream.codec_context)
        if index.damaged:
            stream.thread_type = "NONE"  # what hangs on a damaged picture differs with threads
        if key is not None:
            seek(index, container, stream, key)
        for place, picture in enumerate(_decoded(index, container, stream, frames, flaws)):
            time = place if index.counted else picture.pts if picture.pts is not None else picture.dts
            if time is None or time < index.pts[frames[count]]:
                continue
            if time > index.pts[frames[count]] or picture.is_corrupt or time in flaws:
                failure = flaws.get(time, "")
                break
            yield picture
            count += 1
            if count == len(frames):
                return
    except av.FFmpegError as error:
        failure = reason(error)
    finally:
        container.close()
    if count == 0 and key is not None:
        yield None
        return
    bad = first_bad(index, frames[max(0, count - 1)], frames[count])
    raise MediaError(
        f"{index.path}: frame {bad} is damaged or missing{f' ({failure})' if failure else ''}; copy the file again, or "
        "have its neighbour repeated with --set reel.damaged=repeat"
    )


def _decoded(
    index: FrameIndex, container: Any, stream: Any, frames: Sequence[int], flaws: dict[int, str]
) -> Iterator[Any]:
    """Decoded pictures; where each stands alone, those between the frames that are asked for are passed over.

    flaws  gets what is wrong with a picture whose checksums fail, by its time
    """
    alone = not index.counted and len(index.keys) == len(index.pts)
    if not alone or frames[-1] - frames[0] == len(frames) - 1:
        if not (index.joins or index.checksums or index.damaged):
            yield from container.decode(stream)
            return
        times = None
    else:
        times = {int(index.pts[frame]) for frame in frames}
    for packet in container.demux(stream):
        time = packet.pts if packet.pts is not None else packet.dts
        if times is not None and packet.size and time not in times:
            continue
        if index.damaged:
            yield from whole(index, moved(index, packet))
            continue
        if index.checksums and packet.size and time is not None and (wrong := ffv1.flaw(packet)):
            flaws[time] = wrong
        yield from moved(index, packet).decode()


def check_picture(place: object, picture: Any, size: tuple[int, int], pixel_format: str) -> None:
    """Refuses a picture of another stored size or pixel format than the film's; `place` opens the message."""
    found = (picture.height, picture.width)
    if found != size:
        raise MediaError(
            f"{place}: {found[1]}x{found[0]} pixels where the film has {size[1]}x{size[0]}; make all pictures one "
            "size, or cut the film in two there"
        )
    if picture.format.name != pixel_format:
        raise MediaError(
            f"{place}: pixel format {picture.format.name} where the film has {pixel_format}; make all pictures alike"
        )
