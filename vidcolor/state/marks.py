"""Marks of files: by size and time, by content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from vidcolor.errors import MediaError
from vidcolor.hashes import sha256_of

PICTURE_SUFFIXES = (".png", ".tif", ".tiff", ".dpx", ".exr", ".jpg", ".jpeg")


def reel_mark(path: Path) -> str:
    """Size and time of a film; for an image sequence, of all its folder's pictures together."""
    pictures = _pictures(path)
    return file_mark(path) if pictures is None else _together(f"{p.name} {file_mark(p)}" for p in pictures)


def reel_touched(path: Path) -> str:
    """When a film was last touched in any way, as the disk itself notes it: a time that was set back does not hide a
    frame mended in place. For an image sequence, of all its folder's pictures together."""
    return _together(str(p.stat().st_ctime_ns) for p in _pictures(path) or [path])


def _pictures(path: Path) -> list[Path] | None:
    """The pictures beside one, or in a folder; None for a film file. What else lies there is none of the film."""
    folder = path.parent if path.suffix.lower() in PICTURE_SUFFIXES else path
    if not folder.is_dir():
        return None
    named = (p for p in sorted(folder.iterdir()) if p.suffix.lower() in PICTURE_SUFFIXES and p.name[0] != ".")
    return [p for p in named if p.is_file()]


def _together(marks: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{mark}\n" for mark in marks).encode("utf-8", "surrogatepass")).hexdigest()


def file_mark(path: Path | str) -> str:
    """Size and time of a file: unchanged means unchanged content, for our purposes. Refuses a missing file."""
    try:
        stat = os.stat(path)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); is the path right?") from error
    return f"{stat.st_size} {stat.st_mtime_ns}"


def hashed_file(path: Path | str, known: Any) -> dict[str, str]:
    """A file's mark and hash, to keep; `known`: what was kept of it, unchecked. An unchanged one is not read again."""
    mark = file_mark(path)
    if isinstance(known, dict) and known.get("file") == mark and isinstance(known.get("hash"), str):
        return {"file": mark, "hash": known["hash"]}
    return {"file": mark, "hash": content_of(Path(path), mark)}


@cache
def content_of(path: Path, mark: str) -> str:
    """SHA-256 of a file, which one command reads once; `mark` (its size and time) has a changed one read again."""
    return file_hash(path)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes. Refuses what cannot be read."""
    try:
        return sha256_of(path)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); is the path right?") from error
