"""FFV1's checksums, slice by slice: FFmpeg's decoder passes over a wrong one without a word.

Each slice ends with its length (3 bytes), a status byte and a CRC-32 over all of it, so that the CRC of the whole is
zero. Streams without checksums have the length alone.

Source: RFC 9043, sections 4.9 (Slice Footer) and 4.9.3 (slice_crc_parity).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

FOOTER, LENGTH = 8, 3
"""Bytes behind a slice's data where there are checksums; those of its length."""
MIRRORED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
"""zlib counts bits from the other end: of mirrored bytes it gives the mirrored CRC, and zero is zero either way."""
START = 0xFFFFFFFF
"""zlib turns its register over at both ends; FFV1's begins at zero."""


def _slices(data: bytes) -> list[bytes]:
    """The slices of a picture with checksums, the last first; empty where their lengths do not add up."""
    found = []
    end = len(data)
    while end >= FOOTER:
        length = int.from_bytes(data[end - FOOTER : end - FOOTER + LENGTH], "big") + FOOTER
        if length > end:
            return []
        found.append(data[end - length : end])
        end -= length
    return found if end == 0 else []


def _fails(piece: bytes) -> bool:
    return zlib.crc32(piece.translate(MIRRORED), START) != START


def has_checksums(pictures: Iterable[Any]) -> bool:
    """Whether some of the first packets of a film show that its slices have checksums."""
    return any(not all(_fails(piece) for piece in _slices(bytes(picture))) for picture in pictures if picture.size)


def flaw(packet: Any) -> str:
    """What is wrong with a picture whose slices have checksums, in words; empty where nothing is."""
    slices = _slices(bytes(packet))
    if not slices:
        return "its slices do not add up"
    failing = sum(_fails(piece) for piece in slices)
    return f"{failing} of its {len(slices)} slices fail their checksum" if failing else ""
