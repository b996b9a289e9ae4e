"""Makes the README's picture from the example film: a gray frame, the artist's keyframe, the frame in colour.

python tools/make_strip.py examples/strip.jpg
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np
from PIL import Image

FRAME, KEYFRAME = 84, "000072.png"
"""In the harbour, twelve frames apart: boat, waves and camera have moved."""
SIDE = (320, 180)
GAP = 8


def frame_of(film: Path, index: int) -> Image.Image:
    """One frame of a film in R'G'B'."""
    with av.open(str(film)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == index:
                return frame.to_image()
    raise SystemExit(f"{film}: has no frame {index}")


def main(out: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        demo = Path(name) / "demo"
        vidcolor = [sys.executable, "-m", "vidcolor"]
        subprocess.run([*vidcolor, "example", str(demo)], check=True)
        subprocess.run([*vidcolor, "run", str(demo / "film.mov"), "--keyframes", str(demo / "refs")], check=True)
        keyframe = Image.open(demo / "refs" / KEYFRAME)
        pictures = [frame_of(demo / "film.mov", FRAME), keyframe, frame_of(demo / "film_color.mov", FRAME)]
        small = [np.asarray(p.convert("RGB").resize(SIDE, Image.Resampling.LANCZOS)) for p in pictures]
    gap = np.full((SIDE[1], GAP, 3), 255, np.uint8)
    Image.fromarray(np.concatenate([small[0], gap, small[1], gap, small[2]], axis=1)).save(out, quality=88)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
