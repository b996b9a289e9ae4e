"""What FFmpeg's MOV writer leaves open, put into the finished file: nothing changes length or place.

- The vendor of the ProRes sample description, which FFmpeg always writes as `FFMP`.
- Values that are known only after the last frame, in the place of a blank of the same length.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from vidcolor.errors import MediaError

LUMA_BLANK = "luma-sha256:".ljust(64, "_")
"""Stands in the file's metadata until the SHA-256 of the luma is known; of the same length."""
WRITER_VENDOR = b"FFMP"
VENDOR_AT = 20
"""Bytes from the head of a video sample entry to its vendor."""
LARGE, TO_THE_END = 1, 0


def _find_movie(file: BinaryIO) -> tuple[int, int]:
    """(position, length) of the `moov` atom."""
    end = file.seek(0, 2)
    position = 0
    while position + 8 <= end:
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == LARGE:
            (length,) = struct.unpack(">Q", file.read(8))
        elif length == TO_THE_END:
            length = end - position
        if kind == b"moov":
            return position, length
        position += max(8, length)
    raise MediaError(f"{file.name}: no moov atom: the file was not closed; export it again")


def complete(path: Path, fourcc: str, vendor: str, luma_sha256: str) -> None:
    """Writes the vendor of the `fourcc` sample entry and the luma's SHA-256 into the MOV at `path`."""
    with path.open("r+b") as file:
        position, length = _find_movie(file)
        file.seek(position)
        movie = bytearray(file.read(length))
        entry = movie.find(b"stsd")
        while entry >= 0:
            head = entry + 12  # the atom's name, its version and its count
            if movie[head + 4 : head + 8] == fourcc.encode():
                place = slice(head + VENDOR_AT, head + VENDOR_AT + 4)
                if movie[place] == WRITER_VENDOR:
                    movie[place] = vendor.encode()
            entry = movie.find(b"stsd", entry + 4)
        blank = movie.find(LUMA_BLANK.encode())
        if blank >= 0:
            movie[blank : blank + len(LUMA_BLANK)] = luma_sha256.encode()
        file.seek(position)
        file.write(movie)
