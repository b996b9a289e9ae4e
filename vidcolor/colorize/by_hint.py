"""A point or a stroke spread over the thing it lies on, to the thing's edge.

The frame is cut into superpixels. Each is as much of the thing as it is like those under the point: in lightness, in
the colours that the frame has so far, in what it is (networks/things.py; where that is not to be had, in features), and
by the best way there from neighbour to neighbour, on which every edge counts. How much each counts was fitted: where a
colour is put right, to what that is worth elsewhere in the frame; where it becomes another, to what the whole thing is.
In a frame without colours, of the regions around the point that superpixels join to (superpixels/merge.py) the thing is
most likely the one that is like the point throughout while what it would join next is not; that counts as much. Between
things the edge follows the lightness, soft where that is.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vidcolor.colorize.settle import smooth
from vidcolor.superpixels.merge import Regions, joined_at, merge
from vidcolor.superpixels.pool import pool, pool_enlarged, unpool
from vidcolor.superpixels.segment import segment, superpixel_count

if TYPE_CHECKING:
    from numpy import ndarray as Array

    from vidcolor.settings import CorrectSettings

Sights = Mapping[str, tuple[float, Sequence["Array"]]]
"""By what a frame is seen, a key of `PUT_RIGHT`: how much that counts, which sums to 1, and its maps (C, h, w), finest
first"""
DENSITY = 6.0
"""Superpixels of n pixels, as a multiple of the square root of n: small things have several."""
LIGHT, COLOR = 12.0, 14.0
"""Differences that count as 1: of lightness in L*, of colour in a*b*."""
MAPS = 3
"""Maps at most that are compared, finest first."""
LITTLE = 0.15
"""How much a step of lightness counts where those of colour tell things apart."""
FARTHEST = 50.0
"""Cost of a way beyond which all are one."""
NOT, SURE = 0.06, 0.86
"""Shares up to which a superpixel is none of the thing, and from which it is wholly."""
EDGE_REACH, EDGE_STEP = 4.0, 3.0
"""The thing's edge follows the lightness so many pixels far, in steps of so many L*."""
KEEN = 2.0
"""Power of the odds by which places compete: the larger, the more goes to the one that reaches cheapest."""
LEAST = 1e-6
"""Share from which a place competes."""
BLOCK = 64
"""Superpixels under a stroke that are compared at once."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of differences from the point: share = 1 / (1 + exp(weighed differences - near))."""

    near: float
    differ: tuple[float, ...]
    """Of lightness, its square, colour, its square, and of each map as 1 - cosine"""
    ways: tuple[float, float, float]
    """Of the best way in steps of lightness and colour, of the best in steps of colour before all, and of the best in
    steps of the maps; roots of each"""


# fmt: off
PUT_RIGHT = {
    "things": Weights(2.02, (.83, .40, .11, .05, .34, .81, 5.11), (2.24, 0, .21)),
    "features": Weights(1.97, (1.08, .30, .20, .07, 1.56, 1.24, 1.95), (2.16, 0, .63)),
}
"""Where the colour said is nearly what is there. Fitted by least squares to points of 22 training clips, coloured from
their first frame: of clips left out a point takes 9.9 % of the squared error from its frame by things, 9.1 % else."""
ANOTHER = dict.fromkeys(PUT_RIGHT, Weights(9.0, (.05, .10, .53, 3.65, .03, .02, 2.25), (1.65, 2.55, .15)))
"""Where it is another colour than the frame has, by either. Fitted to things of training clips, connected areas of one
colour."""
UNCOLORED = {
    "things": Weights(8.69, (.44, .23, 0, 0, 1.15, .11, 4.42), (2.96, 0, .86)),
    "features": Weights(8.28, (.36, .15, 0, 0, .32, 2.49, 4.69), (3.38, 0, 1.21)),
}
"""The same where the frame has no colours yet."""
# fmt: on
LARGE, WITHIN, NEXT = 0.7, 12.0, 15.0
"""How much speaks for a region that it is large (logarithm of its area), the mean share within it, and how much that is
above the share of what it would join next."""
LOWEST = -50.0
"""A logit below which a share is as good as none."""
UNLIKELY = 1e-3
"""The least chance that a superpixel is the thing's, and that it is not."""
MAPS_JOIN = 1.5
"""How far unlike maps keep regions from joining, beside unlike colours."""


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def areas(self) -> Array:
        """(count,) pixels"""
        return np.bincount(self.labels.ravel(), minlength=len(self.planes))

    @cached_property
    def regions(self) -> Regions:
        """What superpixels join to"""
        scale = np.float32(np.sqrt(MAPS_JOIN))
        return merge(np.concatenate([self.planes, *(unit * scale for unit in self.maps)], 1), self.areas, self.edges)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A gray frame, looked at once for all that is said of it."""

    lightness: Array
    """(h, w) L*"""
    looks: Mapping[str, tuple[float, Looks]]
    """By what it is seen, a key of `PUT_RIGHT`: how much that counts, and how it looks"""

    @property
    def labels(self) -> Array:
        """(h, w): its superpixels"""
        return next(iter(self.looks.values()))[1].labels


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where something is said of a frame."""

    seeds: Array
    """(h, w) bool, some of it true: the place itself, wholly the thing's"""
    another: float = 1.0
    """How far the colour said is another than what is there, 0 (what is there put right) to 1"""
    within: Array | None = None
    """(h, w) 0..1: how far it may count; None: everywhere"""
    sure: Array | None = None
    """(h, w) 0..1: how far it counts where it was said; None: as its seeds say"""
    strength: float = 1.0
    """How much it counts elsewhere, 0..1"""


