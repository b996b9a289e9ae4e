"""A point or a stroke spread over the thing it lies on, to the thing's edge.

The frame is cut into superpixels. Each is as much of the thing as it is like those under the point: in lightness, in
the colours that the frame has so far, in what it is (networks/things.py; where that is not to be had, in features), and
by the best way there from neighbour to neighbour, on which every edge counts. How much each counts was fitted to what a
point's true colour is worth elsewhere in its frame. Between things the edge follows the lightness, soft where that is.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from vidcolor.colorize.settle import smooth
from vidcolor.superpixels.pool import pool, unpool
from vidcolor.superpixels.segment import segment, superpixel_count

if TYPE_CHECKING:
    from numpy import ndarray as Array

    from vidcolor.features import Features
    from vidcolor.settings import CorrectSettings

Knows = Callable[["Array"], tuple[Sequence[Any], float]]
"""What things are, and how much that counts: networks/things.py"""
DENSITY = 6.0
"""Superpixels of n pixels, as a multiple of the square root of n: small things have several."""
LIGHT, COLOR = 12.0, 14.0
"""Differences that count as 1: of lightness in L*, of colour in a*b*."""
MAPS = 3
"""Maps at most that are compared, finest first."""
FARTHEST = 50.0
"""Cost of a way beyond which all are one."""
NOT, SURE = 0.06, 0.86
"""Shares up to which a superpixel is none of the thing, and from which it is wholly."""
EDGE_REACH, EDGE_STEP = 2.0, 3.0
"""The thing's edge follows the lightness so many pixels far, in steps of so many L*."""
BLOCK = 64
"""Superpixels under a stroke that are compared at once."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of differences from the point: share = 1 / (1 + exp(weighed differences - near))."""

    near: float
    differ: tuple[float, ...]
    """Of lightness, its square, colour, its square, and of each map as 1 - cosine"""
    ways: tuple[float, float]
    """Of the best way in steps of lightness and colour, and of the best in steps of the maps; roots of both"""


# fmt: off
PUT_RIGHT = {
    "things": Weights(2.02, (.83, .40, .11, .05, .34, .81, 5.11), (2.24, .21)),
    "features": Weights(1.97, (1.08, .30, .20, .07, 1.56, 1.24, 1.95), (2.16, .63)),
}
"""Where the colour said is nearly what is there. Fitted by least squares to points of 22 training clips, coloured from
their first frame: of clips left out a point takes 9.9 % of the squared error from its frame by things, 9.1 % else."""
ANOTHER = {
    "things": Weights(2.68, (.13, .03, .44, .46, .66, .52, 1.06), (.69, .10)),
    "features": Weights(2.41, (.13, .02, .47, .53, .33, .34, 1.07), (.65, .13)),
}
"""Where it is another colour. Fitted to points of gray frames of these clips and of photographs; what colours count,
to frames in wrong colours. Of gray frames left out a point takes 27 % of the squared error, 24 % without things."""
# fmt: on


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """The superpixels of a frame, and how they look."""

    labels: Array
    """(h, w)"""
    planes: Array
    """(count, 3): lightness and colours, in units that count as 1"""
    maps: tuple[Array, ...]
    """(count, C) each, unit vectors"""
    edges: Array
    """(2, E): superpixels that touch"""


def spread(
    lightness: Array,
    chroma: Array,
    seeds: Array,
    features: Features,
    settings: CorrectSettings,
    things: Knows | None = None,
    another: float = 1.0,
) -> Array:
    """(h, w) 0..1: how far each pixel belongs to the thing, or things, that the seeds lie on.

    lightness  (h, w) L*; chroma  (2, h, w) a*b* that the frame has so far, zeros where it has none
    seeds      (h, w) bool, some of it true
    things     what knows them; None: they are told apart by their features alone
    another    how far the colour said is another than what is there, 0 (what is there put right) to 1
    """
    labels = segment(lightness, superpixel_count(lightness.shape, DENSITY), threads=1)
    share = np.zeros(int(labels.max()) + 1, np.float32)
    for sight, counts, maps in _sights(lightness, features, things):
        looks, under = looks_of(lightness, chroma, labels, maps), np.unique(labels[seeds])
        for weights, part in ((PUT_RIGHT[sight], 1 - another), (ANOTHER[sight], another)):
            if part:
                logit = np.float32(weights.near) - _cost(looks, under, weights) / np.float32(settings.spread)
                share += np.float32(counts * part) / (1 + np.exp(-logit))
    belongs = np.clip((share - NOT) / (SURE - NOT), 0, 1).astype(np.float32)
    trust = np.ones(lightness.shape, np.float32)
    guide = cv2.GaussianBlur(lightness, (0, 0), 0.5)
    settled, _ = smooth(unpool(belongs[None], labels), trust, guide, EDGE_REACH, EDGE_STEP)
    return np.maximum(np.clip(settled[0], 0, 1), seeds).astype(np.float32)


