"""What stands above every table: machine, versions, commit, date."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path

from vidcolor import __version__
from vidcolor.machine import version_of
from vidcolor.threads import cores

PACKAGES = ("numpy", "numba", "av", "opencv-python-headless", "torch")


def facts() -> dict[str, str]:
    """Name to text, in the order they are shown."""
    return {
        "date": datetime.date.today().isoformat(),
        "vidcolor": f"{__version__}, commit {commit()}",
        "machine": f"{cores()} cores, {_processor()}, {_memory()}, {platform.system()} {platform.release()}",
        "versions": f"Python {platform.python_version()}, " + ", ".join(_versions()),
    }


def commit() -> str:
    """Short name of the source's commit, with + where the program has been changed since; "unknown" elsewhere."""
    here = Path(__file__).parent
    try:
        name = _git(here, "rev-parse", "--short", "HEAD")
        changed = _git(here, "status", "--porcelain", "--untracked-files=no", "--", ":/vidcolor", ":/configs")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+" if changed else "")


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def _versions() -> list[str]:
    return [f"{name} {version}" for name in PACKAGES if (version := version_of(name))]
