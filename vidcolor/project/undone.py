"""Corrections that were taken back: they lie in `corrections/.undone`, where nothing reads them, until put back."""

from __future__ import annotations

import os
from pathlib import Path

from vidcolor.errors import CorrectionError
from vidcolor.project.corrections import DIGITS, FOLDER, NUMBER
from vidcolor.project.folder import Project

UNDONE = ".undone"


def take_back(project: Project, name: str = "") -> str:
    """Takes back the correction `name`, or the one that was numbered last; its name. Refuses what is not there."""
    there = {_name(file): file for file in _files(project.path(FOLDER))}
    name = name or max(there, key=_number, default="")
    if not name:
        raise CorrectionError("nothing to take back: there are no corrections; write one first")
    if name not in there:
        raise CorrectionError(f"{FOLDER}: no correction {name!r:.80}; `vidcolor corrections` lists them")
    folder = project.path(FOLDER, UNDONE)
    project.make_folder(folder)
    aside = folder / there[name]
    while os.path.lexists(aside):  # one of that name was taken back before
        aside = aside.with_name(f"{_name(aside.name)}-{aside.suffix}")
    os.replace(project.path(FOLDER, there[name]), aside)
    return name


def put_back(project: Project) -> str:
    """Puts back what was taken back last of those behind all corrections there are; its name now.

    Its number rises where another correction has it by now. Refuses where there is none.
    """
    there = {_name(file) for file in _files(project.path(FOLDER))}
    last = max((_number(name) for name in there), default=0)
    undone = [file for file in _files(project.path(FOLDER, UNDONE)) if _number(_name(file)) > last]
    if not undone:
        raise CorrectionError(
            "nothing to put back: nothing was taken back since the last correction; what was before it lies in "
            f"{FOLDER}/{UNDONE}"
        )
    file = min(undone, key=lambda file: (_number(_name(file)), -_changed(project, file)))
    name = _name(file).rstrip("-")
    if name in there:
        name = f"{last + 1:0{DIGITS}d}{name[name.index('-') :]}"
    os.replace(project.path(FOLDER, UNDONE, file), project.path(FOLDER, f"{name}{Path(file).suffix}"))
    return name


def _changed(project: Project, file: str) -> int:
    return os.lstat(project.path(FOLDER, UNDONE, file)).st_ctime_ns


def _files(folder: Path) -> list[str]:
    """Corrections' files and folders, by name."""
    names = os.listdir(folder) if folder.is_dir() else []
    return sorted(name for name in names if not name.startswith(".") and NUMBER.fullmatch(_name(name)))


def _name(file: str) -> str:
    return file.removesuffix(".toml")


def _number(name: str) -> int:
    found = NUMBER.fullmatch(name)
    return int(found[1]) if found else 0
