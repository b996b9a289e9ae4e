"""Whether keyframes tick: how far each delivered keyframe leaves the line between the frames beside it.

    python tools/measure_ticks.py FILM [FILM ...] [--most 1.3]

FILM is a delivered film with its `.manifest.json` beside it. A frame's second difference is |c(t-1) - 2 c(t) + c(t+1)|,
the mean over its pixels and a* and b*. Told of every keyframe that has three frames of its shot on either side: its
own, the mean of those two frames off, and their ratio. Exits with 1 where a ratio is above --most.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidcolor.color import rgb_to_lab
from vidcolor.errors import VidcolorError
from vidcolor.export import manifest_path
from vidcolor.media.pictures import open_colors

OFF = 2
"""Frames between a keyframe and those that it is compared with: the next ones share its own second difference."""
LEAST = 0.02
"""Second difference, in a*b*, that counts as none: of colours that stand still all but the rounding of codes is 0."""


@dataclass(frozen=True)
class Tick:
    """One keyframe among its neighbours."""

    frame: int
    own: float
    """Its second difference, in a*b*"""
    beside: float
    """The mean of those two frames before and after"""

    @property
    def ratio(self) -> float:
        return max(self.own, LEAST) / max(self.beside, LEAST)


def second_differences(chroma: Iterable[tuple[int, np.ndarray]]) -> Iterator[tuple[int, float]]:
    """(frame, second difference) of every frame with both neighbours; chroma (2, H, W) comes in order."""
    last: deque[np.ndarray] = deque(maxlen=3)
    for frame, planes in chroma:
        last.append(planes)
        if len(last) == 3:
            before, own, after = last
            yield frame - 1, float(np.abs(before - 2 * own + after).mean())


def ticks(differences: dict[int, float], shots: Iterable[range], keyframes: Iterable[int]) -> list[Tick]:
    """Of the keyframes whose shot goes on far enough on both sides."""
    keys, found = sorted(keyframes), []
    for shot in shots:
        for key in keys:
            if shot.start + OFF < key < shot.stop - OFF - 1:
                beside = (differences[key - OFF] + differences[key + OFF]) / 2
                found.append(Tick(key, differences[key], beside))
    return found


def measure(film: Path) -> list[Tick]:
    """The ticks of a delivered film, by its manifest."""
    shots = json.loads(manifest_path(film).read_text(encoding="utf-8"))["shots"]
    chroma = ((frame, rgb_to_lab(picture.rgb)[1:]) for frame, picture in open_colors(film).read())
    keys = [key["frame"] for shot in shots for key in shot["keyframes"]]
    return ticks(dict(second_differences(chroma)), [range(s["start"], s["stop"]) for s in shots], keys)


def main(words: list[str] | None = None) -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("films", nargs="+", type=Path, metavar="FILM")
    parser.add_argument("--most", type=float, default=1.3, help="ratio above which a keyframe ticks (default: 1.3)")
    args = parser.parse_args(words)
    worst = 0.0
    try:
        for film in args.films:
            print(f"{film}\n  frame    own  beside  ratio")
            for tick in measure(film):
                worst = max(worst, tick.ratio)
                mark = "  ticks" if tick.ratio > args.most else ""
                print(f"{tick.frame:7d} {tick.own:6.2f} {tick.beside:7.2f} {tick.ratio:6.2f}{mark}", flush=True)
    except VidcolorError as error:
        print(error, file=sys.stderr)
        return 2
    return int(worst > args.most)


if __name__ == "__main__":
    sys.exit(main())
