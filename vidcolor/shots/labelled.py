"""Tables with timecodes: Avid's log exchange (.ale), Resolve's edit index and Premiere's markers as CSV.

Each row is read as an event of an edit list would be, so the film's own reel, its drop-frame labels and upper tracks
are found in the same way. Clips of an ALE are those of the film: their Start and End are its timecode.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vidcolor.errors import InputError
from vidcolor.shots.edl_read import Line, event_line, read_lines
from vidcolor.shots.rows import Listed
from vidcolor.timeline import TIMECODE
from vidcolor.types import Reel

INDEX = ("record in", "record out")
"""Columns of an edit index; `v` beside them is the track."""
MARKERS = ("marker name", "in")
FPS = "FPS"


def read_ale(path: Path, text: str, reel: Reel) -> Listed:
    """The clips of an ALE as shots, unchecked. Refuses what is none, another rate, and clips without timecode."""
    lines = text.splitlines()
    heading = {name.strip().upper(): at for at, name in enumerate(lines) if "\t" not in name and name.strip()}
    if not {"HEADING", "COLUMN", "DATA"} <= set(heading):
        raise InputError(f"{path}: no Avid log exchange (it has Heading, Column and Data); export it again")
    for line in lines[heading["HEADING"] : heading["COLUMN"]]:
        name, _, value = line.partition("\t")
        if name.strip().upper() == FPS:
            _check_rate(path, value.strip(), reel)
    columns = [name.strip().lower() for name in _cells(lines, heading["COLUMN"])]
    if not {"start", "end"} <= set(columns):
        raise InputError(f"{path}: has no columns Start and End; export them with the clips")
    found = []
    for at in range(heading["DATA"] + 1, len(lines)):
        if lines[at].strip():
            row = dict(zip(columns, (cell.strip() for cell in lines[at].split("\t")), strict=False))
            found.append(
                _line(path, f"line {at + 1}", row.get("tracks") or "V", row.get("start", ""), row.get("end", ""))
            )
    return read_lines(path, found, reel)


def _cells(lines: list[str], heading: int) -> list[str]:
    """The first line behind a heading that holds something, cell by cell."""
    return next((line.split("\t") for line in lines[heading + 1 :] if line.strip()), [])


def _check_rate(path: Path, written: str, reel: Reel) -> None:
    try:
        base = round(float(written))
    except (ValueError, OverflowError):
        return
    if base != reel.rate.base:
        raise InputError(
            f"{path}: counts {written:.20} frames a second, but the film runs at {reel.rate}; export it at {reel.rate}"
        )


def is_labelled(columns: list[str]) -> bool:
    """Whether a CSV with these columns, in small letters, is an edit index or a list of markers."""
    return set(columns) >= set(INDEX) or set(columns) >= set(MARKERS)


def read_labelled(path: Path, rows: list[tuple[str, Mapping[str, str]]], reel: Reel) -> Listed:
    """The shots of an edit index, or those that begin at markers, unchecked.

    rows    (place, cells by column)
    """
    if rows and set(INDEX) <= set(rows[0][1]):
        found = [_line(path, place, row.get("v") or "V", *(row[name] for name in INDEX)) for place, row in rows]
        return read_lines(path, found, reel)
    return read_lines(path, [_line(path, place, "V", row["in"], row["in"]) for place, row in rows], reel, points=True)


def _line(path: Path, place: str, track: str, start: str, stop: str) -> Line:
    for label in (start, stop):
        if not TIMECODE.fullmatch(label.replace(";", ":")):
            raise InputError(f"{path}: {place}: {label[:40]!r} is no timecode; write HH:MM:SS:FF")
    line = event_line(place, track, start, stop)
    if line is None:
        raise InputError(f"{path}: {place}: track {track[:40]!r} is neither picture (V) nor sound (A)")
    return line
