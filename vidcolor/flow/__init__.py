"""Optical flow between two gray frames. Read warp.py, then estimate.py, then dis.py and raft.py."""
