"""The project folder on disk: where everything is, read and written.

- TOML and pictures are written by people, JSON by the machine.
- Every machine-written file is replaced whole, so that a kill leaves the old one or the new one.
- No path inside the folder may lead out of it, not even by a symbolic link.
- A file is read once: a command holds the project's lock, or shows one moment of it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from vidcolor.errors import ProjectError
from vidcolor.partial import grown
from vidcolor.project.config import ProjectConfig, config_text, read_config, toml_text
from vidcolor.project.lock import HOLDER, LOCK, locked
from vidcolor.project.packed import Packed, decoded
from vidcolor.project.places import CONFIG, projects_of, reels_in
from vidcolor.project.upgrade import upgrade

CORRECTING = ".correcting"
JSON_LIMIT = 256 << 20
"""A project file larger than this many bytes is not ours."""


class Project:
    """One open project folder. Make one by `Project.create` or `Project.open`."""

    def __init__(self, root: Path, config: ProjectConfig) -> None:
        self.root = root
        self.config = config
        self._read: dict[str, dict[str, Any]] = {}
        """What the machine-written files said, by name"""
        self._packed: dict[str, Packed] = {}
        self._inside = {"": str(root)}
        """Folders that were found to lie inside, by their names in it"""

    @classmethod
    def create(cls, root: Path, config: ProjectConfig) -> Project:
        """A new project folder. Refuses a place that holds something else."""
        if root.exists() and not root.is_dir():
            raise ProjectError(f"{root}: is a file; give another folder with --project")
        if root.is_dir() and (root / CONFIG).exists():
            raise ProjectError(
                f"{root}: is a project already; go on with `vidcolor plan {root}`, or name another folder"
            )
        if root.is_dir() and any(root.iterdir()):
            raise ProjectError(f"{root}: is not empty and no vidcolor project; give another folder with --project")
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot("made", root, error) from error
        project = cls(root, config)
        project.write_text(CONFIG, config_text(config))
        return project

    @classmethod
    def open(cls, root: Path) -> Project:
        """The project in `root`. Refuses a folder that is none, and a damaged or newer one."""
        path = root / CONFIG
        if not path.is_file():
            if reels := reels_in(root):
                raise ProjectError(f"{root}: a film of several reels; name the project of one of them, as {reels[0]}")
            if root.exists() and (own := projects_of(root)):
                which = f"its project is {own[0]}" if len(own) == 1 else f"its projects are {', '.join(map(str, own))}"
                raise ProjectError(f"{root}: is no project; {which}: name that")
            raise ProjectError(f"{root}: no vidcolor project here (no {CONFIG}); make one with `vidcolor run` or `new`")
        return cls(root, read_config(path))

    def supposing(self, **changes: Any) -> Project:
        """The same folder as if `project.toml` said this; nothing is written until `remember`."""
        return Project(self.root, replace(self.config, **changes))

    def remember(self, **changes: str) -> None:
        """Rewrites single lines of `project.toml`, leaving people's other lines and comments as they are."""
        if not changes:
            return
        text = (self.root / CONFIG).read_text(encoding="utf-8-sig")
        for name, value in changes.items():
            line = f"{name} = {toml_text(value)}"
            old = re.search(rf"^{name}\s*=.*$", text, re.MULTILINE)
            text = text[: old.start()] + line + text[old.end() :] if old else f"{line}\n{text}"
        self.write_text(CONFIG, text)
        self.config = Project.open(self.root).config

    def unmake(self) -> None:
        """Removes a project that nothing came of, and its folder, unless something else lies there too."""
        with self.lock():
            for name in ("plan", "logs"):
                if (folder := self.path(name)).is_dir():
                    remove_tree(folder)
            for name in (CONFIG, LOCK, HOLDER):
                self.path(name).unlink(missing_ok=True)
        with suppress(OSError):
            self.root.rmdir()
            if self.config.name:
                self.root.parent.rmdir()

    @contextmanager
    def lock(self, work: str = "", wait: float = 0.0) -> Iterator[None]:
        """Held within the block, while something is written: two programs never work in one project at once.

        work  the command, for those who find the project held
        wait  seconds to wait for whoever holds it
        Taken once and given back at the block's end, however it ends. Refuses a project that is held already.
        """
        with ExitStack() as held:
            try:
                held.enter_context(locked(self.root, self.path(LOCK), self.path(HOLDER), work, wait))
            except OSError as error:
                raise _cannot("locked", self.root, error) from error
            yield

    @contextmanager
    def correcting(self, wait: float = 0.0) -> Iterator[None]:
        """Held within the block, while a correction is written: that goes on beside the work on the film."""
        with ExitStack() as held:
            try:
                path = self.path(CORRECTING)
                held.enter_context(locked(self.root, path, path.with_suffix(".holder"), "correct", wait))
            except OSError as error:
                raise _cannot("locked", self.root, error) from error
            yield

    # Where things are. These names stand nowhere else.

    def path(self, *parts: str) -> Path:
        """A path inside the project. Refuses one that leads out of it."""
        return Path(self._checked("/".join(parts)))

    def _checked(self, name: str) -> str:
        """The path called `name`. A film has thousands of files: each folder on the way is looked at once."""
        folder, _, last = name.rpartition("/")
        base = self._inside.get(folder) or self._held(folder)
        path = f"{base}{os.sep}{last}" if base else os.path.join(self.root, name)
        if (not base or last == ".." or os.path.islink(path)) and not _within(path, self.root):
            raise ProjectError(f"{path}: leads out of the project (a symbolic link?); remove it")
        return path

    def _held(self, folder: str) -> str:
        """The path of a folder inside, going by its name and those above it; empty where a link is on the way."""
        above, _, last = folder.rpartition("/")
        base = self._inside.get(above) or self._held(above)
        path = f"{base}{os.sep}{last}"
        if not base or last == ".." or os.path.islink(path):
            return ""
        self._inside[folder] = path
        return path

    def inside(self, written: str) -> Path:
        """A path as `project.toml` writes it: absolute, or relative to the project folder."""
        return Path(os.path.normpath(self.root / written))

    def relative(self, path: Path) -> str:
        """How `project.toml` writes `path`: relative where it is near, so that both can move together."""
        absolute = Path(os.path.abspath(path))
        near = os.path.relpath(absolute, os.path.abspath(self.root))
        return near if near.count("..") <= 2 else str(absolute)

    @property
    def reel_name(self) -> str:
        """What the reel is called in names of shots: `r1`, where it is the film."""
        return self.config.name or "r1"

    @property
    def film_folder(self) -> Path:
        """The folder of the whole film: the project's own, or in a film of several reels the one around it."""
        root = self.root.absolute()
        return root.parent if self.config.name else root

    @property
    def film_name(self) -> str:
        """What the film is called in names of files."""
        return self.film_folder.stem if self.config.name else self.reel_path.stem

    @property
    def called(self) -> str:
        """What files of this reel are called: as the film, and in a film of several by its own name too."""
        return f"{self.film_name}_{self.config.name}" if self.config.name else self.film_name

    @property
    def title(self) -> str:
        """What pages call the project."""
        folder = self.film_folder.resolve().name
        return f"{folder}, {self.config.name}" if self.config.name else folder

    @property
    def reel_path(self) -> Path:
        return self.inside(self.config.reel)

    @property
    def keyframes_path(self) -> Path | None:
        return self.inside(self.config.keyframes) if self.config.keyframes else None

    @property
    def shots_path(self) -> Path | None:
        return self.inside(self.config.shots) if self.config.shots else None

    def shot_folder(self, shot_id: str) -> Path:
        return self.path("shots", shot_id)

    def versions_in(self, shot_id: str) -> list[str]:
        """What lies in a shot's folder, by name; nothing where there is none."""
        try:
            return os.listdir(self._checked(f"shots/{shot_id}"))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def log_path(self, name: str) -> Path:
        path = self.path("logs", f"{name}.txt")
        self.make_folder(path.parent)
        return path

    # Reading and writing.

    def has(self, name: str) -> bool:
        return self.path(name).is_file()

    def read_json(self, name: str, schema: str, whole: str = "", remedy: str = "") -> dict[str, Any]:
        """A machine-written file. Refuses damage, another schema, and a newer program's file.

        What it said is kept: who reads it again is given the same table, and changes nothing in it.
        whole   the folder that is worth nothing without it, which is then to be deleted
        remedy  what mends damage, where deleting is not all
        """
        if name not in self._read:
            path = self._checked(name)
            self._read[name] = upgrade(self._decoded(path, whole, remedy), schema, path, remedy)
        return self._read[name]

    def read_packed(self, name: str, schema: str, whole: str = "") -> Packed:
        """The same of a file that says much of which little is asked at a time: what is kept of it is small."""
        if name not in self._packed:
            path = self._checked(name)
            self._packed[name] = Packed(upgrade(self._decoded(path, whole, ""), schema, path, ""))
        return self._packed[name]

    def _decoded(self, path: str, whole: str, remedy: str) -> dict[str, Any]:
        def mended() -> str:
            return remedy or f"delete {self.root / whole if whole else 'it'} and run the command again"

        try:
            with open(path, "rb", buffering=0) as file:
                if (size := os.fstat(file.fileno()).st_size) > JSON_LIMIT:
                    raise ProjectError(f"{path}: too large to be a project file; {mended()}")
                text = file.read(size)  # without a size it would be asked for again, and the end looked for
            data = decoded(text)
        except OSError as error:
            if whole and isinstance(error, FileNotFoundError):
                raise ProjectError(f"{path}: is missing; {mended()}") from error
            raise _cannot("read", Path(path), error) from error
        except (ValueError, RecursionError, msgspec.DecodeError) as error:
            raise ProjectError(f"{path}: damaged ({error}); {mended()}") from error
        if not isinstance(data, dict):
            raise ProjectError(f"{path}: damaged (not a table); {mended()}")
        return data

    def write_json(self, name: str, schema: str, data: Mapping[str, Any]) -> None:
        self.write_text(name, json.dumps({"schema": schema, **data}, indent=1, ensure_ascii=False) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Writes a file whole or not at all."""
        self._read.pop(name, None)
        self._packed.pop(name, None)
        path = self.path(name)
        self.make_folder(path.parent)
        try:
            with grown(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _cannot("written", path, error) from error
        except UnicodeEncodeError as error:
            raise ProjectError(f"{path}: a file name in it is not valid Unicode; rename that file") from error

    def make_folder(self, folder: Path) -> None:
        """`folder` and its parents within the project, made where they are missing; never a project that is gone."""
        try:
            self.root.stat()  # must be there still
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot("made", folder, error) from error


def remove_tree(path: Path) -> None:
    """Removes an unfinished folder of ours. Refuses silence: what cannot be removed is an error."""
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise _cannot("removed", path, error) from error


def _within(path: str, root: Path) -> bool:
    """Whether a path lies below `root` once every link is followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _cannot(what: str, path: Path, error: OSError) -> ProjectError:
    remedy = {
        errno.ENOSPC: "the disk is full; free some space and run the command again",
        errno.EROFS: "the disk is read-only; give a writable folder with --project",
        errno.EACCES: "no permission; give a writable folder with --project",
        errno.EPERM: "no permission; give a writable folder with --project",
    }.get(error.errno or 0, f"{error.strerror or error}; look at the folder and run the command again")
    return ProjectError(f"{path}: cannot be {what}: {remedy}")
