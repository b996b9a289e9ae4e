"""The corrections folder: people's decisions, a small file each, read strictly. Deleting the file undoes it.

`corrections/NNNN-kind-place.toml`, or a folder of such a name that holds `correction.toml` and its pictures. Names are
free, and corrections count in the order of their names. What cannot be used is left out, and one line says what mends
it: the rest of the film goes on.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vidcolor.checked import MisfitError, plain, suggestion
from vidcolor.errors import CorrectionError, InputError, ProjectError, SettingsError, VidcolorError
from vidcolor.project.config import toml_text
from vidcolor.project.fingerprint import fingerprint
from vidcolor.project.folder import Project, remove_tree
from vidcolor.project.kinds import (
    KINDS,
    LAYERS,
    ROLES,
    UNCOUNTED,
    Hint,
    Neutral,
    Note,
    Region,
    Said,
    Scribble,
    check_said,
)
from vidcolor.project.palette import CODE, named_color, read_palette
from vidcolor.settings import read_toml
from vidcolor.timeline import TIMECODE, FrameRange, parse_timecode
from vidcolor.types import Reel

FOLDER, PAGE = "corrections", "correction.toml"
LARGEST, MOST = 64 << 10, 10_000
"""Bytes of one correction, and how many of them a film may have."""
NUMBER = re.compile(r"(\d{1,6})-.*")
DIGITS = 4
MOST_DIGITS = 12
Hashed = Callable[[str, Path], Mapping[str, str]]
"""(name, path) to a file's size and time (`file`) and its SHA-256 (`hash`)."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction that reads as one."""

    name: str
    """`0007-paint-r1-001203`: its file without the suffix, or its folder."""
    said: Said
    frame: int
    files: Mapping[str, str]
    """Role (`paint`, `mask`) to the file's name: below the project folder with its room (`corrections/...`), below the
    references folder without."""
    mark: str
    """Hash of all of it that colours are made of."""
    named: str = ""
    """The name of its colour in the palette, where it gave one."""
    last: int = -1
    """The last frame that a note is of; -1 where it is of `frame` alone."""

    @property
    def kind(self) -> str:
        return self.said.kind

    @property
    def frames(self) -> FrameRange:
        """The frames that it names."""
        return FrameRange(self.frame, max(self.frame, self.last) + 1)

    @property
    def spreads(self) -> bool:
        """Whether it is a point or strokes, that the things they lie on are filled from."""
        at_point = isinstance(self.said, Hint | Neutral) and self.said.at is not None
        return at_point or isinstance(self.said, Scribble)

    @property
    def is_layer(self) -> bool:
        """Whether it is laid over the colours that the shot has without it."""
        return self.kind in LAYERS or (isinstance(self.said, Region) and self.said.color is not None)

    @property
    def ingredient(self) -> str:
        """What a shot's colours are made of, of it."""
        return f"{self.kind} {self.mark}"

    @property
    def place(self) -> str:
        """`corrections/0007-paint-r1-001203`; a picture of the references folder of which a part counts: that."""
        return self.name if "/" in self.name else f"{FOLDER}/{self.name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one correction is left out."""

    name: str
    place: str
    """Its file or folder, relative to the project folder"""
    what: str
    """What is wrong, its frame in front; with a remedy, where one does not lie in the correction itself"""
    remedy: str = ""
    """What mends the correction's own file; empty where `what` says all"""

    @property
    def line(self) -> str:
        """All of it, for people."""
        return "; ".join(filter(None, (f"{self.place}: {self.what}", self.remedy)))


