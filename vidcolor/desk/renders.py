"""Renders behind the page: `vidcolor render` as a child process, one at a time, stopped when what it makes is outdated.

A render that is stopped or killed loses nothing: it goes on from its checkpoint, or what it would make is no longer
wanted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

KINDLY = 5
"""How much a render gives way to the page, in steps of `nice`."""
PATIENCE = 5.0
"""Seconds that a stopped render has to end by itself."""
WAIT = "--wait=600"
"""For another vidcolor that works on the project"""


class Renders:
    """Shots that are wanted, and the child that renders some of them."""

    def __init__(
        self, root: Path, more: Sequence[str], tell: Callable[[Mapping[str, Any]], None], rendered: Callable[[], None]
    ) -> None:
        """more      options of every command of this run
        tell      is told of how the work goes on
        rendered  is called when a render has ended
        """
        self._root, self._more, self._tell, self._rendered = root, list(more), tell, rendered
        self._guard = threading.Lock()
        self._wanted: list[str] = []
        self._under: tuple[str, ...] = ()
        self._child: subprocess.Popen[str] | None = None
        self._others: set[subprocess.Popen[str]] = set()
        self._stopped = self._over = False

    @property
    def under_way(self) -> tuple[str, ...]:
        """The shots that are rendered now."""
        return self._under

    def want(self, shots: Iterable[str]) -> None:
        """Has these shots rendered, as soon as nothing else is."""
        with self._guard:
            self._wanted += [shot for shot in shots if shot not in self._wanted]
            self._begin()

    def outdated(self, shots: Iterable[str]) -> None:
        """Stops the render of shots that are corrected again; what else it was to make stays wanted."""
        changed = set(shots)
        with self._guard:
            if changed & set(self._under):
                self._wanted = [*(shot for shot in self._under if shot not in changed), *self._wanted]
                self._end()

    def work(self, words: Sequence[str], then: Mapping[str, Any]) -> None:
        """Runs another command behind the page; `then` is told when it has ended, with what went wrong."""

        def run() -> None:
            with self._started([*words, WAIT]) as child:
                self._others.add(child)
                said = [line.strip() for line in child.stdout or ()]
            self._others.discard(child)
            text = _wrong(said) if child.returncode else ""
            self._rendered()
            self._tell({**then, "error": text})

        threading.Thread(target=run, name="work", daemon=True).start()

    def stop(self) -> None:
        """Stops the render; nothing is wanted any more."""
        with self._guard:
            self._wanted.clear()
            self._end()

    def close(self) -> None:
        self._over = True
        self.stop()
        for child in list(self._others):
            child.terminate()

    def _begin(self) -> None:
        if self._child is not None or not self._wanted or self._over:
            return
        self._under, self._wanted, self._stopped = tuple(self._wanted), [], False
        self._child = self._started(["render", str(self._root), *self._under, "--json", WAIT, *self._more])
        self._tell({"kind": "render", "shots": list(self._under), "share": 0})
        threading.Thread(target=self._follow, args=(self._child,), name="render", daemon=True).start()

    def _started(self, words: Sequence[str]) -> subprocess.Popen[str]:
        """A command as a child process that gives way to the page; what it says comes through its `stdout`."""
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "vidcolor", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        with suppress(OSError, AttributeError):  # a system without priorities
            os.setpriority(os.PRIO_PROCESS, child.pid, KINDLY)
        return child

    def _end(self) -> None:
        if self._child is not None:
            self._stopped = True
            self._child.terminate()

    def _follow(self, child: subprocess.Popen[str]) -> None:
        """Tells what a child says of its work, and what came of it."""
        said: list[str] = []
        assert child.stdout is not None
        with child.stdout as lines:
            for line in lines:
                share = _share(line)
                if share is None:
                    said = [*said, line.strip()][-20:]
                else:
                    self._tell({"kind": "render", "shots": list(self._under), "share": share})
        with suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE)
        if child.poll() is None:
            child.kill()
            child.wait()
        with self._guard:
            shots, stopped = self._under, self._stopped
            self._under, self._child = (), None
        text = "" if stopped or child.returncode == 0 else _wrong(said)
        self._rendered()
        self._tell({"kind": "rendered", "shots": list(shots), "stopped": stopped, "error": text})
        with self._guard:
            self._begin()


def _wrong(said: Sequence[str]) -> str:
    """What a command that failed said last for people."""
    told = [line.removeprefix("vidcolor: ") for line in said if line.startswith("vidcolor: ")]
    return (told or list(said) or ["it ended without a word; run it again"])[-1]


def _share(line: str) -> float | None:
    """How much of the work is done, of a line that says so; None of others."""
    if not line.startswith('{"stage"'):
        return None
    try:
        return float(json.loads(line)["share"])
    except (ValueError, KeyError, TypeError):
        return None
