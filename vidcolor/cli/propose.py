"""`vidcolor propose` makes proposals of frames' colours."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vidcolor.cli.correct import frame_at, shot_at, write_checked
from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of, working
from vidcolor.errors import SettingsError
from vidcolor.networks import shipped
from vidcolor.networks.diffusion_files import INSTALL
from vidcolor.project import Project
from vidcolor.project.kinds import PROPOSED_BY
from vidcolor.project.prompts import LONGEST, Words, read_prompts, words_of
from vidcolor.project.proposals import FOLDER
from vidcolor.state.film import Film
from vidcolor.state.plan import ShotPlan
from vidcolor.state.read import load_film
from vidcolor.weights import library

if TYPE_CHECKING:
    from vidcolor.networks.drawing import Draws
    from vidcolor.pipeline.proposals import Proposes

MOST, USUAL = 16, 4
"""Proposals of a frame, at most and where nobody says how many."""
LARGEST_SEED = 10**6 - 1
INSTALL_TORCH = "run pip install 'vidcolor[torch]'"
UNSEEN = "proposed; nobody has looked at it"
WORDLESS = ("shipped", "palette")
"""Methods that read no words."""


def propose_command(args: argparse.Namespace, terminal: Terminal) -> None:
    from vidcolor.pipeline.proposals import propose
    from vidcolor.review.proposals import write_proposal_sheet

    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    with working(project, "propose", args.wait), terminal.progress() as progress:
        film = load_film(project, settings, device=args.device)
        frames = _frames(film, args.where)
        by = _proposers(args, film, progress)
        made, sheets, accepted = [], [], []
        # one accepted unseen is looked at for the frames after it: the film is read anew before each, so that a run
        # that is taken up sees what one that never stopped has seen
        parts = [[frame] for frame in frames] if args.accept else [frames]
        for number, part in enumerate(parts):
            film = load_film(Project.open(args.project), settings, device=args.device) if number else film
            told = _within(progress, number, len(parts))
            for one in propose(film, part, by, seed=args.seed, count=args.count, progress=told):
                sheets.append(project.path(FOLDER, f"{one.stem}-sheet.png"))
                write_proposal_sheet(sheets[-1], one.places, f"frame {one.frame}, seed {args.seed}")
                made.append(one)
                for note in one.notes:
                    terminal.say(f"note: frame {one.frame}: {note}")
                if args.accept:
                    accepted += _accepted(project, film, one.frame, one.places[0], args.wait)
    if not frames:
        terminal.say("no shot to propose colours for: each has a keyframe, or stays gray as it was asked to")
        return
    now = sum(one.made_now for one in made)
    terminal.say(
        f"{'proposed':<10} {now} of {sum(len(one.places) for one in made)} made now, in {project.path(FOLDER)}"
    )
    terminal.say(f"{'look at':<10} {sheets[0]}")
    if accepted:
        terminal.say(f"{'accepted':<10} {', '.join(accepted)}: unseen; delete corrections/... to undo one")
    else:
        name = made[0].places[0].stem
        terminal.say(f"{'next':<10} vidcolor accept {project.root} {name}    makes that one the frame's keyframe")


def _proposers(
    args: argparse.Namespace, film: Film, progress: Callable[[str, int, int], None]
) -> Callable[[int], Proposes]:
    """What proposes colours for a frame."""
    if args.with_ in WORDLESS:
        for option in ("prompt", "negative"):
            if getattr(args, option) is not None:
                raise SettingsError(f"--{option}: the {args.with_} network reads no words; use --with controlnet")
    if args.with_ == "shipped":
        from vidcolor.networks.proposer import Proposer

        return _always(Proposer(shipped.PROPOSER))
    if args.with_ == "palette":
        return _always(_palette(film))
    prompts = read_prompts(film.project, [p.shot.id for p in film.plan.shots], film.plan.reel.frame_count)
    library("torch", INSTALL)
    models, usual = _models(args.with_, film, progress), film.settings.diffusion
    from vidcolor.networks.drawing import Wish, Wished

    def by(frame: int) -> Proposes:
        own = words_of(prompts, shot_at(film.plan, frame).shot.id, frame)
        said = (Words(args.prompt, args.negative), own, Words(usual.prompt, usual.negative))
        prompt, negative = (next(t for w in said if (t := getattr(w, n)) is not None) for n in ("prompt", "negative"))
        return Wished(models, Wish(prompt, negative, usual.prompt if own.prompt is None else own.prompt))

    return by


def _always(one: Proposes) -> Callable[[int], Proposes]:
    return lambda frame: one


def _palette(film: Film) -> Proposes:
    """Palette, by weights that the user trained."""
    usual = film.settings.diffusion
    if not usual.palette:
        raise SettingsError(
            "diffusion.palette is not set; train by configs/train/13-palette.toml, and give the exported file "
            "with --set diffusion.palette=FILE"
        )
    library("torch", INSTALL_TORCH)
    from vidcolor.research.networks.drawers import PaletteProposer

    return PaletteProposer(film.project.root / Path(usual.palette).expanduser(), film.device, usual.steps)


def _models(method: str, film: Film, progress: Callable[[str, int, int], None]) -> Draws:
    """The user's models, as this method asks them."""
    settings, root = film.settings.diffusion, film.project.root
    if method == "controlnet":
        from vidcolor.networks.controlnet import ControlNet

        return ControlNet(settings, root, film.device)
    from vidcolor.networks.diffcolor import DiffColor
    from vidcolor.networks.diffcolor_kept import Kept
    from vidcolor.project.cache import FOLDER as CACHE

    kept = Kept(film.project.path(CACHE, method), settings.room, film.computed_on)
    return DiffColor(settings, root, film.device, kept, progress)


def _within(progress: Callable[[str, int, int], None], part: int, parts: int) -> Callable[[str, int, int], None]:
    """The progress of all parts, told by one of them."""
    return lambda work, done, total: progress(work, part * total + done, parts * total)


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


def words(text: str) -> str:
    """A prompt of the line. Refuses one that no model reads to its end."""
    if len(text) > LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r:.40}...: at most {LONGEST} letters")
    return text
