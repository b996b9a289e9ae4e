"""The pixel aspect of a Matroska film, put into the finished file: nothing changes length or place.

PyAV has no way to tell FFmpeg's Matroska writer the pixel aspect. So the picture track is given a name, and the
display size takes its room afterwards.

Source: RFC 9559, section 5.1.4 (DisplayWidth, DisplayHeight); RFC 8794, section 11.3.1 (CRC-32).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from vidcolor.errors import MediaError

ROOM = "_aspect"
"""The name whose place is taken: with its head of three bytes as long as the two elements of the display size."""
HEAD = 1 << 16
"""The tracks are described within this many bytes of the file's head."""
DISPLAY_UNIT = 0x54B2
"""FFmpeg writes `unknown`, and readers then leave the display size alone."""
PIXELS = 0
SEGMENT, TRACKS, TRACK, VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
NAME, CRC = 0x536E, 0xBF
DISPLAY_WIDTH, DISPLAY_HEIGHT = b"\x54\xb0\x82", b"\x54\xba\x82"
LARGEST = 0xFFFF
CRC_LENGTH = 6


def _number(data: bytes | bytearray, place: int, *, marked: bool) -> tuple[int, int]:
    """(value, length) of the EBML number at `place`, with or without its length mark."""
    length = 9 - data[place].bit_length()
    value = int.from_bytes(data[place : place + length], "big")
    return (value if marked else value & ((1 << 7 * length) - 1)), length


def _elements(data: bytes | bytearray, start: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """(id, head, contents, end) of each element between two places."""
    place = start
    while place < stop and data[place]:
        kind, length = _number(data, place, marked=True)
        size, more = _number(data, place + length, marked=False)
        contents = place + length + more
        yield kind, place, contents, contents + size
        place = contents + size


def _first(data: bytes | bytearray, kind: int, start: int, stop: int) -> tuple[int, int, int]:
    for found, head, contents, end in _elements(data, start, stop):
        if found == kind:
            return head, contents, end
    raise MediaError("the pixel aspect could not be written into the Matroska file; name the delivery .mov instead")


def display_size(size: tuple[int, int], pixel_aspect: Fraction) -> tuple[int, int]:
    """(width, height) in the exact shape of the shown picture, about as high as `size`."""
    shape = Fraction(size[1], size[0]) * pixel_aspect
    times = max(1, round(size[0] / shape.denominator))
    return shape.numerator * times, shape.denominator * times


def set_display_size(path: Path, size: tuple[int, int], pixel_aspect: Fraction) -> None:
    """Writes the pixel aspect into the film at `path`, whose first track is named `ROOM`."""
    width, height = display_size(size, pixel_aspect)
    if max(width, height) > LARGEST:
        raise MediaError(
            f"{path}: Matroska cannot hold a pixel aspect of {pixel_aspect}; name the delivery .mov instead"
        )
    with path.open("r+b") as file:
        data = bytearray(file.read(HEAD))
        _, segment, _ = _first(data, SEGMENT, 0, len(data))
        _, tracks, tracks_end = _first(data, TRACKS, segment, len(data))
        _, track, track_end = _first(data, TRACK, tracks, tracks_end)
        name, _, name_end = _first(data, NAME, track, track_end)
        video, inside, video_end = _first(data, VIDEO, track, track_end)
        added = DISPLAY_WIDTH + struct.pack(">H", width) + DISPLAY_HEIGHT + struct.pack(">H", height)
        _, unit, _ = _first(data, DISPLAY_UNIT, inside, video_end)
        data[unit] = PIXELS
        grown = _grown(bytes(data[video:video_end]), inside - video, added)
        for start, stop, new in sorted([(name, name_end, b""), (video, video_end, grown)], reverse=True):
            data[start:stop] = new
        if data[tracks] == CRC:
            checked = bytes(data[tracks + CRC_LENGTH : tracks_end])
            data[tracks + 2 : tracks + CRC_LENGTH] = struct.pack("<I", zlib.crc32(checked))
        file.seek(0)
        file.write(data)


def _grown(element: bytes, head: int, added: bytes) -> bytes:
    """`element` with `added` at its end, and its size, as many bytes long as before, put right."""
    _, length = _number(element, 0, marked=True)
    width = head - length
    size = len(element) - head + len(added)
    marked = (size | 1 << 7 * width).to_bytes(width, "big")
    return element[:length] + marked + element[head:] + added
