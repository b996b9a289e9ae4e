"""A quick hash of a reel, for who looks at it once: SHA-256 over the length and samples.

A changed trim, grade or encode changes it; a single bit flipped between two samples does not. A project's plan, whose
work hangs on the film for long, hashes all of it (`whole.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from vidcolor.errors import MediaError

END = 1 << 20
"""Bytes read at each end of a film."""
PIECE, PIECES = 1 << 16, 30
"""Bytes of a sample, and samples between the ends of a film."""
PICTURES = 64
"""Pictures of a sequence whose bytes are sampled; of the others the name and length count."""


def hash_film(path: Path) -> str:
    """SHA-256, in hex, over the file's length, its first and last megabyte and samples between."""
    digest = hashlib.sha256()
    try:
        size = path.stat().st_size
        digest.update(size.to_bytes(8, "little"))
        with path.open("rb") as file:
            digest.update(file.read(END))
            for piece in range(1, PIECES + 1):
                start = size * piece // (PIECES + 1)
                if END <= start < size - END:
                    file.seek(start)
                    digest.update(file.read(PIECE))
            file.seek(max(0, size - END))
            digest.update(file.read(END))
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); check the disk and permissions") from error
    return digest.hexdigest()


def hash_sequence(pictures: Sequence[Path]) -> str:
    """SHA-256, in hex, over every picture's name and length and the first bytes of some."""
    digest = hashlib.sha256()
    sampled = {k * len(pictures) // PICTURES for k in range(PICTURES)}
    for place, path in enumerate(pictures):
        try:
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            if place in sampled:
                with path.open("rb") as file:
                    digest.update(file.read(PIECE))
                    file.seek(max(0, path.stat().st_size - PIECE))
                    digest.update(file.read(PIECE))
        except OSError as error:
            raise MediaError(f"{path}: cannot be read ({error.strerror}); check the disk and permissions") from error
    return digest.hexdigest()
