"""Just enough of OpenEXR to know a picture's size, and that none of it is missing.

FFmpeg shows the lines that a cut-short file lacks as black, and says nothing. Source: OpenEXR File Layout (1.7, 2.0).
"""

from __future__ import annotations

import struct
from pathlib import Path

from vidcolor.errors import MediaError

MAGIC = b"\x76\x2f\x31\x01"
OTHER_KINDS = 0x200 | 0x800 | 0x1000
"""Flags of tiled, deep and multi-part files: their table of chunks is not checked."""
LINES = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}
"""Lines in a chunk, by compression: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A, DWAA, DWAB."""
HEADER = 1 << 20
"""Bytes in which a header must end."""


def exr_size(path: Path) -> tuple[int, int] | None:
    """(height, width) of an EXR picture; None if the file is not one. Refuses damaged and cut-short files."""
    with path.open("rb") as file:
        head = file.read(HEADER)
        if head[:4] != MAGIC:
            return None
        try:
            attributes, table = _attributes(head)
            left, top, right, bottom = struct.unpack_from("<iiii", attributes["dataWindow"])
            (flags,) = struct.unpack_from("<I", head, 4)
            lines = LINES[attributes["compression"][0]]
            count = -(-(bottom - top + 1) // lines)
            if not flags & OTHER_KINDS and 0 < count <= len(head) // 8:
                offsets = struct.unpack_from(f"<{count}Q", head, table)
                file.seek(max(offsets) + 4)
                (length,) = struct.unpack("<I", file.read(4))
                if min(offsets) == 0 or max(offsets) + 8 + length > path.stat().st_size:
                    raise MediaError(f"{path}: the picture is damaged or cut short; copy it again from its source")
        except (struct.error, KeyError, ValueError, IndexError, OverflowError) as error:
            raise MediaError(f"{path}: the picture is damaged or cut short; copy it again from its source") from error
    return bottom - top + 1, right - left + 1


def _attributes(head: bytes) -> tuple[dict[str, bytes], int]:
    """(value of each attribute, where the table of chunks begins)"""
    found: dict[str, bytes] = {}
    place = 8
    while head[place] != 0:
        name_end = head.index(b"\0", place)
        kind_end = head.index(b"\0", name_end + 1)
        (size,) = struct.unpack_from("<I", head, kind_end + 1)
        start = kind_end + 5
        found[head[place:name_end].decode("latin-1")] = head[start : start + size]
        place = start + size
    return found, place + 1
