"""How good proposals are: how near, how colourful, how different from each other, and how they take hints.

    python tools/measure_proposals.py STILLS [--held-out] [--weights FILE] [--limit 100] [--seed 1] [--out FOLDER]

STILLS holds colour photographs (*.jpg, *.webp, *.png), never those that the network was trained on; --held-out takes
those alone that training leaves out. Each is made gray, and four proposals of it are made: with nothing said; with each
kind of hint alone, simulated from its own colours; and with all of them.
- points: five
- scribbles: five strokes
- region: its most colourful part takes from the same part of another picture: itself mirrored, cropped, lighter, toned
- reference: that picture, as a picture of another frame is looked at
The shipped network takes no text. Figures are R'G'B' under the true L*, means over the stills: PSNR in dB and mean
CIEDE2000 of the best of four, of all four, and of the gray picture; colourfulness over the true one; CIEDE2000 between
two of the four; seconds of CPU for one still. FOLDER gets figures.json and sheet.png: rows of the truth, the gray
picture and its four proposals.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import delta_e, fit_to_rgb, rgb_to_lab
from vidcolor.finish import enlarge
from vidcolor.networks import shipped
from vidcolor.networks.proposer import Proposer
from vidcolor.networks.proposer_hints import Shown
from vidcolor.research.metrics.image import colorfulness, psnr
from vidcolor.research.training.held_out import kept_stills
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.pictures import planes_of
from vidcolor.settings import FinishSettings
from vidcolor.threads import one_each
from vidcolor.view import fitted

COUNT = 4
POINTS = 5
RADIUS = 0.01
"""Of a point, as a share of the shorter side: as `vidcolor propose` draws hints."""
STROKES, STROKE, THICK = 5, 0.25, 0.015
"""Scribbles, how long and how thick at most, as shares of the shorter side"""
PARTS = 4
"""Into which a still falls by colour and place"""
CROPPED, LIGHTER, TONED = 0.85, 0.8, (3.0, -4.0)
"""The other picture: share of the sides that is left, exponent of its lightness, a*b* added to its colours"""
ON_SHEET = 20
"""Stills on the sheet."""
WIDTH = 160
BLACK, SPAN = 64, 876
Makes = Callable[[Array, Array | None, Sequence[Shown], int, int], Array]
"""Proposals, of L*, hints, other pictures, a seed and how many"""
Told = tuple[Array | None, tuple[Shown, ...]]


def points_of(planes: Array, random: np.random.Generator) -> Array:
    """(3, H, W) hints: five points of the picture's own colour, of planes (3, H, W)."""
    size = planes.shape[1:]
    ys, xs = np.mgrid[: size[0], : size[1]]
    places = [tuple(int(random.integers(n)) for n in size) for _ in range(POINTS)]
    return _of_own_colors(planes, [np.hypot(ys - y, xs - x) <= max(1.0, RADIUS * min(size)) for y, x in places])


def scribbles_of(planes: Array, random: np.random.Generator) -> Array:
    """The same of strokes: each of the colour that is under it, in the mean."""
    size = planes.shape[1:]
    strokes = []
    for _ in range(STROKES):
        x, y = (float(random.integers(n)) for n in size[::-1])
        angle, length = random.uniform(0, np.pi), random.uniform(0.3, 1) * STROKE * min(size)
        end = (round(x + length * np.cos(angle)), round(y + length * np.sin(angle)))
        thick = max(1, round(random.uniform(0.3, 1) * THICK * min(size)))
        strokes.append(cv2.line(np.zeros(size, np.uint8), (round(x), round(y)), end, 1, thick) > 0)
    return _of_own_colors(planes, strokes)


def _of_own_colors(planes: Array, masks: Sequence[Array]) -> Array:
    share, chroma = np.zeros(planes.shape[1:], np.float32), np.zeros((2, *planes.shape[1:]), np.float32)
    for there in masks:
        share[there] = 1
        chroma[:, there] = planes[1:, there].mean(1, keepdims=True)
    return np.concatenate([share[None], chroma])


def other_picture(planes: Array) -> Array:
    """Planes of the picture as another shows it: mirrored, cropped, lighter and in another tone."""
    height, width = planes.shape[1:]
    rows, columns = (round(n * (1 - CROPPED) / 2) for n in (height, width))
    part = planes[:, rows : height - rows, columns : width - columns][:, :, ::-1]
    light = 100 * (part[:1] / 100) ** LIGHTER
    return np.ascontiguousarray(np.concatenate([light, part[1:] + np.array(TONED, np.float32)[:, None, None]]))


def part_of(planes: Array) -> Array:
    """(H, W) 0 or 1: the most colourful part of the picture, by k-means of colour and place."""
    height, width = planes.shape[1:]
    ys, xs = np.mgrid[:height, :width] * (60 / min(height, width))
    told = np.stack([*planes, ys, xs]).reshape(5, -1).T.astype(np.float32)
    cv2.setRNGSeed(1)
    stop = (cv2.TERM_CRITERIA_MAX_ITER, 10, 0.0)
    labels = cv2.kmeans(told, PARTS, None, stop, 1, cv2.KMEANS_PP_CENTERS)[1].reshape(height, width)
    most = max(range(PARTS), key=lambda k: float(np.hypot(*planes[1:, labels == k]).mean()))
    return (labels == most).astype(np.float32)


