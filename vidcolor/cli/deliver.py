"""`vidcolor export`: the film, or a file for each shot, and lists of them; and what `run` shares with it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vidcolor.cli.correct import refuse_problems
from vidcolor.cli.progress import ShowProgress
from vidcolor.cli.show import show_delivered, show_delivered_shots, show_lists
from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of, working
from vidcolor.errors import MediaError, SettingsError
from vidcolor.project import Project
from vidcolor.settings import Settings, override
from vidcolor.state.film import Film
from vidcolor.state.read import forget_former, load_film
from vidcolor.state.status import ShotState, states

if TYPE_CHECKING:
    from vidcolor.media.delivery import Delivery
    from vidcolor.pipeline.conform import Lists, ReelPieces
    from vidcolor.pipeline.deliver import Delivered
    from vidcolor.types import Reel


def export_command(args: argparse.Namespace, terminal: Terminal) -> None:
    if args.per_shot:
        _export_shots(args, terminal)
        return
    if args.shots or args.handles is not None:
        told = args.shots[0] if args.shots else "--handles"
        raise SettingsError(f"{told}: the whole film is one file; add --per-shot for a file of each shot")
    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    with working(project, "export", args.wait), terminal.progress() as progress:
        film = load_film(project, settings, device=args.device)
        shown = states(film)
        delivered = deliver_film(film, shown, args, progress)
        lists = _lists(film, shown, delivered.path) if args.lists else None
    show_delivered(project, delivered, terminal)
    if lists is not None:
        show_lists(lists.paths, lists.notes, terminal)
    refuse_problems(film)


def _lists(film: Film, shown: Sequence[ShotState], out: Path) -> Lists:
    from vidcolor.pipeline.conform import pieces_of_film, write_lists

    return write_lists(film.project, _title(out), out.parent, [pieces_of_film(film, out, shown)])


def _title(out: Path) -> str:
    """What the lists of a delivered file or folder are called."""
    return out.name if out.is_dir() else out.stem


def lists_of_all(lines: Sequence[argparse.Namespace], terminal: Terminal) -> None:
    """The lists of a whole film of several reels, beside what was delivered of each; `lines`: one for each reel."""
    from vidcolor.media.codecs import DEFAULT_DELIVERY, find_delivery
    from vidcolor.pipeline.conform import write_lists
    from vidcolor.pipeline.deliver import default_out, usual_out
    from vidcolor.pipeline.per_shot import is_listed
    from vidcolor.pipeline.shot_files import default_folder, usual_folder

    args, codec = lines[0], find_delivery(lines[0].delivery or DEFAULT_DELIVERY)
    if not (args.per_shot or args.lists) or not is_listed(codec):
        return
    first = Project.open(args.project)
    usual, default = (usual_folder, default_folder) if args.per_shot else (usual_out, default_out)
    reels = [
        _pieces_of(line, codec, _place(line, default(Project.open(line.project), args.delivery))) for line in lines
    ]
    place = _place(args, usual(first, args.delivery, first.film_name))
    title = place.name.removesuffix("" if args.per_shot else codec.suffixes[0])
    with first.lock("export", args.wait):
        lists = write_lists(first, title, place.parent, reels)
    terminal.say("all reels")
    show_lists(lists.paths, lists.notes, terminal)


def _pieces_of(line: argparse.Namespace, codec: Delivery, place: Path) -> ReelPieces:
    """What there is of a reel at the place that it is delivered to."""
    from vidcolor.pipeline.conform import below, pieces_of_film
    from vidcolor.pipeline.per_shot import pieces_in

    project = Project.open(line.project)
    film = load_film(project, settings_of(project, line.assignments), device=line.device)
    if line.per_shot:
        return below(pieces_in(film, place, codec), place.name)
    return pieces_of_film(film, place, states(film))


def _export_shots(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.pipeline.per_shot import deliver_shots
    from vidcolor.pipeline.shot_files import default_folder

    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    if args.handles is not None:
        settings = override(settings, {"delivery": {"handles": args.handles}}, "--handles")
    with working(project, "export", args.wait), terminal.progress() as progress:
        film = load_film(project, settings, device=args.device)
        folder = _place(args, default_folder(project, args.delivery))
        delivered = deliver_shots(film, states(film), args.shots, folder, args.delivery, progress)
    show_delivered_shots(project, delivered, terminal)
    refuse_problems(film)


def deliver_film(film: Film, shown: Sequence[ShotState], args: argparse.Namespace, progress: ShowProgress) -> Delivered:
    """The film at the place that the line names, or at its usual one."""
    from vidcolor.media.codecs import DEFAULT_DELIVERY, find_delivery
    from vidcolor.media.picture_codecs import is_mattes
    from vidcolor.pipeline.deliver import default_out, deliver
    from vidcolor.pipeline.mattes import deliver_mattes

    place = _place(args, default_out(film.project, args.delivery))
    codec = find_delivery(args.delivery or DEFAULT_DELIVERY)
    if is_mattes(codec):
        return deliver_mattes(film, shown, place, codec.name, progress)
    delivered = deliver(film, shown, place, args.delivery, progress)
    forget_former(film.project)
    return delivered


def _place(args: argparse.Namespace, usual: Path) -> Path:
    """Where a reel is delivered to: of a film of several, under its usual name in the folder that the line names."""
    if args.out and args.reel_name:
        return Path(args.out) / usual.name
    return args.out or usual


def refuse_delivery(project: Project, settings: Settings, args: argparse.Namespace, reel: Reel) -> None:
    """Refuses, before hours of work, a delivery that cannot hold the film."""
    from vidcolor.media.codecs import DEFAULT_DELIVERY
    from vidcolor.media.destination import check_destination
    from vidcolor.pipeline.deliver import default_out

    place = _place(args, default_out(project, args.delivery))
    check_destination(place, args.delivery or DEFAULT_DELIVERY, reel, settings.export)


def refuse_place(project: Project, args: argparse.Namespace) -> None:
    """Refuses, before hours of work, a place that is none for the film, or holds somebody else's file."""
    from vidcolor.media.codecs import DEFAULT_DELIVERY
    from vidcolor.media.destination import check_name
    from vidcolor.pipeline.deliver import default_out, export_at

    place = _place(args, default_out(project, args.delivery))
    check_name(place, args.delivery or DEFAULT_DELIVERY)
    export_at(project, place).refuse_others()
    if not place.parent.is_dir():
        raise MediaError(f"{place}: there is no such folder; make it first, or choose another place with -o")
