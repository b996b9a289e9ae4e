"""How the hot loops are compiled: once, kept on disk, without Python's lock, and to the same results everywhere.

`STRICT` are the liberties LLVM may take: none of them changes a result. With contraction or reassociation, code freshly
compiled, code from numba's cache and code of another machine differ in last bits, and so delivered files would.
`LOOSE` also reassociates sums, several times faster for inner products; only for whole loops that call no other.
A kernel that calls another from a second file goes stale in silence when that one changes: keep them together.
Compiling is what a first start waits for, so nothing is compiled that nobody calls: no door from C, and from Python
only where Python comes in. A function costs by its length, and again in each that LLVM takes it into.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from numba import njit

STRICT = {"nnan", "ninf", "nsz"}
LOOSE = {*STRICT, "reassoc", "contract", "arcp"}

exact: Callable[..., Any] = partial(njit, cache=True, nogil=True, no_cfunc_wrapper=True)
"""No liberties: for loops whose values may be infinite."""
strict: Callable[..., Any] = partial(exact, fastmath=STRICT)
loose: Callable[..., Any] = partial(exact, fastmath=LOOSE)
INNER = {"no_cpython_wrapper": True, "forceinline": True}
"""Options of what kernels alone call: typed once, and taken into them by LLVM. Numba's own inlining types it anew
wherever it is called, at twice the cost."""
