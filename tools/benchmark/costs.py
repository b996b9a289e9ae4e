"""What a command cost, measured from outside: wall and processor seconds, peak memory, files open at once.

Run as a program, `costs.py REPORT COMMAND...` runs the command and writes its costs. It stands between the benchmark
and the command because Linux counts a parent's memory at the moment of the start as the child's own peak: the parent
must be small.
"""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

NOT_FOUND = 127
KIB = 1024 if sys.platform == "darwin" else 1
"""What `ru_maxrss` counts, in parts of a KiB: bytes on a Mac."""
LOOK = 0.2
"""Seconds between two looks at how many files are open."""
TAIL = 300
"""Characters of a failing command's last words that are told."""


class FailedError(Exception):
    """A command that was measured failed; says how, in a line."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command cost, with all the processes it waited for."""

    seconds: float
    cpu: float
    """Seconds of processor, all cores together."""
    peak_mib: float
    """The largest process's peak resident memory."""
    files: int | None = None
    """The most files that it had open at once, as far as looks every `LOOK` seconds tell; None off Linux."""


def run_measured(command: list[str], log: Path) -> Cost:
    """The command's costs; what it says goes to `log`. Raises FailedError where it fails or cannot be started."""
    report = log.with_suffix(".cost.json")
    with log.open("wb") as output:
        launcher = [sys.executable, "-S", "-E", __file__, str(report), *command]
        code = subprocess.run(launcher, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        said = log.read_text(encoding="utf-8", errors="replace").strip()
        last = " / ".join(line.strip() for line in said.splitlines()[-3:] if line.strip())
        raise FailedError(f"ended with {code}: {last[-TAIL:] or 'it said nothing'}")
    return Cost(**json.loads(report.read_text()))


def main() -> int:
    report, command = Path(sys.argv[1]), sys.argv[2:]
    started = time.monotonic()
    try:
        code, files = _ended(subprocess.Popen(command))
    except OSError as error:
        sys.stderr.write(f"{command[0]}: cannot be started ({error.strerror})\n")
        return NOT_FOUND
    seconds, used = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / KIB / 1024}
    cost["files"] = files
    report.write_text(json.dumps(cost))
    return code if code >= 0 else 128 - code


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, int | None]:
    """The command's exit status, when it has ended, and the most files that it was seen to have open."""
    opened, most = Path(f"/proc/{process.pid}/fd"), None
    while True:
        try:
            return process.wait(LOOK), most
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                most = max(most or 0, sum(1 for _ in opened.iterdir()))


if __name__ == "__main__":
    sys.exit(main())
