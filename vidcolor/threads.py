"""Threads: OpenCV works on one, so that results and load do not hang on the number of cores; frames run side by side.

The one place that says so, and how many cores and how much memory there are for what runs side by side. Networks
do the same for themselves (networks/graph.py).
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import cv2

MEMORY = Path("/proc/meminfo")
TASKS = Path("/proc/self/task")
"""Where Linux tells a program's threads."""
GROUP = Path("/sys/fs/cgroup")
"""Where Linux tells what a container may take, by its control groups of version 2."""
ARENAS = -8
"""glibc's name for how many heaps its threads share (M_ARENA_MAX)."""
THREADS_OF_A_HEAP = 16
_given: list[int] = []
"""Cores that an engine gave, if any."""


def one_each() -> None:
    """Has OpenCV work on the thread that calls it alone, in the whole program.

    Every command that computes calls it before it begins, and so does what depends on it (OpenCV 4 searches flow in
    as many stripes as it has threads), whoever the caller is.
    """
    if cv2.getNumThreads() != 1:
        cv2.setNumThreads(1)


@contextmanager
def as_the_caller() -> Iterator[None]:
    """Gives all threads of the program, new ones too, the caller's scheduling back as the block ends (Linux)."""
    if not TASKS.is_dir():
        yield
        return
    policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
    yield
    for task in TASKS.iterdir():
        with suppress(OSError):  # ended since
            os.sched_setscheduler(int(task.name), policy, param)


def cores() -> int:
    """Processor cores that this program may use."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([there, *_given])


def use_cores(count: int) -> None:
    """Has the whole program use so many cores at most: what an engine gave it of a machine that others use, too."""
    _given[:] = [count]


@cache
def turns() -> threading.BoundedSemaphore:
    """To be held by what takes much memory while it computes, networks: as many run at once as there are cores.

    More threads than that have frames to look at, and would only hold what they are in the middle of.
    """
    return threading.BoundedSemaphore(cores())


def free_memory() -> int | None:
    """Bytes that this program may still take without others being pushed out; None where the system does not tell."""
    rooms = []
    with suppress(OSError, ValueError, StopIteration):
        lines = MEMORY.read_text(encoding="ascii").splitlines()
        rooms.append(1024 * int(next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))))
    with suppress(OSError, ValueError):  # "max" is no number: there is no bound
        bound = int((GROUP / "memory.max").read_text(encoding="ascii"))
        rooms.append(max(0, bound - int((GROUP / "memory.current").read_text(encoding="ascii"))))
    return min(rooms) if rooms else None


def share_heaps() -> None:
    """Has glibc's threads share one heap for every few cores; elsewhere nothing.

    Each thread else keeps what it has freed for itself: a tenth of a render's memory, and no faster.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(ARENAS, -(-cores() // THREADS_OF_A_HEAP))
