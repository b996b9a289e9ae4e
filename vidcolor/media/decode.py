"""Decoded pictures of a film from any frame on, each exactly the one asked for.

- Every reading opens the file anew (no stale decoder), seeks to the key frame at or before the first frame, and
  demands the exact times that follow. Where the first picture comes late or damaged, it starts a key frame earlier.
- The log level of the library is never set: that hangs decoders that run in threads.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import pairwise
from typing import Any

import av
import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media.container import MAX_SIDE, only, open_film, reason
from vidcolor.media.index import FrameIndex

SEEKS_BACK = 3
"""Key frames to go back before starting from the head of the file."""
AHEAD = 24
"""Frames that are rather passed over than sought: opening a film costs about as much."""
ONE_THREAD = ("v210",)
"""Codecs whose decoder spoils pictures when it runs in threads."""


def read_frames(index: FrameIndex, first: int) -> Generator[Any, None, None]:
    """The film's decoded pictures (av.VideoFrame) from frame `first` on, each exactly the one asked for.

    `first` counts the file's own frames. Refuses pictures that are missing or damaged, naming the frame. The file
    is closed when the iterator ends or is closed.
    """
    return _read_run(index, range(first, len(index.pts)))


def read_chosen(index: FrameIndex, frames: Sequence[int]) -> Generator[Any, None, None]:
    """The pictures of some of the file's own frames, rising; of those between, only what must be is decoded.

    Otherwise as `read_frames`.
    """
    far = [place for place in range(1, len(frames)) if _is_far(index, frames[place - 1], frames[place])]
    for start, stop in pairwise((0, *far, len(frames))):
        yield from _read_run(index, frames[start:stop])


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


def _attempt(index: FrameIndex, frames: Sequence[int], seek: int | None) -> Generator[Any, None, None]:
    """The pictures of `frames`, decoding from the time `seek`; None in their place where that was too late."""
    count = 0
    container = open_film(index.path)
    try:
        stream = container.streams[index.stream]
        only(container, index.stream)
        _prepare(stream.codec_context)
        if seek is not None:
            container.seek(seek, stream=stream, backward=True, any_frame=False)
        for place, picture in enumerate(_decoded(index, container, stream, frames)):
            time = place if index.counted else picture.pts if picture.pts is not None else picture.dts
            if time is None or time < index.pts[frames[count]]:
                continue
            if time > index.pts[frames[count]] or picture.is_corrupt:
                break
            yield picture
            count += 1
            if count == len(frames):
                return
    except av.FFmpegError as error:
        failure = f" ({reason(error)})"
    else:
        failure = ""
    finally:
        container.close()
    if count == 0 and seek is not None:
        yield None
        return
    first = int(np.searchsorted(index.pts, index.keys[0])) if len(index.keys) and not index.counted else 0
    if frames[count] < first:
        lost = "frame 0 needs" if first == 1 else f"frames 0 to {first - 1} need"
        raise MediaError(
            f"{index.path}: begins inside a group of pictures: {lost} a picture that is not there; cut film and sound "
            f"at frame {first}, the first that is whole, or copy the file again"
        )
    bad = _first_bad(index, frames[max(0, count - 1)], frames[count])
    raise MediaError(
        f"{index.path}: frame {bad} is damaged or missing{failure}; "
        "copy the file again, or put its neighbour in its place"
    )


def _first_bad(index: FrameIndex, since: int, wanted: int) -> int:
    """The first frame up to `wanted` that does not decode whole, from the key frame before `since` on.

    Threads tell of damage early or late, and a run tells it of the frame it was asked for: here one thread decodes
    packet by packet, and goes on behind an error.
    """
    if index.counted:
        return wanted
    key = max(0, int(np.searchsorted(index.keys, index.pts[since], side="right")) - 1) if len(index.keys) else 0
    whole: set[int] = set()
    with open_film(index.path) as container:
        stream = container.streams[index.stream]
        only(container, index.stream)
        _prepare(stream.codec_context)
        stream.thread_type = "NONE"
        try:
            if key:
                container.seek(int(index.keys[key]), stream=stream, backward=True, any_frame=False)
            for packet in container.demux(stream):
                pictures = _whole(packet)
                whole.update(picture.pts for picture in pictures if picture.pts is not None)
                if any(picture.pts is not None and picture.pts > index.pts[wanted] for picture in pictures):
                    break
        except av.FFmpegError:
            pass  # what was not reached is not whole
    begin = int(np.searchsorted(index.pts, index.keys[key])) if len(index.keys) else 0
    return next((frame for frame in range(begin, wanted) if int(index.pts[frame]) not in whole), wanted)


def _whole(packet: Any) -> list[Any]:
    """The undamaged pictures that a packet gives."""
    try:
        return [picture for picture in packet.decode() if not picture.is_corrupt]
    except av.FFmpegError:
        return []


def _decoded(index: FrameIndex, container: Any, stream: Any, frames: Sequence[int]) -> Iterator[Any]:
    """Decoded pictures; where each stands alone, those between the frames that are asked for are passed over."""
    alone = not index.counted and len(index.keys) == len(index.pts)
    if not alone or frames[-1] - frames[0] == len(frames) - 1:
        yield from container.decode(stream)
        return
    times = {int(index.pts[frame]) for frame in frames}
    for packet in container.demux(stream):
        if not packet.size or (packet.pts if packet.pts is not None else packet.dts) in times:
            yield from packet.decode()


def _prepare(context: Any) -> None:
    context.thread_type = "AUTO"
    if context.name in ONE_THREAD:
        context.thread_count = 1
    context.options = {"max_pixels": str(MAX_SIDE * MAX_SIDE)}


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
