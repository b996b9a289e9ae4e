"""Renders of a shot: found by fingerprint, numbered in the order they were made, never overwritten.

A version is made in a hidden folder and renamed when it is whole, so an unfinished one is never seen; the next
render goes on with it, or sweeps it away. A whole one keeps the hashes of the colours in it, so that damage is not
delivered.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.errors import ProjectError
from vidcolor.hashes import sha256_of
from vidcolor.project.fingerprint import Ingredients, Value, fingerprint, is_of
from vidcolor.project.folder import Project, remove_tree

MADE = "made.json"
MADE_SCHEMA = "vidcolor.made/1"
REPORT = "report.json"
REPORT_SCHEMA = "vidcolor.report/1"
CHROMA = "chroma.avi"
STILL = "still.jpg"
"""A picture of the shot in its colours, for people."""
STORES = "**/[!.]*.avi"
"""The files of colours in a version's folder; hidden ones are unfinished."""
NAME = re.compile(r"v(\d{3,6})")
PARTIAL = ".partial"
UNFINISHED = re.compile(r"\.partial(?:-(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Version:
    """One whole render of one shot."""

    shot_id: str
    number: int
    path: Path
    fingerprint: str
    ingredients: Mapping[str, Value]
    stores: Mapping[str, str]
    """SHA-256 of each file of colours, by its name in the folder; empty for a version of older times."""
    proven: set[str] | None = None
    """Files that were summed before and were right: they are not summed again. Where it is None none are noted"""

    @property
    def name(self) -> str:
        return f"v{self.number:03d}"

    @property
    def seen(self) -> str:
        """A short hash of what it shows: what it was made of, and its colours to the byte."""
        return fingerprint({"made of": self.fingerprint, **self.stores})

    @property
    def chroma(self) -> Path:
        return self.path / CHROMA

    def checked(self, name: str) -> Path:
        """The file of colours called `name`, when its bytes are those that were rendered. Refuses any other.

        One whose hash is not known is taken as it is.
        """
        path, noted = self.path / name, self.stores.get(name)
        if noted is None or (self.proven is not None and name in self.proven):
            return path
        try:
            same = sha256_of(path) == noted
        except OSError as error:
            remedy = f"delete {self.path} and render again"
            raise ProjectError(f"{path}: cannot be read ({error.strerror or error}); {remedy}") from error
        if not same:
            raise ProjectError(f"{path}: damaged since it was rendered; delete {self.path} and render again")
        if self.proven is not None:
            self.proven.add(name)
        return path


def still_name(frame: int) -> str:
    """The small still of a frame, by its name in the version's folder; versions keep stills of some frames."""
    return f"stills/{frame:06d}.jpg"


def versions_of(project: Project, shot_id: str) -> Iterator[Version]:
    """The whole versions of a shot, newest first, each read when asked for. Refuses damaged ones by name."""
    names = project.versions_in(shot_id)
    for number in sorted((int(m[1]) for name in names if (m := NAME.fullmatch(name))), reverse=True):
        yield _read(project, shot_id, number)


def version_named(project: Project, shot_id: str, name: str) -> Version:
    """The version of a shot called `v002`, or `v2`. Refuses one that is not there, and names those that are."""
    there = list(versions_of(project, shot_id))
    number = re.fullmatch(r"v(\d{1,6})", name)
    for version in there:
        if number and version.number == int(number[1]):
            return version
    known = f"it has {', '.join(version.name for version in reversed(there))}" if there else "it was never rendered"
    raise ProjectError(f"{shot_id}: no version {name!r:.20}; {known}")


def read_report(project: Project, version: Version) -> Mapping[str, Any]:
    """What the render of this version measured."""
    name = f"shots/{version.shot_id}/{version.name}"
    return project.read_packed(f"{name}/{REPORT}", REPORT_SCHEMA, whole=name)


def partial_name(lease: int) -> str:
    """The hidden folder of whoever holds the shot by the lease of this number: nobody else writes there."""
    return PARTIAL if lease == 1 else f"{PARTIAL}-{lease}"


def is_unfinished(name: str) -> bool:
    """Whether a folder of a shot is one that a version is, or was, made in."""
    return UNFINISHED.fullmatch(name) is not None


def take_unfinished(project: Project, shot_id: str, name: str) -> None:
    """What an earlier holder of the shot left unfinished gets the name of this one's hidden folder."""
    left = [(int(m[1] or 1), m[0]) for one in project.versions_in(shot_id) if (m := UNFINISHED.fullmatch(one))]
    *older, newest = [one for _, one in sorted(left)] or [name]
    for one in older:
        remove_tree(project.path("shots", shot_id, one))
    if newest != name:
        with suppress(FileNotFoundError):
            os.rename(project.path("shots", shot_id, newest), project.path("shots", shot_id, name))


def start_version(project: Project, shot_id: str, name: str) -> Path:
    """An empty hidden folder to make the next version in; what an earlier kill left there is swept."""
    folder = project.path("shots", shot_id, name)
    if folder.exists():
        remove_tree(folder)
    project.make_folder(folder)
    return folder


def finish_version(partial: Path, project: Project, ingredients: Ingredients, report: Mapping[str, Any]) -> Version:
    """Turns the hidden folder of `start_version` into the shot's next version.

    What it was made of, with the hash of each file of colours, is written last.
    """
    shot_id = partial.parent.name
    stores = {path.relative_to(partial).as_posix(): sha256_of(path) for path in sorted(partial.glob(STORES))}
    made = {"fingerprint": fingerprint(ingredients), "ingredients": ingredients, "stores": stores}
    project.write_json(f"shots/{shot_id}/{partial.name}/{REPORT}", REPORT_SCHEMA, report)
    project.write_json(f"shots/{shot_id}/{partial.name}/{MADE}", MADE_SCHEMA, made)
    taken = [int(m[1]) for p in partial.parent.iterdir() if (m := NAME.fullmatch(p.name))]
    number = max(taken, default=0) + 1
    final = partial.parent / f"v{number:03d}"
    os.replace(partial, final)
    return _read(project, shot_id, number)


def _read(project: Project, shot_id: str, number: int) -> Version:
    name = f"shots/{shot_id}/v{number:03d}"
    path = project.root / name
    data = project.read_json(f"{name}/{MADE}", MADE_SCHEMA, whole=name)
    mark, ingredients = data.get("fingerprint"), data.get("ingredients")
    if not isinstance(mark, str) or not isinstance(ingredients, dict) or not is_of(mark, ingredients):
        raise ProjectError(f"{path / MADE}: damaged; delete {path} and render again")
    if not os.path.isfile(f"{path}{os.sep}{CHROMA}"):
        raise ProjectError(f"{path}: its {CHROMA} is missing; delete {path} and render again")
    stores = data.get("stores", {})
    if not isinstance(stores, dict) or not all(isinstance(mark, str) for mark in stores.values()):
        raise ProjectError(f"{path / MADE}: damaged; delete {path} and render again")
    return Version(shot_id, number, path, mark, ingredients, stores)
