"""Writes drawn animation by code: a gray film with its truth, and coloured drawings to train Diffusart on.

python tools/make_drawn.py OUT                    OUT/film.mkv, two shots of 32 frames of 320x240, gray, with a little
                                                  grain; OUT/truth/NNNNNN.png; the first frame of each in OUT/refs
python tools/make_drawn.py OUT --drawings 400     OUT/NNNN.png: drawings of other shots, 128x128
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[1] / "tests"
FRAMES, SIZE, GRAIN, PAN = 32, (240, 320), 0.006, 0.3
OTHERS, SIDE = 1000, 128
"""Where the seeds of drawings begin, and their size."""


def main() -> int:
    sys.path.insert(0, str(TESTS))
    import drawn
    import tiny

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--drawings", type=int, default=0, help="how many drawings to write, and no film (0: a film)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for number in range(args.drawings):
        tiny.write_picture(args.out / f"{number:04d}.png", colors=drawn.drawing(OTHERS + number, (SIDE, SIDE)))
    if args.drawings:
        return 0
    shots = [[*drawn.drawn_frames(seed, FRAMES, SIZE, pan=pan)] for seed, pan in ((1, 0.0), (2, PAN))]
    random = np.random.default_rng(1)
    frames = [rgb for shot in shots for rgb in shot]
    tiny.write_frames(
        args.out / "film.mkv", [(f + GRAIN * random.standard_normal((*SIZE, 1))).clip(0, 1) for f in frames]
    )
    for folder, numbers in (("truth", range(len(frames))), ("refs", range(0, len(frames), FRAMES))):
        (args.out / folder).mkdir(exist_ok=True)
        for number in numbers:
            tiny.write_picture(args.out / folder / f"{number:06d}.png", colors=frames[number])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
