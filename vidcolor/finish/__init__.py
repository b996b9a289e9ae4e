"""Stage 6: full-size chroma under the film's own luma. Read frame.py, then around_exact.py."""

from vidcolor.finish.frame import enlarge, finish, mix

__all__ = ["enlarge", "finish", "mix"]
