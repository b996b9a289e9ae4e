"""`vidcolor farm`: jobs for render farms; what `render` tells them of one task; and `render` on a cluster."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vidcolor.cli.progress import LABELS, ShowProgress, left_in_words
from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of
from vidcolor.errors import InputError
from vidcolor.project import Project
from vidcolor.state.film import Film
from vidcolor.state.plan import ShotPlan
from vidcolor.state.read import load_film
from vidcolor.state.status import states, to_render

if TYPE_CHECKING:
    from vidcolor.farm.jobs import Job


def farm_command(args: argparse.Namespace, terminal: Terminal) -> tuple[Job, int] | None:
    """Writes the job on a film. Of one reel of several, writes none: answers its job and how many shots it has."""
    from vidcolor.farm.jobs import job_of

    if args.openjd is None and args.opencue is None:
        raise InputError("farm: which engine? --openjd DIR writes a bundle, --opencue FILE a job")
    project = Project.open(args.project)
    film = load_film(project, settings_of(project, args.assignments), device=args.device)
    shown = states(film)
    shots = [planned.shot.id for planned in to_render(film, shown)]
    options = [f"--set={text}" for text in args.assignments]
    options += [f"--device={args.device}"] if args.device != "auto" else []
    job = job_of(film, shots, [state.version for state in shown if state.version], options)
    if args.reel_name:
        return job, len(shown)
    write_jobs(args, job, len(shown), terminal)
    return None


def write_jobs(args: argparse.Namespace, job: Job, shots: int, terminal: Terminal) -> None:
    """Writes a job for each engine that the line names; `shots`: how many the film has."""
    from vidcolor.farm.opencue import write_job
    from vidcolor.farm.openjd import write_bundle

    paths = [
        *(write_bundle(job, args.openjd) if args.openjd else ()),
        *(write_job(job, args.opencue) if args.opencue else ()),
    ]
    for path in paths:
        terminal.say(f"{'written':<10} {path}")
    terminal.say(f"{'renders':<10} {len(job.shots)} of {shots} shots; every machine must see {job.project}")


class TaskLines(ShowProgress):
    """For farms: how far a task is, in lines of Open Job Description, which are plain text to other engines."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self._terminal, self._told = terminal, ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        super().__call__(stage, done, total)
        share = f"{100 * self.left.share():.0f}"
        if f"{stage} {share}" != self._told:
            self._told = f"{stage} {share}"
            left = left_in_words(self.left)
            self._terminal.say(f"openjd_progress: {share}")
            self._terminal.say(f"openjd_status: {LABELS.get(stage, stage)}{f', {left}' if left else ''}")


def say_receipts(film: Film, shots: list[str], terminal: Terminal) -> None:
    """A line of JSON for each of the shots."""
    from vidcolor.farm.jobs import receipt

    for shot in shots:
        terminal.say(json.dumps(receipt(film, film.plan.shot(shot).shot.id)))


def render_on(
    place: str, film: Film, stale: Sequence[ShotPlan], progress: ShowProgress, terminal: Terminal
) -> list[ShotPlan]:
    """Renders shots on the cluster at `place`; those that were made by it."""
    from vidcolor.farm.on_ray import RayRun
    from vidcolor.farm.ray_cluster import ray_cluster
    from vidcolor.pipeline.costs import CORES, expected

    with ray_cluster(place, film.project.root) as ray:
        run = RayRun(ray, film, stale, terminal.fail)
        takes = expected(film.plan.reel, film.settings, stale, delivers=False)
        progress.expect({**takes, "render": takes["render"] * CORES / max(1, run.at_once())})
        return run.all(progress)
