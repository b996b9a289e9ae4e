"""Stage 3: the references that suit a frame, and what the names in a references folder mean.

Read in this order: names, choose.
"""

from vidcolor.references.choose import choose_references
from vidcolor.references.names import FolderNames, PictureName, check_shots, pictures_for, read_names

__all__ = ["FolderNames", "PictureName", "check_shots", "choose_references", "pictures_for", "read_names"]
