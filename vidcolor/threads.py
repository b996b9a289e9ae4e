"""Threads: OpenCV works on one, so that results and load do not hang on the number of cores; frames run side by side.

The one place that says so. Networks do the same for themselves (networks/precision.py): there the number belongs to
each thread.
"""

from __future__ import annotations

import cv2


def one_each() -> None:
    """Has OpenCV work on the thread that calls it alone, in the whole program.

    Every command that computes calls it before it begins, and so does what depends on it (OpenCV 4 searches flow in
    as many stripes as it has threads), whoever the caller is.
    """
    if cv2.getNumThreads() != 1:
        cv2.setNumThreads(1)
