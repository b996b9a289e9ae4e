"""Whether a correction holds: how far its place is from the colour asked 10, 25 and 50 frames on; and carried masks.

    python tools/measure_holding.py [--clips TRAIN] [--only NAMES] [--chroma 320]

On the example film's scenes, each as one shot, every piece that is seen large enough is corrected in frame 4 of a shot
coloured from its frame 0: by a hint, a stroke, a paint of one colour and one of many over its true mask (a region is
carried alike), and as neutral by mask and by point; the colours asked are others than are there. Places of it are
followed by the painter's own motion, while they are seen. On CLIPS, points picked by hand (POINTS) are followed by RAFT
there and back, and a disc is painted around each. Told: the share of places within CIEDE2000 3 of what was asked, its
median and 90 %; and of the mask, carried, region similarity J (IoU) and contour accuracy F (Perazzi et al., CVPR 2016),
beside those of the same mask fetched along the same flow.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import cv2
import numpy as np
from benchmark.clicks import Kept, hint_of
from benchmark.clips import Clip, read
from numpy import ndarray as Array

from vidcolor.color import delta_e, lab_to_rgb, rgb_to_lab
from vidcolor.example.facts import ExampleShot
from vidcolor.example.film import Film, picture_of
from vidcolor.example.paint import Picture, Piece
from vidcolor.features import LUMA, lightness_of
from vidcolor.flow.estimate import FlowEstimator, build_flow
from vidcolor.flow.warp import fetch
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import Propagator
from vidcolor.pipeline.layers import Change, Layer, carry, over
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.painter import Painter
from vidcolor.pipeline.sights import sights_of
from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Neutral, Scribble
from vidcolor.propagate.ablation import Part, without
from vidcolor.propagate.runs import chroma_size, reduced
from vidcolor.propagate.shot import propagate
from vidcolor.settings import Settings, override
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Frame, working_size

SAID, AFTER = 4, (10, 25, 50)
"""The frame that is corrected, and frames on from there."""
MASKED = 40
"""Frames that masks are followed over."""
LONG = SAID + max(AFTER) + 1
HOLDS = 3.0
"""CIEDE2000 within which a place has the colour asked."""
LEAST_AREA = 0.004
"""Share of the picture from which a piece is corrected."""
MOST_AREA, MOST_THINGS = 0.2, 3
"""The same from which it is ground or sky; and the pieces of a scene, those that are seen most after 25 frames."""
PLACES = 200
"""Places of a piece that are followed, at most."""
TURNED, LEAST_CHROMA = 2.1, 30.0
"""The colour asked: what is there, turned by so many radians, and at least so strong (a*b*)."""
STROKE = 0.6
"""Part of a thing's width, at its most inner point, that a stroke runs through."""
KINDS = ("hint", "scribble", "paint", "many colours", "neutral mask", "neutral point")
SPREAD = ("hint", "scribble", "neutral point")
WARPED = without(*(part for part in get_args(Part) if part not in ("flow", "mended")))
SCENES = ("street", "harbour", "room", "hillside", "clockwork")


OUTLINED = ("davis_tennis", "sam2_02_cups")
HIGH, DISC, BESIDE = 256, 12, 4
"""Height of the clips that POINTS are of; radius of the disc painted there; how far off four more places lie."""
POINTS = {
    "davis_tennis": {
        "shirt": ((190, 102), (138, 112), (178, 125), (208, 98)),
        "shorts": ((190, 138), (155, 138), (180, 150), (190, 146)),
        "banner": ((102, 80), (158, 80), (402, 74), (348, 78)),
    },
    "sam2_02_cups": {
        "sweater": ((240, 60), (240, 61), (262, 62), (243, 30)),
        "cup": ((232, 146), (232, 148), (97, 128), (238, 150)),
        "right cup": ((325, 148), (325, 150), (370, 138), (178, 123)),
    },
    "camel": {
        "body": ((255, 90), (255, 95), (253, 84), (262, 96)),
        "hump": ((200, 75), (199, 89), (202, 72), (220, 83)),
        "hedge": ((200, 25), (172, 31), (134, 21), (89, 35)),
    },
    "fresco_music": {
        "face": ((170, 110), (171, 102), (163, 104), (152, 100)),
        "headphones": ((248, 118), (250, 112), (248, 98), (239, 86)),
        "shirt": ((215, 225), (222, 221), (228, 223), (227, 208)),
    },
}
"""Things that stay in the picture, and where: x and y in frame SAID and so many frames on as AFTER says. Followed by
Lucas-Kanade there and back to within a pixel and a half, or by eye where that loses them; all looked at."""
OUTLINES = {
    "shirt": "173,83 199,82 207,90 211,103 203,105 196,117 186,118 180,112 176,101 166,101 160,98 166,90",
    "shorts": "182,129 213,125 215,140 213,153 199,151 198,147 181,146",
    "banner": "0,0 171,0 171,58 152,62 152,97 0,98",
    "sweater": "178,0 345,0 325,18 318,50 310,90 300,137 256,137 252,105 213,105 209,137 155,137 170,80 177,30",
    "cup": "214,107 222,104 248,104 253,108 258,145 262,180 250,190 216,190 203,180 208,145",
    "right cup": "310,107 318,104 344,104 349,108 352,145 354,180 342,190 308,190 296,180 302,145",
}
"""What is painted in frame SAID where a disc would be a part of something even; by hand, of the first two clips."""


