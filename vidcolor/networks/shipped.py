"""The files of the shipped networks, and what names their contents; loads no network and no torch."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from vidcolor.errors import WeightsError
from vidcolor.hashes import sha256_of

FOLDER = Path(__file__).parent / "weights"
NAMES = ("features", "things", "colorizer", "propagator", "proposer")
FILES = tuple(FOLDER / f"{name}.safetensors" for name in NAMES)
FEATURES, THINGS, COLORIZER, PROPAGATOR, PROPOSER = FILES


@cache
def mark_of(file: Path) -> str:
    """12 letters of a weights file's SHA-256, read once. Refuses a file that is not there."""
    try:
        return sha256_of(file)[:12]
    except OSError as error:
        raise WeightsError(f"{file}: cannot be read ({error.strerror}); install vidcolor again") from error
