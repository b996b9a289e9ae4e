"""Who is measured: this program with its presets, plainer ways of carrying, and any program of yours.

A program of yours is a command with placeholders:

    --peer 'deepex=python test.py --frames {frames} --refs {keyframes} --out {out}'

{frames}     a folder of gray 8-bit PNGs, 000000.png and on
{film}       the same frames as a lossless gray film (FFV1 in Matroska, 10-bit luma), for programs that want one
{keyframes}  a folder of colour PNGs, each named by the number of its frame
{out}        an empty folder; the command leaves there one film, or a picture for each frame, in colour, of the
             frames' size, the last number in its name being the frame's

The command is split as a shell would (quote what holds spaces) and started without a shell; placeholders may stand
inside words. It runs in the folder the benchmark was started in. Exit code 0 is success; anything else, a missing
frame or another size becomes a row that says so.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmark import variants
from benchmark.costs import Cost, FailedError, run_measured
from benchmark.jobs import Job
from vidcolor.errors import InputError
from vidcolor.media.pictures import SUFFIXES

PLACEHOLDERS = ("frames", "film", "keyframes", "out")
FILMS = (".mkv", ".mp4", ".mov", ".avi", ".webm", ".mxf", ".m4v")


class Method(Protocol):
    """Colours one job."""

    @property
    def name(self) -> str:
        """For files: letters, digits, dots and dashes."""
        ...

    @property
    def title(self) -> str:
        """For tables."""
        ...

    def recipe(self) -> list[str]:
        """What decides the result: where it changes, the job is done again."""
        ...

    def make(self, job: Job, folder: Path) -> tuple[Path, Cost | None]:
        """The coloured film or folder, made in `folder`, and its cost. Raises FailedError."""
        ...


@dataclass(frozen=True)
class Gray:
    """The gray film itself; its measurement also holds the static copy of the nearest keyframe."""

    name: str = "gray"
    title: str = "gray frame"

    def recipe(self) -> list[str]:
        return []

    def make(self, job: Job, folder: Path) -> tuple[Path, Cost | None]:
        return job.film, None


@dataclass(frozen=True)
class Ours:
    """`vidcolor run` as a user types it, with the lossless delivery; or one of variants.py with its name."""

    name: str
    title: str
    preset: str = "standard"
    assignments: tuple[str, ...] = ()
    variant: str = ""

    def recipe(self) -> list[str]:
        sets = [word for text in self.assignments for word in ("--set", text)]
        return [*([self.variant] if self.variant else []), "--preset", self.preset, "--delivery", "ffv1", *sets]

    def make(self, job: Job, folder: Path) -> tuple[Path, Cost | None]:
        out = folder / "out.mkv"
        given = [str(job.film), "--keyframes", str(job.keyframes), "--project", str(folder / "project")]
        program = [str(variants.__file__)] if self.variant else ["-m", "vidcolor", "run"]
        command = [sys.executable, "-P", *program, *self.recipe(), *given, "-o", str(out)]
        return out, run_measured(command, folder / "run.log")


@dataclass(frozen=True)
class Peer:
    """A program from outside."""

    name: str
    command: str
    title: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", self.name)

    def recipe(self) -> list[str]:
        return shlex.split(self.command)

    def make(self, job: Job, folder: Path) -> tuple[Path, Cost | None]:
        out = folder / "out"
        out.mkdir()
        words = []
        for word in self.recipe():
            for name in PLACEHOLDERS:
                if f"{{{name}}}" in word:
                    word = word.replace(f"{{{name}}}", str(out if name == "out" else getattr(job, name)))
            words.append(word)
        cost = run_measured(words, folder / "run.log")
        return _result_in(out), cost


def _result_in(out: Path) -> Path:
    """The one film in the folder, or the folder of pictures. Raises FailedError where there is neither."""
    files = sorted(p for p in out.iterdir() if p.is_file())
    made = [p for p in files if p.suffix.lower() in FILMS]
    if len(made) == 1:
        return made[0]
    if made or not any(p.suffix.lower() in SUFFIXES for p in files):
        raise FailedError(f"left {len(made) or 'no'} films and no pictures in {{out}}")
    return out


def peer_of(text: str) -> Peer:
    """`NAME=COMMAND`. Refuses names that no file can have, commands that do not parse or write nowhere."""
    name, equals, command = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise InputError(f"--peer {text}: write NAME=COMMAND, the name of letters, digits, dots and dashes")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InputError(f"--peer {name}: the command cannot be split into words ({error}); mend its quotes") from error
    if not any("{out}" in word for word in words):
        raise InputError(f"--peer {name}: the command must say where to write, with {{out}}")
    return Peer(name, command)


def baselines() -> list[Method]:
    """What every table begins with, after the gray frame and the static copy."""
    return [
        Gray(),
        Ours("plain-warp", "plain flow warp", variant="plain-warp"),
        Ours("local-attention", "flow + local attention", variant="local-attention"),
    ]


def presets(names: str, assignments: tuple[str, ...] = ()) -> list[Method]:
    return [Ours(name, f"vidcolor, {name}", name, assignments) for name in names.split(",") if name]


def check_names(methods: Sequence[Method]) -> None:
    """Refuses two methods of one name: their results would be one file."""
    names = [method.name for method in methods]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"two methods are called {', '.join(twice)}; give --peer another name")
