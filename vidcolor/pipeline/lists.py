"""The shot lists in `plan/`, for people and editing programs. One that a person edited is never written over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from vidcolor.project.folder import Project
from vidcolor.shots.edl import edl_text
from vidcolor.shots.lists import csv_text
from vidcolor.shots.otio import otio_text
from vidcolor.types import Reel, Shot

CSV = "plan/shots.csv"
LISTS: dict[str, Callable[[Sequence[Shot], Reel], str]] = {
    CSV: csv_text,
    "plan/shots.edl": edl_text,
    "plan/shots.otio": otio_text,
}


def write_lists(project: Project, reel: Reel, shots: Sequence[Shot], before: Sequence[Shot]) -> None:
    """The shots as lists; their timecodes are the reel's. Left as it is: the list in force, and an edited CSV.

    before  the shots of the last plan: a CSV that holds these, or today's, is the machine's
    """
    edited = _differs(project, reel, shots) and _differs(project, reel, before)
    for name, text_of in LISTS.items():
        if not _in_force(project, name) and not (edited and name == CSV):
            project.write_text(name, text_of(shots, reel))


def lists_of(project: Project, reel: Reel, shots: Sequence[Shot]) -> list[str]:
    """Names of the lists that hold the plan as the machine writes it."""
    return [
        name for name in LISTS if not (_in_force(project, name) or (name == CSV and _differs(project, reel, shots)))
    ]


def edited_note(project: Project, reel: Reel, shots: Sequence[Shot]) -> Iterator[str]:
    """What to say of a CSV that a person edited and nobody gave back; nothing otherwise."""
    if not _in_force(project, CSV) and _differs(project, reel, shots):
        back = f"give it back with `--shots {project.path(CSV)}`, or delete it"
        yield f"{CSV} was edited, which changes nothing yet; {back}"


def _in_force(project: Project, name: str) -> bool:
    """Whether a list is the one that the project takes its shots from."""
    listed = project.shots_path
    return listed is not None and os.path.realpath(listed) == os.path.realpath(project.path(name))


def _differs(project: Project, reel: Reel, shots: Sequence[Shot]) -> bool:
    """Whether there is a CSV that is not of these shots."""
    path, text = project.path(CSV), csv_text(shots, reel).encode()
    return path.is_file() and (path.stat().st_size != len(text) or path.read_bytes() != text)
