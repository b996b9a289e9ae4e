"""Whether keyframes say how far off they are where their picture does not show the place.

    python tools/measure_framing.py CLIPS [--pairs 40] [--beside]

CLIPS holds folders of numbered colour frames. Of each pair drawn, one frame is made gray, and a frame near it, nearer
by, turned, bent, toned, with things painted over and packed as JPEG, is its picture: as image models hand pictures
back. The frame is coloured as the pipeline does; a row for each kind of place says what error was stated and measured,
in a*b*, and what share of the area was said to be off by more than 6 in CIEDE2000, and is. The last row is of frames
beside pictures of other scenes: the share of pictures that fit LEAST_FIT and more. With --beside another frame of the
clip, likewise redrawn, is there as a picture of the same shot.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from vidcolor.color import delta_e, lab_to_rgb, rgb_to_lab
from vidcolor.colorize.align import align, prepare
from vidcolor.colorize.by_registration import LEAST_FIT, register
from vidcolor.colorize.by_super_attention import Colorizer
from vidcolor.confidence import error_of
from vidcolor.features import PatchFeatures, gray_of
from vidcolor.networks.features import NetworkFeatures
from vidcolor.pipeline.keyframes import FITS, mixed
from vidcolor.propagate.doubt import of_keyframe
from vidcolor.references.choose import choose_references, describe
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.pictures import planes_of, toned
from vidcolor.settings import ColorizeSettings, ReferenceSettings
from vidcolor.types import Frame, Guidance, Reference

MOST_APART, NEARER, TURN, BEND = 9, 1.4, 1.5, 4.0
"""Frames between a frame and its picture, scale, degrees, and pixels at a width of 455, at most."""
VISIBLE = 6.0
KINDS = ("registered", "partly registered", "filled by the network", "far pictures")
SETTINGS = ColorizeSettings()


def floats(file: Path) -> np.ndarray:
    return np.ascontiguousarray(read_rgb(file).transpose(2, 0, 1)) / np.float32(255)


def redrawn(rgb: np.ndarray, other: np.ndarray, random: Generator) -> np.ndarray:
    """R'G'B' of the picture as another hand gives it back, pieces of `other` in it."""
    height, width = rgb.shape[1:]
    scale, turn = float(np.exp(random.uniform(0, np.log(NEARER)))), np.radians(random.uniform(-TURN, TURN))
    y, x = np.mgrid[:height, :width].astype(np.float32) / scale
    middle = np.array([width, height]) / scale / 2
    left, top = (1 - 1 / scale) * random.random(2) * (width, height)
    bends = [cv2.GaussianBlur(random.standard_normal((height, width)), (0, 0), width / 12) for _ in range(2)]
    bend_x, bend_y = (random.uniform(0, BEND) * width / 455 * b / b.std() for b in bends)
    x, y = x - middle[0], y - middle[1]
    at_x = left + middle[0] + x * np.cos(turn) - y * np.sin(turn) + bend_x
    at_y = top + middle[1] + x * np.sin(turn) + y * np.cos(turn) + bend_y
    places = at_x.astype(np.float32), at_y.astype(np.float32)
    seen = np.stack([cv2.remap(p, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101) for p in rgb])
    for _ in range(int(random.integers(0, 4))):
        piece = np.zeros((height, width), np.uint8)
        at = (int(random.integers(width)), int(random.integers(height)))
        axes = (int(random.uniform(0.04, 0.15) * width), int(random.uniform(0.04, 0.15) * width))
        cv2.ellipse(piece, at, axes, float(random.uniform(0, 180)), 0, 360, 1, -1)
        large = np.stack([cv2.resize(p, (width, height)) for p in other])
        seen = np.where(piece > 0, large, seen)
    bytes_ = np.rint(255 * np.clip(toned(seen.astype(np.float32), random), 0, 1)).astype(np.uint8).transpose(1, 2, 0)
    packed = cv2.imencode(".jpg", bytes_, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(60, 95))])[1]
    return cv2.imdecode(packed, cv2.IMREAD_COLOR).transpose(2, 0, 1).astype(np.float32) / 255


