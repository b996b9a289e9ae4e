"""What names a file's or a folder's content: SHA-256 over all bytes. The one place that reads a file for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's bytes, 64 hexadecimal digits. Raises OSError for what cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_list(sums: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of (name, SHA-256) pairs in their order, as a list that `sha256sum` prints."""
    digest = hashlib.sha256()
    for name, sha256 in sums:
        digest.update(f"{sha256}  {name}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def sha256_of_any(path: Path) -> str:
    """SHA-256 of a file; of a folder, that of the list of its files' sums, in the order of their names."""
    if not path.is_dir():
        return sha256_of(path)
    files = sorted(path.iterdir())
    return sha256_of_list((file.name, sha256_of(file) if file.is_file() else "") for file in files)
