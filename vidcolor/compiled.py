"""How the hot loops are compiled: once, kept on disk, without Python's lock, and to the same results everywhere.

`STRICT` are the liberties LLVM may take: none of them changes a result. With contraction or reassociation, code freshly
compiled, code from numba's cache and code of another machine differ in last bits, and so delivered files would.
`LOOSE` also reassociates sums, several times faster for inner products; only for whole loops that call no other.
A kernel that calls another from a second file goes stale in silence when that one changes: keep them together.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from numba import njit

STRICT = {"nnan", "ninf", "nsz"}
LOOSE = {*STRICT, "reassoc", "contract", "arcp"}

exact: Callable[..., Any] = partial(njit, cache=True, nogil=True)
"""No liberties: for loops whose values may be infinite."""
strict: Callable[..., Any] = partial(njit, cache=True, nogil=True, fastmath=STRICT)
loose: Callable[..., Any] = partial(njit, cache=True, nogil=True, fastmath=LOOSE)
