"""One film being coloured, as it travels through the commands: its project, the plan in force, the settings."""

from __future__ import annotations

from dataclasses import dataclass

from vidcolor.project.folder import Project
from vidcolor.settings import Settings
from vidcolor.state.plan import Plan


@dataclass(frozen=True, slots=True)
class Film:
    """A project with its plan and settings, as they are while one command works."""

    project: Project
    plan: Plan
    settings: Settings
