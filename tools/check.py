"""Everything to run before a commit: format, lint, types, floors, tests; stops at the first failure.

python tools/check.py          the whole check
python tools/check.py --fast   without the tests marked slow
"""

from __future__ import annotations

import subprocess
import sys

STEPS = (
    ("format", ["ruff", "format", "--check", "."]),
    ("lint", ["ruff", "check", "."]),
    ("types", ["mypy"]),
    ("floors", ["pytest", "tests/test_architecture.py"]),
    ("tests", ["pytest"]),
)


def main() -> int:
    fast = "--fast" in sys.argv[1:]
    for name, command in STEPS:
        print(f"== {name}: {' '.join(command)}", flush=True)
        extra = ["-m", "not slow"] if fast and name == "tests" else []
        if code := subprocess.run([*command, *extra], check=False).returncode:
            print(f"{name} failed")
            return code
    print("all good")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
