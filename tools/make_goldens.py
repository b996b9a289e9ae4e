"""Rewrites tests/golden/ after a stage's number was raised: python tools/make_goldens.py"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from goldens import CASES, FOLDER, golden_path


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for stage, case in CASES.items():
        golden_path(stage).write_text(json.dumps(case()) + "\n")
        print(golden_path(stage).name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
