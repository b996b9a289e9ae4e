"""Small gray pictures of some of a film's frames, for choosing keyframes and references.

They are kept while the film's shots are found, so that it is decoded once; what was not kept is decoded when asked for.
Either way a frame's picture is the same to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from vidcolor.keyframes import step_of
from vidcolor.media.read import Clip, resized
from vidcolor.pipeline.stored import StoredFrames
from vidcolor.references.choose import SIDE
from vidcolor.types import Frame, Reel

JUMP = 4.0
"""Mean change of L* from which a cut may lie between two frames: both are kept, for shots that hold few others."""


class SmallFrames:
    """The small pictures of one film."""

    def __init__(self, folder: Path, spacing: int) -> None:
        """`folder` holds the pictures that are too many for memory; `spacing` is the keyframes'."""
        self._folder, self._step = folder, step_of(spacing)
        self._stored: StoredFrames | None = None
        self._clip: Clip | None = None

    def watched(self, reel: Reel, size: tuple[int, int]) -> Sequence[Frame]:
        """All frames of the reel at another size, to be read once in order; some are kept on the way."""
        return _Watched(self, reel, size)

    def read(self, reel: Reel, frames: Sequence[int]) -> list[Frame]:
        """Some of the reel's frames, rising, small."""
        stored = self.stored(reel)
        for frame in frames:
            if frame not in stored:
                self._clip = self._clip or Clip(reel, size=stored.size)  # open for the next shots, which lie ahead
                stored.put(frame, self._clip[frame].lightness)
        return [Frame(frame, stored.read(frame)) for frame in frames]

    def stored(self, reel: Reel) -> StoredFrames:
        """What is kept so far."""
        if self._stored is None:
            self._stored = StoredFrames(small_size(reel.size), self._folder, exact=False)
        return self._stored

    def wants(self, frame: int) -> bool:
        """Whether a frame is kept whatever it shows."""
        return frame % self._step == 0

    def close(self) -> None:
        if self._stored is not None:
            self._stored.close()
        if self._clip is not None:
            self._clip.close()


def small_size(size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) at which references are compared; never larger than the film."""
    scale = min(1.0, SIDE / max(size))
    return (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))


class _Watched(Sequence[Frame]):
    def __init__(self, small: SmallFrames, reel: Reel, size: tuple[int, int]) -> None:
        self._small, self._reel, self._size = small, reel, size

    def __len__(self) -> int:
        return self._reel.frame_count

    @overload
    def __getitem__(self, place: int) -> Frame: ...
    @overload
    def __getitem__(self, place: slice) -> list[Frame]: ...
    def __getitem__(self, place: int | slice) -> Frame | list[Frame]:
        return Clip(self._reel, size=self._size)[place]

    def __iter__(self) -> Iterator[Frame]:
        stored = self._small.stored(self._reel)
        before: tuple[Frame, Frame] | None = None
        for full in Clip(self._reel):
            frame = Frame(full.index, resized(full.lightness, self._size))
            jumps = before is not None and float(np.abs(frame.lightness - before[1].lightness).mean()) > JUMP
            if before is not None and jumps and not self._small.wants(before[0].index):
                stored.put(before[0].index, resized(before[0].lightness, stored.size))
            if jumps or self._small.wants(full.index):
                stored.put(full.index, resized(full.lightness, stored.size))
            before = (full, frame)
            yield frame
        if before is not None:
            stored.put(before[0].index, resized(before[0].lightness, stored.size))
