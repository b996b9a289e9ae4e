"""`vidcolor frames`: frames of the film as pictures, to paint on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of
from vidcolor.errors import InputError
from vidcolor.project import Project
from vidcolor.references.asked import Asked, asked_frames, first_number, picture_stem
from vidcolor.state.film import Film
from vidcolor.state.read import load_film
from vidcolor.state.status import ShotState, named, states
from vidcolor.timeline import ranges

if TYPE_CHECKING:
    from vidcolor.pipeline.preview import Preview


def frames_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.pipeline.frames import colored_frames, frames_to_paint, gray_frames, write_frames

    project = Project.open(args.project)
    film = load_film(project, settings_of(project, args.assignments), device=args.device)
    shown = states(film) if args.color or args.suggested else []
    asked = _asked(args.frames, film)
    if args.suggested:
        frames, more = frames_to_paint(film, shown, args.most)
        for frame in frames:
            asked.setdefault(frame, Asked(frame, picture_stem(frame, film.plan.reel)))
        terminal.say(f"suggested: {', '.join(map(str, frames)) or 'none: no frame would help much'}{_more(more)}")
    elif not asked:
        raise InputError(f"which frames? Name some, as in `vidcolor frames {args.project} 134`, or use --suggested")
    if not asked:
        return
    if name := project.config.name:
        asked = {frame: replace(one, stem=f"{name}-{one.stem}") for frame, one in asked.items()}
    wanted = sorted(asked)
    folder: Path = args.out or project.path("frames")
    ahead = _previews(film, shown, wanted) if args.color else {}
    pictures = colored_frames(film, shown, wanted, ahead) if args.color else gray_frames(film.plan.reel, wanted)
    with terminal.progress() as progress:
        progress("frames", 0, len(wanted))
        places = []
        for path in write_frames([asked[frame] for frame in wanted], pictures, folder, f".{args.format}"):
            places.append(path)
            progress("frames", len(places), len(wanted))
    terminal.say(f"written: {len(places)} in {folder}{named([path.name for path in places])}")
    if first := first_number(film.plan.reel):
        terminal.say(f"numbered as the film's own pictures, which begin with {first}")
    for frame, found in ahead.items():
        later = f"; what {', '.join(found.missing)} brings is seen when it is rendered" if found.missing else ""
        terminal.say(f"frame {frame}: as it will be when its shot is rendered{later}")
    _tell_stale(shown, [frame for frame in wanted if frame not in ahead], args.color, terminal)
    references = project.keyframes_path or "the folder that you give with --keyframes"
    terminal.say(f"paint on them, put them into {references}, and run the same `vidcolor run` again")


def _previews(film: Film, shown: Sequence[ShotState], wanted: Sequence[int]) -> dict[int, Preview]:
    from vidcolor.color import LumaLock
    from vidcolor.pipeline.preview import previews

    with ThreadPoolExecutor(1) as beside:
        beside.submit(LumaLock, film.plan.reel.tags)  # what it is made of is kept, and takes half a second
        return previews(film, shown, wanted)


def _asked(words: Sequence[str], film: Film) -> dict[int, Asked]:
    """What was asked for, by frame; the first name that was given to each."""
    asked: dict[int, Asked] = {}
    for word in words:
        for one in asked_frames(word, film.plan.reel):
            asked.setdefault(one.frame, one)
    return asked


def _more(count: int) -> str:
    return f"; {count} more would help (--most)" if count else ""


def _tell_stale(shown: Sequence[ShotState], wanted: Sequence[int], colored: bool, terminal: Terminal) -> None:
    """Says of which frames the colours are those of an older version."""
    old = [frame for state in shown if state.state == "stale" for frame in wanted if frame in state.planned.reach]
    if colored and old:
        terminal.say(f"in the colours of an older version, as their shots are stale: {', '.join(ranges(old))}")
