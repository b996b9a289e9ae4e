"""Loops compiled before they are needed, on all cores: what the first start on a machine waits for.

Numba compiles a loop where it is first called, one at a time in a process. So a command has other processes compile
what films need (loops.py) into numba's cache on disk, and waits for what it is about to call; it then loads it.
- One process compiles all of a module: its loops share helpers, and numba's index of a loop's cache bears several
  writers only where they write the same.
- Nothing hangs on it: what is not listed, or could not be compiled, is compiled where it is first called.
- A note beside the cache says which modules are there, and what they were compiled of. Of several commands that start
  at once on a machine one has the work done, the others wait for it.

`python -m vidcolor.ahead` is such a process: it is told modules, a line each, and answers each with the same line.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import platform
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vidcolor.loops import PICTURES, PLANS, TEXT, listed
from vidcolor.machine import computed_on, version_of

log = logging.getLogger(__name__)
MOST = 8
"""Processes at most: there are few modules that take long, and each process loads numba."""
LOOK = 0.2
"""Seconds between two looks at whether another command has had the work done."""
Progress = Callable[[str, int, int], None]


class Ahead:
    """The work, behind the caller's back; nothing, where it has been done before."""

    def __init__(self, progress: Progress) -> None:
        """progress  is told ("loops", modules that are ready, of how many) where any is waited for"""
        from vidcolor.compiled import KEPT  # loads numba

        self._progress = progress
        self._note = KEPT / f"loops-{_digest(computed_on())}"
        self._asked: dict[str, None] = {}
        self._kept = self._noted()
        self._taken: set[str] = set()
        self._failed: set[str] = set()
        self._changed = threading.Condition()
        self._children: list[subprocess.Popen[str]] = []
        self._closed = False
        self._thread: threading.Thread | None = None
        self.want(module for module in listed() if module not in PICTURES)

    def want(self, modules: Iterable[str]) -> None:
        """Has the loops of these modules compiled, after what was wanted before."""
        with self._changed:
            self._asked |= dict.fromkeys(modules)
            if self._thread is None and not self._kept >= self._asked.keys():
                self._thread = threading.Thread(target=self._work, name="loops", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def wait(self, modules: Collection[str]) -> None:
        """Waits until these modules' loops are compiled, or nobody is left who would."""
        self.want(modules)
        told = False
        with self._changed:
            while (ready := sum(m in self._kept or m in self._failed for m in modules)) < len(modules) or told:
                self._progress("loops", ready, len(modules))
                if ready == len(modules):
                    return
                told = True
                self._changed.wait()

    def wait_for_plan(self) -> None:
        """Waits for what plan calls, but for what looks at pictures."""
        self.wait(PLANS)

    def wait_for_render(self, *, pictures: bool) -> None:
        """Waits for what render and export call, and ends the work.

        pictures  whether keyframes take their colours from pictures of other frames
        """
        self.wait([module for module in listed() if pictures or module not in PICTURES])
        self.close()

    def close(self) -> None:
        """Ends the work, done or not."""
        with self._changed:
            self._closed = True
            for child in self._children:
                child.kill()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _noted(self) -> set[str]:
        """The modules that the note holds, if it is of this very installation."""
        with suppress(OSError, ValueError):
            of, *modules = self._note.read_text().splitlines()
            return set(modules) if of == compiled_of() else set()
        return set()

    def _work(self) -> None:
        from vidcolor.threads import cores

        try:
            with self._alone():
                count = min(cores(), MOST)
                with ThreadPoolExecutor(count, thread_name_prefix="loops") as pool:
                    for work in [pool.submit(self._have_compiled) for _ in range(count)]:
                        work.result()
        except OSError as error:
            log.info("loops are compiled where they are called: %s", error)
        finally:
            with self._changed:
                self._failed |= listed().keys()
                self._changed.notify_all()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other command of this machine does the same; until then it hears of what that one has done."""
        from filelock import FileLock, Timeout

        lock = FileLock(f"{self._note}.lock")
        while not self._closed:
            with suppress(Timeout):
                lock.acquire(timeout=LOOK)
                break
            self._hear()
        try:
            self._hear()
            yield
        finally:
            lock.release()

    def _hear(self) -> None:
        with self._changed:
            self._kept |= self._noted()
            self._changed.notify_all()

    def _have_compiled(self) -> None:
        """Hands modules to one process until all work ends, or the process."""
        with self._changed:
            if self._closed:
                return
            # not from the current folder, wherever the command was started
            line = [sys.executable, "-P", "-m", "vidcolor.ahead"]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            child = subprocess.Popen(line, text=True, **pipes)
            self._children.append(child)
        with child:
            while module := self._next():
                done = _asked(child, module) == module
                with self._changed:
                    (self._kept if done else self._failed).add(module)
                    if done:
                        with suppress(OSError):
                            self._note.write_text("\n".join([compiled_of(), *sorted(self._kept)]))
                    self._changed.notify_all()
                if not done:
                    log.info("loops of %s are compiled where they are called: no process could", module)
                    return

    def _next(self) -> str | None:
        """A module that nobody has taken yet, as soon as there is one; None as the work ends."""
        with self._changed:
            while not self._closed:
                for module in self._asked:
                    if module not in self._kept and module not in self._taken:
                        self._taken.add(module)
                        return module
                self._changed.wait()
        return None


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
