"""The project folder.

Read `places.py`, `config.py` and `folder.py`, then `kinds.py` and `corrections.py`, `fingerprint.py`, `versions.py`,
`exports.py`, `proposals.py`, `upgrade.py`.
"""

from vidcolor.project.config import ProjectConfig
from vidcolor.project.folder import Project

__all__ = ["Project", "ProjectConfig"]