def see(lightness: Array, chroma: Array, sights: Sights) -> Seen:
    """Looks at a frame.

    lightness  (h, w) L*; chroma  (2, h, w) a*b* that the frame has so far, zeros where it has none
    """
    labels = segment(lightness, superpixel_count(lightness.shape, DENSITY), threads=1)
    planes = np.concatenate([lightness[None] / np.float32(LIGHT), chroma / np.float32(COLOR)])
    means, edges = pool(planes.astype(np.float32), labels, int(labels.max()) + 1).T, _edges(labels)
    looks = {by: (counts, Looks(labels, means, _units(labels, maps), edges)) for by, (counts, maps) in sights.items()}
    return Seen(lightness, looks)


def spread(seen: Seen, places: Sequence[Place], settings: CorrectSettings) -> list[Array]:
    """(h, w) 0..1 of each place: how far each pixel belongs to the thing, or things, that it lies on.

    Places compete: what several reach is theirs by how cheaply each does, so that the shares of a pixel sum to no more
    than 1, whatever their order; nobody else has a share of a place's own seeds. Of those at the very same pixels the
    last counts. One place alone has all that it reaches.
    """
    places = _last_of_same(places)
    under = [np.unique(seen.labels[place.seeds]) for place in places]
    shares = [_belongs(seen, at, place.another, settings) for at, place in zip(under, places, strict=True)]
    order = sorted(range(len(places)), key=lambda n: places[n].seeds.tobytes())  # sums are the same in any other
    won = _won(np.array(shares, np.float32), under, order)
    trust, guide = np.ones(seen.lightness.shape, np.float32), cv2.GaussianBlur(seen.lightness, (0, 0), 0.5)
    owner = np.full(seen.lightness.shape, -1, np.int32)
    for n, place in enumerate(places):
        owner[place.seeds & (_bound(place) > 0)] = n
    reached, claimed = np.zeros_like(trust), np.zeros_like(trust)
    claims: dict[int, Array] = {}
    for n in order:
        place, bound = places[n], _bound(places[n])
        belongs = np.clip((shares[n] - NOT) / (SURE - NOT), 0, 1).astype(np.float32)
        settled, _ = smooth(unpool(np.stack([belongs, won[n]]), seen.labels), trust, guide, EDGE_REACH, EDGE_STEP)
        whole = np.maximum(np.clip(settled[0], 0, 1), place.seeds) * np.float32(place.strength)
        whole = np.maximum(whole, place.seeds if place.sure is None else place.sure) * bound
        reached = np.maximum(reached, whole)
        claims[n] = np.where(owner < 0, np.maximum(settled[1], LEAST) * bound, owner == n).astype(np.float32)
        claimed += claims[n]
    for claim in claims.values():
        claim /= np.maximum(claimed, np.finfo(np.float32).tiny)
        claim *= reached
    return [claims[n] for n in range(len(places))]


def _bound(place: Place) -> Array | np.float32:
    return np.float32(1) if place.within is None else place.within


def _last_of_same(places: Sequence[Place]) -> list[Place]:
    """The places, of which a later one at the very same pixels leaves the earlier only what lies beyond its bound."""
    left: list[Place] = []
    later: dict[bytes, Array | np.float32] = {}
    for place in reversed(places):
        mark = np.packbits(place.seeds).tobytes()
        bound = _bound(place)
        if mark in later:
            free = np.float32(1) - later[mark]
            left.append(replace(place, within=np.broadcast_to(bound * free, place.seeds.shape)))
        else:
            left.append(place)
        later[mark] = np.maximum(later.get(mark, np.float32(0)), bound)
    return left[::-1]


def _belongs(seen: Seen, under: Array, another: float, settings: CorrectSettings) -> Array:
    """(count,) 0..1: how far each superpixel belongs to what lies in those under a place."""
    share = np.zeros(int(seen.labels.max()) + 1, np.float32)
    for by, (counts, looks) in seen.looks.items():
        whole = (ANOTHER if looks.planes[:, 1:].any() else UNCOLORED)[by]
        parts = [(weights, part) for weights, part in ((PUT_RIGHT[by], 1 - another), (whole, another)) if part]
        costs = _costs(looks, under, [weights for weights, _ in parts])
        for (weights, part), cost in zip(parts, costs, strict=True):
            logits = weights.near - cost / settings.spread
            if weights is UNCOLORED[by]:
                logits = (logits + _as_regions(looks, under, _share(logits))) / 2
            share += np.float32(counts * part) * _share(logits)
    return share


