"""What folds compare: variants, each a file, coloured fold by fold by a process that stays.

A variant is a TOML file; every line may be left out:

    title = "surer steadying"
    preset = "standard"
    set = ["propagate.network=none"]    # settings
    without = ["steady"]                # parts left out (vidcolor/propagate/ablation.py)
    weights = "runs/backbone"           # beside this file: fold-0/features.safetensors ..., or files for every fold
    python = "../other/.venv/bin/python" # another installation of the program: another version of its code
    [constants]
    "vidcolor.propagate.blend.OLD" = 40.0
    [fold.1]                            # what is otherwise in fold 1: set, without or constants

Networks that the weights' folder does not hold are those the program carries.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark.costs import Cost, FailedError
from benchmark.jobs import Job
from vidcolor.errors import InputError, SettingsError, WeightsError
from vidcolor.research.training.folds import Folds
from vidcolor.settings import load_settings, parse_assignment, preset_tables, read_toml
from vidcolor.weights import hash_file

WORKER = Path(__file__).with_name("worker.py")
ROOMS_ASIDE = ("cli", "research", "example")
"""Rooms of the house that colour nothing: their code may change."""
TODAY = "today"
KEYS = {"title", "preset", "set", "without", "weights", "python", "constants", "fold"}


@dataclass(frozen=True)
class Variant:
    """One way to colour, the same in every fold but for what a fold must not have seen."""

    name: str
    title: str = ""
    preset: str = "standard"
    set: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    weights: Path | None = None
    python: str = sys.executable
    constants: Mapping[str, Any] = field(default_factory=dict)
    fold: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, fold: int) -> Variant:
        """The variant as it is in one fold."""
        told = dict(self.fold.get(str(fold), {}))
        constants = {**self.constants, **told.pop("constants", {})}
        plain = {key: tuple(value) for key, value in told.items()}
        return replace(self, **plain, constants=constants, fold={}, weights=self._folder(fold))

    def _folder(self, fold: int) -> Path | None:
        """Where the fold's weights are. Refuses a folder that has those of other folds and not of this one."""
        if self.weights is None or any(self.weights.glob("*.safetensors")):
            return self.weights
        folder = self.weights / f"fold-{fold}"
        if not any(folder.glob("*.safetensors")):
            raise WeightsError(f"{folder}: holds no weights (*.safetensors); train fold {fold}, or measure others")
        return folder


def load_variant(path: Path) -> Variant:
    """The variant in a file, called by its name. Refuses lines it does not know."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._]*(-[A-Za-z0-9._]+)*", path.stem):
        raise InputError(f"{path}: call it by letters, digits, dots and single dashes; results are named by it")
    told = read_toml(path)
    unknown = sorted(set(told) - KEYS)
    inner = sorted({key for fold in told.get("fold", {}).values() for key in fold} - {"set", "without", "constants"})
    if unknown or inner:
        raise SettingsError(f"{path}: a variant has no {', '.join(unknown + inner)}; it has {', '.join(sorted(KEYS))}")
    for key in ("weights", "python"):
        if key in told:  # not resolved: an environment's python is a link, and is known by its own place
            told[key] = Path(os.path.abspath(path.parent / told[key]))
    if "weights" in told and not told["weights"].is_dir():
        raise WeightsError(f"{told['weights']}: no such folder; {path} takes its weights there")
    if "python" in told:
        told["python"] = str(told["python"])
    plain = {key: tuple(value) if isinstance(value, list) else value for key, value in told.items()}
    return Variant(path.stem, **plain)


class House:
    """An installed program: where it lies, and what names its code and its own weights."""

    def __init__(self, python: str) -> None:
        say = "import vidcolor; print(vidcolor.__path__[0])"
        try:
            found = subprocess.run([python, "-P", "-c", say], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise InputError(f"{python}: does not start vidcolor; install it there ({error})") from error
        self.root = Path(found.strip())
        self.mark = _code_mark(self.root)
        self.weights = {path.stem: path for path in sorted((self.root / "networks/weights").glob("*.safetensors"))}


def _code_mark(root: Path) -> str:
    """12 letters of the code that colours: another where it does otherwise, the same where only words changed."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).parts[0] not in ROOMS_ASIDE:
            digest.update(f"{path.relative_to(root)} {ast.dump(_bare(path))}".encode())
    return digest.hexdigest()[:12]


