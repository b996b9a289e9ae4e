"""Whether a correction holds: how far its place is from the colour asked 10, 25 and 50 frames on; and carried masks.

    python tools/measure_holding.py [--clips TRAIN] [--only NAMES] [--chroma 320]

On the example film's scenes, each as one shot, every piece that is seen large enough is corrected in frame 4 of a shot
coloured from its frame 0: by a hint, a stroke, a paint of one colour and one of many over its true mask (a region is
carried alike), and as neutral by mask and by point; the colours asked are others than are there. Places of it are
followed by the painter's own motion, while they are seen. On CLIPS, points picked and followed by hand
(`benchmark/things.py`) are corrected likewise, with a disc or an outline painted around each. Told: the share of places
within CIEDE2000 3 of what was asked, its median and 90 %; and of the mask, carried, region similarity J (IoU) and
contour accuracy F (Perazzi et al., CVPR 2016), beside those of the same mask fetched along the same flow.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from benchmark.clicks import FirstGiven, hint_of
from benchmark.clips import read
from benchmark.things import (
    AFTER,
    LEAST_AREA,
    LONG,
    MASKED,
    POINTS,
    SAID,
    SCENES,
    Alone,
    Thing,
    clip_of,
    points_of,
    things_of,
)
from numpy import ndarray as Array

from vidcolor.color import delta_e, lab_to_rgb, rgb_to_lab
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import Propagator
from vidcolor.pipeline.carried import carry
from vidcolor.pipeline.layers import Change, Layer, over
from vidcolor.pipeline.painter import Painter
from vidcolor.planes.samples import fetch
from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Neutral, Scribble
from vidcolor.propagate.ablation import Part, without
from vidcolor.propagate.shot import propagate
from vidcolor.settings import Settings, override
from vidcolor.types import ColorFrame

HOLDS = 3.0
"""CIEDE2000 within which a place has the colour asked."""
TURNED, LEAST_CHROMA = 2.1, 30.0
"""The colour asked: what is there, turned by so many radians, and at least so strong (a*b*)."""
STROKE = 0.6
"""Part of a thing's width, at its most inner point, that a stroke runs through."""
KINDS = ("hint", "scribble", "paint", "many colours", "neutral mask", "neutral point")
SPREAD = ("hint", "scribble", "neutral point")
WARPED = without(*(part for part in get_args(Part) if part not in ("flow", "mended")))


def shots(names: Sequence[str], clips: Path, settings: Settings) -> Iterator[tuple[Shot, list[Thing]]]:
    network = Propagator(NetworkFeatures())
    for name in names:
        if name in SCENES:
            film = Alone(name)
            shot = Shot(clip_of(film, settings), settings, network, painter=Said)
            yield shot, things_of(film, shot.size)
        else:
            shot = Shot(read(clips / name, settings.propagate), settings, network, painter=Said)
            yield shot, points_of(name, shot.clip)


class Said(Painter):
    """A painter whose paints are at hand, not read."""

    painted: dict[str, tuple[Array, Array]]

    def paint(self, correction: Correction, size: tuple[int, ...]) -> tuple[Array, Array]:
        return self.painted[correction.name]


class Shot(FirstGiven):
    """A clip coloured from its first frame."""

    painter: Said
    mask: dict[int, Array]
    """The share of the mask that `of_kinds` carried last, by frames on; empty: none"""

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
        found = carry(layer, self.clip.frames[:LONG], self.flow, self.settings.propagate, (0,), self.cache)
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

    def similar(self, masks: Sequence[Array], warped: dict[int, Array]) -> Array:
        """(4,): J and F of the mask that was carried last, and of it warped, means of the frames that show enough."""
        both = [
            [v for mask in (self.mask[n] > 0.5, warped[n] > 0.5) for v in similarity(mask, true)]
            for n, true in enumerate(masks[1:], 1)
            if true.mean() >= LEAST_AREA / 2
        ]
        return np.asarray(np.mean(both, axis=0))


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
    parser.add_argument("--clips", type=Path, default=Path("clips/train"), help="the folder of clips")
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
                similar.append(shot.similar(thing.masks, shot.warped(thing)))
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
