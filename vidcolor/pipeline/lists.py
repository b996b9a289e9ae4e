"""The shot lists in `plan/`, for people and editing programs. One that a person edited is never written over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from vidcolor.errors import VidcolorError
from vidcolor.hashes import sha256_of
from vidcolor.project.folder import Project
from vidcolor.project.records import decode
from vidcolor.shots.edl import edl_text
from vidcolor.shots.lists import csv_text, read_list
from vidcolor.shots.otio import otio_text
from vidcolor.types import Reel, Shot

Note = TypeVar("Note", bound=dict[str, Any])
LISTS: dict[str, Callable[[Sequence[Shot], Reel], str]] = {
    "plan/shots.csv": csv_text,
    "plan/shots.edl": edl_text,
    "plan/shots.otio": otio_text,
}
WRITTEN, WRITTEN_SCHEMA = "plan/lists.json", "vidcolor.lists/1"
"""SHA-256 of each list as the machine wrote it. Its text alone would not tell: it changes with the film's place,
timecode and name, and with the program."""


def all_lists(project: Project) -> bool:
    """Whether every list is there."""
    return all(project.has(name) for name in LISTS)


def write_lists(project: Project, reel: Reel, shots: Sequence[Shot], before: Sequence[Shot]) -> None:
    """The shots as lists; their timecodes are the reel's. Left as they are: the list in force, and those edited.

    before  the shots of the last plan: a list of these is the machine's too, whatever was noted of it
    """
    edited = {name for name in _edited(project, reel, shots) if not _holds(project, name, reel, before)}
    written = {}
    for name, text_of in LISTS.items():
        if name not in edited and not _in_force(project, name):
            project.write_text(name, text_of(shots, reel))
            written[name] = sha256_of(project.path(name))
    project.write_json(WRITTEN, WRITTEN_SCHEMA, {"written": written})


def lists_of(project: Project, reel: Reel, shots: Sequence[Shot]) -> list[str]:
    """Names of the lists that hold the plan as the machine writes it."""
    edited = set(_edited(project, reel, shots))
    return [name for name in LISTS if name not in edited and not _in_force(project, name)]


def listed_notes(project: Project, reel: Reel) -> tuple[str, ...]:
    """What to say of the list that the shots were taken from; nothing of one that has gone or changed since."""
    try:
        return read_list(project.shots_path, reel)[1] if project.shots_path else ()
    except VidcolorError:
        return ()


def edited_notes(project: Project, reel: Reel, shots: Sequence[Shot]) -> Iterator[str]:
    """What to say of each list that a person edited and nobody gave back."""
    for name in _edited(project, reel, shots):
        back = f"give it back with `--shots {project.path(name)}`, or delete it"
        yield f"{name} was edited, which changes nothing yet; {back}"


def _in_force(project: Project, name: str) -> bool:
    """Whether a list is the one that the project takes its shots from."""
    listed = project.shots_path
    return listed is not None and os.path.realpath(listed) == os.path.realpath(project.path(name))


def _edited(project: Project, reel: Reel, shots: Sequence[Shot]) -> Iterator[str]:
    """The lists that are neither in force nor as the machine wrote them, nor as it would write them now."""
    written = noted(project, WRITTEN, WRITTEN_SCHEMA, dict[str, str])
    for name in LISTS:
        if project.has(name) and not _in_force(project, name):
            same = sha256_of(project.path(name)) == written.get(name)
            if not same and not _holds(project, name, reel, shots):
                yield name


def noted(project: Project, page: str, schema: str, kind: type[Note]) -> Note:
    """What was noted of each list as it was written; nothing where the page is not to be read: then texts alone are
    compared."""
    try:
        written = project.read_json(page, schema).get("written") if project.has(page) else None
        found: Note = decode(written or {}, kind, str(project.path(page)))
    except VidcolorError:
        return kind()
    return found


def _holds(project: Project, name: str, reel: Reel, shots: Sequence[Shot]) -> bool:
    """Whether a list is, byte for byte, what the machine writes of these shots."""
    return holds(project.path(name), LISTS[name](shots, reel).encode("utf-8", "replace") if shots else b"")


def holds(path: Path, text: bytes) -> bool:
    """Whether a file is these very bytes."""
    return path.is_file() and path.stat().st_size == len(text) and path.read_bytes() == text