def _share(logits: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.maximum(logits, LOWEST))), np.float32)


def _as_regions(looks: Looks, under: Array, alike: Array) -> Array:
    """(count,) logits: how likely each superpixel lies within the region, of those around the point, that is the thing.

    alike  (count,) 0..1: how far each is like those under the point
    """
    joined = joined_at(looks.regions, under, len(alike))
    order = np.argsort(joined, kind="stable")
    last = np.append(np.flatnonzero(np.diff(joined[order])), len(order) - 1)  # of each region
    area, shares = np.cumsum(looks.areas[order])[last], np.cumsum((looks.areas * alike)[order])[last]
    within, beyond = shares / area, np.append(np.diff(shares) / np.diff(area), 0)
    speaks = LARGE * np.log(area / area[-1]) + WITHIN * within + NEXT * (within - beyond)
    chance = np.exp(speaks - speaks.max())
    sure = np.empty(len(order))
    sure[order] = (np.cumsum(chance[::-1])[::-1] / chance.sum())[np.searchsorted(last, np.arange(len(order)))]
    sure = np.clip(sure, UNLIKELY, 1 - UNLIKELY)
    return np.asarray(np.log(sure) - np.log1p(-sure))


def _won(shares: Array, under: Sequence[Array], order: Sequence[int]) -> Array:
    """(places, count), sums of 1 over places, added up in `order`: whose a superpixel is that several reach."""
    sure = np.clip(shares, LEAST, 1 - LEAST)
    odds = np.float32(KEEN) * (np.log(sure) - np.log1p(-sure))
    taken = np.zeros(shares.shape[1], np.bool_)
    own = np.zeros(shares.shape, np.bool_)
    for n, at in enumerate(under):
        own[n, at], taken[at] = True, True
    odds = np.where(taken & ~own, -np.inf, odds)
    won = np.exp(odds - odds.max(0))
    return np.asarray(won / won[order].sum(0), np.float32)


def _units(labels: Array, maps: Sequence[Array]) -> tuple[Array, ...]:
    """Of each map, the superpixels' means as unit vectors: (count, C)."""
    count = int(labels.max()) + 1
    means = [pool_enlarged(level, labels, count) for level in maps[:MAPS]]
    return tuple((mean / np.maximum(np.linalg.norm(mean, axis=0), 1e-6)).T for mean in means)


def _edges(labels: Array) -> Array:
    pairs = []
    for a, b in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        differ = a != b
        pairs.append(np.stack([a[differ], b[differ]]))
    return np.unique(np.sort(np.concatenate(pairs, axis=1), axis=0), axis=1)


def _costs(looks: Looks, seeds: Array, every: Sequence[Weights]) -> list[Array]:
    """(count,) by each of the weights: how unlike the seeds each superpixel is, by the seed most like it."""
    direct = [np.full(len(looks.planes), np.inf, np.float32) for _ in every]
    for first in range(0, len(seeds), BLOCK):
        found = differences(looks, seeds[first : first + BLOCK])
        for n, weights in enumerate(every):
            direct[n] = np.minimum(direct[n], (found @ np.array(weights.differ, np.float32)).min(0))
    way = ways(looks, seeds)
    return [one + way @ np.array(weights.ways, np.float32) for one, weights in zip(direct, every, strict=True)]


def differences(looks: Looks, seeds: Array) -> Array:
    """(seeds, count, 4 + maps): how unlike each seed each superpixel is, as `Weights.differ` has them."""
    apart = looks.planes[seeds][:, None] - looks.planes[None]
    light, color = np.abs(apart[..., 0]), np.hypot(apart[..., 1], apart[..., 2])
    unlike = [1 - unit[seeds] @ unit.T for unit in looks.maps]
    unlike += [np.zeros_like(light)] * (MAPS - len(unlike))
    return np.stack([light, light**2, color, color**2, *unlike], -1)


def ways(looks: Looks, seeds: Array) -> Array:
    """(count, 3): roots of the costs of the best ways from any seed, as `Weights.ways` has them."""
    a, b = looks.edges
    steps = np.square(looks.planes[a] - looks.planes[b])
    color = steps[:, 1:].sum(1) + np.float32(LITTLE) * steps[:, 0]
    unlike = sum((1 - (unit[a] * unit[b]).sum(1) for unit in looks.maps), np.zeros(len(a), np.float32))
    near: list[list[tuple[int, int]]] = [[] for _ in looks.planes]
    for n, (i, j) in enumerate(looks.edges.T.tolist()):
        near[i].append((j, n))
        near[j].append((i, n))
    found = [_shortest(near, cost.tolist(), seeds.tolist()) for cost in (steps.sum(1), color, np.maximum(unlike, 0))]
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
