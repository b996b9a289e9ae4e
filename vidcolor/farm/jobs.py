"""The work on a film as a farm does it: plan, then each shot that must be rendered, then export."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidcolor.project.folder import Project
from vidcolor.project.versions import Version, read_report
from vidcolor.state.film import Film
from vidcolor.state.status import state_today

COMMAND = "vidcolor"
CARRIED = ("seconds", "machine", "peak_memory")
"""What a version's report says of how it was made."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a farm is to do for one film."""

    name: str
    project: Path
    """Absolute: every machine sees it at this place"""
    shots: tuple[str, ...]
    """Those that must be rendered, in the film's order"""
    options: tuple[str, ...] = ()
    """Of every command"""
    memory: int = 0
    """Bytes that a shot took at most so far; 0 where none was measured"""

    def plan(self, project: str) -> list[str]:
        """The words of the first task; `project`: how the engine names the folder."""
        return [COMMAND, "plan", project, *_settings(self.options)]

    def render(self, project: str, shot: str) -> list[str]:
        """The words of the task that renders a shot."""
        return [COMMAND, "render", project, shot, "--farm", *self.options]

    def export(self, project: str) -> list[str]:
        """The words of the last task."""
        return [COMMAND, "export", project, *self.options]


def _settings(options: Sequence[str]) -> list[str]:
    """Of all options those that `plan` takes: it computes by no network."""
    return [option for option in options if option.startswith("--set=")]


def job_of(film: Film, shots: Sequence[str], measured: Sequence[Version], options: Sequence[str]) -> Job:
    """The job that renders `shots` and exports the film.

    measured  versions of its shots: what they took in memory is what the others will take
    """
    root = Path(os.path.abspath(film.project.root))
    told = (read_report(film.project, version).get("peak_memory") for version in measured)
    memory = max((value for value in told if isinstance(value, int)), default=0)
    return Job(film.project.title, root, tuple(shots), tuple(options), memory)


def job_of_reels(jobs: Sequence[Job], film: Path) -> Job:
    """The jobs of all reels of a film as one, on the folder of the film; it has one plan and one export for all."""
    root = Path(os.path.abspath(film))
    shots = tuple(shot for job in jobs for shot in job.shots)
    return Job(root.resolve().name, root, shots, jobs[0].options, max(job.memory for job in jobs))


def receipt(film: Film, shot_id: str) -> dict[str, object]:
    """What is known of a shot's fresh version, for programs; of a shot that stays gray, its name alone.

    shot         "r1-000134"
    version      "v002"
    fingerprint  of all that it was made of
    stores       SHA-256 of each file of colours
    seconds, machine, peak_memory   how long it took, where, and bytes of memory at most
    """
    version = state_today(film, film.plan.shot(shot_id)).version
    if version is None:
        return {"shot": shot_id}
    return {
        "shot": shot_id,
        "version": version.name,
        "fingerprint": version.fingerprint,
        "stores": dict(version.stores),
        **_report(film.project, version),
    }


def _report(project: Project, version: Version) -> dict[str, object]:
    report = read_report(project, version)
    return {name: report[name] for name in CARRIED if name in report}
