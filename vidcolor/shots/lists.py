"""Shot lists, in and out: EDL (`edl.py`, `edl_read.py`), OTIO (`otio.py`) and CSV (here); in alone FCP 7 XML
(`fcp7.py`), ALE and other tables of timecodes (`labelled.py`), OTIO bundles and AAF (`packed.py`). `rows.py` checks.

| list | shots and kinds | frames of transitions |
|---|---|---|
| .otio | exact | exact |
| .edl | exact, where a dissolve's shots meet in its middle (as stage 1 makes them) | the same |
| .csv | exact | exact; of a usual length where the list has no such columns or leaves them empty |
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from vidcolor.errors import InputError
from vidcolor.partial import grown
from vidcolor.shots.edl import edl_text
from vidcolor.shots.edl_read import read_edl
from vidcolor.shots.fcp7 import read_fcp7
from vidcolor.shots.labelled import is_labelled, read_ale, read_labelled
from vidcolor.shots.of_reel import rows_of_reel
from vidcolor.shots.otio import otio_text, read_otio
from vidcolor.shots.packed import LARGEST, text_of_aaf, text_of_otioz
from vidcolor.shots.rows import Listed, Row, shots_of, with_gaps
from vidcolor.types import Reel, Shot, TransitionKind

COLUMNS, TRANSITION = ("shot", "start", "stop", "entry"), ("transition_start", "transition_stop")
END = "end"
"""What the row is called that tells how the film fades out"""
TIMECODES, SCENES = "timecode list:", {"start frame": "start", "end frame": "stop"}
"""How the lists of PySceneDetect begin, and their columns"""
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How files begin that spreadsheets and Premiere write in 16 bits"""
EDITED = (".edl", ".otio", ".otioz", ".aaf", ".xml")
"""Lists of editing programs: a gap between their clips is black"""
FRAME_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
WHOLE = re.compile(r"(?<=\d)\.0{1,9}$")
"""How programs that know no whole numbers end them"""
SEPARATOR = re.compile(r"sep=([,;\t])", re.IGNORECASE)
KINDS: dict[str, TransitionKind] = {"": "cut", "cut": "cut", "dissolve": "dissolve", "fade": "fade"}


def read_shots(path: Path, reel: Reel) -> list[Shot]:
    """The reel's shots as the list at `path` has them; its suffix says how it is written.

    Refuses unknown suffixes, files too large or not text, lists that cannot be read, frames outside the film, gaps
    and overlaps, each with the place and the remedy.
    """
    return read_list(path, reel)[0]


def read_list(path: Path, reel: Reel) -> tuple[list[Shot], tuple[str, ...]]:
    """The reel's shots as `read_shots` gives them, and what a person should know of the list."""
    suffix = path.suffix.lower()
    reader = READERS.get(suffix)
    if reader is None:
        raise InputError(f"{path}: shot lists are {', '.join(READERS)}; this suffix is none of them")
    listed = reader(path, PACKED.get(suffix, _text)(path), reel)
    rows, others = rows_of_reel(path, listed.rows, reel)
    rows, gaps = with_gaps(path, rows, reel) if suffix in EDITED else (rows, ())
    return shots_of(path, reel, rows), (*listed.notes, *others, *gaps)


def write_shots(path: Path, shots: Sequence[Shot], reel: Reel) -> None:
    """Writes the shots to `path` in the form its suffix says, complete or not at all."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError(f"{path}: shot lists are {', '.join(WRITERS)}; this suffix is none of them")
    try:
        with grown(path) as partial:
            partial.write_bytes(writer(shots, reel).encode("utf-8", "replace"))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); free the disk or write elsewhere") from error


def _text(path: Path) -> str:
    """The file's text. Refuses what cannot be read, is too large, or is not text."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path}: larger than {LARGEST >> 20} MiB; this is not a shot list, give another file")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', error)}); check the name") from error
    if data[:2] in UTF16:
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise InputError(f"{path}: holds binary data; save the list as plain text (UTF-8)")
    # Old edit lists carry names in local code pages; only names can differ, and names are not used.
    return data.decode("utf-8-sig", "replace")


