"""Where a film's processor time goes, as a flame, beside the floor: what decoding, encoding and memory allow.

A thread looks every few milliseconds at every other thread's Python stack and at the time that Linux has counted for it
since, which includes compiled loops and libraries. Threads that libraries started themselves have no stack: they stand
under their own name. Its own time is left out.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from benchmark import speed
from benchmark.tables import table
from vidcolor.media.probe import open_reel
from vidcolor.media.read import SourceClip
from vidcolor.settings import Settings

LOOK = 0.01
"""Seconds between two looks."""
TASKS = Path("/proc/self/task")
COPIED = 64 << 20
"""Bytes copied to learn how fast memory is: more than processors keep in their caches."""
PASSES = 2 * (2 + 2 * 4 + 2 * 2)
"""Bytes a pixel that delivering must at least read and write: luma codes, chroma as float, chroma codes."""
SHOWN = 24
WITHIN = 2.0
"""Times its floor within which a stage is near it."""
Stack = tuple[str, ...]


class Sampler:
    """Processor seconds of all threads by their stacks, outermost first, while it is entered."""

    def __init__(self) -> None:
        self.seconds: Counter[Stack] = Counter()
        self._told: dict[str, int] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sampler", daemon=True)

    def __enter__(self) -> Sampler:
        self._look(None)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._look(self.seconds)

    def _watch(self) -> None:
        while not self._done.wait(LOOK):
            self._look(self.seconds)

    def _look(self, seconds: Counter[Stack] | None) -> None:
        frames, ours = sys._current_frames(), {str(t.native_id): t for t in threading.enumerate()}
        for task in TASKS.iterdir():
            with suppress(OSError, ValueError):  # ended since
                spent = int((task / "schedstat").read_text().split()[0])
                new = spent - self._told.get(task.name, 0)
                self._told[task.name] = spent
                thread = ours.get(task.name)
                if seconds is not None and new and thread is not self._thread:
                    frame = frames.get(thread.ident) if thread is not None and thread.ident else None
                    seconds[stack_of(frame) if frame else (f"[{(task / 'comm').read_text().strip()}]",)] += new / 1e9


def stack_of(frame: FrameType | None) -> Stack:
    """Names of the functions on a stack, outermost first: module.function; what is written within one is its own."""
    names = []
    while frame is not None:
        module = frame.f_globals.get("__name__", "?")
        names.append(f"{module}.{frame.f_code.co_qualname.split('.<locals>')[0]}")
        frame = frame.f_back
    return tuple(reversed(names))


def folded(flames: dict[str, Counter[Stack]]) -> str:
    """The stages' stacks as flame graph programs read them: names joined by semicolons, then microseconds."""
    lines = [
        ";".join([stage.split(" ")[0], *stack]) + f" {round(1e6 * seconds)}"
        for stage, stacks in flames.items()
        for stack, seconds in sorted(stacks.items())
    ]
    return "\n".join(lines) + "\n"


def own(stacks: Counter[Stack]) -> Counter[str]:
    """Seconds by the innermost function of ours on each stack, with what it called of libraries."""
    spent: Counter[str] = Counter()
    for stack, seconds in stacks.items():
        spent[next((name for name in reversed(stack) if name.startswith("vidcolor.")), stack[-1])] += seconds
    return spent


def measure(film: Path, keyframes: Path, settings: Settings, flame: Path) -> str:
    """The tables of one film; its flame is written to `flame`. Linux alone tells what is needed."""
    flames: dict[str, Counter[Stack]] = defaultdict(Counter)

    def sampled(stage: str, work: Callable[[], Any]) -> Any:
        with Sampler() as sampler:
            result = work()
        flames[stage] = sampler.seconds
        return result

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        speed.warm_up(folder / "warm", film, settings)
        speed.run_stages(
            speed.project_of(folder / "p.vidcolor", film, keyframes), settings, folder / "out.mov", sampled
        )
        reel = open_reel(film, settings.reel)
        decode = spent(lambda: speed.exhaust(iter(SourceClip(reel))))
        transcode = spent(lambda: speed.transcode(film, folder / "plain.mov"))
    flame.write_text(folded(flames), encoding="utf-8")
    height, width = reel.size
    memory = PASSES * height * width / copied_a_second()
    count = reel.frame_count
    floors = {speed.PLAN: decode, speed.RENDER: decode, speed.EXPORT: transcode + count * memory}
    return "\n".join([stage_table(flames, floors, count), own_table(flames, count)])


def spent(work: Callable[[], Any]) -> float:
    """Processor seconds of all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


def copied_a_second() -> float:
    """Bytes that one core reads and writes in a second, copying."""
    source, target = np.ones(COPIED, np.uint8), np.ones(COPIED, np.uint8)
    return 2 * COPIED / min(spent(lambda: np.copyto(target, source)) for _ in range(5))


def stage_table(flames: dict[str, Counter[Stack]], floors: dict[str, float], count: int) -> str:
    """Each stage beside its floor: plan and render must decode the film, export decode, encode and move it."""
    rows = []
    for stage, stacks in flames.items():
        total, floor = sum(stacks.values()), floors[stage]
        near = "yes" if total <= WITHIN * floor else "no"
        rows.append([stage, f"{1e3 * total / count:.1f}", f"{1e3 * floor / count:.1f}", f"{total / floor:.1f}", near])
    return table(["stage", "CPU ms a frame", "floor", "times", f"within {WITHIN:g}"], rows)


def own_table(flames: dict[str, Counter[Stack]], count: int) -> str:
    """The dearest functions of all stages."""
    spent_in = own(sum(flames.values(), Counter()))
    total = sum(spent_in.values())
    rows = [
        [name, f"{1e3 * seconds / count:.1f}", f"{100 * seconds / total:.0f} %"]
        for name, seconds in spent_in.most_common(SHOWN)
    ]
    return table(["function, with what it calls of libraries", "CPU ms a frame", "share"], rows)
