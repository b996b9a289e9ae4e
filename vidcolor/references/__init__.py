"""Stage 3: the references that suit a frame, and what the names in a references folder mean.

Read in this order: names, choose. `choose_references` is imported from `choose`, where the computing is: `names` alone
serves `vidcolor status`, which must answer at once.
"""

from vidcolor.references.names import FolderNames, PictureName, RegionName, check_shots, pictures_for, read_names

__all__ = ["FolderNames", "PictureName", "RegionName", "check_shots", "pictures_for", "read_names"]
