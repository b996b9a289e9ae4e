"""What can be typed to make a project: the whole job at once, and the project alone."""

from __future__ import annotations

import argparse

from vidcolor.cli.epilogs import REELS
from vidcolor.cli.options import (
    add_delivery,
    add_device,
    add_made_with,
    add_references,
    add_set,
    add_wait,
    command,
    path,
)


def add_run(verbs: argparse._SubParsersAction) -> None:
    parser = command(
        verbs,
        "run",
        "everything at once: makes or reopens FILM.vidcolor, plans, renders what is stale, delivers",
        "vidcolor run film.mp4 --keyframes refs/ -o film_color.mov",
    )
    parser.usage = "vidcolor run FILM [FILM ...] --keyframes DIR [-o OUT] [options]"
    told = "film, or folder of numbered pictures; reels: `new --help`"
    parser.add_argument("film", nargs="+", type=path, metavar="FILM", help=told)
    add_references(parser)
    parser.add_argument("--project", type=path, metavar="DIR", help="the project folder (default: FILM.vidcolor)")
    add_delivery(parser)
    add_made_with(parser)
    add_device(parser)
    add_set(parser)
    add_wait(parser)


def add_new(verbs: argparse._SubParsersAction) -> None:
    parser = command(
        verbs,
        "new",
        "makes a project folder without starting the work",
        "vidcolor new northwind.vidcolor --reel scans/reel1.mov --keyframes refs/",
    )
    parser.epilog = f"{parser.epilog}\n{REELS}"
    parser.add_argument("project", type=path, help="the folder to make")
    parser.add_argument(
        "--reel",
        dest="film",
        action="append",
        type=path,
        required=True,
        metavar="FILM",
        help="the film file; once for each reel of a film of several",
    )
    add_references(parser)
    add_made_with(parser)
