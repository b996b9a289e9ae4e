"""A finished picture as a file: PNG or TIFF of 16 bits by its name, and never over a file of other making.

- Written by hand where OpenCV cannot: the mark at the file's head that says whose it is, and TIFF strip by strip.
  OpenImageIO could (deep.py), but is silent about a full disk.
- No profile is stored: a PNG or TIFF without one is sRGB to every program.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from vidcolor.errors import InputError, MediaError
from vidcolor.media.deep import read_stored
from vidcolor.media.load import picture_size
from vidcolor.media.place import sync, told, whole

MARK, DRAWN_MARK = b"vidcolor transfer", b"vidcolor lineart"
FRAME_MARK = re.compile(rb"vidcolor frame ([0-9a-f]{64})")
"""A film's frame that nobody has painted on has the SHA-256 of its samples in its mark."""
HEAD = 1024
"""Bytes in which a file of ours says so."""
PNG, TIFF = (".png",), (".tif", ".tiff")
AFTER_HEADER = 33
"""Bytes of a PNG's signature and IHDR: text may follow."""
LARGEST_TIFF = 2**32 - 4096
"""Bytes: offsets in a TIFF are of 32 bits."""
ASCII, SHORT, LONG = 2, 3, 4
"""TIFF's types."""
SIZES, LETTERS = {ASCII: 1, SHORT: 2, LONG: 4}, {ASCII: "B", SHORT: "H", LONG: "I"}
"""Bytes of each type, and what `struct` calls it."""


def check_picture_out(path: Path, inputs: Sequence[Path], mark: bytes = MARK) -> None:
    """Refuses, before any work, a place that the picture could not be written to, and files without this mark."""
    if path.suffix.lower() not in PNG + TIFF:
        raise MediaError(f"{path}: pictures are written as PNG or TIFF of 16 bits; name it {path.stem}.png")
    if path.is_dir():
        raise MediaError(f"{path}: is a folder; name a file in it with -o")
    for given in inputs:
        if path.exists() and given.exists() and path.samefile(given):
            raise MediaError(f"{path}: is one of the pictures given, which are never written to; choose another -o")
    if path.exists() and not _is_ours(path, mark):
        raise MediaError(f"{path}: is there, and not by {mark.decode()}; choose another name with -o")
    folder = path.parent
    if not folder.is_dir():
        raise MediaError(f"{folder}: no such folder; make it first, or choose another place with -o")
    if not os.access(folder, os.W_OK):
        raise MediaError(f"{folder}: cannot be written to; choose another place with -o")


def _is_ours(path: Path, mark: bytes) -> bool:
    """Whether the file holds a mark at its head; an empty one is anybody's."""
    with told(path), path.open("rb") as file:
        head = file.read(HEAD)
    return not head or mark in head


def write_frame(path: Path, rgb: np.ndarray, option: str = "-o") -> None:
    """Writes a film's frame as `write_picture` does, so that `is_untouched` knows it again."""
    write_picture(path, rgb, b"vidcolor frame " + _samples_hash(np.moveaxis(rgb, 0, 2)).encode(), option)


def is_untouched(path: Path) -> bool:
    """Whether a file is a frame that `write_frame` wrote, and nobody has painted on since."""
    with told(path), path.open("rb") as file:
        found = FRAME_MARK.search(file.read(HEAD))
    if found is None:
        return False
    try:
        picture_size(path)
        return _samples_hash(read_stored(path).samples) == found[1].decode()
    except MediaError:
        return False


def _samples_hash(samples: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(samples).data).hexdigest()


def write_picture(path: Path, rgb: np.ndarray, mark: bytes = MARK, option: str = "-o") -> None:
    """Writes (3, H, W) uint16 R'G'B' as PNG or TIFF, by the name, with a mark at its head: whole or not at all.

    `option` of the command named its place.
    """
    if rgb.dtype != np.uint16 or rgb.ndim != 3 or rgb.shape[0] != 3 or 0 in rgb.shape:
        raise InputError(f"{path}: a picture of {rgb.dtype} {rgb.shape} is not (3, height, width) of 16 bits")
    with whole(path, option) as partial:
        if path.suffix.lower() in PNG:
            partial.write_bytes(_png(path, rgb, mark))
        else:
            _write_tiff(partial, rgb, mark)
        sync(partial)


def _png(path: Path, rgb: np.ndarray, mark: bytes) -> bytes:
    done, data = cv2.imencode(".png", np.ascontiguousarray(np.moveaxis(rgb, 0, 2)[..., ::-1]))
    if not done:
        raise MediaError(f"{path}: the picture could not be encoded as PNG; name it {path.stem}.tif")
    text = b"tEXt" + b"Software\0" + mark
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    stored = data.data
    return b"".join((stored[:AFTER_HEADER], chunk, stored[AFTER_HEADER:]))


def _write_tiff(path: Path, rgb: np.ndarray, mark: bytes) -> None:
    """Little-endian, uncompressed, a strip for each row: TIFF 6.0, baseline RGB."""
    _, height, width = rgb.shape
    row = 6 * width
    entries = [
        (256, LONG, [width]),
        (257, LONG, [height]),
        (258, SHORT, [16, 16, 16]),
        (259, SHORT, [1]),  # uncompressed
        (262, SHORT, [2]),  # RGB
        (273, LONG, [0] * height),  # where each row lies: filled in below
        (277, SHORT, [3]),
        (278, LONG, [1]),
        (279, LONG, [row] * height),
        (305, ASCII, list(mark + b"\0")),
    ]
    start = 8 + 2 + 12 * len(entries) + 4
    # The mark first, so that it lies in the head; then the longer lists.
    places, at = {}, start
    for tag, kind, values in sorted(entries, key=lambda entry: entry[0] != 305):
        if len(values) * SIZES[kind] > 4:
            places[tag], at = at, at + (len(values) * SIZES[kind] + 1) // 2 * 2
    if at + row * height > LARGEST_TIFF:
        raise MediaError(f"{path}: too large for a TIFF; name it {path.stem}.png")
    entries[5] = (273, LONG, [at + row * n for n in range(height)])
    with path.open("wb") as file:
        file.write(struct.pack("<2sHIH", b"II", 42, 8, len(entries)))
        for tag, kind, values in entries:
            packed = _packed(kind, values)
            where = struct.pack("<I", places[tag]) if tag in places else packed.ljust(4, b"\0")
            file.write(struct.pack("<HHI", tag, kind, len(values)) + where)
        file.write(struct.pack("<I", 0))
        for tag, kind, values in sorted(entries, key=lambda entry: entry[0] != 305):
            if tag in places:
                packed = _packed(kind, values)
                file.write(packed + b"\0" * (len(packed) % 2))
        for y in range(height):
            file.write(np.ascontiguousarray(rgb[:, y].T, "<u2").tobytes())


def _packed(kind: int, values: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(values)}{LETTERS[kind]}", *values)
