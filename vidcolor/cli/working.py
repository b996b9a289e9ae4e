"""What commands on a project share: the settings in force, its lock and its log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from vidcolor.errors import ProjectError, VidcolorError
from vidcolor.project import Project
from vidcolor.project.places import CONFIG
from vidcolor.settings import Settings, load_settings, parse_assignment, preset_tables
from vidcolor.state.read import REELS, SHOTS


def settings_of(project: Project, assignments: list[str]) -> Settings:
    """Defaults, preset, `project.toml`, `--set`, in this order."""
    preset, page = project.config.preset, f"{project.root / 'project.toml'}"
    return load_settings(
        [
            (f"preset {preset}", preset_tables(preset, page)),
            (f"{page}: settings", project.config.settings),
            *assigned(assignments),
        ]
    )


def assigned(assignments: list[str]) -> list[tuple[str, dict]]:
    """Each `--set` with its name, for the messages."""
    return [(f"--set {text}", parse_assignment(text)) for text in assignments]


@contextmanager
def working(project: Project, verb: str, wait: float) -> Iterator[None]:
    """Holds the project's lock and writes its log while a command works; waits for the lock so many seconds."""
    with project.lock(verb, wait), logged(project, verb):
        try:
            yield
        except (VidcolorError, OSError) as error:
            if (project.root / CONFIG).exists():
                raise
            raise ProjectError(  # a part of it would be told as a place that an option named
                f"{project.root}: was removed or moved while it was worked on; put it back, or make it anew"
            ) from error


@contextmanager
def logged(project: Project, name: str) -> Iterator[None]:
    """Writes the project's log of this name within the block."""
    logger = logging.getLogger("vidcolor")
    handler = logging.FileHandler(project.log_path(name), encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()


@contextmanager
def made_for_this(project: Project, made: bool) -> Iterator[None]:
    """A project that this very command made goes again when the command fails before it found the film's shots."""
    try:
        yield
    except VidcolorError:
        if made:
            unmake_idle(project)
        raise


def unmake_idle(project: Project) -> None:
    """Removes a project of which the film's shots were not found."""
    if not project.has(SHOTS) and not project.has(REELS):
        project.unmake()
