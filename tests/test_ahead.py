"""Loops compiled ahead: the list is whole, others compile it, and nothing hangs on that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import film
import pytest

from vidcolor import ahead
from vidcolor.loops import PICTURES, PLANS, listed

TOOL = Path(__file__).parents[1] / "tools" / "list_loops.py"
FEW = ("networks.origins", "propagate.smooth")
NOWHERE = """
import numba.core.caching as caching
from numba import config
made = caching._CacheLocator.ensure_cache_path
def refused(self):
    if not config.CACHE_DIR:
        raise OSError("read-only")
    made(self)
caching._CacheLocator.ensure_cache_path = refused
import numpy as np
from vidcolor.columns import follow_columns
from vidcolor.compiled import KEPT
best, at = np.zeros(3, np.float32), np.zeros(3, np.int32)
follow_columns(np.arange(6, dtype=np.float32).reshape(2, 3), np.int32(4), best, at)
assert follow_columns.stats.cache_misses == {follow_columns.signatures[0]: 1}
assert any(KEPT.glob("columns.*.nbi"))
print(KEPT)
"""


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where processes that are started from here keep compiled loops; few are wanted."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("vidcolor.compiled.KEPT", tmp_path)
    monkeypatch.setattr(ahead, "listed", lambda: {module: listed()[module] for module in FEW})
    return tmp_path


def compiled_in(folder: Path) -> set[str]:
    return {path.name.split("-")[0] for path in folder.rglob("*.nbi")}


def test_all_that_is_listed_is_there() -> None:
    for module in listed():
        loops = list(ahead.loops_of(module))
        assert loops
        for loop, kinds in loops:
            assert len(kinds) == loop.py_func.__code__.co_argcount, loop
    assert {*PLANS, *PICTURES} <= listed().keys()


def test_all_that_a_film_needs_is_listed(tmp_path: Path) -> None:
    truth = film.make_film(dissolve=4)
    path = film.write_film(tmp_path / "tiny.mkv", truth)
    (tmp_path / "refs").mkdir()
    film.write_picture(tmp_path / "refs" / "000000.png", truth.colors[0])
    film.write_picture(tmp_path / "refs" / "other.png", truth.colors[20, 4:40, 6:58])
    line = [sys.executable, str(TOOL), "run", str(path), "--keyframes", str(tmp_path / "refs")]
    said = subprocess.run(line, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    known = {(f"vidcolor.{module}", loop) for module, loops in listed().items() for loop in loops}
    module, called = "", set()
    for text in said.splitlines():
        module = text if text.startswith("vidcolor.") else module
        if module and text.startswith("    "):
            called.add((module, text.strip()))
    assert len(called) > 40
    assert sorted(called - known) == [], "tools/list_loops.py prints what vidcolor/loops.py lacks"


def test_others_compile_and_it_is_noted(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int]] = []
    with ahead.loops_ahead(lambda *now: told.append(now)) as work:
        work.wait(FEW)
    assert told[-1] == ("loops", 2, 2)
    assert compiled_in(empty_cache) == {"origins._compare", "smooth._solve_columns"}
    told.clear()
    monkeypatch.setattr(subprocess, "Popen", None)  # none is started
    with ahead.loops_ahead(lambda *now: told.append(now)) as work:
        work.wait(FEW)
    assert not told


def test_others_that_end_are_done_without(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true" if os.name == "posix" else sys.executable)
    monkeypatch.setattr(ahead, "loops_of", None)
    with ahead.loops_ahead(lambda *_: None) as work:
        work.wait(FEW)
    assert not compiled_in(empty_cache)
    assert [path.suffix for path in empty_cache.glob("loops-*")] == [".lock"]


def test_one_has_it_done_for_all(empty_cache: Path) -> None:
    """Of two at once the second starts no process before the first has ended, and hears what that one has done."""
    with ahead.loops_ahead(lambda *_: None) as first, ahead.loops_ahead(lambda *_: None) as second:
        first.wait(FEW)
        second.wait(FEW)
        assert len(first._children) + len(second._children) <= ahead.MOST
        assert not (first._children and second._children)


def test_what_is_not_waited_for_is_ended(empty_cache: Path) -> None:
    with ahead.loops_ahead(lambda *_: None) as work:
        pass
    assert all(child.poll() is not None for child in work._children)


def test_nothing_can_be_kept() -> None:
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run([sys.executable, "-P", "-c", NOWHERE], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert not Path(done.stdout.strip()).exists()
