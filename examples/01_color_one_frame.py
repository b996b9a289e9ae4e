"""Colours one gray frame from a picture of it that is a few pixels off, and writes what came out.

python examples/01_color_one_frame.py OUT_DIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from vidcolor.color import lab_to_rgb
from vidcolor.colorize import register
from vidcolor.example import make_example
from vidcolor.media.images import read_picture, write_image
from vidcolor.media.probe import open_reel
from vidcolor.media.read import Clip
from vidcolor.settings import Settings


def main(folder: Path) -> None:
    settings = Settings()
    facts = make_example(folder / "demo")
    frame = Clip(open_reel(facts.film, settings.reel))[142]
    picture = read_picture(facts.references / "000142.png")
    registration, color = register(frame, picture, settings.colorize)
    rgb = lab_to_rgb(np.concatenate([frame.lightness[None], color.chroma]))
    write_image(folder / "frame-142.png", np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8))
    print(f"frame 142: the picture is {registration.kind}, {registration.shift:.1f} pixels off; "
          f"{registration.fits:.0%} of the frame could take its colours; see {folder / 'frame-142.png'}")  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example-01"))
