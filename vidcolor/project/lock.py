"""The project's lock: one program at a time; who finds it held is told by whom, and may wait.

The system holds the lock, and gives it back when a program ends, however it ends; `.holder` only says who it is, and
what a killed program left there counts for nothing.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from vidcolor.errors import ProjectError

LOCK, HOLDER = ".lock", ".holder"
LONGEST = 300
"""Characters of a holder that are told."""


@contextmanager
def locked(root: Path, lock: Path, holder: Path, work: str, wait: float) -> Iterator[None]:
    """Holds the lock of the project at `root` within the block.

    work  the command, for those who find it held
    wait  seconds to wait for whoever holds it
    Refuses a project that is held, and says by whom. Raises OSError where no lock can be made.
    """
    from filelock import FileLock, Timeout  # who only reads takes no lock

    taken = FileLock(lock)
    try:
        taken.acquire(timeout=max(0.0, wait))
    except Timeout as error:
        remedy = "wait for it with --wait SECONDS, or stop it"
        raise ProjectError(f"{root}: another vidcolor is working here{_told(holder)}; {remedy}") from error
    try:
        since = datetime.now(UTC).astimezone().strftime("%H:%M")
        with suppress(OSError):
            told = f"`vidcolor {work}`, process {os.getpid()} on {platform.node()}, since {since}"
            holder.write_text(told, encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        taken.release()


def _told(holder: Path) -> str:
    """` (who, as they noted it)`; empty where nothing is noted."""
    try:
        with holder.open(encoding="utf-8", errors="replace") as file:
            text = " ".join(file.read(LONGEST).split())
    except OSError:
        return ""
    return f" ({text})" if text else ""
