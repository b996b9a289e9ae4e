"""What FFmpeg's MOV writer leaves open, put into the finished file: nothing changes length or place.

- The vendor of the ProRes sample description, which FFmpeg always writes as `FFMP`.
- The SHA-256 of the luma, known only after the last frame, in the place of a blank of the same length.
- Languages that have no number on the old Macintosh, which FFmpeg leaves out of a MOV.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from vidcolor.errors import MediaError

LUMA_BLANK = "luma-sha256:".ljust(64, "_")
"""Stands in the file's metadata until the SHA-256 of the luma is known; of the same length."""
WRITER_VENDOR = b"FFMP"
FIRST_ENTRY = 8
"""Bytes from the head of a sample description to its first entry: version and count."""
VENDOR_AT = 20
"""Bytes from the head of a video sample entry to its vendor."""
LANGUAGE_AT = {0: 20, 1: 32}
"""Bytes from the head of a media header to its language, by the header's version."""
NO_LANGUAGE = 0x7FFF
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


def _inside(movie: bytearray, place: slice, *path: bytes) -> Iterator[slice]:
    """The contents of the atoms that lie at `path` inside `place`."""
    position = place.start
    while position + 8 <= place.stop:
        length, kind = struct.unpack_from(">I4s", movie, position)
        if length < 8:
            return
        contents = slice(position + 8, position + length)
        if kind == path[0]:
            if len(path) == 1:
                yield contents
            else:
                yield from _inside(movie, contents, *path[1:])
        position += length


def _packed(language: str) -> int:
    """ISO 639-2 letters as the 15 bits of a media header; 0x7fff for what is not three small letters."""
    if len(language) != 3 or not all("a" <= letter <= "z" for letter in language):
        return NO_LANGUAGE
    first, second, third = (ord(letter) - 0x60 for letter in language)
    return first << 10 | second << 5 | third


def complete(path: Path, vendors: Mapping[str, str], languages: Mapping[int, str], luma_sha256: str) -> None:
    """Fills in the MOV at `path`: vendors by FourCC, languages by number of the track, and the luma's SHA-256."""
    with path.open("r+b") as file:
        position, length = _find_movie(file)
        file.seek(position)
        movie = bytearray(file.read(length))
        for number, track in enumerate(_inside(movie, slice(8, length), b"trak")):
            for entry in _inside(movie, track, b"mdia", b"minf", b"stbl", b"stsd"):
                _set_vendor(movie, entry.start + FIRST_ENTRY, vendors)
            for header in _inside(movie, track, b"mdia", b"mdhd"):
                _set_language(movie, header.start, languages.get(number, ""))
        blank = movie.find(LUMA_BLANK.encode())
        if blank >= 0:
            movie[blank : blank + len(LUMA_BLANK)] = luma_sha256.encode()
        file.seek(position)
        file.write(movie)


def _set_vendor(movie: bytearray, entry: int, vendors: Mapping[str, str]) -> None:
    vendor = vendors.get(movie[entry + 4 : entry + 8].decode("latin-1"))
    place = slice(entry + VENDOR_AT, entry + VENDOR_AT + 4)
    if vendor and movie[place] == WRITER_VENDOR:
        movie[place] = vendor.encode()


def _set_language(movie: bytearray, header: int, language: str) -> None:
    place = header + LANGUAGE_AT[movie[header]]
    if struct.unpack_from(">H", movie, place)[0] == NO_LANGUAGE:
        struct.pack_into(">H", movie, place, _packed(language))
