"""One film being coloured, as it travels through the commands: its project, the plan in force, the settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

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
    """Where propagation and other networks run: auto, cpu, cuda or mps."""
    computed_on: str = field(default_factory=computed_on)
    """The machine, in words: it chooses how sums are ordered, and so the last digits of every colour."""

    def on(self, device: str) -> Film:
        """The film on a device; `auto`: on the one that the project was last worked on by name, if any."""
        where = self.project.config.device if device == "auto" else device
        return replace(self, device=where, computed_on=computed_on(where))
