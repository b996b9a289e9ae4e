"""Memory that a frame freed is kept for the next one, not given back to the system and asked for again.

Networks and carriers take and free tens of megabytes many times a frame. glibc hands much of it back each time, and
the system clears every page anew: 4 % of what propagation takes on one core; the peak stays as it was.
"""

from __future__ import annotations

import ctypes
import os
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""glibc's names, malloc.h."""
FREE_MOST = 512 << 20
"""Bytes at the end of the heap that are kept free."""
APART = 32 << 20
"""Bytes from which a block is asked of the system by itself; the most that glibc takes."""


def keep_freed() -> None:
    """Has glibc keep what is freed, in the whole program; does nothing where people tuned it, or elsewhere."""
    if sys.platform != "linux" or any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        return
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(M_MMAP_THRESHOLD, APART)
        tune(M_TRIM_THRESHOLD, FREE_MOST)
