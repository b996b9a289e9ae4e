"""`vidcolor sheet`, and the sheet that every run makes, so that there is something to look at."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from vidcolor.cli.progress import ShowProgress
from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of, working
from vidcolor.errors import VidcolorError
from vidcolor.project import Project
from vidcolor.project.versions import STILL
from vidcolor.state.film import Film
from vidcolor.state.read import load_film
from vidcolor.state.status import ShotState, state_of, states


def sheet_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.review.sheet import FOLDER, write_sheets, write_shot_sheet

    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    folder, suffix = args.out, f".{args.format}"
    with working(project, "sheet", args.wait), terminal.progress() as progress:
        film = load_film(project, settings, device=args.device)
        if args.shot:
            state = state_of(film, film.plan.shot(args.shot))
            paths = [(folder or project.path(FOLDER)) / f"{state.planned.shot.id}{suffix}"]
            write_shot_sheet(film, state, paths[0], progress)
        else:
            paths = write_sheets(film, states(film), progress, folder=folder, view=args.view, suffix=suffix)
    terminal.say(f"{'written':<10} {_told(paths)}")


def sheets_of(
    film: Film, shown: Sequence[ShotState], progress: ShowProgress, held: AbstractContextManager[None] | None = None
) -> list[tuple[str, str]]:
    """Draws what changed of the project's own sheets; (head, line) pairs that say where to look.

    held   the project's lock, where the command does not hold it already
    A sheet that cannot be written spoils no run: the lines say why.
    """
    from vidcolor.review.sheet import write_sheets

    try:
        with held or nullcontext():
            sheets = _told(write_sheets(film, shown, progress, gray_too=False))
    except VidcolorError as error:
        sheets = f"no sheet: {error}"
    lines = [("look at", sheets)]
    if first := next((state.version for state in shown if state.version), None):
        lines.append(("", f"{first.path / STILL}, and so a still of each shot"))
    return lines


def _told(paths: Sequence[Path]) -> str:
    more = f" to {paths[-1].name}, {len(paths)} pages" if len(paths) > 1 else ""
    return f"{paths[0]}{more}"


def report_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.media.place import write_text
    from vidcolor.review.remarks import HEAD, remarks, remarks_csv
    from vidcolor.review.report import check_place, write_report

    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    path: Path = args.out or project.path("report.html")
    if args.csv:
        check_place(args.csv, HEAD, "--csv")
    with working(project, "report", args.wait), terminal.progress() as progress:
        film = load_film(project, settings, device=args.device)
        shown = states(film)
        write_report(film, shown, path, progress)
        if args.csv:
            write_text(args.csv, remarks_csv(film, remarks(film, shown)), "--csv")
    terminal.say(f"{'written':<10} {path} ({max(0.1, path.stat().st_size / 1e6):.1f} MB; opens in any browser)")
    if args.csv:
        terminal.say(f"{'':<10} {args.csv}")
