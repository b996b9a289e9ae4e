"""Runs the main job, changes one picture, runs it again: one shot renders again, the rest stays as it is.

python examples/03_correct_and_render_again.py OUT_DIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from vidcolor.cli import main as vidcolor
from vidcolor.color import lab_to_rgb
from vidcolor.example import make_example
from vidcolor.media.images import read_picture, write_image


def main(folder: Path) -> None:
    facts = make_example(folder / "demo")
    line = ["run", str(facts.film), "--keyframes", str(facts.references), "--preset", "draft"]
    assert vidcolor(line) == 0
    picture = facts.references / "000072.png"
    before = read_picture(picture)
    warmer = before.chroma + np.array([2, 8], np.float32)[:, None, None]
    rgb = lab_to_rgb(np.concatenate([before.lightness[None], warmer]))
    write_image(picture, np.rint(np.clip(rgb, 0, 1) * 65535).astype(np.uint16))
    project = str(facts.film.with_suffix(".vidcolor"))
    assert vidcolor(["why", project, "r1-000060"]) == 0
    assert vidcolor(line) == 0


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example-03"))
