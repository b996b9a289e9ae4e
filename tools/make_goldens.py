"""Rewrites tests/golden/ after a stage's number was raised: python tools/make_goldens.py

Look at the pictures it writes before they are committed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from goldens import CASES, FOLDER, golden_path, made_by, sheet

from vidcolor.networks import graph


def main() -> int:
    graph.number_type = lambda: "float32"
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for stage in [*CASES, "film"]:
        with tempfile.TemporaryDirectory() as folder:
            cv2.imwrite(str(golden_path(stage)), sheet(made_by(stage, Path(folder)))[..., ::-1])
        print(golden_path(stage).name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
