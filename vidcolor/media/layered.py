"""What image editors write in layers, as one picture with alpha: Photoshop (PSD, PSB) and OpenRaster (ORA).

Of either the picture of all visible layers together is read, which the editor puts into the file: in a PSD if it was
saved for compatibility, in an ORA always (`mergedimage.png`, by its specification).
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from vidcolor.errors import MediaError

ZIP, PHOTOSHOP = b"PK\x03\x04", b"8BPS"
MERGED = "mergedimage.png"
LARGEST = 1 << 30
"""Bytes of a merged picture beyond which a file is none of ours: a small zip can ask for any amount."""
BROKEN = (zipfile.BadZipFile, KeyError, OSError, RuntimeError, NotImplementedError, ValueError, EOFError)
"""What a damaged or locked zip may end in."""


def kind_of(path: Path) -> str:
    """`psd`, `ora`, or empty for a file of another kind, by how it begins. Refuses what cannot be opened."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise MediaError(f"{path}: cannot be opened ({error.strerror}); check the path and permissions") from error
    return {PHOTOSHOP: "psd", ZIP: "ora"}.get(head, "")


def merged_png(path: Path) -> bytes:
    """The picture of an OpenRaster file's layers together, as PNG. Refuses damage, and other zips."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MERGED).file_size <= LARGEST:
                return archive.read(MERGED)
    except BROKEN as error:
        raise MediaError(f"{path}: no OpenRaster picture, or a damaged one ({error}); export it as PNG") from error
    raise MediaError(f"{path}: its {MERGED} is larger than {LARGEST >> 20} MiB; export it as PNG")
