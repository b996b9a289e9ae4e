"""Marks of files: by size and time, by content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vidcolor.errors import MediaError

HASH_BLOCK = 1 << 20
PICTURE_SUFFIXES = (".png", ".tif", ".tiff", ".dpx", ".exr", ".jpg", ".jpeg")


def reel_mark(path: Path) -> str:
    """Size and time of a film; for an image sequence, of all its folder's files together."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        path = path.parent
    if not path.is_dir():
        return file_mark(path)
    marks = "".join(f"{p.name} {file_mark(p)}\n" for p in sorted(path.iterdir()) if p.is_file())
    return hashlib.sha256(marks.encode("utf-8", "surrogatepass")).hexdigest()


def file_mark(path: Path) -> str:
    """Size and time of a file: unchanged means unchanged content, for our purposes. Refuses a missing file."""
    try:
        stat = path.stat()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); is the path right?") from error
    return f"{stat.st_size} {stat.st_mtime_ns}"


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes. Refuses what cannot be read."""
    total = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(HASH_BLOCK):
                total.update(block)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); is the path right?") from error
    return total.hexdigest()