def told_of(planes: Array, random: np.random.Generator) -> Mapping[str, Told]:
    """What proposals are told, by the kinds of hints: none, each alone, all."""
    points, scribbles = points_of(planes, random), scribbles_of(planes, random)
    picture, part = other_picture(planes), part_of(planes)
    whole = Shown(picture[0], picture[1:])
    there = other_picture(np.stack([part, part, part]) * 100)[1] > 50
    region = whole._replace(here=part, part=there.astype(np.float32) if there.any() else None)
    both = np.where(points[:1] > 0, points, scribbles)
    free = region._replace(here=part * (both[0] == 0))
    return {
        "nothing": (None, ()),
        "points": (points, ()),
        "scribbles": (scribbles, ()),
        "region": (None, (region,)),
        "reference": (None, (whole,)),
        "all": (both, (whole, free)),
    }


def in_color(chroma: Array, lightness: Array) -> Array:
    """(3, H, W) R'G'B' of small a*b* joined to L* (H, W)."""
    codes = np.rint(BLACK + SPAN * (rgb_gray(lightness))).astype(np.uint16)
    small = chroma
    if chroma.shape[1] > lightness.shape[0] or chroma.shape[2] > lightness.shape[1]:
        size = lightness.shape[::-1]
        small = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in chroma])
    large = enlarge(np.ascontiguousarray(small), codes, FinishSettings().detail)
    return fit_to_rgb(np.concatenate([lightness[None], large]))


def rgb_gray(lightness: Array) -> Array:
    """(H, W) R' of a gray picture of this L*."""
    return fit_to_rgb(np.stack([lightness, np.zeros_like(lightness), np.zeros_like(lightness)]))[0]


def figures_of(truth: Array, made: Sequence[Array]) -> dict[str, float]:
    """Of proposals (3, H, W) R'G'B' each, beside the truth."""
    near = [psnr(one, truth) for one in made]
    labs, true = [rgb_to_lab(one) for one in made], rgb_to_lab(truth)
    off = [float(delta_e(lab, true).mean()) for lab in labs]
    apart = [float(delta_e(labs[a], labs[b]).mean()) for a, b in combinations(range(len(made)), 2)]
    return {
        "best_psnr": max(near),
        "mean_psnr": float(np.mean(near)),
        "best_ciede": min(off),
        "mean_ciede": float(np.mean(off)),
        "colourfulness": float(np.mean([colorfulness(one) for one in made])) / colorfulness(truth),
        "apart": float(np.mean(apart)) if apart else 0.0,
    }


def measure(rgb: Array, makes: Makes, seed: int) -> tuple[dict[str, dict[str, float]], list[Array]]:
    """Figures of one still (H, W, 3) bytes, by what was known; the truth, the gray picture, and its proposals."""
    truth = np.ascontiguousarray(rgb.transpose(2, 0, 1)) / np.float32(255)
    planes = planes_of(truth)
    truth = fit_to_rgb(planes)
    gray = fit_to_rgb(np.concatenate([planes[:1], np.zeros_like(planes[1:])]))
    found = {"gray": figures_of(truth, [gray])}
    shown = [truth, gray]
    for name, (hints, others) in told_of(planes, np.random.default_rng(seed)).items():
        began = time.process_time()
        made = [in_color(chroma, planes[0]) for chroma in makes(planes[0], hints, others, seed, COUNT)]
        seconds = time.process_time() - began
        found[name] = {**figures_of(truth, made), "seconds": seconds}
        shown += made if name == "nothing" else []
    return found, shown


def sheet_of(rows: Sequence[Sequence[Array]]) -> Array:
    """(H, W, 3) bytes: the rows of pictures below each other."""
    lines = []
    for row in rows:
        small = [fitted(picture, WIDTH) for picture in row]
        lines.append(np.concatenate(small, axis=2))
    page = np.concatenate(lines, axis=1)
    return np.rint(np.clip(page, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)


def means(found: Sequence[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """The mean of each figure over the stills."""
    first = found[0]
    return {
        name: {figure: round(float(np.mean([one[name][figure] for one in found])), 3) for figure in first[name]}
        for name in first
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stills", type=Path)
    parser.add_argument("--held-out", action="store_true", help="those that training leaves out")
    parser.add_argument("--weights", type=Path, help="the package's own")
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    one_each()
    files = sorted(p for p in args.stills.rglob("*") if p.suffix in (".jpg", ".png", ".webp"))
    if args.held_out:
        files = sorted({*files} - {*kept_stills(files)})
    proposer = Proposer(args.weights or shipped.PROPOSER)

    def makes(light: Array, hints: Array | None, others: Sequence[Shown], seed: int, count: int) -> Array:
        return np.stack([*proposer.each(light, hints, seed, range(1, count + 1), others)])

    found, rows = [], []
    for file in files[: args.limit]:
        rgb = read_rgb(file)
        if np.ptp(rgb.astype(np.int16), axis=2).mean() < 2:
            continue  # gray photographs have no colourfulness to compare with
        figures, shown = measure(rgb, makes, args.seed)
        found.append(figures)
        rows += [shown] if len(rows) < ON_SHEET else []
    for name, told in means(found).items():
        print(f"{name:<12}" + "  ".join(f"{figure} {value:.2f}" for figure, value in told.items()))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "figures.json").write_text(json.dumps({"stills": len(found), **means(found)}, indent=1) + "\n")
        cv2.imwrite(str(args.out / "sheet.png"), sheet_of(rows)[..., ::-1])


if __name__ == "__main__":
    main()
