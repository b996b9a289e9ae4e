"""`vidcolor propose` makes proposals of frames' colours."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from vidcolor.cli.correct import frame_at, write_checked
from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of, working
from vidcolor.networks import shipped
from vidcolor.project import Project
from vidcolor.project.kinds import PROPOSED_BY
from vidcolor.state.film import Film
from vidcolor.state.plan import ShotPlan
from vidcolor.state.read import load_film

MOST, USUAL = 16, 4
"""Proposals of a frame, at most and where nobody says how many."""
LARGEST_SEED = 10**6 - 1
UNSEEN = "proposed; nobody has looked at it"


def propose_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.networks.proposer import Proposer
    from vidcolor.pipeline.proposals import FOLDER, propose
    from vidcolor.review.proposals import write_proposal_sheet

    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    with working(project, "propose", args.wait), terminal.progress() as progress:
        film = load_film(project, settings, device=args.device)
        frames = _frames(film, args.where)
        network = Proposer(shipped.PROPOSER)
        made, accepted = [], []
        for one in propose(film, frames, network, seed=args.seed, count=args.count, progress=progress):
            sheet = project.path(FOLDER, f"r1-{one.frame:06d}-{args.seed}-sheet.png")
            write_proposal_sheet(sheet, one.places, f"frame {one.frame}, seed {args.seed}")
            made.append(one)
            if args.accept:
                accepted += _accepted(project, film, one.frame, one.places[0], args.wait)
    if not frames:
        terminal.say("no shot to propose colours for: each has a keyframe, or stays gray as it was asked to")
        return
    now = sum(one.made_now for one in made)
    terminal.say(
        f"{'proposed':<10} {now} of {sum(len(one.places) for one in made)} made now, in {project.path(FOLDER)}"
    )
    terminal.say(f"{'look at':<10} {project.path(FOLDER)}/r1-{frames[0]:06d}-{args.seed}-sheet.png")
    if accepted:
        terminal.say(f"{'accepted':<10} {', '.join(accepted)}: unseen; delete corrections/... to undo one")
    else:
        name = made[0].places[0].stem
        terminal.say(f"{'next':<10} vidcolor accept {project.root} {name}    makes that one the frame's keyframe")


def _frames(film: Film, where: str | None) -> list[int]:
    """The frames to propose colours for: the one said, the shot's best, or those of all shots that nothing matches."""
    from vidcolor.pipeline.proposals import frames_of_shots, unmatched

    if where is None:
        return frames_of_shots(film, unmatched(film))
    named: Sequence[ShotPlan] = [planned for planned in film.plan.shots if planned.shot.id == where]
    return frames_of_shots(film, named) if named else [frame_at(film.plan, where)]


def _accepted(project: Project, film: Film, frame: int, place: Path, wait: float) -> list[str]:
    """The correction that makes a proposal the keyframe of its frame; none where a picture was given meanwhile."""
    with project.correcting(wait):
        today = load_film(Project.open(project.root), film.settings, device=film.device)
        if any(key.frame == frame for planned in today.plan.shots for key in planned.keyframes):
            return []
        entries = {"note": f"{UNSEEN}: {place.stem}", "by": PROPOSED_BY}
        return [write_checked(today, "keyframe", frame, entries, {"picture": place})[1]]


def number(least: int, most: int, what: str) -> Callable[[str], int]:
    """What reads a whole number of the line, from `least` to `most`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r:.40}: {what} is a whole number from {least} to {most}")
        return int(text)

    return read
