"""What is told of a delivery once it has its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidcolor.media.promise import Measured


@dataclass(frozen=True, slots=True)
class Written:
    """A delivery that has its final name."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    """Of the file; of a folder, of the list of its pictures' sums, as `sha256sum *` prints it."""
    frame_count: int
    luma_sha256: str
    """Of the luma planes handed over, in order; for a proxy, before they became 8 bits. Of pictures: as it decodes
    back."""
    sound: tuple[dict[str, str], ...] = ()
    """The tracks of sound: codec, what it was made `from` where it is no copy, and language and title."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What else went along, and what the container had no place for."""
    measured: Measured | None = None
    """Of pictures: what their luma is to the film's own."""
    pictures: tuple[str, str] | None = None
    """Names of the first picture and the last."""