def csv_text(shots: Sequence[Shot], reel: Reel) -> str:
    """The shots as CSV, frames from 0, stops not included: `shot,start,stop,entry` and the frames of the entry.

    Where the film fades out, a last row without frames of its own says in which.
    """
    lines = [",".join(COLUMNS + TRANSITION)]
    for shot in shots:
        shared = shot.entry.frames
        ends = f"{shared.start},{shared.stop}" if shared else ","
        lines.append(f"{shot.id},{shot.frames.start},{shot.frames.stop},{shot.entry.kind},{ends}")
        if shot.exit:
            lines.append(f"{END},{shot.frames.stop},{shot.frames.stop},fade,{shot.exit.start},{shot.exit.stop}")
    return "\n".join(lines) + "\n"


def read_csv(path: Path, text: str, reel: Reel) -> Listed:
    """The shots of a CSV list, unchecked. Columns may stand in any order, more may stand beside them.

    A list of PySceneDetect's names first frames counted from 1 (older ones from 0) and, from 1 too, the last: that is
    the number behind it counted from 0. Refuses missing columns, numbers that are not whole, and entries that are not
    cut, dissolve or fade. The name in `shot` is not used: a shot is named by its first frame.
    """
    header, _, rest = text.partition("\n")
    if told := SEPARATOR.fullmatch(header.strip()):  # Excel's own first line
        text, header = f"\n{rest}", rest.partition("\n")[0]
    mark = told[1] if told else max(",;\t", key=header.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    rows: list[Row] = []
    columns: list[str] = []
    labels: list[tuple[str, Mapping[str, str]]] = []
    scenes = labelled = False
    try:
        for cells in table:
            place = f"line {table.line_num}"
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if not columns:
                if cells[0].lower() == TIMECODES:
                    continue
                columns = [SCENES.get(cell.lower(), cell.lower()) for cell in cells]
                labelled = is_labelled(columns)
                scenes = list(SCENES) == [cell.lower() for cell in cells if cell.lower() in SCENES]
                wanted = () if labelled else COLUMNS[1 : 3 if scenes else 4]
                if missing := [name for name in wanted if name not in columns]:
                    raise InputError(
                        f"{path}: {place}: no column {missing[0]!r}; the first line must be {','.join(COLUMNS)}"
                    )
                continue
            if labelled:
                labels.append((place, dict(zip(columns, [*cells, *("",) * len(columns)], strict=False))))
            else:
                rows.append(_csv_row(path, place, dict(zip(columns, cells, strict=False))))
    except csv.Error as error:
        raise InputError(f"{path}: line {table.line_num}: {error}; save the list as plain CSV") from error
    if labelled:
        return read_labelled(path, labels, reel)
    if scenes and rows and rows[0].start == 1:
        rows = [replace(row, start=row.start - 1) for row in rows]
    return Listed(_ended(rows, reel))


def _ended(rows: list[Row], reel: Reel) -> list[Row]:
    """The rows without the one that begins and stops where the film does, if it tells how the film fades out."""
    ends = [row for row in rows if row.start == row.stop == reel.frame_count and row.kind == "fade" and row.frames]
    rest = [row for row in rows if row not in ends]
    if len(ends) != 1 or not rest:
        return rows
    last = max(range(len(rest)), key=lambda at: rest[at].stop)
    rest[last] = replace(rest[last], leaves=ends[0].frames)
    return rest


def _csv_row(path: Path, place: str, cells: dict[str, str]) -> Row:
    numbers = []
    told = any(cells.get(name) for name in TRANSITION)
    for name in ("start", "stop", *(TRANSITION if told else ())):
        value = WHOLE.sub("", cells.get(name, ""))
        if not FRAME_NUMBER.fullmatch(value):
            raise InputError(f"{path}: {place}: {name} {value[:40]!r} is not a frame number; write a whole number")
        numbers.append(int(value))
    entry = cells.get("entry", "").lower()
    if entry not in KINDS:
        raise InputError(f"{path}: {place}: entry {entry[:40]!r} is not one of cut, dissolve, fade")
    return Row(place, numbers[0], numbers[1], KINDS[entry], (numbers[2], numbers[3]) if told else None)


PACKED: dict[str, Callable[[Path], str]] = {".otioz": text_of_otioz, ".aaf": text_of_aaf}
READERS: dict[str, Callable[[Path, str, Reel], Listed]] = {
    ".edl": read_edl,
    ".otio": read_otio,
    ".otioz": read_otio,
    ".aaf": read_otio,
    ".ale": read_ale,
    ".csv": read_csv,
    ".xml": read_fcp7,
}
WRITERS: dict[str, Callable[[Sequence[Shot], Reel], str]] = {".edl": edl_text, ".otio": otio_text, ".csv": csv_text}
