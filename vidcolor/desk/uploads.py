"""Pictures that the page sends: bounded, read as hostile, and written anew, so that no byte of theirs goes farther.

They lie in a folder of this run alone until a correction has taken them; the page names them by number, not by a path.
What a killed run left there is removed by the next one.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from vidcolor.errors import InputError, MediaError
from vidcolor.media.images import read_rgba, write_image

LARGEST = 96 << 20
"""Bytes of a picture: one of 16 bits and 12 megapixels, not packed."""
MOST = 200
"""Pictures kept at once; the oldest goes."""
RAW = "sent"
PREFIX, HELD = "vidcolor-review-", ".lock"
"""How the folders of runs are named; what a run holds in its folder while it lives."""
YOUNG = 60.0
"""Seconds in which a folder may be one that is only being made."""


class Uploads:
    """The pictures that were sent in this run."""

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self._place = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._held = FileLock(self._place / HELD)
        self._held.acquire()
        self._folder = self._place / "pictures"
        self._folder.mkdir()
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
            codes = np.rint(rgba[: 3 if whole else 4] * np.float32(65535)).astype(np.uint16)
            bytes_say_it = not (codes % 257).any()  # as of what a page paints: read in a third of the time
            write_image(path, (codes // 257).astype(np.uint8) if bytes_say_it else codes, "--project")
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
        self._held.release()
        shutil.rmtree(self._place, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Removes what killed runs of this user left: nobody holds it."""
    for place in folder.glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout):
            about = place.lstat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != _user() or time.time() - about.st_mtime < YOUNG:
                continue
            with FileLock(place / HELD, timeout=0):
                shutil.rmtree(place, ignore_errors=True)


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0  # as Windows says of every file
