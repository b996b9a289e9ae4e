"""Where a measurement is written: refused before the work what could not be written after it, then written whole.

Only what `vidcolor measure` wrote is replaced: a file of the same name that it did not write is somebody's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidcolor.errors import MediaError
from vidcolor.media.place import told, write_text
from vidcolor.research.measure.document import CSV_START, SCHEMA_START, as_csv, as_json
from vidcolor.research.measure.measurement import Measurement
from vidcolor.research.measure.page import MARK, as_page

PAGE = "index.html"
HEAD = 4096
"""Bytes in which a file of ours says so."""
Written = tuple[str, Path, str, Callable[[Measurement], str]]
"""Option, file, what a file of ours holds at its head, and how it is made."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files asked for."""

    json: Path | None = None
    csv: Path | None = None
    report: Path | None = None
    """A folder, made if missing; the page in it is `index.html`."""

    def _wanted(self) -> Iterator[Written]:
        if self.json:
            yield "--json", self.json, SCHEMA_START, as_json
        if self.csv:
            yield "--csv", self.csv, CSV_START, as_csv
        if self.report:
            yield "--report", self.report / PAGE, MARK, as_page

    def check(self, inputs: Sequence[Path]) -> None:
        """Refuses places that cannot be written to, files of other making, and the films themselves."""
        if self.report and self.report.exists() and not self.report.is_dir():
            raise MediaError(f"{self.report}: is a file; --report makes a folder, name another")
        taken: set[Path] = {path.absolute() for path in inputs}
        for option, path, mark, _ in self._wanted():
            if path.absolute() in taken:
                raise MediaError(f"{path}: is named twice; give {option} another name")
            taken.add(path.absolute())
            if path.is_dir():
                raise MediaError(f"{path}: is a folder; name a file in it with {option}")
            if path.exists() and not _is_ours(path, mark):
                raise MediaError(f"{path}: is there, and not by vidcolor measure; choose another place with {option}")
            _check_folder(path.parent, option, made=option == "--report")

    def write(self, found: Measurement) -> list[Path]:
        """Writes what was asked for, each file whole or not at all; answers with their paths."""
        written = []
        for option, path, _, make in self._wanted():
            if option == "--report":
                with told(path, option):
                    path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, make(found), option)
            written.append(path)
        return written


def _check_folder(folder: Path, option: str, *, made: bool) -> None:
    while made and not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise MediaError(f"{folder}: no such folder; make it first, or choose another place with {option}")
    if not os.access(folder, os.W_OK):
        raise MediaError(f"{folder}: cannot be written to; choose another place with {option}")


def _is_ours(path: Path, mark: str) -> bool:
    """Whether the file holds our mark near its head; an empty one is anybody's."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); choose another name") from error
    return not head or mark.encode() in head
