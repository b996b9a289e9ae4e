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

from vidcolor.cli.progress import ShowProgress, shown_on, written_by

if TYPE_CHECKING:
    from rich.table import Table

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Terminal:
    """Writes for people to stdout, the progress of the work too, and errors to stderr.

    No colour and no bar where that is no terminal.
    """

    def __init__(self) -> None:
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str = "") -> None:
        self.out.print(escape(_printable(text)))

    def json(self, value: Any) -> None:
        """For programs: the value as JSON, ASCII."""
        self.out.out(json.dumps(value, indent=1), highlight=False)

    def fail(self, text: str) -> None:
        self.err.print(f"[bold red]vidcolor:[/] {escape(' '.join(_printable(text).split()))}")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns of text; those whose head starts with `>` are set to the right."""
        if self.out.is_terminal:
            self.out.print(_rich_table(heads, rows))
            return
        rows = [[_one_line(cell) for cell in row] for row in rows]
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
        """Shows the work as it is told: bars on a terminal, else lines."""
        with shown_on(self.out) if self.out.is_terminal else written_by(self.say) as progress:
            yield progress


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
