"""The project folder.

Read `places.py` and `folder.py`, then `kinds.py` and `corrections.py`, `fingerprint.py`, `versions.py`, `exports.py`,
`proposals.py`, `upgrade.py`.
"""

from vidcolor.project.folder import Project, ProjectConfig

__all__ = ["Project", "ProjectConfig"]
