"""Stage 6: full-size chroma under the film's own luma. Read frame.py, then around_exact.py.

on_device.py is frame.py's work on a device.
"""

from vidcolor.finish.frame import enlarge, finish, finisher, mix

__all__ = ["enlarge", "finish", "finisher", "mix"]
