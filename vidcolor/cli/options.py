"""What commands share: parsers that take words in any order, and the options that several commands have."""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

from vidcolor.cli import commands
from vidcolor.cli.misspelt import meant, no_command

LIGHT = ("new", "status", "why", "accept", "correct", "corrections", "palette", "prune", "settings")
"""Commands that answer at once: they load nothing that computes, but to look at a picture that is given to `correct`
or accepted."""


DAY = 86400
"""Seconds that a command waits for another at most."""


NEGATIVE = re.compile(r"-\.?[0-9]")
"""How a value begins that is no option: -5, and -5,48 too, which is then refused in words, as a point outside."""


class OneLine(argparse.ArgumentParser):
    """Refuses a line as all else is refused: in one line that says where help is."""

    def error(self, message: str) -> NoReturn:
        text = " ".join(message.split())
        self.exit(2, f"{self.prog}: {text}{'' if '--help' in text else f' (see `{self.prog} --help`)'}\n")


class Commands(OneLine):
    """The program's own parser: its first word is a command."""

    verbs: Collection[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        words = sys.argv[1:] if args is None else args
        if words and not words[0].startswith("-") and words[0] not in self.verbs:
            self.error(no_command(words[0], self.verbs))
        return super().parse_known_args(args, namespace)


class Mixed(OneLine):
    """Takes options before, between and behind the other words: `render PROJECT --dry-run SHOT`."""

    mixing = False

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._negative_number_matcher = NEGATIVE

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # what the commands' parsers are asked
        if self.mixing:
            return super().parse_known_args(args, namespace)
        self.mixing = True
        words = sys.argv[1:] if args is None else list(args)
        try:
            found, more = self.parse_known_intermixed_args(args, namespace)
            found.words = words
            if more:
                hint = meant(words, more, list(self._option_string_actions))
                self.error(f"unrecognized arguments: {' '.join(more)}{hint}")
            return found, more
        finally:
            self.mixing = False


def path(text: str) -> Path:
    """A file or folder of the line; `.` and `..` by their own names, which what lies beside them is called by.

    Refuses an empty name, which would be the current folder, and the root of a disk, which has none.
    """
    if not text:
        raise argparse.ArgumentTypeError("an empty name; give a file or folder, or leave the option out")
    found = Path(text).expanduser() if text.startswith("~/") else Path(text)  # `--keyframes=~/refs`: shells leave that
    if found.name in ("", ".."):
        found = Path(os.path.abspath(found))
    if not found.name:
        raise argparse.ArgumentTypeError(f"{text} is a whole disk; give a file or folder in it")
    return found


def command(verbs: argparse._SubParsersAction, name: str, text: str, example: str) -> Mixed:
    parser: Mixed = verbs.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run = getattr(commands, f"{name}_command")
    parser.set_defaults(run=run, verb=name, computes=name not in LIGHT, reel_name="", made=False)
    return parser


def project_command(verbs: argparse._SubParsersAction, name: str, text: str, example: str) -> Mixed:
    """A command on a project: it takes the folder first, and what its film is read and computed with."""
    parser = command(verbs, name, text, example)
    add_project(parser)
    shared = parser.add_argument_group(
        "common to commands on a project"
    )  # a group stands last in the help, whatever is added later
    add_device(shared)
    add_set(shared)
    add_wait(shared)
    return parser


def add_wait(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="how long to wait while another vidcolor works on the project",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= DAY:
        raise argparse.ArgumentTypeError(f"{text!r:.40}: give seconds to wait, from 0 to {DAY}")
    return seconds


def add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=path, help="the project folder; of a film of several reels, theirs one by one")


def add_made_with(parser: argparse.ArgumentParser) -> None:
    """What a project is made with: settings by name, and shots by a list."""
    parser.add_argument("--preset", metavar="NAME", help="draft, standard (default) or archive")
    parser.add_argument(
        "--shots", type=path, metavar="FILE", help="an EDL, OTIO, AAF, ALE, CSV or FCP 7 XML instead of shot detection"
    )


def add_shot_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shots",
        dest="shot_list",
        type=path,
        metavar="FILE",
        help="an EDL, OTIO, AAF, ALE, CSV or FCP 7 XML instead of shot detection, from now on",
    )


def add_references(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keyframes", type=path, metavar="DIR", help="the folder of colour pictures")


def add_delivery(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", dest="out", type=path, metavar="OUT", help="the delivered file or folder (default: FILM_color.mov)"
    )
    parser.add_argument(
        "--delivery",
        metavar="NAME",
        help="how the film is written: prores-422hq (default), ffv1, dpx-10, exr, proxy ...; `vidcolor export --help` "
        "lists them",
    )


def add_device(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "mps"),
        default="auto",
        metavar="NAME",
        help="where to work: auto (default), cpu, or a GPU, cuda or mps",
    )


def add_set(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one setting; `vidcolor settings` lists all",
    )