@dataclass(frozen=True, eq=False)
class Thing:
    """What is corrected in frame SAID, and where it is later."""

    name: str
    mask: Array
    """(h, w) 0..1"""
    places: Array
    """(2, n): x and y in frame SAID, of chroma"""
    later: dict[int, tuple[Array, Array]]
    """By frames on: places (2, n), and which of them are seen (n,)"""
    masks: Sequence[Array] | None = None
    """(h, w) bool of the frames on from SAID, where they are known"""

    @property
    def point(self) -> tuple[int, int]:
        """x and y of its most inner pixel, or of what was picked"""
        if self.masks is None:
            return round(float(self.places[0, 0])), round(float(self.places[1, 0]))
        inside = cv2.distanceTransform((self.mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
        y, x = np.unravel_index(int(inside.argmax()), inside.shape)
        return int(x), int(y)


class Alone(Film):
    """A scene as a shot of its own: no fade, no dissolve."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.shot = ExampleShot(name, FrameRange(0, LONG), "cut", "exact")

    def colors(self, frame: int) -> Picture:
        return self._shot(self.shot, frame)

    def placed(self, frame: int) -> list[tuple[Piece, Picture]]:
        return list(self.scene(self.shot.scene).placed(float(frame)))


def clip_of(film: Alone, settings: Settings) -> Clip:
    """The scene as film and as true colours."""
    frames, labs = [], []
    for n in range(LONG):
        rgb = np.ascontiguousarray(np.moveaxis(picture_of(film.planes(n)), 2, 0), np.float32)
        size = working_size(rgb.shape[1:], settings.propagate.chroma_side)
        frames.append(Frame(n, reduced(lightness_of(np.tensordot(LUMA, rgb, 1).astype(np.float32)), size)))
        labs.append(np.stack([reduced(plane, chroma_size(size)) for plane in rgb_to_lab(rgb)]))
    return Clip(film.shot.scene, tuple(frames), tuple(labs))


def owners(film: Alone, frame: int) -> tuple[Array, list[Picture]]:
    """(H, W): which piece is seen in each pixel, -1 none; and the pieces' matrices."""
    found, matrices = np.full(film.colors(0).shape[:2], -1, np.int16), []
    for n, (piece, matrix) in enumerate(film.placed(frame)):
        alpha = cv2.warpAffine(np.ascontiguousarray(piece.image[..., 3]), matrix, found.shape[::-1])
        found[alpha > 0.5] = n
        matrices.append(matrix)
    return found, matrices


def things_of(film: Alone, size: tuple[int, int]) -> list[Thing]:
    """The scene's pieces as they move: places lie a pixel of chroma inside."""
    seen = {n: owners(film, SAID + n) for n in range(max(AFTER) + 1)}
    own, matrices = seen[0]
    scale = size[1] / own.shape[1]
    inner, found = np.ones((3, 3), np.uint8), list[Thing]()
    for number in range(int(own.max()) + 1):
        mask = reduced((own == number).astype(np.float32), size)
        deep = cv2.erode((mask > 0.99).astype(np.uint8), inner, borderValue=0)
        ys, xs = np.nonzero(deep)
        if not LEAST_AREA <= mask.mean() <= MOST_AREA or not len(xs):
            continue
        kept = np.unique(np.linspace(0, len(xs) - 1, PLACES).round().astype(int))
        places = np.stack([xs[kept], ys[kept]]).astype(np.float32)
        full = (places + 0.5) / scale - 0.5
        linear, offset = matrices[number][:, :2], matrices[number][:, 2:]
        local = np.linalg.inv(linear) @ (full - offset)
        later = {}
        for n in AFTER:
            there, moved = seen[n]
            now = moved[number][:, :2] @ local + moved[number][:, 2:]
            at = (now + 0.5) * scale - 0.5
            clear = cv2.erode((reduced((there == number).astype(np.float32), size) > 0.99).astype(np.uint8), inner)
            later[n] = at.astype(np.float32), fetch(clear.astype(np.float32), at[:, None].astype(np.float32))[0] > 0.99
            inside = (at[0] >= 0) & (at[1] >= 0) & (at[0] <= size[1] - 1) & (at[1] <= size[0] - 1)
            later[n] = later[n][0], later[n][1] & inside
        masks = [reduced((seen[n][0] == number).astype(np.float32), size) > 0.5 for n in range(MASKED + 1)]
        found.append(Thing(f"{film.shot.scene} {number}", mask, places, later, masks))

    found.sort(key=lambda thing: -float(thing.later[25][1].mean() * thing.mask.sum()))
    return found[:MOST_THINGS]


def points_of(name: str, clip: Clip) -> list[Thing]:
    """Discs around the points picked in a clip."""
    size, things = clip.labs[0].shape[1:], []
    scale = size[0] / HIGH
    ys, xs = np.mgrid[: size[0], : size[1]]
    for thing, spots in POINTS[name].items():
        x, y = (np.array(spots[0]) + 0.5) * scale - 0.5
        mask = np.clip(DISC * scale + 0.5 - np.hypot(xs - x, ys - y), 0, 1).astype(np.float32)
        if name in OUTLINED:
            full = np.zeros((HIGH, round(HIGH * size[1] / size[0])), np.float32)
            corners = np.array([pair.split(",") for pair in OUTLINES[thing].split()], np.int32)
            mask = reduced(cv2.fillPoly(full, [corners], 1.0), size)
        around = np.array([(0, 0), (-BESIDE, 0), (BESIDE, 0), (0, -BESIDE), (0, BESIDE)], np.float32)
        at = [(((np.array(spot) + around + 0.5) * scale - 0.5).T).astype(np.float32) for spot in spots]
        later = {n: (places, np.ones(len(around), np.bool_)) for n, places in zip(AFTER, at[1:], strict=True)}
        things.append(Thing(f"{name} {thing}", mask, at[0], later))
    return things


def shots(names: Sequence[str], clips: Path, settings: Settings) -> Iterator[tuple[Shot, list[Thing]]]:
    network = Propagator(NetworkFeatures())
    for name in names:
        if name in SCENES:
            film = Alone(name)
            shot = Shot(clip_of(film, settings), settings, network)
            yield shot, things_of(film, shot.size)
        else:
            shot = Shot(read(clips / name, settings.propagate), settings, network)
            yield shot, points_of(name, shot.clip)


class Said(Painter):
    """A painter whose paints are at hand, not read."""

    painted: dict[str, tuple[Array, Array]]

    def paint(self, correction: Correction, size: tuple[int, ...]) -> tuple[Array, Array]:
        return self.painted[correction.name]


class Shot:
    """A clip coloured from its first frame."""

    mask: dict[int, Array]
    """The share of the mask that `of_kinds` carried last, by frames on; empty: none"""

    def __init__(self, clip: Clip, settings: Settings, network: Propagator) -> None:
        self.clip, self.settings, self.cache = clip, settings, Kept()
        self.flow: FlowEstimator = build_flow(settings.propagate.flow, settings.propagate)
        self.size = clip.labs[0].shape[1:]
        sees = sights_of(settings, self.cache, network)
        self.painter = Said(cast("Library", None), {}, sees, settings.correct, self.size)
        given = {0: ColorFrame(0, clip.labs[0][1:], np.ones(self.size, np.float32))}
        self.base = list(
            propagate(clip.frames, given, self.flow, settings.propagate, network=network, cache=self.cache)
        )

    def layer(self, kind: str, thing: Thing) -> tuple[Layer, Array]:
        """The correction, and the a*b* that it asks for (2, h, w)."""
        there, (x, y) = self.base[SAID], thing.point
        asked = another(there.chroma[:, y, x])[:, None, None]
        if kind == "hint":
            lab = np.concatenate([self.clip.labs[SAID][:1, y : y + 1, x : x + 1], asked]).astype(np.float32)
            codes = np.rint(255 * np.clip(lab_to_rgb(lab), 0, 1))
            asked = rgb_to_lab((codes / 255).astype(np.float32))[1:]
            layer = self._spread(hint_of(0, SAID, (x, y), codes.astype(int).ravel()))
        elif kind == "scribble":
            said = Correction(kind, Scribble(kind=kind, frame=SAID, paint=""), SAID, {}, "")
            whole = np.broadcast_to(asked, (2, *self.size)).astype(np.float32)
            self.painter.painted = {kind: (whole, stroke(thing.mask, (x, y)))}
            layer = self._spread(said)
        elif kind == "neutral point":
            asked = np.zeros((2, 1, 1), np.float32)
            layer = self._spread(Correction(kind, Neutral(kind="neutral", frame=SAID, at=(x, y)), SAID, {}, ""))
        else:
            asked = asked + turned(there.chroma) - turned(there.chroma[:, y, x])[:, None, None]
            layer = Layer(kind, SAID, Change(asked.astype(np.float32)), thing.mask.astype(np.float32))
        return layer, np.broadcast_to(asked, (2, *self.size))

    def _spread(self, said: Correction) -> Layer:
        return self.painter.layers([said], self.base[SAID], self.clip.frames[SAID])[0]

    def carried(self, layer: Layer) -> dict[int, ColorFrame]:
        """The layer on the frames SAID and on, by frames on."""
        frames = self.clip.frames[1:LONG]
        found = carry(layer, frames, self.flow, self.settings.propagate, (True, False), self.cache)
        return {color.index - SAID: color for color in found if color.index >= SAID}

    def apart(self, change: Change, asked: Array, thing: Thing, carried: dict[int, ColorFrame]) -> dict[int, Array]:
        """CIEDE2000 from the colour asked at the thing's places that are seen and had it when it was said."""
        wanted = fetch(np.ascontiguousarray(asked, np.float32), thing.places[:, None])[:, 0]
        found, had = {}, np.ones(len(thing.places[0]), np.bool_)
        for n, (places, seen) in {0: (thing.places, had), **thing.later}.items():
            one = carried[n]
            colors = over(self.base[SAID + n], change or Change(one.chroma), one.confidence).chroma
            planes = np.concatenate([self.clip.labs[SAID + n][:1], colors]).astype(np.float32)
            now = fetch(planes, places[:, None])[:, 0]
            two = [np.concatenate([now[:1], ab])[:, None].astype(np.float32) for ab in (now[1:], wanted)]
            apart = delta_e(*two)[0]
            had = had if n else apart <= HOLDS
            found[n] = apart[seen & had]
        return found

    def of_kinds(self, thing: Thing, kinds: Sequence[str]) -> Iterator[tuple[str, dict[int, Array]]]:
        """What `apart` says of each kind; the masks of several are carried once."""
        self.mask = {}
        for kind in kinds:
            if kind in SPREAD:
                layer, asked = self.layer(kind, thing)
                yield kind, self.apart(layer.change, asked, thing, self.carried(layer))
        if masks := [kind for kind in kinds if kind not in SPREAD]:
            layer, asked = self.layer("many colours", thing)
            carried = self.carried(layer)
            self.mask = {n: color.confidence for n, color in carried.items()}
            x, y = thing.point
            flat = np.broadcast_to(another(self.base[SAID].chroma[:, y, x])[:, None, None], asked.shape)
            said = {
                "paint": (Change(flat), flat),
                "neutral mask": (Change(0 * flat), 0 * flat),
                "many colours": (None, asked),
            }
            for kind in masks:
                yield kind, self.apart(said[kind][0], said[kind][1], thing, carried)

    def warped(self, thing: Thing) -> dict[int, Array]:
        """The thing's mask on each frame on from SAID, fetched along the flow and nothing else."""
        planes = np.stack([thing.mask * 100, 0 * thing.mask]).astype(np.float32)
        known = {SAID: ColorFrame(SAID, planes, np.ones_like(planes[0]))}
        frames = self.clip.frames[: SAID + MASKED + 1]
        found = propagate(frames, known, self.flow, self.settings.propagate, ablation=WARPED, cache=self.cache)
        return {color.index - SAID: color.chroma[0] / 100 for color in found if color.index >= SAID}


def stroke(mask: Array, at: tuple[int, int]) -> Array:
    """(h, w): a line along the row of a point, through most of the mask there."""
    x, y = at
    inside = mask[y] > 0.5
    left = x - int(np.argmin(inside[x::-1])) if not inside[: x + 1].all() else 0
    right = x + int(np.argmin(inside[x:])) if not inside[x:].all() else len(inside)
    drawn, reach = np.zeros_like(mask), int(min(x - left, right - x) * STROKE)
    drawn[y, x - reach : x + reach + 1] = 1
    return drawn


def turned(chroma: Array) -> Array:
    cos, sin = np.cos(TURNED), np.sin(TURNED)
    return np.stack([cos * chroma[0] - sin * chroma[1], sin * chroma[0] + cos * chroma[1]]).astype(np.float32)


def another(chroma: Array) -> Array:
    """(2, ...) a*b*: another colour than is there."""
    length = np.maximum(np.hypot(*chroma), 1e-3)
    return np.asarray(turned(chroma) / length * np.maximum(length, LEAST_CHROMA), np.float32)


def similarity(mask: Array, true: Array) -> tuple[float, float]:
    """J and F of a mask, both (h, w) bool. F's tolerance is .008 of the diagonal, as DAVIS has it."""
    both = (mask & true).sum()
    region = both / max((mask | true).sum(), 1)
    edges = [
        cv2.morphologyEx(m.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) > 0 for m in (mask, true)
    ]
    reach = int(np.ceil(0.008 * np.hypot(*mask.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = [cv2.dilate(edge.astype(np.uint8), disc) > 0 for edge in edges]
    precision = (edges[0] & near[1]).sum() / max(edges[0].sum(), 1)
    recall = (edges[1] & near[0]).sum() / max(edges[1].sum(), 1)
    return float(region), float(2 * precision * recall / max(precision + recall, 1e-9))


def told(apart: Array) -> str:
    if not len(apart):
        return f"{'-':>17}"
    return f"{100 * (apart <= HOLDS).mean():4.0f}% {np.median(apart):5.1f} {np.quantile(apart, 0.9):5.1f}"


def main(words: list[str] | None = None) -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument(
        "--only", default=",".join((*SCENES, *POINTS)), help="names of scenes and clips, with commas between"
    )
    parser.add_argument("--clips", type=Path, default=Path("../shared/data/clips/train"), help="the folder of clips")
    parser.add_argument("--chroma", type=int, default=480, help="long side of the colours carried (default: 480)")
    parser.add_argument("--kinds", default=",".join(KINDS))
    args = parser.parse_args(words)
    cv2.setNumThreads(1)
    settings = override(Settings(), {"propagate": {"chroma_side": args.chroma}}, "--chroma")
    found: dict[str, dict[int, list[Array]]] = {}
    similar = []
    for shot, things in shots(args.only.split(","), args.clips, settings):
        for thing in things:
            for kind, apart in shot.of_kinds(thing, args.kinds.split(",")):
                print(
                    f"{thing.name:<22} {kind:<14} {len(apart[0]):4d} {'  '.join(told(apart[n]) for n in AFTER)}",
                    flush=True,
                )
                for n in AFTER:
                    for where in ("example" if thing.masks else "clips", thing.name.split()[0]):
                        found.setdefault(f"{kind}, {where}", {}).setdefault(n, []).append(apart[n])
            if thing.masks and shot.mask:
                carried, warped = shot.mask, shot.warped(thing)
                both = [
                    [v for mask in (carried[n] > 0.5, warped[n] > 0.5) for v in similarity(mask, true)]
                    for n, true in enumerate(thing.masks[1:], 1)
                    if true.mean() >= LEAST_AREA / 2
                ]
                similar.append(np.mean(both, axis=0))
                print(f"{thing.name:<22} mask: J, F; warped J, F {np.round(similar[-1], 3)}", flush=True)
    for name, by in found.items():
        things_hold = [np.mean([np.mean(a <= HOLDS) for a in by[n] if len(a)] or [np.nan]) for n in AFTER]
        line = "  ".join(told(np.concatenate(by[n])) for n in AFTER)
        print(f"{name:<37} {line}   of things " + " ".join(f"{100 * share:3.0f}%" for share in things_hold))
    if similar:
        print("masks: J, F; warped J, F", np.round(np.mean(similar, axis=0), 3))
    return 0


if __name__ == "__main__":
    sys.exit(main())
