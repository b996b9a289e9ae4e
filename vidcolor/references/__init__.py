"""Stage 3: the references that suit a frame, and what the names in a references folder mean.

Read in this order: names, readings, choose. `choose_references` is imported from `choose`, where the computing is:
`names` and `readings` alone serve `vidcolor status`, which must answer at once.
"""

from vidcolor.references.names import FolderNames, PictureName, RegionName, check_shots, read_names

__all__ = ["FolderNames", "PictureName", "RegionName", "check_shots", "read_names"]