class UnusableError(CorrectionError):
    """A correction that cannot be used: `what` is wrong, and the `remedy` in its own file."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__("; ".join(filter(None, (what, remedy))))
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, slots=True)
class Corrections:
    """The corrections folder as it was read."""

    good: tuple[Correction, ...] = ()
    """In the order of their names"""
    problems: tuple[Problem, ...] = ()
    files: Mapping[str, Mapping[str, str]] | None = None
    """Size, time and hash of every file that they name, by its name"""


def problem(correction: Correction, what: str, remedy: str = "") -> Problem:
    """What is wrong with a correction that reads as one, and what mends it there."""
    return Problem(correction.name, correction.place, f"frame {correction.frame}: {what}", remedy)


def read_corrections(project: Project, reel: Reel, hashed: Hashed) -> Corrections:
    """What the corrections folder says of the reel. Refuses nothing: what cannot be used is among the problems."""
    good, bad = [], []
    files: dict[str, Mapping[str, str]] = {}
    for name, page in _pages(project):
        try:
            found, used = _read(project, reel, name, page, hashed)
        except UnusableError as error:
            bad.append(Problem(name, page, error.what, error.remedy))
        else:
            good.append(found)
            files |= used
    return Corrections(tuple(good), tuple(bad), files)


def next_name(project: Project, kind: str, frame: int) -> str:
    """`0008-cut-r1-000134`: a name that comes behind those there are."""
    numbers = [int(m[1]) for name, _ in _pages(project) if (m := NUMBER.fullmatch(name))]
    return f"{max(numbers, default=0) + 1:0{DIGITS}d}-{kind}-{project.reel_name}-{frame:06d}"


def write_correction(
    project: Project, kind: str, frame: int, entries: Mapping[str, Any], files: Mapping[str, Path]
) -> str:
    """Writes a correction, whole or not at all, and answers its name.

    entries  what its kind takes, but for the files
    files    role (`paint`, `mask`) to a file, which is copied beside it under that name
    """
    name, table = next_name(project, kind, frame), {"kind": kind, "frame": frame, **entries}
    table |= {role: f"{role}{path.suffix.lower()}" for role, path in files.items()}
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in table.items())
    if not files:
        project.write_text(f"{FOLDER}/{name}.toml", text)
        return name
    partial = project.path(FOLDER, f".{name}.partial")
    if partial.exists():
        remove_tree(partial)
    project.make_folder(partial)
    try:
        for role, path in files.items():
            shutil.copyfile(path, partial / str(table[role]))
    except OSError as error:
        remove_tree(partial)
        raise CorrectionError(
            f"{error.filename or FOLDER}: cannot be copied ({error.strerror}); check the disk and permissions"
        ) from error
    project.write_text(f"{FOLDER}/.{name}.partial/{PAGE}", text)
    os.replace(partial, project.path(FOLDER, name))
    return name


def remove_correction(project: Project, name: str) -> None:
    """Takes a correction back."""
    place, is_folder = place_of(project, name)
    if is_folder:
        remove_tree(project.path(place))
    else:
        project.path(place).unlink(missing_ok=True)


def place_of(project: Project, name: str) -> tuple[str, bool]:
    """Where a correction lies, relative to the project folder, and whether that is a folder (it has a picture)."""
    is_folder = project.path(FOLDER, name).is_dir()
    return f"{FOLDER}/{name}" if is_folder else f"{FOLDER}/{name}.toml", is_folder


def pages_by(project: Project, entry: str) -> dict[str, list[str]]:
    """What the corrections, in force or not, say in words of an entry: to their files, relative to the project."""
    found: dict[str, list[str]] = {}
    for _, page in _pages(project):
        try:
            said = _tables(project, page).get(entry)
        except UnusableError:
            continue  # what is no correction says nothing
        if isinstance(said, str):
            found.setdefault(said, []).append(page)
    return found


def _toml(value: Any) -> str:
    return toml_text(value) if isinstance(value, str) else json.dumps(value)


def _pages(project: Project) -> Iterator[tuple[str, str]]:
    """(name, file relative to the project folder) of each correction, in order; other files are passed over."""
    folder = project.path(FOLDER)
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    if len(names) > MOST:
        raise ProjectError(f"{folder}: more than {MOST} files; is this the folder of corrections?")
    for name in names:
        if name.startswith("."):
            continue
        if os.path.isdir(os.path.join(folder, name)):
            yield name, f"{FOLDER}/{name}/{PAGE}"
        elif name.lower().endswith(".toml"):
            yield name[: -len(".toml")], f"{FOLDER}/{name}"


def _read(
    project: Project, reel: Reel, name: str, page: str, hashed: Hashed
) -> tuple[Correction, dict[str, Mapping[str, str]]]:
    """One correction, and the files that it names."""
    tables = _tables(project, page)
    kind = _kind(tables)
    where = _where(tables, reel)
    written = _with_color(project, where, tables)
    said = _said(where, tables, kind)
    frame = _frame(said.frame, reel, "frame")
    last = _last(said, frame, reel)
    if said.reel not in ("", reel.name):
        raise UnusableError(f"frame {frame}: no reel {said.reel!r:.40}", f"the film's is {reel.name}")
    if outside := outside_picture(getattr(said, "at", None), reel):
        raise UnusableError(f"frame {frame}: {outside}", "mend its entry at")
    files = {role: _file(project, page, frame, getattr(said, role)) for role in ROLES if getattr(said, role, None)}
    found = {}
    for place in files.values():
        try:
            found[place] = hashed(place, path_of(project, place))
        except (OSError, VidcolorError) as error:
            raise UnusableError(f"frame {frame}: {error}") from error
    counts = {key: value for key, value in plain(said).items() if key not in (*UNCOUNTED, *files)}
    if counts.get("color", "") is None:
        del counts["color"]  # a paint of its own colours is what it was before paints could name one
    hashes = {role: found[place]["hash"] for role, place in files.items()}
    mark = fingerprint({"at": frame, **{key: str(value) for key, value in counts.items()}, **hashes})
    named = written if written != getattr(said, "color", written) else ""
    return Correction(name, said, frame, files, mark, named, last), found


def _with_color(project: Project, where: str, tables: dict[str, Any]) -> str:
    """Puts the colour itself in the place of its name in the palette; answers what was written there."""
    written = tables.get("color")
    if not isinstance(written, str) or CODE.fullmatch(written):
        return ""
    try:
        tables["color"] = named_color(read_palette(project), written)
    except CorrectionError as error:
        raise UnusableError(f"{where}color: {error}") from error
    return written


def _tables(project: Project, page: str) -> dict[str, Any]:
    try:
        path = project.path(page)
        if not path.is_file():
            if os.path.lexists(path):
                raise UnusableError("is no plain file", "move it away")
            raise UnusableError("is not there", f"put it there, or delete the folder {path.parent}")
        if path.stat().st_size > LARGEST:
            raise UnusableError(f"larger than {LARGEST >> 10} KiB", "this is no correction, move it away")
        return read_toml(path)
    except SettingsError as error:
        raise UnusableError(str(error).removeprefix(f"{project.path(page)}: ")) from error
    except (ProjectError, OSError) as error:
        raise UnusableError(str(error)) from error


def _kind(tables: Mapping[str, Any]) -> str:
    kind = tables.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return kind
    if "kind" not in tables:
        raise UnusableError("says no kind", f'write kind = "paint", or another of {", ".join(KINDS)}')
    raise UnusableError(f"no kind {kind!r:.40}{suggestion(str(kind), KINDS)}")


def _where(tables: Mapping[str, Any], reel: Reel) -> str:
    """`frame 134: ` for messages, of a correction that is not checked yet; empty where it names none."""
    try:
        return f"frame {frame_of(tables.get('frame', ''), reel)}: "
    except InputError:
        return ""


def _said(where: str, tables: Mapping[str, Any], kind: str) -> Said:
    known = [item.name for item in fields(KINDS[kind])]
    for name in tables:
        if name not in known:
            raise UnusableError(f"{where}a {kind} has no entry {name!r:.40}{suggestion(name, known)}")
    try:
        return check_said(tables, kind)
    except MisfitError as error:
        place = f"{error.place} = {tables[error.place]!r:.40}" if error.place in tables else error.place
        said = f"{place}: {error.problem}" if place else error.problem
        raise UnusableError(f"{where}{said}", "mend that entry") from error


def _frame(written: int | str, reel: Reel, entry: str) -> int:
    try:
        return frame_of(written, reel)
    except InputError as error:
        raise UnusableError(f"in its entry {entry}: {error}") from error


def _last(said: Said, frame: int, reel: Reel) -> int:
    """The last frame of those that it names; -1 where it names one."""
    if not isinstance(said, Note) or said.to is None:
        return -1
    last = _frame(said.to, reel, "to")
    if last < frame:
        raise UnusableError(f"frame {frame}: in its entry to: frame {last} comes before it", "mend that entry")
    return last


def frame_of(written: Any, reel: Reel) -> int:
    """The frame that a number or timecode means; `r1@134` too. Refuses what the film does not have."""
    text = str(written).strip().removeprefix(f"{reel.name}@")
    if isinstance(written, bool) or not (TIMECODE.fullmatch(text) or text.lstrip("-").isascii()):
        raise InputError(f"frame {written!r:.40} is no frame number or timecode; write one, as 134 or 01:00:05:09")
    if TIMECODE.fullmatch(text):
        day = parse_timecode(f"23:59:59{':;'[reel.drop_frame]}{reel.rate.base - 1:02d}", reel.rate) + 1
        frame = (parse_timecode(text, reel.rate) - reel.start) % day
    elif text.isdigit() and len(text) <= MOST_DIGITS:
        frame = int(text)
    else:
        raise InputError(f"frame {written!r:.40} is no frame number or timecode; write one, as 134 or 01:00:05:09")
    if frame >= reel.frame_count:
        raise InputError(
            f"frame {text:.40} is outside the film ({reel.frame_count} frames, 0 to {reel.frame_count - 1}, "
            f"{reel.timecode(0)} to {reel.timecode(reel.frame_count - 1)}); name one inside it"
        )
    return frame


def outside_picture(at: Sequence[float] | None, reel: Reel) -> str:
    """What is wrong with a point that lies outside the film's picture; empty for one inside, and for none."""
    height, width = reel.size
    if at is None or (0 <= at[0] < width and 0 <= at[1] < height):
        return ""
    return f"the point {at[0]:g},{at[1]:g} lies outside the picture, which is {width} wide and {height} high"


def _file(project: Project, page: str, frame: int, name: str) -> str:
    """A file that the correction names: beside it, or, if it is a picture, in the references folder."""
    beside = f"{os.path.dirname(page)}/{name}"
    try:
        if project.has(beside):
            return beside
    except (ProjectError, ValueError) as error:
        raise UnusableError(f"frame {frame}: {error}") from error
    references = project.keyframes_path
    inside = references is not None and ".." not in name.split("/") and not os.path.isabs(name)
    if references is not None and inside and (references / name).is_file():
        return name
    raise UnusableError(
        f"frame {frame}: {name!r} is not there", "put it beside the correction, or delete the correction"
    )


def path_of(project: Project, name: str) -> Path:
    """Where a file lies that a correction names."""
    if name.startswith(f"{FOLDER}/"):
        return project.path(name)
    references = project.keyframes_path
    if references is None:
        raise ProjectError(f"{name}: no references folder given; give it with --keyframes")
    return references / name
