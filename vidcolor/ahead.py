"""Loops compiled before they are needed, on all cores: what the first start on a machine waits for.

Numba compiles a loop where it is first called, one at a time in a process. So a command has other processes compile
what every film needs (loops.py) into numba's cache on disk, and waits for what it is about to call; it then loads it.
- One process compiles all of a module: its loops share helpers, and numba's index of a loop's cache bears several
  writers only where they write the same.
- Nothing hangs on it: what is not listed, or could not be compiled, is compiled where it is first called.
- A file beside the cache notes that all are there, by what they were compiled of. Of several commands that start at
  once on a machine one has the work done, the others wait for it.

`python -m vidcolor.ahead` is such a process: it is told modules, a line each, and answers each with a line.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import platform
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vidcolor.loops import PLANS, TEXT, listed
from vidcolor.machine import computed_on, version_of

log = logging.getLogger(__name__)
MOST = 8
"""Processes at most: there are few modules that take long, and each process loads numba."""
LOOK = 0.2
"""Seconds between two looks at whether another command has had the work done."""
Progress = Callable[[str, int, int], None]


class Ahead:
    """The work, behind the caller's back from here on; nothing where it has been done before."""

    def __init__(self, progress: Progress) -> None:
        """progress  is told ("loops", modules that are ready, of how many) where any is waited for"""
        from vidcolor.compiled import KEPT  # loads numba

        self._progress = progress
        self._note = KEPT / f"loops-{_digest(computed_on())}"
        self._left = dict.fromkeys(listed())
        self._ready: set[str] = set()
        self._changed = threading.Condition()
        self._children: list[subprocess.Popen[str]] = []
        self._closed = False
        self._thread: threading.Thread | None = None
        if self._is_noted():
            self._ready |= self._left.keys()
            return
        self._thread = threading.Thread(target=self._work, name="loops", daemon=True)
        self._thread.start()

    def wait(self, modules: Iterable[str] | None = None) -> None:
        """Waits until the loops of these modules, or all, can be called without being compiled."""
        wanted, told = set(modules or listed()), False
        with self._changed:
            while (ready := len(wanted & self._ready)) < len(wanted) or told:
                self._progress("loops", ready, len(wanted))
                if ready == len(wanted):
                    return
                told = True
                self._changed.wait()

    def wait_for_plan(self) -> None:
        self.wait(PLANS)

    def close(self) -> None:
        """Ends what still compiles."""
        with self._changed:
            self._closed = True
            for child in self._children:
                child.kill()
        if self._thread is not None:
            self._thread.join()

    def _is_noted(self) -> bool:
        with suppress(OSError):
            return self._note.read_text() == compiled_of()
        return False

    def _work(self) -> None:
        try:
            with self._alone():
                if not self._is_noted():
                    self._have_compiled()
        except OSError as error:
            log.info("loops are compiled where they are called: %s", error)
        finally:
            with self._changed:
                self._ready |= listed().keys()
                self._changed.notify_all()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other command of this machine does the same; not, where this one ends before."""
        from filelock import FileLock, Timeout

        lock = FileLock(f"{self._note}.lock")
        while not self._closed:
            with suppress(Timeout):
                lock.acquire(timeout=LOOK)
                break
        try:
            yield
        finally:
            lock.release()

    def _have_compiled(self) -> None:
        from vidcolor.threads import cores

        count = min(cores(), MOST)
        with ThreadPoolExecutor(count, thread_name_prefix="loops") as pool:
            whole = all(list(pool.map(lambda _: self._have_one(), range(count))))
        if whole:
            with suppress(OSError):
                self._note.write_text(compiled_of())

    def _have_one(self) -> bool:
        """Hands modules to one process until there are none; whether it could compile them all."""
        with self._changed:
            if self._closed:
                return False
            # not the current folder, wherever the command was started
            line = [sys.executable, "-P", "-m", "vidcolor.ahead"]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            child = subprocess.Popen(line, text=True, **pipes)
            self._children.append(child)
        with child:
            while True:
                with self._changed:
                    if not self._left:
                        return True
                    module = next(iter(self._left))
                    del self._left[module]
                if _asked(child, module) != module:
                    log.info("loops of %s are compiled where they are called: no process could", module)
                    return False
                with self._changed:
                    self._ready.add(module)
                    self._changed.notify_all()


@contextmanager
def loops_ahead(progress: Progress) -> Iterator[Ahead]:
    """Loops are compiled within the block, and whoever is in it waits for those it is about to call."""
    ahead = Ahead(progress)
    try:
        yield ahead
    finally:
        ahead.close()


def _asked(child: subprocess.Popen[str], module: str) -> str:
    assert child.stdin is not None
    assert child.stdout is not None
    with suppress(OSError):  # it has ended
        child.stdin.write(f"{module}\n")
        child.stdin.flush()
        return child.stdout.readline().strip()
    return ""


def compiled_of() -> str:
    """What names the compiled loops of this installation: numba, Python, the list, the modules' files."""
    room = Path(__file__).parent
    files = [(room / f"{module.replace('.', '/')}.py").stat() for module in listed()]
    stamps = [(file.st_size, file.st_mtime_ns) for file in files]
    return _digest(repr((version_of("numba"), platform.python_version(), TEXT, stamps)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def loops_of(module: str) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The listed loops of a module, each with numba's types of what it is called with."""
    from vidcolor.compiled import types

    def read_only(kind: types.Array) -> types.Array:
        return types.Array(kind.dtype, kind.ndim, kind.layout, readonly=True)

    def tuple_as(kind: type | None) -> Callable[..., types.Type]:
        return lambda *parts: types.BaseTuple.from_types(parts, kind)

    there = importlib.import_module(f"vidcolor.{module}")
    named = {name: tuple_as(kind) for name, kind in vars(there).items() if hasattr(kind, "_fields")}
    words = {**vars(types), "Tuple": tuple_as(None), "readonly": read_only, **named}
    for loop in listed()[module]:
        name, _, kinds = loop.partition("(")
        yield getattr(there, name), eval(f"({kinds.removesuffix(')')},)", words)


def main() -> None:
    for line in sys.stdin:
        for loop, kinds in loops_of(line.strip()):
            loop.compile(kinds)  # or loads it
        sys.stdout.write(line)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
