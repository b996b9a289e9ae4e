"""The floors of the house: who may import whom, who may open files, who may print."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "vidcolor"
FLOOR = {
    "errors": 0,
    "partial": 0,
    "loops": 0,
    "timeline": 1,
    "stages": 1,
    "checked": 1,
    "hashes": 1,
    "settings": 2,
    "types": 2,
    "compiled": 2,
    "columns": 3,
    "ahead": 3,
    "weights": 2,
    "machine": 2,
    "threads": 2,
    "cache": 2,
    "planes": 2,
    "color": 3,
    "confidence": 3,
    "grain": 3,
    "media": 4,
    "view": 4,
    "page": 5,
    "flow": 5,
    "superpixels": 5,
    "features": 6,
    "networks": 6,
    "shots": 7,
    "keyframes": 7,
    "references": 7,
    "colorize": 7,
    "propagate": 7,
    "finish": 7,
    "export": 7,
    "conform": 7,
    "project": 7,
    "state": 8,
    "example": 8,
    "pipeline": 9,
    "review": 10,
    "farm": 10,
    "desk": 11,
    "cli": 12,
    "research.networks": 7,
    "research.metrics": 7,
    "research.measure": 8,
    "research.training": 9,
}
"""The rooms of `research` are rooms like others; but nothing of the film's way looks into them."""
OPENERS = {"media", "project", "state", "pipeline", "example", "cli", "shots", "settings"}
"""Rooms that may open files: `shots` reads and writes shot lists, `settings` reads TOML and its own page."""
MOST_LINES = 400
FILES = sorted(HOUSE.rglob("*.py"))


def room(parts: Sequence[str]) -> str:
    """The room of a module, by its path below vidcolor."""
    return ".".join(parts[:2]) if parts[0] == "research" else parts[0]


def room_of(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return "__init__" if parts == ("research", "__init__") else room(parts)


def imports_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "vidcolor":
            below = node.module.split(".")[1:]
            if below in ([], ["research"]):
                yield from (name for name in (room([*below, alias.name]) for alias in node.names) if name in FLOOR)
            else:
                yield room(below)
        elif isinstance(node, ast.Import):
            yield from (room(alias.name.split(".")[1:]) for alias in node.names if alias.name.startswith("vidcolor."))


def test_imports_point_down():
    wrong = []
    for path in FILES:
        here = room_of(path)
        if here in ("__init__", "__main__"):
            continue
        for other in set(imports_of(ast.parse(path.read_text(encoding="utf-8")))) - {here}:
            if FLOOR[other] >= FLOOR[here]:
                wrong.append(f"{path.relative_to(ROOT)}: {here} -> {other}")
    assert not wrong, "\n".join(wrong)


def test_the_films_way_does_not_look_into_research():
    """What colours a film runs without `research`; only commands lead there: `measure`, and what draws by published
    networks that the user trained."""
    found = {
        (path.relative_to(HOUSE).as_posix(), other)
        for path in FILES
        if not room_of(path).startswith("research.")
        for other in imports_of(ast.parse(path.read_text(encoding="utf-8")))
        if other.startswith("research")
    }
    drawing = {(f"cli/{name}.py", "research.networks") for name in ("lineart", "propose")}
    assert found == {("cli/commands.py", "research.measure"), *drawing}


def test_every_room_has_a_floor():
    rooms = {room_of(path) for path in FILES} - {"__init__", "__main__"}
    assert rooms == set(FLOOR)


def test_every_room_is_packed():
    """`pip install` carries each package of the house, and the configs."""
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in FILES if path.name == "__init__.py"}
    assert listed == found | {"vidcolor.configs"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_files_are_short_and_say_what_they_are_for(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert ast.get_docstring(ast.parse(text)), "a file says on its first line what it is for"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_no_print_no_open_no_broad_except(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno}: print"
            assert node.func.id != "open" or room_of(path) in OPENERS, f"line {node.lineno}: a stage opens a file"
        if isinstance(node, ast.ExceptHandler):
            name = node.type.id if isinstance(node.type, ast.Name) else ""
            assert node.type is not None, f"line {node.lineno}: bare except"
            assert name not in ("Exception", "BaseException"), f"line {node.lineno}: except {name}"


def test_one_place_sums_a_whole_file():
    """Others ask it and say in their own words what cannot be read."""
    summed = re.compile(r"\.file_digest\(|\.sha256\([^()]*\.read_bytes\(\)|while \w+ := \w+\.read\(")
    found = [path.relative_to(HOUSE).as_posix() for path in FILES if summed.search(path.read_text(encoding="utf-8"))]
    assert found == ["hashes.py"]


def test_status_needs_nothing_heavy():
    """`vidcolor status` answers at once: what it imports decodes and computes nothing, and takes no lock."""
    code = (
        "import sys; import vidcolor.cli.commands, vidcolor.cli.parser;"
        "heavy = [m for m in ('torch', 'numpy', 'numba', 'cv2', 'av', 'opentimelineio', 'rich.progress', 'rich.table', "
        "'filelock') if m in sys.modules]; "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_plan_does_not_load_what_registers_pictures():
    """Where every picture's name says its frame, none is looked at."""
    code = (
        "import sys; import vidcolor.cli.commands, vidcolor.pipeline.plan, vidcolor.pipeline.lists;"
        "heavy = [m for m in sys.modules if m in ('torch', 'OpenImageIO', 'vidcolor.superpixels', 'vidcolor.colorize', "
        "'vidcolor.flow.dis')]; assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_programs_that_tests_start_take_the_installed_house():
    """Started in the repository without -P, Python would find the sources first, which lack what installing adds."""
    tests = sorted((ROOT / "tests").rglob("*.py"))
    started = re.compile(r'\[sys\.executable, "-(?:c"|m", "vidcolor")')
    assert not [str(path.relative_to(ROOT)) for path in tests if started.search(path.read_text(encoding="utf-8"))]


def test_hot_loops_are_compiled_one_way():
    """`compiled.py` says how; numba's own inlining types a function anew wherever it is called, at twice the cost."""
    sources = {path.relative_to(HOUSE).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
    assert [name for name, text in sources.items() if re.search(r"(from|import) numba\b", text)] == ["compiled.py"]
    assert [name for name, text in sources.items() if re.search(r"inline ?=", text)] == []
    assert sources["compiled.py"].count("njit, cache=True, nogil=True, no_cfunc_wrapper=True") == 1


def test_no_test_stops_the_clock_of_the_whole_process():
    """The page's server runs beside other tests, and would wait by it for ever; a module's own name is replaced."""
    patched = re.compile(r"setattr\((\w+\.)?time, \"(?!sleep)\w+")
    found = [
        m[0] for path in (ROOT / "tests").rglob("*.py") for m in patched.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
