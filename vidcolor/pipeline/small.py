"""Small gray pictures of some of a film's frames, for choosing keyframes and references.

They are kept while the film's shots are found, so that it is decoded once; what was not kept is decoded when asked for.
Either way a frame's picture is the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, overload

import numpy as np

from vidcolor.keyframes import step_of
from vidcolor.media.read import Clip, quick_lightness, read_pictures
from vidcolor.pipeline.stored import StoredFrames
from vidcolor.references.choose import SIDE
from vidcolor.types import Frame, Reel

JUMP = 4.0
"""Mean change of L* from which a cut may lie between two frames: both are kept, for shots that hold few others."""


class SmallFrames:
    """The small pictures of one film."""

    def __init__(self, folder: Path, spacing: int, *, keeps: bool = True) -> None:
        """`folder` holds the pictures that are too many for memory; `spacing` is the keyframes'.

        keeps  whether pictures are kept while shots are found
        """
        self._folder, self._step, self.keeps = folder, step_of(spacing), keeps
        self._stored: StoredFrames | None = None
        self._look: Callable[[Any], np.ndarray] | None = None
        self._clip: Clip | None = None

    def watched(self, reel: Reel, size: tuple[int, int]) -> Sequence[Frame]:
        """All frames of the reel at another size, to be read once in order; some are kept on the way."""
        return _Watched(self, reel, size)

    def read(self, reel: Reel, frames: Sequence[int]) -> list[Frame]:
        """Some of the reel's frames, rising, small."""
        stored = self.stored(reel)
        for frame in frames:
            if frame not in stored:
                # open for the next shots, which lie ahead
                self._clip = self._clip or Clip(reel, size=stored.size, quick=True)
                stored.put(frame, self._clip[frame].lightness)
        return [Frame(frame, stored.read(frame)) for frame in frames]

    def stored(self, reel: Reel) -> StoredFrames:
        """What is kept so far."""
        if self._stored is None:
            self._stored = StoredFrames(small_size(reel.size), self._folder, exact=False)
        return self._stored

    def put(self, reel: Reel, frame: Frame, picture: Any) -> None:
        """Keeps a frame, small, of its decoded picture."""
        stored = self.stored(reel)
        self._look = self._look or quick_lightness(reel, stored.size)
        stored.put(frame.index, self._look(picture))

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
        look, before = quick_lightness(self._reel, self._size), None
        with closing(read_pictures(self._reel, 0)) as pictures:
            for index, picture in pictures:
                frame = Frame(index, look(picture))
                if self._small.keeps:
                    before = self._keep(before, (frame, picture))
                yield frame
        if before is not None:
            self._small.put(self._reel, *before)

    def _keep(self, before: tuple[Frame, Any] | None, now: tuple[Frame, Any]) -> tuple[Frame, Any]:
        """Keeps what is wanted of two frames in a row."""
        small, frame = self._small, now[0]
        jumps = before is not None and float(np.abs(frame.lightness - before[0].lightness).mean()) > JUMP
        if before is not None and jumps and not small.wants(before[0].index):
            small.put(self._reel, *before)
        if jumps or small.wants(frame.index):
            small.put(self._reel, *now)
        return now
