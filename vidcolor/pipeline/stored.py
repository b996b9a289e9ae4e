"""What is kept for a while: in memory, and beyond some size in a file without a name that nobody need remove."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from pathlib import Path
from tempfile import SpooledTemporaryFile

import numpy as np
from numpy import ndarray as Array

IN_MEMORY = 16 << 20
"""Bytes kept in memory, of each shot that is under way, and of descriptions."""
STEPS = np.float32(655.35)
"""Steps of one L* where a frame is kept in 16 bits: 0.0008 L* from the truth at most."""


class StoredFrames:
    """Frames of one size, by number; each of `bytes` bytes. Not for several threads at once."""

    def __init__(self, size: tuple[int, int], folder: Path, *, exact: bool) -> None:
        """`size`: (height, width); `folder`: where the file lies, if there is one; not exact: in 16 bits."""
        self.size, self._exact = size, exact
        self.bytes = size[0] * size[1] * (4 if exact else 2)
        self._file = SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115
        self._places: dict[int, int] = {}

    def __contains__(self, frame: int) -> bool:
        return frame in self._places

    def put(self, frame: int, lightness: Array) -> None:
        """Keeps a frame's lightness."""
        self._places[frame] = self._file.seek(0, 2)
        stored = lightness.astype(np.float32) if self._exact else np.rint(lightness * STEPS).astype(np.uint16)
        self._file.write(stored.tobytes())

    def read(self, frame: int) -> Array:
        """(H, W) L* of a frame that was kept."""
        self._file.seek(self._places[frame])
        data = self._file.read(self.bytes)
        if self._exact:
            return np.frombuffer(data, np.float32).reshape(self.size)
        return np.frombuffer(data, np.uint16).reshape(self.size).astype(np.float32) / STEPS

    def close(self) -> None:
        """Lets go of the frames."""
        self._file.close()
        self._places.clear()


class StoredArrays:
    """Arrays of float32 by key, however many; for several threads at once."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where the file lies, if there is one."""
        self._file = SpooledTemporaryFile(IN_MEMORY, dir=str(folder))  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._places: dict[Hashable, tuple[int, tuple[int, ...]]] = {}
        self._guard = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Array]) -> Array:
        """The array of the key, made now if it is not kept."""
        with self._guard:
            found = self._places.get(key)
            if found is not None:
                self._file.seek(found[0])
                told = self._file.read(4 * int(np.prod(found[1])))
                return np.frombuffer(bytearray(told), np.float32).reshape(found[1])  # writable, as loops are compiled
        made = make()
        with self._guard:
            place = self._file.seek(0, 2)
            self._file.write(np.ascontiguousarray(made, np.float32).tobytes())
            self._places[key] = (place, made.shape)
        return made
