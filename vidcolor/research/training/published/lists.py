"""The list of a training set: pictures, objects in them, and which others each may take its colours from.

- One JSON file, pairs.json, in a folder of its own; masks made from it lie beside, in masks/. Pictures stay where they
  are: the list names their folder, relative to its own, and each picture relative to that.
- Two tables: whole scenes, and objects. References are numbers of rows of the same table.
- Nothing in a list can name a file outside its folders.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from vidcolor.errors import InputError

SCHEMA = "vidcolor.pairs/1"
FILE = "pairs.json"
REMEDY = "make it again with tools/prepare_dataset.py"


@dataclass(frozen=True, slots=True)
class Entry:
    """A scene, or an object in one."""

    picture: str
    """Its file, below the folder of pictures."""
    held: bool
    """Held out: never trained on, never a reference."""
    like: tuple[int, ...] = ()
    """Rows of the same table that look most alike, the nearest first."""
    same: tuple[int, ...] = ()
    """Rows drawn at random of the same class (objects)."""
    name: str = ""
    """Its class (objects)."""
    box: tuple[int, int, int, int] | None = None
    """x, y, width and height in the picture (objects)."""
    share: float = 1.0
    """Of the picture that it covers."""
    mask: str | None = None
    """Its mask's file, below the list's folder (objects)."""


@dataclass(frozen=True, slots=True)
class PairList:
    """A training set."""

    folder: Path
    """Of the list and its masks."""
    pictures: Path
    """Folder of the pictures."""
    weights: Path | None
    """Folder of published weights that training may start from."""
    scenes: tuple[Entry, ...]
    objects: tuple[Entry, ...]
    how: str = ""
    """How references were ranked."""

    def picture(self, entry: Entry) -> Path:
        """The entry's picture."""
        return self.pictures / entry.picture

    def mask(self, entry: Entry) -> Path:
        """The entry's mask. Refuses entries that have none."""
        if entry.mask is None:
            raise InputError(f"{self.folder / FILE}: {entry.picture} has no mask; prepare the set with masks")
        return self.folder / entry.mask


def write_list(listed: PairList) -> Path:
    """Writes the list into its folder, whole or not at all; answers its path."""
    told = {
        "schema": SCHEMA,
        "how": listed.how,
        "pictures": os.path.relpath(listed.pictures.resolve(), listed.folder.resolve()),
        "weights": listed.weights and os.path.relpath(listed.weights.resolve(), listed.folder.resolve()),
        "scenes": [_row(entry) for entry in listed.scenes],
        "objects": [_row(entry) for entry in listed.objects],
    }
    path = listed.folder / FILE
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(told, indent=0), encoding="utf-8")
    os.replace(beside, path)
    return path


def read_list(folder: Path) -> PairList:
    """The list in a folder. Refuses what is no list, rows that do not fit it, and paths that climb out."""
    path = folder / FILE
    told = read_json(path, REMEDY)
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        raise InputError(f"{path}: not a list of pairs ({SCHEMA}); {REMEDY}")
    pictures, weights = told.get("pictures"), told.get("weights")
    if not isinstance(pictures, str) or not isinstance(weights, str | None):
        raise InputError(f"{path}: its folders are not named as text; {REMEDY}")
    scenes, objects = (
        tuple(_entry(row, f"{path}: {table} {n}") for n, row in enumerate(_rows(told, table, path)))
        for table in ("scenes", "objects")
    )
    for table, entries in (("scenes", scenes), ("objects", objects)):
        for n, entry in enumerate(entries):
            if any(not 0 <= k < len(entries) for k in (*entry.like, *entry.same)):
                raise InputError(f"{path}: {table} {n} refers to a row that is not there; {REMEDY}")
    where = folder / weights if weights is not None else None
    return PairList(folder, folder / pictures, where, scenes, objects, str(told.get("how", "")))


def read_json(path: Path, remedy: str) -> Any:
    """What a JSON file says. Refuses files that cannot be read, or are no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}); {remedy}") from error


def below(name: Any, what: str) -> str:
    """A relative path that stays below its folder. Refuses others; `what` begins the refusal."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise InputError(f"{what}: a file name is needed, not {name!r}; mend it")
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        raise InputError(f"{what}: {name!r} leads out of its folder; name files below it")
    return name


def _row(entry: Entry) -> dict[str, Any]:
    """What is not as by default."""
    empty = asdict(Entry("", False))
    return {k: v for k, v in asdict(entry).items() if k in ("picture", "held") or v != empty[k]}


def _rows(told: dict, table: str, path: Path) -> list:
    rows = told.get(table)
    if not isinstance(rows, list):
        raise InputError(f"{path}: no table of {table}; {REMEDY}")
    return rows


def _entry(row: Any, what: str) -> Entry:
    try:
        told: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        made = Entry(**told)
    except (TypeError, AttributeError) as error:
        raise InputError(f"{what}: not a row of the list ({error}); {REMEDY}") from error
    below(made.picture, what)
    if made.mask is not None:
        below(made.mask, what)
    for field, fits in CHECKS.items():
        if not fits(getattr(made, field)):
            raise InputError(f"{what}: its {field} does not fit; {REMEDY}")
    return made


def _whole(values: Any) -> bool:
    return isinstance(values, tuple) and all(type(value) is int for value in values)


CHECKS: dict[str, Callable[[Any], bool]] = {
    "held": lambda value: isinstance(value, bool),
    "like": _whole,
    "same": _whole,
    "name": lambda value: isinstance(value, str),
    "box": lambda value: value is None or (_whole(value) and len(value) == 4 and min(value) >= 0 and min(value[2:])),
    "share": lambda value: isinstance(value, int | float) and 0 <= value <= 1,
}
"""What each field of a row has to be."""
