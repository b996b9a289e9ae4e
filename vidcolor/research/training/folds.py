"""Training clips in folds: what is chosen for a fold's clips never saw them.

The division is written down in configs/folds.toml: clips of one source, or of one scene, are in one fold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from vidcolor.errors import InputError, SettingsError
from vidcolor.research.training.kinds import read_toml


@dataclass(frozen=True, slots=True)
class Folds:
    """A division of clips."""

    path: Path
    """Where it is written."""
    sources: tuple[Mapping[str, tuple[str, ...]], ...]
    """For each fold: its sources, and their clips."""
    shipped: Mapping[str, tuple[str, frozenset[str]]]
    """Weights files that do not say what they saw, by the first letters of their SHA-256: the folder whose clips it
    were, and which of those it were not."""

    @property
    def count(self) -> int:
        """How many folds there are."""
        return len(self.sources)

    def clips(self, fold: int) -> tuple[str, ...]:
        """The clips of a fold, by name, sorted. Refuses folds that there are not."""
        if not 0 <= fold < self.count:
            raise InputError(f"fold {fold}: {self.path} has folds 0 to {self.count - 1}")
        return tuple(sorted(name for names in self.sources[fold].values() for name in names))

    def of(self, clip: str) -> int:
        """The fold of a clip. Refuses clips that are in none."""
        for fold in range(self.count):
            if any(clip in names for names in self.sources[fold].values()):
                return fold
        raise InputError(f"{clip}: in no fold; add it to its source in {self.path}")


def load_folds(path: Path | None = None) -> Folds:
    """The division in a file; without one, that of the house's training clips.

    Refuses files of another form, clips named twice, and sources in two folds.
    """
    path = path or Path(str(resources.files("vidcolor.configs") / "folds.toml"))
    told = read_toml(path)
    sources = tuple({name: tuple(clips) for name, clips in fold.items()} for fold in _list_of(told, path))
    for what, names in (
        ("source", [name for fold in sources for name in fold]),
        ("clip", [clip for fold in sources for clips in fold.values() for clip in clips]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SettingsError(f"{path}: {what} {', '.join(twice)} is there twice; what was seen must be clear")
    shipped = {mark: (facts["folder"], frozenset(facts["but"])) for mark, facts in told.get("shipped", {}).items()}
    return Folds(path, sources, shipped)


def _list_of(told: dict[str, Any], path: Path) -> list[dict[str, list[str]]]:
    folds = told.get("fold")
    fits = isinstance(folds, list) and all(
        isinstance(clips, list) and all(isinstance(clip, str) for clip in clips)
        for fold in folds
        for clips in fold.values()
    )
    if not fits or len(folds or []) < 2:
        raise SettingsError(f'{path}: needs two [[fold]] or more, each of lines `source = ["clip", ...]`')
    return list(folds or [])
