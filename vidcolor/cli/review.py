"""`vidcolor review`: the page on which a film is looked at and corrected."""

from __future__ import annotations

import argparse
import importlib.util
import webbrowser

from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of
from vidcolor.errors import InputError

NEEDED = ("starlette", "uvicorn")


def review_command(args: argparse.Namespace, terminal: Terminal) -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"the review page needs {' and '.join(missing)}: run `pip install {' '.join(missing)}`")
    from vidcolor.desk.desk import Desk
    from vidcolor.desk.server import serve

    desk = Desk(args.project, lambda project: settings_of(project, args.assignments), args.device)

    def opened(address: str) -> None:
        terminal.say(f"{'page':<10} {address}")
        terminal.say(f"{'':<10} for this machine alone; Ctrl-C ends it, and nothing is lost")
        terminal.out.file.flush()
        if args.browser:
            webbrowser.open(address)

    try:
        serve(desk, args.port, opened)
    except KeyboardInterrupt:
        terminal.say("closed")