def _sights(lightness: Array, features: Features, things: Knows | None) -> Iterator[tuple[str, float, Sequence[Array]]]:
    """What the frame is seen by, how much each counts, and its maps."""
    known, share = things(lightness) if things is not None else ((), 0.0)
    if share > 0:
        yield "things", share, [m[0].float().numpy() for m in known]
    if share < 1:
        yield "features", 1 - share, features(lightness)


def looks_of(lightness: Array, chroma: Array, labels: Array, maps: Sequence[Array]) -> Looks:
    """How the superpixels of a frame look; see `spread`."""
    count, size = int(labels.max()) + 1, lightness.shape[::-1]
    planes = np.concatenate([lightness[None] / np.float32(LIGHT), chroma / np.float32(COLOR)])
    units = []
    for level in maps[:MAPS]:
        large = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in level])
        means = pool(large, labels, count)
        units.append((means / np.maximum(np.linalg.norm(means, axis=0), 1e-6)).T)
    return Looks(labels, pool(planes.astype(np.float32), labels, count).T, tuple(units), _edges(labels))


def _edges(labels: Array) -> Array:
    pairs = []
    for a, b in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        differ = a != b
        pairs.append(np.stack([a[differ], b[differ]]))
    return np.unique(np.sort(np.concatenate(pairs, axis=1), axis=0), axis=1)


def _cost(looks: Looks, seeds: Array, weights: Weights) -> Array:
    """(count,): how unlike the seeds each superpixel is, weighed; of several seeds that it is most like."""
    direct = np.full(len(looks.planes), np.inf, np.float32)
    for first in range(0, len(seeds), BLOCK):
        found = differences(looks, seeds[first : first + BLOCK]) @ np.array(weights.differ, np.float32)
        direct = np.minimum(direct, found.min(0))
    return direct + ways(looks, seeds) @ np.array(weights.ways, np.float32)


def differences(looks: Looks, seeds: Array) -> Array:
    """(seeds, count, 4 + maps): how unlike each seed each superpixel is, as `Weights.differ` has them."""
    apart = looks.planes[seeds][:, None] - looks.planes[None]
    light, color = np.abs(apart[..., 0]), np.hypot(apart[..., 1], apart[..., 2])
    unlike = [1 - unit[seeds] @ unit.T for unit in looks.maps]
    unlike += [np.zeros_like(light)] * (MAPS - len(unlike))
    return np.stack([light, light**2, color, color**2, *unlike], -1)


def ways(looks: Looks, seeds: Array) -> Array:
    """(count, 2): roots of the costs of the best ways from any seed, as `Weights.ways` has them."""
    a, b = looks.edges
    steps = np.square(looks.planes[a] - looks.planes[b]).sum(1)
    unlike = sum((1 - (unit[a] * unit[b]).sum(1) for unit in looks.maps), np.zeros(len(a), np.float32))
    near: list[list[tuple[int, int]]] = [[] for _ in looks.planes]
    for n, (i, j) in enumerate(looks.edges.T.tolist()):
        near[i].append((j, n))
        near[j].append((i, n))
    found = [_shortest(near, cost.tolist(), seeds.tolist()) for cost in (steps, np.maximum(unlike, 0))]
    return np.sqrt(np.minimum(np.stack(found, 1), FARTHEST)).astype(np.float32)


def _shortest(near: list[list[tuple[int, int]]], cost: list[float], seeds: list[int]) -> list[float]:
    """The least cost of a way from any seed to each: Dijkstra."""
    best = [np.inf] * len(near)
    heap = [(0.0, seed) for seed in seeds]
    for seed in seeds:
        best[seed] = 0.0
    while heap:
        so_far, here = heapq.heappop(heap)
        if so_far > best[here]:
            continue
        for other, edge in near[here]:
            reached = so_far + cost[edge]
            if reached < best[other]:
                best[other] = reached
                heapq.heappush(heap, (reached, other))
    return best
