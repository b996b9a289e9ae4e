"""Export: the versions in force joined into one delivered film over the source's own luma.

A reader, a few finishing threads and the encoder work side by side; frames stay in order and few are under way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor import __version__
from vidcolor.export import check_destination, export_reel
from vidcolor.media.write import DELIVERIES
from vidcolor.pipeline.plan import Progress
from vidcolor.pipeline.planned import Plan, file_mark
from vidcolor.project.fingerprint import fingerprint
from vidcolor.project.folder import Project
from vidcolor.settings import Settings

EXPORT_SCHEMA = "vidcolor.export/1"
AHEAD = 3
"""Frames under way for each finishing thread."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivered film."""

    path: Path
    made_now: bool
    """False: the file was there already, made of the same things."""
    facts: dict[str, Any]


def deliver(
    project: Project, plan: Plan, settings: Settings, out: Path, delivery: str, progress: Progress
) -> Delivered:
    """The delivered file at `out`. Refuses while a shot is stale; does nothing when the file is up to date."""
    check_destination(out, delivery)
    versions = [_version(project, s, plan, settings) for s in plan.shots]
    ingredients = export_ingredients(plan, versions, settings, delivery)
    record = f"exports/{out.name}.json"
    done = _up_to_date(project, record, out, ingredients)
    if done is not None:
        return Delivered(out, False, done)
    frames = _frames(project, plan, versions, settings, DELIVERIES[delivery].subsampling, progress)
    facts = export_reel(
        plan.reel, frames, out, delivery, settings.export, made_of=_made_of(plan, versions), version=__version__
    )
    content = {"file": file_mark(out), "out": str(out), "made_of": fingerprint(ingredients), "facts": facts}
    project.write_json(record, EXPORT_SCHEMA, content)
    return Delivered(out, True, facts)
