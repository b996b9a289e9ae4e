"""Colours films one after another in one process, as one variant does: python -P tools/benchmark/worker.py SPEC.json

SPEC says what is otherwise than in a film of today's: preset, set (assignments), without (parts), constants (values by
module and name), weights (files by network). Each line of the input is a job, {film, keyframes, project, out}; each
is answered by a line of the output: {seconds, cpu, peak_mib}, or {failed}.

A constant is set in every module that has it under its name, and where a module's function has it as a default. A
field's default, or a constant made of it, keeps the old value: the table says of a variant if it changed nothing.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, get_args

KIB = 1024 if sys.platform == "darwin" else 1


def main() -> int:
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed goes to the log
    _take_weights(spec["weights"])  # before anything takes a file's name as a default
    from vidcolor.errors import VidcolorError

    try:
        film_of = _maker(spec)
    except VidcolorError as error:
        print(json.dumps({"failed": str(error)}), file=answers, flush=True)
        return 2
    for line in sys.stdin:
        began, cpu = time.monotonic(), time.process_time()
        try:
            film_of(**{name: Path(text) for name, text in json.loads(line).items()})
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB / 1024
            seconds = time.monotonic() - began
            answer: dict[str, Any] = {"seconds": seconds, "cpu": time.process_time() - cpu, "peak_mib": peak}
        except VidcolorError as error:
            answer = {"failed": str(error)}
        print(json.dumps(answer), file=answers, flush=True)
    return 0


def _take_weights(files: dict[str, str]) -> None:
    shipped = importlib.import_module("vidcolor.networks.shipped")
    for name, file in files.items():
        setattr(shipped, name.upper(), Path(file))


def _maker(spec: dict[str, Any]) -> Any:
    """What makes one film. Refuses constants, settings and weights that do not fit."""
    from vidcolor.errors import SettingsError
    from vidcolor.pipeline.deliver import deliver
    from vidcolor.pipeline.plan import make_plan
    from vidcolor.pipeline.render import load_models, render
    from vidcolor.project import Project, ProjectConfig
    from vidcolor.propagate.ablation import Part, without
    from vidcolor.settings import load_settings, parse_assignment, preset_tables
    from vidcolor.state.status import states, to_render

    strange = sorted(set(spec["without"]) - set(get_args(Part)))
    if strange:
        raise SettingsError(f"without: no part {', '.join(strange)}; there are {', '.join(get_args(Part))}")
    for name, value in spec["constants"].items():
        set_constant(name, value)
    assigned = [("set", parse_assignment(text)) for text in spec["set"]]
    settings = load_settings([("preset", preset_tables(spec["preset"])), *assigned])
    ablation = without(*spec["without"])
    models = replace(load_models(settings, "auto"), ablation=ablation)
    if not ablation.keeps("attention"):
        models = replace(models, propagator=None)

    def film_of(film: Path, keyframes: Path, project: Path, out: Path) -> None:
        config = ProjectConfig(reel=str(film.resolve()), keyframes=str(keyframes.resolve()))
        planned = make_plan(Project.create(project, config), settings, lambda *_: None)
        render(planned, to_render(planned, states(planned)), models, lambda *_: None)
        deliver(planned, states(planned), out, "ffv1", lambda *_: None)

    return film_of


def set_constant(name: str, value: Any) -> None:
    """Sets a constant, `vidcolor.room.file.NAME`, wherever a module has it under its name. Refuses what is none."""
    from vidcolor.errors import InputError

    place, _, own = name.rpartition(".")
    try:
        old = getattr(importlib.import_module(place), own)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"constants: no {name}; write vidcolor.ROOM.FILE.NAME ({error})") from error
    new = tuple(value) if isinstance(value, list) else value
    try:
        new = type(old)(new)
    except (TypeError, ValueError) as error:
        raise InputError(f"constants: {name} is {old!r}, which {value!r} does not fit ({error})") from error
    for found, module in list(sys.modules.items()):
        if found.split(".")[0] == "vidcolor" and _same(getattr(module, own, None), old):
            setattr(module, own, new)
            _set_defaults(module, own, new)


def _set_defaults(module: ModuleType, own: str, new: Any) -> None:
    """Gives the module's functions the new value where their default is the constant."""

    def taken(default: ast.expr | None) -> bool:
        return isinstance(default, ast.Name) and default.id == own

    for node in ast.parse(inspect.getsource(module)).body:
        found = getattr(module, getattr(node, "name", ""), None)
        function = inspect.unwrap(found) if callable(found) else None
        if isinstance(node, ast.FunctionDef) and isinstance(function, FunctionType):
            if function.__defaults__:
                given = zip(node.args.defaults, function.__defaults__, strict=True)
                function.__defaults__ = tuple(new if taken(default) else value for default, value in given)
            for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
                if taken(default) and function.__kwdefaults__:
                    function.__kwdefaults__[arg.arg] = new


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and not hasattr(one, "shape") and one == other)


if __name__ == "__main__":
    sys.exit(main())
