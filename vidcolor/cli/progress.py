"""How the work is shown as it goes on: a bar a stage on a terminal; elsewhere a line a stage, and one a minute."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vidcolor.cli.time_left import TimeLeft, in_words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

LABELS = {
    "hash": "reading the film",
    "loops": "compiling loops, once",
    "shots": "finding shots",
    "references": "looking at references",
    "keyframes": "choosing keyframes",
    "render": "colouring",
    "wait": "waiting for shots that other machines render",
    "export": "delivering",
    "measure": "measuring",
    "look": "looking",
    "transfer": "transferring",
    "propose": "proposing colours",
    "tune": "tuning the model",
    "paint": "painting",
    "frames": "writing frames",
    "sheet": "drawing sheets",
    "diff": "comparing",
    "quality": "measuring shots",
    "legal": "looking at levels",
    "report": "writing the report",
}
OFTEN = 0.2
"""Seconds between lines for programs."""
EVERY = 60.0
"""Seconds between lines outside a terminal."""
clock = time.monotonic


class ShowProgress:
    """Told (stage, done, of how many) as the work goes on."""

    def __init__(self) -> None:
        self.left = TimeLeft(clock)

    def expect(self, seconds: Mapping[str, float]) -> None:
        """What the stages are likely to take, in seconds and in their order."""
        self.left.expect(seconds)

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.left.told(stage, done, total)


class Bars(ShowProgress):
    """One bar a stage, made when the stage first speaks; behind the last one the time left for all."""

    def __init__(self, bars: Progress) -> None:
        super().__init__()
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        super().__call__(stage, done, total)
        if stage not in self.tasks:
            for task in self.tasks.values():
                self.bars.update(task, left="")
            self.tasks[stage] = self.bars.add_task(LABELS.get(stage, stage), total=total, left="")
        self.bars.update(self.tasks[stage], completed=done, total=total, left=left_in_words(self.left))


class Lines(ShowProgress):
    """A line when a stage begins, and one about every minute while it works."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write
        self._stage, self._seen = "", set[str]()
        self._written = clock()
        self._guard = threading.Lock()

    def __call__(self, stage: str, done: int, total: int) -> None:
        with self._guard:
            super().__call__(stage, done, total)
            self._stage = stage
            if stage not in self._seen:
                self._seen.add(stage)
                self._line()
        self.tick()

    def tick(self) -> None:
        """Writes a line if the last one is a minute old."""
        with self._guard:
            if self._stage and clock() - self._written >= EVERY:
                self._line()

    def _line(self) -> None:
        share = f"{100 * self.left.share():.0f} %"
        left = left_in_words(self.left)
        try:
            self._write(f"{LABELS.get(self._stage, self._stage)}: {share} done" + (f", {left}" if left else ""))
        except (BrokenPipeError, SystemExit):  # nobody reads any more, which rich ends a program for: the work goes on
            self._write = _unread
        self._written = clock()


class JsonLines(ShowProgress):
    """For programs: a line of JSON when a stage begins, and several a second while it works."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write, self._stage, self._written = write, "", 0.0
        self._guard = threading.Lock()

    def __call__(self, stage: str, done: int, total: int) -> None:
        with self._guard:
            super().__call__(stage, done, total)
            if stage == self._stage and done < total and clock() - self._written < OFTEN:
                return
            self._stage, self._written = stage, clock()
            told = {"stage": stage, "done": done, "total": total, "share": round(self.left.share(), 4)}
            self._write(json.dumps(told))


def _unread(text: str) -> None:
    """Where lines go that nobody reads."""


def left_in_words(left: TimeLeft) -> str:
    """`about 12 min left`; nothing where nothing is known, and where nothing is left."""
    seconds = left.seconds()
    return f"about {in_words(seconds)} left" if seconds else ""


@contextmanager
def shown_on(terminal: Console) -> Iterator[ShowProgress]:
    """Bars on a terminal, within the block."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn  # `status` shows none

    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=terminal) as bars:
        yield Bars(bars)


@contextmanager
def written_by(write: Callable[[str], None]) -> Iterator[ShowProgress]:
    """Lines by `write`, also while a stage says nothing."""
    lines, over = Lines(write), threading.Event()
    watch = threading.Thread(target=_watch, args=(lines, over), name="minutes", daemon=True)
    watch.start()
    try:
        yield lines
    finally:
        over.set()
        watch.join()


def _watch(lines: Lines, over: threading.Event) -> None:
    while not over.wait(EVERY):
        lines.tick()
