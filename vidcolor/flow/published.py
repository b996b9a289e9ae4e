"""The published files of flow networks, by name; loads nothing, so that a project's state can name them."""

RAFT_FILES = {"small": "raft_small_C_T_V2-01064c6d.pth", "large": "raft_large_C_T_SKHT_V2-ff5fadd5.pth"}
"""torchvision's RAFT by its size; a name holds the first digits of the file's SHA-256."""
