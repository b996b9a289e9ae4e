"""How the hot loops are compiled: once, kept on disk, without Python's lock, and to the same results everywhere.

`STRICT` are the liberties LLVM may take: none of them changes a result. With contraction or reassociation, code freshly
compiled, code from numba's cache and code of another machine differ in last bits, and so delivered files would.
`LOOSE` also reassociates sums, several times faster for inner products; only for whole loops that call no other.
A kernel that calls another from a second file goes stale in silence when that one changes: keep them together.
Compiling is what a first start waits for, so nothing is compiled that nobody calls: no door from C, and from Python
only where Python comes in. A function costs by its length, and again in each that LLVM takes it into. Commands that
render have it done beforehand, on all cores (ahead.py).
"""

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numba import __version__ as numba_version
from numba import config, njit
from numba import types as types

STRICT = {"nnan", "ninf", "nsz"}
LOOSE = {*STRICT, "reassoc", "contract", "arcp"}


def _kept() -> Path:
    """The folder in which numba keeps this room's compiled loops.

    Where neither the program's folder nor the user's can be written, one that goes as the program ends: numba would
    refuse to work, and processes that compile for one another need a place.
    """
    with suppress(RuntimeError):
        return Path(str(njit(cache=True)(_kept).stats.cache_path))
    place = tempfile.mkdtemp(prefix="vidcolor-loops-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    # the second is for processes that this one starts
    vars(config)["CACHE_DIR"] = os.environ["NUMBA_CACHE_DIR"] = place
    return Path(str(njit(cache=True)(_kept).stats.cache_path))


def kept_table(name: str, shape: tuple[int, ...], of: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    """A table of float32 that compiled loops make, from beside them; made and put there where it is not yet whole.

    of  what it is made of, the machine included
    """
    mark = hashlib.sha256(f"{of} {shape} {numba_version} {np.__version__}".encode()).hexdigest()
    path = KEPT / f"{name}-{mark[:16]}.table"
    with suppress(OSError, ValueError):
        told = bytearray(path.read_bytes())  # to be written to, as kernels are compiled for such arrays
        if hashlib.sha256(told[SUM:]).digest() == told[:SUM]:
            return np.frombuffer(told, np.float32, offset=SUM).reshape(shape)
    made = np.ascontiguousarray(make(), np.float32)
    with suppress(OSError):
        KEPT.mkdir(parents=True, exist_ok=True)
        partial_path = path.with_suffix(f".{os.getpid()}")
        partial_path.write_bytes(hashlib.sha256(made.data).digest() + made.tobytes())
        partial_path.replace(path)
    return made


SUM = 32
"""Bytes of a table's SHA-256, before its numbers."""
KEPT = _kept()
exact: Callable[..., Any] = partial(njit, cache=True, nogil=True, no_cfunc_wrapper=True)
"""No liberties: for loops whose values may be infinite."""
strict: Callable[..., Any] = partial(exact, fastmath=STRICT)
loose: Callable[..., Any] = partial(exact, fastmath=LOOSE)
INNER = {"no_cpython_wrapper": True, "forceinline": True}
"""Options of what kernels alone call: typed once, and taken into them by LLVM. Numba's own inlining types it anew
wherever it is called, at twice the cost."""