def reference(rgb: np.ndarray) -> Reference:
    lab = rgb_to_lab(np.ascontiguousarray(rgb))
    return Reference("picture", "", lab[0], lab[1:])


def looked_at(
    truth: np.ndarray, picture: Reference, beside: Sequence[Guidance], colorizer: Colorizer
) -> tuple[np.ndarray, ...]:
    """Of every pixel: its kind, stated and measured error in a*b*, expected and measured CIEDE2000.

    beside  other pictures of its shot
    """
    target = Frame(0, planes_of(truth)[0])
    registration, laid = register(target, picture, SETTINGS, may_be_exact=False)
    color = colorizer(target, [Guidance(picture), *beside], SETTINGS, laid)
    kind = np.full(target.lightness.shape, KINDS.index("far pictures"))
    if registration.kind == "near":
        share = np.clip((laid.confidence - FITS[0]) / (FITS[1] - FITS[0]), 0, 1)
        color = mixed(laid, color, share)
        kind = np.select([share == 1, share > 0], [0, 1], 2)
    lab, stated = planes_of(truth), error_of(color.confidence)
    shown = rgb_to_lab(lab_to_rgb(np.concatenate([lab[:1], color.chroma]).astype(np.float32)))
    off, seen = np.hypot(*(color.chroma - lab[1:])), delta_e(shown, lab)
    return tuple(p.ravel() for p in (kind, stated, off, of_keyframe(color.chroma, stated), seen))


def that_match(truth: np.ndarray, picture: Reference) -> list[Guidance]:
    """The picture, if it matches the frame as the pipeline asks."""
    features = PatchFeatures()
    seen, library = (describe(p, features) for p in (planes_of(truth)[0], gray_of(picture)))
    chosen = choose_references(seen, [(picture.name, library)], ReferenceSettings())
    return [Guidance(picture, score) for _, score in chosen]


def measure(clips: Sequence[Path], pairs: int, *, beside: bool) -> list[str]:
    """The table's rows."""
    colorizer, rows, fits = Colorizer(NetworkFeatures()), [], []
    for n in range(pairs):
        random = np.random.default_rng(n)
        mine, others = (sorted(clips[k].iterdir()) for k in random.choice(len(clips), 2, replace=False))
        apart = int(random.integers(0, min(MOST_APART, len(mine) - 1) + 1))
        first = int(random.integers(0, len(mine) - apart))
        truth, near, other = floats(mine[first]), floats(mine[first + apart]), floats(others[0])
        picture, more = reference(redrawn(near, other, random)), []
        if beside:
            another = floats(mine[int(random.integers(len(mine)))])
            more = that_match(truth, reference(redrawn(another, other, random)))
        rows.append(np.stack(looked_at(truth, picture, more, colorizer)))
        size = truth.shape[:0:-1]
        unrelated = cv2.resize(gray_of(reference(other)), size, interpolation=cv2.INTER_AREA)
        fits.append(align(prepare(planes_of(truth)[0]), prepare(unrelated)).fit.mean())
    kind, stated, off, expected, seen = np.concatenate(rows, 1)
    table = ["| kind | area | stated, a*b* | measured | said to be off by 6 | is |", "|---|---|---|---|---|---|"]
    for number, name in enumerate(KINDS):
        here = kind == number
        if here.any():
            shares = [100 * np.mean(d[here] > VISIBLE) for d in (expected, seen)]
            table.append(
                f"| {name} | {100 * here.mean():.0f} % | {stated[here].mean():.2f} | {off[here].mean():.2f} | "
                f"{shares[0]:.1f} % | {shares[1]:.1f} % |"
            )
    return [*table, f"Other scenes that fit {LEAST_FIT} and more: {100 * np.mean(np.array(fits) >= LEAST_FIT):.0f} %"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--beside", action="store_true")
    asked = parser.parse_args()
    clips = sorted(p for p in asked.clips.iterdir() if p.is_dir())
    print("\n".join(measure(clips, asked.pairs, beside=asked.beside)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
