"""The frames of the shots that are rendered, of one reading of the film: each is decoded once, whoever asks for it.

Shots are rendered side by side and ask for their frames in any order. The film is read on as far as the furthest frame
that was asked for; every shot under way finds its frames where they were put. A shot's frames are let go with it.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from vidcolor.media.read import AHEAD, KEPT, Clip
from vidcolor.pipeline.stored import StoredFrames
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame, Reel

MOST = 4 << 30
"""Bytes of one shot's frames that are kept, 2,000 frames at the usual size; a longer shot is decoded when asked for."""


class Reading:
    """One reading of a film for several shots."""

    def __init__(self, reel: Reel, size: tuple[int, int], reaches: Sequence[FrameRange], folder: Path) -> None:
        """`reaches`: the frames of shots that ask for all of theirs, in the film's order; others read for themselves.

        size    working size
        folder  holds the frames
        """
        self._reel, self._size = reel, size
        stores = {reach: StoredFrames(size, folder, exact=True) for reach in reaches}
        self._waiting = {reach: store for reach, store in stores.items() if len(reach) * store.bytes <= MOST}
        self._order = sorted(self._waiting, key=lambda reach: reach.start)
        self._passed = 0
        """Of the shots in order, how many lie behind or are done."""
        self._stream: Generator[Frame, None, None] | None = None
        self._next = 0
        self._guard = threading.Lock()

    def frames(self, reach: FrameRange) -> Clip:
        """The frames of one shot; to be closed when it is done."""
        if reach in self._waiting:
            return _ShotFrames(self, self._reel, reach, self._size)
        return Clip(self._reel, reach, self._size)

    def read(self, reach: FrameRange, frame: int) -> Frame:
        """A frame of a shot that is not closed yet."""
        with self._guard:
            store = self._waiting[reach]
            while frame not in store:
                self._go_on(frame)
            return Frame(frame, store.read(frame))

    def let_go(self, reach: FrameRange) -> None:
        """Forgets a shot's frames."""
        with self._guard:
            store = self._waiting.pop(reach, None)
            if store is not None:
                store.close()

    def close(self) -> None:
        """Lets go of the film and of all frames."""
        for reach in list(self._waiting):
            self.let_go(reach)
        self._stop()

    def _stop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _go_on(self, frame: int) -> None:
        """Reads one frame on the way to the one that is asked for, and puts it where it is wanted."""
        first = frame if frame < self._next else min(frame, self._next_wanted())
        if self._stream is None or first < self._next or first > self._next + AHEAD:
            self._stop()
            self._next, self._passed = first, 0
            self._stream = self._read_from(first)
        lightness = next(self._stream).lightness
        for place in range(self._passed, len(self._order)):
            reach = self._order[place]
            if self._next < reach.start:
                break
            if self._next in reach and reach in self._waiting and self._next not in self._waiting[reach]:
                self._waiting[reach].put(self._next, lightness)
        self._next += 1

    def _next_wanted(self) -> int:
        """The first frame from here on that a shot waits for; some shot does."""
        while self._order[self._passed] not in self._waiting or self._order[self._passed].stop <= self._next:
            self._passed += 1
        return max(self._next, self._order[self._passed].start)

    def _read_from(self, first: int) -> Generator[Frame, None, None]:
        yield from Clip(self._reel, FrameRange(first, self._reel.frame_count), self._size)


class _ShotFrames(Clip):
    def __init__(self, reading: Reading, reel: Reel, reach: FrameRange, size: tuple[int, int]) -> None:
        super().__init__(reel, reach, size)
        self._reading = reading

    def __iter__(self) -> Iterator[Frame]:
        return (self[place] for place in range(len(self)))

    def some(self, places: Sequence[int]) -> list[Frame]:
        return [self[place] for place in places]

    def _fetch(self, place: int) -> Frame:
        frame = self._reading.read(self.frames, self.frames.start + place)
        self._kept[place] = frame
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return frame

    def close(self) -> None:
        super().close()
        self._reading.let_go(self.frames)
