"""The project folder. Read `folder.py`, then `fingerprint.py`, `versions.py`, `exports.py`, `upgrade.py`."""

from vidcolor.project.folder import Project, ProjectConfig

__all__ = ["Project", "ProjectConfig"]
