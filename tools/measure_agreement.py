"""Whether proposals of two frames of one film agree in the colours of what both show, and what agreeing costs.

    python tools/measure_agreement.py CLIPS [--only NAME,...] [--limit N] [--apart 20] [--mirrored]

CLIPS holds folders of numbered colour frames. Of each, the first frame and the one `--apart` frames later are two
keyframes; flow chained through the frames between them says where a superpixel of the first lies in the second.
`--mirrored` mirrors the second: then nothing is where it was, and noise that is the same lies on other things.
Four proposals of each frame are made: with other seeds; with one seed; with one seed, each attending to the first
frame's of its number, as `vidcolor propose PROJECT` has it. Told are CIEDE2000 between the mean colours of the
same superpixels in both frames, by area (the truth's first), and of the second frame's proposals the best PSNR in dB
and CIEDE2000 of four, colourfulness over the true one, and CIEDE2000 between two of the four.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from measure_proposals import COUNT, figures_of, in_color
from numpy import ndarray as Array

from vidcolor.color import delta_e, fit_to_rgb, rgb_to_lab
from vidcolor.flow.dis import for_carrying
from vidcolor.flow.warp import compose, occluded
from vidcolor.networks import shipped
from vidcolor.networks.proposer import Proposer
from vidcolor.networks.proposer_hints import Shown
from vidcolor.planes.kinds import grid
from vidcolor.planes.samples import fetch
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.pictures import planes_of
from vidcolor.superpixels.pool import pool
from vidcolor.superpixels.segment import segment
from vidcolor.threads import one_each

REGIONS = 150
SMALLEST = 30
"""Pixels of a superpixel that both frames show, at least."""
FIGURES = ("best_psnr", "best_ciede", "colourfulness", "apart")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two frames of a clip."""

    planes: tuple[Array, Array]
    """(3, H, W) each: L* as gray film has it, and a*b*"""
    labels: Array
    """(H, W): superpixels of the first; -1 where the second does not show what it shows"""
    points: Array
    """(2, H, W): where the second shows it, x then y"""

    def difference(self, made: Sequence[Array]) -> float:
        """CIEDE2000 between what both pictures (3, H, W) L*a*b* make of the same superpixels."""
        first, second = made[0], fetch(made[1], self.points)
        count = int(self.labels.max()) + 1
        areas = np.bincount(self.labels[self.labels >= 0], minlength=count)
        means = [
            pool(np.ascontiguousarray(picture), self.labels, count).astype(np.float32) for picture in (first, second)
        ]
        weights = np.where(areas >= SMALLEST, areas, 0)
        off = delta_e(*(mean.reshape(3, count, 1) for mean in means))[:, 0]
        return float((off * weights).sum() / weights.sum())


def pair_of(folder: Path, apart: int, *, mirrored: bool) -> Pair:
    """The pair of a clip; a shorter one's last frame is its second."""
    files = sorted(p for p in folder.iterdir() if p.is_file())[: apart + 1]
    frames = [planes_of(np.ascontiguousarray(read_rgb(f).transpose(2, 0, 1)) / np.float32(255)) for f in files]
    flow, size = for_carrying(), frames[0].shape[1:]
    along, seen = np.zeros((2, *size), np.float32), np.ones(size, bool)
    for one, other in pairwise(frames):
        step, back = flow(one[0], other[0]), flow(other[0], one[0])
        there = grid(size) + along
        seen &= fetch(occluded(step, back).astype(np.float32), there) < 0.5
        along = compose(along, step)
    points = grid(size) + along
    seen &= (points >= 0).all(0) & (points[0] <= size[1] - 1) & (points[1] <= size[0] - 1)
    second = frames[-1]
    if mirrored:
        second, points = np.ascontiguousarray(second[..., ::-1]), np.stack([size[1] - 1 - points[0], points[1]])
    labels = np.where(seen, segment(frames[0][0], REGIONS, threads=1), -1).astype(np.int32)
    return Pair((frames[0], second), labels, points.astype(np.float32))


Ways = dict[str, Callable[[Pair], tuple[list[Array], list[Array]]]]


def ways(proposer: Proposer) -> Ways:
    """How the two frames' chroma is proposed: four of the first, four of the second."""
    numbers = range(1, COUNT + 1)

    def made(light: Array, seed: int, others: Sequence[Shown] = ()) -> list[Array]:
        return [*proposer.each(light, None, seed, numbers, others)]

    def attending(pair: Pair) -> tuple[list[Array], list[Array]]:
        light, second = pair.planes[0][0], pair.planes[1][0]
        firsts = made(light, 1)
        shown = Shown(light, np.stack([rgb_to_lab(in_color(chroma, light))[1:] for chroma in firsts]))
        return firsts, made(second, 1, [shown])

    return {
        "other seeds": lambda pair: (made(pair.planes[0][0], 1), made(pair.planes[1][0], 2)),
        "one seed": lambda pair: (made(pair.planes[0][0], 1), made(pair.planes[1][0], 1)),
        "attending": attending,
    }


def measure(pair: Pair, way: Callable[[Pair], tuple[list[Array], list[Array]]]) -> dict[str, float]:
    """The figures of one way of proposing."""
    chroma = way(pair)
    rgb = [[in_color(one, planes[0]) for one in made] for made, planes in zip(chroma, pair.planes, strict=True)]
    labs = [[rgb_to_lab(one) for one in made] for made in rgb]
    differ = float(np.mean([pair.difference(both) for both in zip(*labs, strict=True)]))
    figures = figures_of(fit_to_rgb(pair.planes[1]), rgb[1])
    return {"differ": differ, **{name: figures[name] for name in FIGURES}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--only", default="", help="clips by name, with commas")
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--apart", type=int, default=20)
    parser.add_argument("--mirrored", action="store_true")
    args = parser.parse_args()
    one_each()
    folders = sorted(
        p for p in args.clips.iterdir() if p.is_dir() and (not args.only or p.name in args.only.split(","))
    )
    tried, true = ways(Proposer(shipped.PROPOSER)), []
    rows: dict[str, list[dict[str, float]]] = {}
    for folder in folders[: args.limit]:
        pair = pair_of(folder, args.apart, mirrored=args.mirrored)
        true.append(pair.difference(pair.planes))
        line = f"{folder.name:<24} truth {true[-1]:5.2f}"
        for name, way in tried.items():
            rows.setdefault(name, []).append(measure(pair, way))
            line += f"  {name} {rows[name][-1]['differ']:5.2f}"
        print(line, flush=True)
    print(f"truth {np.mean(true):.2f}")
    for name, found in rows.items():
        means = {figure: np.mean([one[figure] for one in found]) for figure in found[0]}
        print(f"{name:<12}" + "  ".join(f"{figure} {value:.2f}" for figure, value in means.items()))


if __name__ == "__main__":
    main()
