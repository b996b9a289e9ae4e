"""What nothing uses any more: versions, what a stopped render left that none will go on with, parts of the cache."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidcolor.errors import ProjectError
from vidcolor.project.exports import exports_of
from vidcolor.project.folder import Project
from vidcolor.project.versions import NAME, Version, is_unfinished, versions_of
from vidcolor.state.cached import outdated
from vidcolor.state.film import Film
from vidcolor.state.made_of import shot_ingredients
from vidcolor.state.status import ShotState, made_elsewhere, state_today


@dataclass(frozen=True, slots=True)
class Unused:
    """One folder that may go."""

    path: Path
    name: str
    """`r1-000042 v001`"""
    size: int
    """Bytes that it takes."""


def unused(film: Film, shown: Sequence[ShotState]) -> Iterator[Unused]:
    """The versions that are neither in force, nor a stale shot's newest, nor in any film this project delivered; and
    what the cache keeps of other films, settings or programs than today's.

    shown    the state of every shot of the film
    What another kind of machine rendered of today's things is in force there, and stays. An unfinished version is left
    to a shot that is still to be rendered: the render goes on with it. Refuses a delivery whose versions are not known.
    """
    project = film.project
    kept = _delivered(project) | _in_force_elsewhere(film)
    to_render = {state.planned.shot.id for state in shown if state.state != "fresh"}
    kept |= {(state.planned.shot.id, state.version.name) for state in shown if state.version}
    kept |= {(s.shot_id, s.name) for state in shown if state.approved and (s := _today(film, state)) is not None}
    root = project.path("shots")
    for shot_id in sorted(os.listdir(root)) if root.is_dir() else ():
        folder = project.shot_folder(shot_id)
        for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
            unfinished = is_unfinished(name)
            goes = shot_id not in to_render if unfinished else NAME.fullmatch(name) and (shot_id, name) not in kept
            if goes:
                path = project.path("shots", shot_id, name)
                yield Unused(path, f"{shot_id} {'unfinished' if unfinished else name}", _size(path))
    for path in outdated(film):
        yield Unused(path, f"{path.parent.name} {path.name}", _size(path))


def _today(film: Film, state: ShotState) -> Version | None:
    """What is made of today's things beside an approved version."""
    return state_today(film, state.planned).version


def _in_force_elsewhere(film: Film) -> set[tuple[str, str]]:
    matched = ((s.shot.id, shot_ingredients(film, s)) for s in film.plan.shots if s.matched)
    return {
        (id_, v.name) for id_, wanted in matched for v in versions_of(film.project, id_) if made_elsewhere(v, wanted)
    }


def _delivered(project: Project) -> set[tuple[str, str]]:
    """(shot, version) of all that is in a delivered film."""
    found = set()
    for place, entry in exports_of(project):
        versions = entry.get("versions")
        if not isinstance(versions, dict):
            raise ProjectError(
                f"{project.path('exports')}: it is not noted which versions are in {place}; deliver it again, or "
                "delete its record there, then prune"
            )
        found |= {(shot_id, str(name)) for shot_id, name in versions.items()}
    return found


def _size(path: Path) -> int:
    return sum(os.lstat(os.path.join(base, name)).st_size for base, _, names in os.walk(path) for name in names)
