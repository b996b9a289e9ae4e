"""Spoilt scans, pictures and lists are read, or refused in one line that names the file: no traceback, no hang.

The files are those of `tools/fuzz.py`, which goes on for as long as one likes; what it found is here by its number.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import fuzz

FOUND = [
    ("exr", 16),  # OpenImageIO hands on bytes of the file in its message
    ("edl", 271),  # four thousand letters where a channel stands
]
COUNT = 40
SECONDS = 30
"""Of processor, for what takes far less than one."""


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Ends a test that computes for ever."""

    def stop(number: int, frame: object) -> None:
        pytest.fail("hangs")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize(("kind", "number"), FOUND)
def test_what_was_found_is_mended(tmp_path, kind, number):
    path = tmp_path / f"spoilt.{kind}"
    path.write_bytes(fuzz.spoilt(kind, number, fuzz.seeds(kind)))
    assert fuzz.outcome(kind, path) in ("read", "refused")


@pytest.mark.parametrize(
    "kind", ["dpx", "exr", "edl", "xml", "otio", "psd", "csv", "ale", "index", "otioz", "heic", "mov"]
)
def test_spoilt_files_are_read_or_refused(tmp_path, kind):
    whole, path = fuzz.seeds(kind), tmp_path / f"spoilt.{fuzz.SUFFIXES.get(kind, kind)}"
    path.write_bytes(whole[0])
    assert fuzz.outcome(kind, path) == ("refused" if kind == "heic" else "read")
    wrong = {}
    for number in range(COUNT):
        path.write_bytes(fuzz.spoilt(kind, number, whole))
        if (found := fuzz.outcome(kind, path)) not in ("read", "refused"):
            wrong[number] = found
    assert not wrong
