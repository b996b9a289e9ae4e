#!/usr/bin/env bash
# numba 0.68.1, where SciPy is installed: the first kernel that is compiled, or loaded from the cache, imports
# scipy.linalg and 80 modules of SciPy more, whether it has any linear algebra in it or not.
# Expected: SciPy is imported by what needs it (np.linalg, np.dot), as numba's pages say of it.
# It costs every program's start .15 s of processor and some 20 MB; that SciPy is there may be another package's doing.
# Seen, Python 3.11, Linux:
#   imported numba: scipy.linalg False
#   ran a sum: scipy.linalg True
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q numba==0.68.1 numpy==2.4.6 scipy==1.17.1
"$place/venv/bin/python" - <<'PYTHON' | tee "$place/seen.txt"
import sys

import numba
import numpy as np

print("imported numba: scipy.linalg", "scipy.linalg" in sys.modules)


@numba.njit
def total(values):
    found = 0.0
    for value in values:
        found += value
    return found


total(np.ones(3))
print("ran a sum: scipy.linalg", "scipy.linalg" in sys.modules)
PYTHON
grep -q "imported numba: scipy.linalg False" "$place/seen.txt"
grep -q "ran a sum: scipy.linalg True" "$place/seen.txt"
