"""What is shown: plain lines, tables, and how far the work is."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from vidcolor.cli.progress import JsonLines, ShowProgress, shown_on, written_by

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Terminal:
    """Writes for people to stdout, the progress of the work too, and errors to stderr.

    No colour and no bar where that is no terminal.
    """

    def __init__(self) -> None:
        self.out = Console(highlight=False, soft_wrap=True, emoji=False)  # `:o:` may stand in a file's name
        self.err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

    def say(self, text: str = "") -> None:
        text = _printable(text)
        if self.out.is_terminal:
            self.out.print(text, markup=False)
            return
        self.out.file.write(f"{text}\n")  # as it is: to look for places to break thousands of lines takes time
        self.out.file.flush()

    def json(self, value: Any) -> None:
        """For programs: the value as JSON, ASCII."""
        self.out.out(json.dumps(value, indent=1), highlight=False)

    def fail(self, text: str) -> None:
        self.err.print(f"[bold red]vidcolor:[/] {escape(' '.join(_printable(text).split()))}")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns of text; those whose head starts with `>` are set to the right.

        On a terminal that is too narrow for it, long cells are folded.
        """
        head, *lines = _columns(heads, rows)
        text = "\n".join([head, *lines])
        if not self.out.is_terminal:
            self.say(text)
        elif text.isascii() and max(map(len, (head, *lines))) <= self.out.width:
            self.out.print(head, style="bold", markup=False)  # folding takes a second for 3,500 lines
            self.say("\n".join(lines))
        else:
            self.out.print(_rich_table(heads, rows))

    def json_progress(self) -> ShowProgress:
        """The work as it is told, for programs: a line of JSON each time."""

        def write(line: str) -> None:
            self.out.out(line, highlight=False)
            self.out.file.flush()

        return JsonLines(write)

    @contextmanager
    def progress(self, opens: Path | None = None) -> Iterator[ShowProgress]:
        """Shows the work as it is told: bars on a terminal, else lines.

        opens  the film that the work begins with, told at once: what reads it takes seconds to load, half a minute
               where it is compiled first
        """
        if opens is not None:
            self.say(f"opening {opens.name}")
        with shown_on(self.out) if self.out.is_terminal else written_by(self.say) as progress:
            yield progress


def _columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """One line for the heads, then one for each row, in columns as wide as what stands in them."""
    table = [[head.lstrip(">") for head in heads], *([_one_line(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    set_in = [str.rjust if head.startswith(">") else str.ljust for head in heads]
    return ["  ".join(put(c, w) for put, c, w in zip(set_in, row, widths, strict=True)).rstrip() for row in table]


class Recorded(Terminal):
    """Keeps the lines that are said, in place of writing them: for a command that is run by another."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, text: str = "") -> None:
        self.lines += text.splitlines()

    def fail(self, text: str) -> None:
        self.lines.append(" ".join(text.split()))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.lines += ["  ".join(row) for row in rows]

    @contextmanager
    def progress(self, opens: Path | None = None) -> Iterator[ShowProgress]:
        yield ShowProgress()


class Gathering(Terminal):
    """Keeps what is said to programs: for what is told of several reels as one."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[Any] = []

    def json(self, value: Any) -> None:
        self.values.append(value)


def _rich_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table  # other places get plain text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head.lstrip(">"), justify="right" if head.startswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_printable(_one_line(cell))) for cell in row))
    return table


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _printable(text: str) -> str:
    """`text` as this terminal's encoding can show it, without what would steer the terminal.

    File names and people's notes may hold anything.
    """
    encoding = sys.stdout.encoding or "utf-8"
    text = _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return text.encode(encoding, "backslashreplace").decode(encoding)
