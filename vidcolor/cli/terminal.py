"""What is shown: plain lines, tables, and progress with time left where output is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

LABELS = {
    "hash": "reading the film",
    "shots": "finding shots",
    "keyframes": "choosing keyframes",
    "render": "colouring",
    "export": "delivering",
    "measure": "measuring",
    "look": "looking",
    "transfer": "transferring",
}
UNITS = {"hash": "MB", "keyframes": "shots", "look": "bands", "transfer": "steps"}


class Terminal:
    """Writes for people to stdout and errors to stderr. No colour and no bar where that is no terminal."""

    def __init__(self) -> None:
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str = "") -> None:
        self.out.print(escape(_printable(text)))

    def fail(self, text: str) -> None:
        self.err.print(f"[bold red]vidcolor:[/] {escape(' '.join(_printable(text).split()))}")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns of text; those whose head starts with `>` are set to the right."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for head in heads:
            table.add_column(head.lstrip(">"), justify="right" if head.startswith(">") else "left", overflow="fold")
        for row in rows:
            table.add_row(*(escape(_printable(cell)) for cell in row))
        if self.out.is_terminal:
            self.out.print(table)
            return
        widths = [max(map(len, column)) for column in zip(*([h.lstrip(">") for h in heads], *rows), strict=True)]
        lines = []
        for row in ([h.lstrip(">") for h in heads], *rows):
            cells = (
                c.rjust(w) if h.startswith(">") else c.ljust(w) for c, w, h in zip(row, widths, heads, strict=True)
            )
            lines.append("  ".join(cells).rstrip())
        self.say("\n".join(lines))

    @contextmanager
    def progress(self) -> Iterator[ShowProgress]:
        """A function (stage, done, total) that shows a bar for each stage, with the time left."""
        columns = (
            TextColumn("{task.description:<20}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        with Progress(*columns, console=self.out, disable=not self.out.is_terminal) as bars:
            yield ShowProgress(bars)


class ShowProgress:
    """One bar a stage, made when the stage first speaks."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage not in self.tasks:
            unit = UNITS.get(stage, "frames")
            self.tasks[stage] = self.bars.add_task(LABELS.get(stage, stage), total=total, unit=unit)
        self.bars.update(self.tasks[stage], completed=done, total=total)


def _printable(text: str) -> str:
    """`text` as this terminal's encoding can show it: file names may hold anything."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
