"""What renders keep of a project's frames for the next: a folder of arrays that may go at any moment.

Below `cache/` lies a folder for each kind of thing, named too for what all of that kind is made of; in it one file for
each. A file gets its name when it is whole. What is damaged, cut short, misnamed or not ours counts as not there. Where
all take more than the room they have, those longest unused go first. Nothing here is an error: where nothing can be
kept, nothing is.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import stat
import struct
import tempfile
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray as Array

FOLDER = "cache"
SUFFIX, UNFINISHED = ".arrays", ".partial"
MAGIC = b"vidcolor cache 2"
DIGEST = 16
"""Bytes of the sum over a file's name and content."""
HEAD = struct.Struct(f"<{len(MAGIC)}s{DIGEST}sI")
MOST = 256 << 20
"""Bytes of one entry, packed or not; a larger one is none of ours."""
KINDS = ("float16", "float32", "float64", "int16", "int32", "int64", "bool")
UNPACKED = ("maps",)
"""Kinds of things that hardly shrink."""
LEFT_FREE = 1 << 30
"""Bytes of the disk that are left to others."""
GIB = 1 << 30

log = logging.getLogger(__name__)


class DiskCache:
    """The cache of one project, for one command that holds the project's lock; several threads may ask at once."""

    def __init__(self, folder: Path, marks: Mapping[str, str], room: float) -> None:
        """`marks`: by kind, what all of it is made of; `room`: GiB that all may take."""
        self._folder, self._marks, self._room = folder, marks, int(room * GIB)
        self._sizes: OrderedDict[Path, int] | None = None
        """Of each file, those longest unused first; None before the folder was looked at"""
        self._bytes = 0
        self._told = False
        self._guard = threading.Lock()

    def take(self, kind: str, name: str) -> dict[str, Array] | None:
        """What was put under the name, bit for bit; None where it is not there any more."""
        path = self._path(kind, name)
        try:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                return None
            with path.open("rb") as file:
                data = file.read(MOST + 1)
            os.utime(path)
        except OSError:
            return None
        with self._guard:
            if self._sizes is not None and path in self._sizes:
                self._sizes.move_to_end(path)
        return unpacked(data, _label(path)) if len(data) <= MOST else None

    def put(self, kind: str, name: str, arrays: Mapping[str, Array]) -> None:
        """Keeps `arrays`, if there is room for them."""
        if not self._room:
            return
        path = self._path(kind, name)
        data = packed(arrays, _label(path), shrink=kind not in UNPACKED)
        with self._guard:
            if not self._make_room(path, len(data)):
                return
        try:
            _write(path, data)
        except OSError as error:
            self._tell(error)
            return
        with self._guard:
            assert self._sizes is not None, "room was made"
            self._bytes += len(data) - self._sizes.pop(path, 0)  # two shots that share a frame may have put it at once
            self._sizes[path] = len(data)

    def _path(self, kind: str, name: str) -> Path:
        return self._folder / f"{kind}-{self._marks[kind]}" / f"{name}{SUFFIX}"

    def _make_room(self, path: Path, size: int) -> bool:
        """Whether a file of this size may be written now; others go for it."""
        if self._sizes is None:
            self._sizes = _swept(self._folder)
            self._bytes = sum(self._sizes.values())
        self._bytes -= self._sizes.pop(path, 0)
        while self._sizes and self._bytes + size > self._room:
            oldest, freed = self._sizes.popitem(last=False)
            self._bytes -= freed
            with suppress(OSError):
                oldest.unlink()
        return self._bytes + size <= self._room

    def _tell(self, error: OSError) -> None:
        """Notes once that nothing can be kept."""
        if not self._told:
            self._told = True
            log.info("%s: what could be used again is not kept (%s)", self._folder, error.strerror or error)


def _swept(folder: Path) -> OrderedDict[Path, int]:
    """The cache's files with their sizes, those longest unused first; what a kill left unfinished goes."""
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            path = Path(base, name)
            with suppress(OSError):
                facts = os.lstat(path)
                if name.endswith(UNFINISHED):
                    path.unlink()
                elif name.endswith(SUFFIX):
                    found.append((facts.st_mtime_ns, path, facts.st_size))
    return OrderedDict((path, size) for _, path, size in sorted(found))


