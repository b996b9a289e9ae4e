"""A file gets its name when it is whole: it grows beside its place as `.NAME.partial`, and is moved there last."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PARTIAL = ".partial"


def partial_path(path: Path) -> Path:
    """Where a file grows until it is whole: a hidden one beside its place."""
    return path.with_name(f".{path.name}{PARTIAL}")


@contextmanager
def grown(path: Path) -> Iterator[Path]:
    """Where to write in the block what gets the name `path` when that ends well; otherwise it goes. Raises OSError."""
    partial = partial_path(path)
    try:
        yield partial
        os.replace(partial, path)
    finally:
        with suppress(OSError):
            partial.unlink()
