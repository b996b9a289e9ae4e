"""Cuts a film into shots and writes the list that `vidcolor run --shots` takes back.

python examples/02_cut_a_film.py OUT_DIR
"""

from __future__ import annotations

import sys
from pathlib import Path

from vidcolor.example import make_example
from vidcolor.media.probe import open_reel
from vidcolor.media.read import Clip
from vidcolor.settings import Settings
from vidcolor.shots.detect import find_shots, measuring_size
from vidcolor.shots.lists import write_shots


def main(folder: Path) -> None:
    settings = Settings()
    reel = open_reel(make_example(folder / "demo").film, settings.reel)
    shots = find_shots(reel, Clip(reel, size=measuring_size(reel.size, settings.shots.side)), settings.shots)
    for shot in shots:
        print(f"{shot.id}  {reel.timecode(shot.frames.start)}  {len(shot.frames):4d} frames  {shot.entry.kind}")
    write_shots(folder / "shots.edl", shots, reel)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example-02"))
