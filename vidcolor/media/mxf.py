"""What FFmpeg's MXF writer leaves open, put into the finished file, and what MXF cannot hold.

- Package identifiers (UMIDs): FFmpeg's are random, or zero where the same frames shall give the same bytes. Avid links
  media by them, so two films of one identifier would be taken for one: here they come from the film's content.
- FFmpeg knows the rates of SMPTE 379's content packages alone.
"""

from __future__ import annotations

import mmap
from fractions import Fraction
from pathlib import Path

UMID = bytes.fromhex("060a2b340101010501010d0013") + bytes(3)
"""How each basic UMID begins that FFmpeg writes (SMPTE 330M): label, length, and no instance."""
MATERIAL = 15
"""Bytes of the material number that follow; the last, behind them, tells the packages of one file apart."""
RATES = frozenset(
    map(Fraction, ["24", "25", "30", "48", "50", "60", "24000/1001", "30000/1001", "48000/1001", "60000/1001"])
)
"""Frames a second that FFmpeg's writer takes."""


def set_package_ids(path: Path, sha256: str) -> None:
    """Puts the head of `sha256` into every UMID of the MXF at `path` that is zero; nothing changes length or place."""
    material = bytes.fromhex(sha256)[:MATERIAL]
    blank = UMID + bytes(MATERIAL)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as bytes_of:
        place = bytes_of.find(blank)
        while place >= 0:
            bytes_of[place + len(UMID) : place + len(blank)] = material
            place = bytes_of.find(blank, place + len(blank))
        bytes_of.flush()
