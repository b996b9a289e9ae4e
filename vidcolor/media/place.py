"""Places that people name for what is delivered: written whole (`vidcolor/partial.py`), errors told with a remedy."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from vidcolor.errors import MediaError
from vidcolor.partial import grown


@contextmanager
def told(path: Path, option: str = "-o") -> Iterator[None]:
    """Errors of the encoder and the disk, as one line about `path`, which `option` of the command named."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"{path}: cannot be written: {_reason(error, option)}") from error


def _reason(error: av.FFmpegError | OSError, option: str) -> str:
    remedies = {
        errno.ENOSPC: "the disk is full; free some space, or choose another place with -o",
        errno.EDQUOT: "the disk quota is used up; free some space, or choose another place with -o",
        errno.EFBIG: "the disk takes no file of this size; choose another place with -o",
        errno.EROFS: "the disk is read-only; choose another place with -o",
        errno.EACCES: "no permission there; choose another place with -o",
        errno.EPERM: "no permission there; choose another place with -o",
        errno.ENOENT: "there is no such folder; make it first, or choose another place with -o",
        errno.ENAMETOOLONG: "the name is too long; choose a shorter one with -o",
    }
    known = remedies.get(error.errno or 0)
    known = known or f"{error.strerror}; choose another place with -o, or another --delivery"
    return known if option == "-o" else known.replace(", or another --delivery", "").replace("-o", option)


def make_folder(folder: Path, option: str = "-o") -> None:
    """The folder that `option` of the command named, made where it is missing. Refuses a file of that name."""
    if folder.exists() and not folder.is_dir():
        raise MediaError(f"{folder}: is a file; name a folder with {option}")
    with told(folder, option):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def whole(path: Path, option: str = "-o") -> Iterator[Path]:
    """A file to write in the block, which gets the name `path` when the block ends well; otherwise it goes.

    `option` of the command named the path.
    """
    with told(path, option), grown(path) as partial:
        yield partial


def sync(path: Path) -> None:
    """Waits until the file is on the disk itself."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str, option: str = "-o") -> None:
    """`text` in the file at `path`, which `option` of the command named; all of it or none."""
    with told(path, option):
        with whole(path, option) as partial:
            partial.write_text(text, encoding="utf-8")
            sync(partial)
        sync_folder(path.parent)


def remove(path: Path) -> None:
    """No file at `path`, whether there was one or not."""
    with told(path):
        path.unlink(missing_ok=True)
