"""A command on several reels of a film: each reel in turn, then what is told or written of all of them."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from vidcolor.cli.deliver import lists_of_all
from vidcolor.cli.farm import write_jobs
from vidcolor.cli.reels import line_of_each
from vidcolor.cli.show import counts_told
from vidcolor.cli.terminal import Gathering, Terminal
from vidcolor.cli.working import unmake_idle
from vidcolor.errors import CorrectionError, ProjectError, VidcolorError
from vidcolor.project import Project

EXIT_USER = 2


def of_reels(args: argparse.Namespace, lines: Sequence[argparse.Namespace], terminal: Terminal) -> int:
    """The exit status. What is to be mended in one reel does not stop the others."""
    status, done = 0, {}
    told = Gathering() if args.verb == "status" and args.json else terminal
    for line in lines:
        if len(lines) > 1 and told is terminal:
            terminal.say(f"reel {line.reel_name}")
        try:
            done[line.reel_name] = args.run(line, told)
        except VidcolorError as error:
            status = refused(str(error), args, told, corrections=isinstance(error, CorrectionError))
    failed = [line.reel_name for line in lines if line.reel_name not in done]
    if failed and len(lines) > 1 and told is terminal:
        terminal.say(f"{len(done)} of {len(lines)} reels done; not {', '.join(failed)}: errors say what mends that")
    for line in lines:
        if line.made:  # not before: the others are told apart by its name
            unmake_idle(Project.open(line.project))
    if isinstance(told, Gathering):
        terminal.json({"reels": dict(zip((line.reel_name for line in lines), told.values, strict=True))})
    elif args.verb == "status":
        terminal.say(f"all reels: {counts_told(sum(done.values(), Counter()))}")
    elif args.verb == "export":
        try:
            lists_of_all(line_of_each(args), terminal)
        except VidcolorError as error:
            status = refused(f"no lists of all reels: {error}", args, terminal)
    elif args.verb == "farm":
        _write_farm(args, lines, done, terminal)
    return status


def _write_farm(
    args: argparse.Namespace, lines: Sequence[argparse.Namespace], done: Mapping[str, Any], terminal: Terminal
) -> None:
    from vidcolor.farm.jobs import job_of_reels

    if len(done) < len(lines):
        raise ProjectError(f"{args.project}: no job was written, as it would lack a reel; mend that, and again")
    jobs, shots = zip(*done.values(), strict=True)
    write_jobs(args, job_of_reels(jobs, args.project), sum(shots), terminal)


def refused(text: str, args: argparse.Namespace, terminal: Terminal, *, corrections: bool = False) -> int:
    """Says what is to be mended: to people on stderr, to a program that asked for JSON as `error` too."""
    for line in text.splitlines() if corrections else [text]:
        terminal.fail(line)
    if getattr(args, "json", None) is True:  # of `measure` it is a file's name
        terminal.json({"error": text})
    return EXIT_USER
