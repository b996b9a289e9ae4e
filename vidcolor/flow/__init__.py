"""Optical flow between two gray frames. Read warp.py, then estimate.py, then dis.py, search.py (patches.py), raft.py
and published.py."""
