"""memory.py: what is freed is not asked for again."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from vidcolor.memory import keep_freed
if sys.argv[1] == "kept":
    keep_freed()
def frame():
    planes = [np.ones(1_000_000) for _ in range(12)]
    planes.clear()
frame()
frame()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    frame()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
TUNED = {"MALLOC_TRIM_THRESHOLD_": "1000000"}


def faults(how: str, **more: str) -> int:
    """Pages that the system had to give in four frames of 96 MB each."""
    told = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
    line = [sys.executable, "-P", "-c", FAULTS, how]
    return int(subprocess.run(line, capture_output=True, text=True, check=True, env={**told, **more}).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_what_a_frame_freed_serves_the_next_unless_people_tuned_it():
    plain = faults("as it is")
    assert plain > 10_000
    assert faults("kept") < plain / 20
    assert faults("kept", **TUNED) > 10_000
