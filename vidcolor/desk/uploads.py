"""Pictures that the page sends: bounded, read as hostile, and written anew, so that no byte of theirs goes farther.

They lie in a folder of this run alone until a correction has taken them; the page names them by number, not by a path.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np

from vidcolor.errors import InputError, MediaError
from vidcolor.media.images import read_rgba, write_image

LARGEST = 96 << 20
"""Bytes of a picture: one of 16 bits and 12 megapixels, not packed."""
MOST = 200
"""Pictures kept at once; the oldest goes."""
RAW = "sent"


class Uploads:
    """The pictures that were sent in this run."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="vidcolor-review-"))
        self._guard = threading.Lock()
        self._count = 0
        self._there: dict[str, Path] = {}

    def take(self, data: bytes) -> tuple[str, tuple[int, int]]:
        """The number of a picture as it is known here, and its (height, width). Refuses what is no picture."""
        with self._guard:
            self._count += 1
            number = f"{self._count}"
            raw, path = self._folder / f"{RAW}-{number}", self._folder / f"{number}.png"
            try:
                raw.write_bytes(data)
                rgba = read_rgba(raw)
            except MediaError as error:
                raise MediaError(str(error).replace(f"{raw}", "the picture that was sent")) from error
            finally:
                raw.unlink(missing_ok=True)
            whole = bool(rgba[3].min() == 1)
            write_image(path, np.rint(rgba[: 3 if whole else 4] * np.float32(65535)).astype(np.uint16))
            self._there[number] = path
            while len(self._there) > MOST:
                self._there.pop(next(iter(self._there))).unlink(missing_ok=True)
            return number, (rgba.shape[1], rgba.shape[2])

    def path(self, number: str) -> Path:
        """Where a picture lies. Refuses one that was not sent."""
        if number not in self._there:
            raise InputError("that picture is no longer here; send it again")
        return self._there[number]

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