def _bare(path: Path) -> ast.AST:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                n for n in body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
            ]
    return tree


class Trial:
    """A variant in one fold: a `methods.Method` whose process stays from clip to clip."""

    def __init__(self, variant: Variant, fold: int, house: House, work: Path) -> None:
        self.fold, self._work, self._house = fold, work, house
        self._variant = variant.of(fold)
        self.name, self.title = variant.name, variant.title or variant.name
        own = {p.stem: p for p in sorted(self._variant.weights.glob("*.safetensors"))} if self._variant.weights else {}
        strange = sorted(set(own) - set(house.weights))
        if strange:
            raise WeightsError(f"{own[strange[0]]}: no network of this name; there are {', '.join(house.weights)}")
        self.weights = {**house.weights, **own}
        self._given = own
        self._process: subprocess.Popen[str] | None = None

    def recipe(self) -> list[str]:
        """What decides the result."""
        said = self._variant
        told = ["--preset", said.preset, *said.set, *(f"without {part}" for part in said.without)]
        told += [f"{name} = {value}" for name, value in sorted(said.constants.items())]
        marks = [f"{name} {hash_file(path)[:12]}" for name, path in sorted(self.weights.items())]
        return [*told, *marks, f"code {self._house.mark}"]

    def seen(self, clip: Path, folds: Folds) -> bool | None:
        """Whether a network that carries colours was trained on the clip; None: it does not say."""
        assigned = [("set", parse_assignment(text)) for text in self._variant.set]
        tables = [("preset", preset_tables(self._variant.preset)), *assigned]
        if load_settings(tables).propagate.network == "none":
            return False
        told = [_saw(path, clip, folds) for name, path in self.weights.items() if name != "colorizer"]
        return True if True in told else None if None in told else False

    def make(self, job: Job, folder: Path) -> tuple[Path, Cost | None]:
        """The coloured film and its cost. Raises FailedError."""
        out = folder / "out.mkv"
        given = {"film": job.film, "keyframes": job.keyframes, "project": folder / "project", "out": out}
        line = json.dumps({name: str(path.absolute()) for name, path in given.items()})
        process = self._started()
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said before it ended is read below
        answer = process.stdout.readline()
        if not answer:
            self.close()
            said = [line.strip() for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
            raise FailedError(f"its process ended: {' / '.join(said[-2:])[-300:] or 'it said nothing'}")
        told = json.loads(answer)
        if "failed" in told:
            raise FailedError(told["failed"])
        return out, Cost(**told)

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    @property
    def _log(self) -> Path:
        return self._work / f"{self.name}.log"

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._work.mkdir(parents=True, exist_ok=True)
            said, spec = self._variant, self._work / f"{self.name}.json"
            weights = {name: str(path.absolute()) for name, path in self._given.items()}
            told = {"preset": said.preset, "set": said.set, "without": said.without, "weights": weights}
            spec.write_text(json.dumps({**told, "constants": dict(said.constants)}))
            environment = dict(os.environ)
            if said.constants:  # compiled loops hold constants, and numba's cache does not know of them
                mark = hashlib.sha256(json.dumps(sorted(said.constants.items())).encode()).hexdigest()[:12]
                environment["NUMBA_CACHE_DIR"] = str((self._work.parent / "compiled" / mark).absolute())
            command = [said.python, "-P", str(WORKER), str(spec)]
            with self._log.open("w") as log:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
                )
        return self._process


def _saw(weights: Path, clip: Path, folds: Folds) -> bool | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, "np") as file:
            head = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{weights}: cannot be read as weights; export it again ({error})") from error
    if "clips" in head:
        return clip.name in json.loads(head["clips"])
    mark = hash_file(weights)[:12]
    if mark in folds.shipped:
        folder, but = folds.shipped[mark]
        return clip.parent.name == folder and clip.name not in but
    return None