def _write(path: Path, data: bytes) -> None:
    path.parent.parent.mkdir(exist_ok=True)  # no parents: a project that was deleted is not made again
    path.parent.mkdir(exist_ok=True)
    if shutil.disk_usage(path.parent).free < LEFT_FREE + len(data):
        raise OSError(errno.ENOSPC, "the disk is nearly full")
    handle, partial = tempfile.mkstemp(UNFINISHED, ".", path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(partial, path)
    except OSError:
        with suppress(OSError):
            os.unlink(partial)
        raise


def _label(path: Path) -> bytes:
    """What a file's sum knows it by: an entry under another's name is none."""
    return f"{path.parent.name}/{path.name}".encode()


def packed(arrays: Mapping[str, Array], label: bytes, *, shrink: bool) -> bytes:
    """Arrays as one file's content; shrink: whether bytes that repeat are told by how often."""
    table, parts = [], []
    for name, array in arrays.items():
        planes = _planes(array) if shrink else [array.tobytes()]
        table.append([name, array.dtype.name, list(array.shape), [len(plane) for plane in planes], shrink])
        parts.extend(planes)
    head = json.dumps(table).encode()
    digest = _digest(label, [head, *parts])
    return b"".join([HEAD.pack(MAGIC, digest, len(head)), head, *parts])


def _planes(array: Array) -> list[bytes]:
    """First the lowest byte of every number, then the next; as they are, or packed where that makes them less.

    Of floats only the highest is tried: the others hardly shrink, and trying costs more than all else here.
    """
    by_place = np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T
    tried = range(array.itemsize - 1 if array.dtype.kind == "f" else 0, array.itemsize)
    planes = [plane.tobytes() for plane in by_place]
    for place in tried:
        packer = zlib.compressobj(1, strategy=zlib.Z_RLE)
        data = packer.compress(planes[place]) + packer.flush()
        planes[place] = data if len(data) < len(planes[place]) else planes[place]
    return planes


def unpacked(data: bytes, label: bytes) -> dict[str, Array] | None:
    """The arrays of a file's content; None for any content but `packed`'s under the same label."""
    if len(data) < HEAD.size:
        return None
    magic, digest, length = HEAD.unpack_from(data)
    content = memoryview(data)[HEAD.size :]
    if magic != MAGIC or digest != _digest(label, [content]) or length > len(content):
        return None
    try:
        table = json.loads(bytes(content[:length]))
        return _arrays(table, content[length:])
    except (ValueError, TypeError, KeyError, RecursionError, zlib.error):
        return None


def _arrays(table: list[list[Any]], content: memoryview) -> dict[str, Array]:
    """Raises ValueError and the like for what `packed` does not write."""
    found: dict[str, Array] = {}
    left, place = MOST, 0
    for name, kind, shape, lengths, by_place in table:
        if kind not in KINDS or not all(type(side) is int and 0 <= side <= MOST for side in [*shape, *lengths]):
            raise ValueError(name)
        dtype, count = np.dtype(kind), 1
        for side in shape:
            count *= side
        left -= count * dtype.itemsize
        if left < 0 or len(lengths) != (dtype.itemsize if by_place else 1):
            raise ValueError(name)
        opened, size = np.empty(count * dtype.itemsize, np.uint8), count * dtype.itemsize // len(lengths)
        for number, length in enumerate(lengths):
            part, place = content[place : place + length], place + length
            opened[number :: len(lengths)] = np.frombuffer(part if length == size else _opened(part, size), np.uint8)
        found[name] = opened.view(dtype).reshape(shape)
    if place != len(content):
        raise ValueError(place)
    return found


def _opened(part: memoryview, size: int) -> bytes:
    """Raises ValueError where it is less than `size` bytes; of more it gives as many."""
    data = zlib.decompressobj().decompress(part, size) if size else b""
    if len(data) != size:
        raise ValueError(len(data))
    return data


def _digest(label: bytes, parts: list[bytes] | list[memoryview]) -> bytes:
    total = hashlib.blake2b(label, digest_size=DIGEST)
    for part in parts:
        total.update(part)
    return total.digest()
