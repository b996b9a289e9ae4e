"""Where projects lie: what makes a folder one, the reels of a film, the projects of a film or of a delivered one."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

CONFIG = "project.toml"
EXPORTS = "exports"
REEL_NAME = re.compile(r"r[1-9][0-9]{0,2}")


def reels_in(root: Path) -> list[Path]:
    """The projects of a film of several reels, in order of their names; none where the folder is no such film's."""
    if not root.is_dir() or (root / CONFIG).exists():
        return []
    found = [path for path in root.iterdir() if REEL_NAME.fullmatch(path.name) and (path / CONFIG).is_file()]
    return sorted(found, key=lambda path: int(path.name[1:]))


def projects_of(file: Path) -> list[Path]:
    """Projects that lie beside a film or a delivered one: the one called like it, else those that delivered to it."""
    called = file.with_name(f"{file.stem}.vidcolor")
    if (called / CONFIG).is_file():
        return [called]
    return delivered_by(file)


def delivered_by(file: Path) -> list[Path]:
    """The projects beside a file that delivered one of its name."""
    with suppress(OSError):
        projects = [page.parent for page in sorted(file.parent.glob(f"*/{CONFIG}"))]
        return [project for project in projects if (project / record_of(file.name)).is_file()]
    return []


def record_of(name: str) -> str:
    """Where a project notes what it delivered under a name, and to which places (exports.py)."""
    return f"{EXPORTS}/{name}.json"
