"""`vidcolor review`: the page on which a film is looked at and corrected."""

from __future__ import annotations

import argparse
import importlib.util
import webbrowser
from collections.abc import Sequence

from vidcolor.cli.terminal import Recorded, Terminal
from vidcolor.cli.working import settings_of
from vidcolor.errors import InputError

NEEDED = ("starlette", "uvicorn")
INSTALL = "run pip install 'vidcolor[review]'"


def spoken(words: Sequence[str]) -> tuple[int, list[str]]:
    """The exit status of a command, run here by the words behind `vidcolor`, and what it said."""
    from vidcolor.cli.parser import run

    terminal = Recorded()
    try:
        return run(words, terminal), terminal.lines
    except SystemExit as error:  # words that no command takes
        return int(error.code or 0), [*terminal.lines, "the line cannot be read; see the terminal"]


def review_command(args: argparse.Namespace, terminal: Terminal) -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"the review page needs {' and '.join(missing)}: {INSTALL}")
    from vidcolor.desk.actions import Actions
    from vidcolor.desk.desk import Desk
    from vidcolor.desk.server import serve

    desk = Desk(args.project, lambda project: settings_of(project, args.assignments), args.device)
    more = [f"--device={args.device}"] if args.device != "auto" else []
    actions = Actions(desk, spoken, [*more, *(f"--set={text}" for text in args.assignments)])

    def opened(address: str) -> None:
        terminal.say(f"{'page':<10} {address}")
        terminal.say(f"{'':<10} for this machine alone; Ctrl-C ends it, and nothing is lost")
        terminal.out.file.flush()
        if args.browser:
            webbrowser.open(address)

    try:
        serve(desk, actions, args.port, opened)
    except KeyboardInterrupt:
        terminal.say("closed")
    finally:
        actions.close()
