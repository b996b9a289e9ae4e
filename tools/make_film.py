"""Writes a tiny test film whose truth is known: the one the tests use, for people to look at.

python tools/make_film.py out.mkv                               36 frames of 64x48 in three shots, gray, FFV1
python tools/make_film.py out.mov --size 360x640 --shots 48,48  larger and longer, ProRes
python tools/make_film.py out.mp4 --color --sound --dissolve 8  in its true colours, with a tone, H.264

Beside it go the true colours of each shot's middle frame, `refs/NNNNNN.png`, unless --color.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"


def main() -> int:
    sys.path.insert(0, str(TESTS))
    import film

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help=f"the file; its suffix says the codec: {', '.join(film.CODECS)}")
    parser.add_argument("--size", default="48x64", help="height x width, even numbers")
    parser.add_argument("--shots", default="12,12,12", help="frames of each shot")
    parser.add_argument("--dissolve", type=int, default=0, help="frames in which the last shot appears")
    parser.add_argument("--color", action="store_true", help="in colour, not gray")
    parser.add_argument("--sound", action="store_true", help="with a tone")
    parser.add_argument("--timecode", default="01:00:00:00", help="of the first frame; MOV and MKV")
    args = parser.parse_args()
    if args.path.suffix not in film.CODECS:
        parser.error(f"{args.path}: name it with one of {', '.join(film.CODECS)}")
    height, width = (int(side) for side in args.size.split("x"))
    made = film.make_film((height, width), [int(n) for n in args.shots.split(",")], dissolve=args.dissolve)
    film.write_film(args.path, made, gray=not args.color, sound=args.sound, timecode=args.timecode)
    if not args.color:
        refs = args.path.parent / "refs"
        refs.mkdir(exist_ok=True)
        for shot in made.shots:
            frame = (shot.frames.start + shot.frames.stop) // 2
            film.write_picture(refs / f"{frame:06d}.png", made.colors[frame], bits=16)
    print(f"{args.path}: {made.frame_count} frames, cuts at {', '.join(map(str, made.cuts)) or 'none'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
