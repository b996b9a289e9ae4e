"""What can be typed to look at a film: the commands that write pictures and pages of it, and change nothing."""

from __future__ import annotations

import argparse

from vidcolor.cli.options import path, project_command

MOST = 12
"""Suggested frames that are written where nobody says how many."""


def add_looking(verbs: argparse._SubParsersAction) -> None:
    """Adds the commands to the others."""
    _add_frames(verbs)
    _add_sheet(verbs)
    _add_report(verbs)
    _add_diff(verbs)
    _add_review(verbs)


def _add_frames(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "frames",
        "writes frames of the film as 16-bit pictures to paint on, named as the references folder takes them",
        "vidcolor frames northwind.vidcolor 134 200-204 01:00:05:09 -o paint/",
    )
    parser.add_argument(
        "frames",
        nargs="*",
        default=[],
        metavar="FRAME",
        help="a number counted from 0, a run (100-120) or a timecode (01:00:05:09)",
    )
    parser.add_argument(
        "-o", dest="out", type=path, metavar="DIR", help="where to write them (default: frames in the project folder)"
    )
    told = "in colour: as rendered, or as a frame's own picture and corrections will have it; default gray"
    parser.add_argument("--color", action="store_true", help=told)
    parser.add_argument("--suggested", action="store_true", help="the frames where a picture would help most, too")
    parser.add_argument("--most", type=count, default=MOST, metavar="N", help=f"suggested at most (default: {MOST})")
    parser.add_argument("--format", choices=("png", "tif"), default="png", help="png (default) or tif")


def _add_sheet(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "sheet",
        "pages of the film's shots by their keyframes, before, after and in doubt; or one shot by time",
        "vidcolor sheet northwind.vidcolor --shot r1-001042",
    )
    parser.add_argument("--shot", metavar="SHOT", help="one shot by time, by its id as `vidcolor status` shows it")
    parser.add_argument(
        "-o", dest="out", type=path, metavar="DIR", help="where to write (default: sheets in the project folder)"
    )
    parser.add_argument(
        "--view",
        choices=("all", "after"),
        help="all: before, after, confidence; after: one picture a shot (default: all up to 240 shots)",
    )
    parser.add_argument("--format", choices=("jpg", "png"), default="jpg", help="jpg (default) or png")


def _add_report(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "report",
        "one HTML page: shots in order, doubt over time, frames worth painting, and figures of quality",
        "vidcolor report northwind.vidcolor -o northwind.html",
    )
    parser.add_argument(
        "-o", dest="out", type=path, metavar="FILE", help="the page (default: report.html in the project folder)"
    )
    parser.add_argument(
        "--csv", type=path, metavar="FILE", help="write a list too of what to look at: notes, doubt, figures too high"
    )


def _add_diff(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "diff",
        "two versions of a shot: how far their colours differ, in figures and in a picture of both",
        "vidcolor diff northwind.vidcolor r1-001042 v001 v002",
    )
    parser.add_argument("shot", metavar="SHOT", help="a shot id as `vidcolor status` shows it")
    parser.add_argument("first", metavar="VERSION", help="a version of it, as v001")
    parser.add_argument("second", metavar="VERSION", help="the version to hold against it")
    parser.add_argument(
        "-o", dest="out", type=path, metavar="FILE", help="the picture, JPEG or PNG (default: in the project's sheets)"
    )
    parser.add_argument("--json", action="store_true", help="for programs: the figures as JSON")


def _add_review(verbs: argparse._SubParsersAction) -> None:
    parser = project_command(
        verbs,
        "review",
        "opens a page in the browser, for this machine alone: the whole film, looked at and corrected there",
        "vidcolor review northwind.vidcolor",
    )
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="where it listens (default: any free port)")
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help="print the address, and open no browser"
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text!r:.40}: write a port, from 1 to 65535, or 0 for any")
    return int(text)


def count(text: str) -> int:
    """A number of the line that is at least 1."""
    if not (text.isascii() and text.isdecimal() and 0 < len(text) <= 6 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r:.40}: write a whole number from 1 on")
    return int(text)
