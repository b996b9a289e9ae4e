"""One film being coloured, as it travels through the commands: its project, the plan in force, the settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from vidcolor.machine import computed_on
from vidcolor.project.folder import Project
from vidcolor.settings import Settings
from vidcolor.state.plan import Plan


@dataclass(frozen=True, slots=True)
class Film:
    """A project with its plan and settings, as they are while one command works."""

    project: Project
    plan: Plan
    settings: Settings
    device: str = "auto"
    """Where networks run that may run on a GPU: auto, cpu or cuda."""
    computed_on: str = field(default_factory=computed_on)
    """The processor, in words: it chooses how sums are ordered, and so the last digits of every colour."""
