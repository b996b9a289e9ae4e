"""Small gray pictures of some of a film's frames, for choosing keyframes and references.

They are kept while the film's shots are found, so that it is decoded once; what was not kept is decoded when asked for.
Either way a frame's picture is the same to the bit. Beyond some size they lie in a file without a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import overload

import numpy as np
from numpy import ndarray as Array

from vidcolor.keyframes import step_of
from vidcolor.media.read import Clip, resized
from vidcolor.references.choose import SIDE
from vidcolor.types import Frame, Reel

IN_MEMORY = 64 << 20
"""Bytes kept in memory: some 900 pictures, of 7,000 frames."""
JUMP = 4.0
"""Mean change of L* from which a cut may lie between two frames: both are kept, for shots that hold few others."""
STEPS = np.float32(655.35)
"""Steps of one L*: a picture is kept in 16 bits."""


class SmallFrames:
    """The small pictures of one film."""

    def __init__(self, file: SpooledTemporaryFile[bytes], step: int) -> None:
        """`step`: one frame in so many is kept."""
        self._file, self._step = file, step
        self._places: dict[int, int] = {}

    def watched(self, reel: Reel, size: tuple[int, int]) -> Sequence[Frame]:
        """All frames of the reel at another size, to be read once in order; some are kept on the way."""
        return _Watched(self, reel, size)

    def read(self, reel: Reel, frames: Sequence[int]) -> list[Frame]:
        """Some of the reel's frames, rising, small."""
        size = small_size(reel.size)
        lacking = [frame for frame in frames if frame not in self._places]
        if lacking:
            clip = Clip(reel, size=size)
            for frame in lacking:
                self.keep(frame, clip[frame].lightness)
            clip.close()
        return [Frame(frame, self._picture(frame, size)) for frame in frames]

    def keep(self, frame: int, small: Array) -> None:
        """Keeps a frame's picture, at small size."""
        self._places[frame] = self._file.seek(0, 2)
        self._file.write(np.rint(small * STEPS).astype(np.uint16).tobytes())

    def wants(self, frame: int) -> bool:
        return frame % self._step == 0

    def _picture(self, frame: int, size: tuple[int, int]) -> Array:
        self._file.seek(self._places[frame])
        stored = np.frombuffer(self._file.read(2 * size[0] * size[1]), np.uint16)
        return stored.reshape(size).astype(np.float32) / STEPS


@contextmanager
def small_frames(folder: Path, spacing: int) -> Iterator[SmallFrames]:
    """Small pictures while a plan is made; `folder` holds those that are too many for memory, `spacing` is the
    keyframes'."""
    with SpooledTemporaryFile(IN_MEMORY, dir=str(folder)) as file:
        yield SmallFrames(file, step_of(spacing))


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
        size = small_size(self._reel.size)
        before: tuple[Frame, Frame] | None = None
        for full in Clip(self._reel):
            frame = Frame(full.index, resized(full.lightness, self._size))
            jumps = before is not None and float(np.abs(frame.lightness - before[1].lightness).mean()) > JUMP
            if before is not None and jumps and not self._small.wants(before[0].index):
                self._small.keep(before[0].index, resized(before[0].lightness, size))
            if jumps or self._small.wants(full.index):
                self._small.keep(full.index, resized(full.lightness, size))
            before = (full, frame)
            yield frame
        if before is not None:
            self._small.keep(before[0].index, resized(before[0].lightness, size))
