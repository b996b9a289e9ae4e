"""What references say of a gray picture's colours: three guesses for each pixel, each with signs of how good it is.

- `fine`: superpixels of about twenty pixels, by what they look like at stride 4 and, mildly, where they are;
- `coarse`: 3 sqrt(n) superpixels, by what they are (strides 8 and 16), wherever they are;
- `laid`: the reference registered onto the picture, where it fits (`by_registration`).

Superpixels of several references stand in one softmax, and then the reference that has more of it counts more still:
means of references that disagree are gray. Regions: a superpixel in a region sees its reference's region alone; none
lies across a region's edge, and smoothing stops there. The network (`by_super_attention`) mixes the guesses; training
(`training/colorizer_data.py`) makes them with this same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy import ndarray as Array

from vidcolor.colorize.settle import smooth
from vidcolor.confidence import ABSENT
from vidcolor.features import Features
from vidcolor.networks.compare_superpixels import Found, Looks, compare
from vidcolor.superpixels.levels import segment_regions
from vidcolor.superpixels.pool import pool, pool_enlarged, unpool
from vidcolor.superpixels.segment import superpixel_count

SLOTS = ("fine", "coarse", "laid")
SIGNALS = 3
"""Spread of colour under the attention, likeness of the best match, nearness of what that one looks back at."""
FINE_PIXELS = 20
"""Pixels to a superpixel of the fine level; 3 sqrt(n) of them for all is 0.4 dB worse on the training pictures."""
SPREAD_SCALE = 25.0
BACK_SCALE = 0.1
SHARE_POWER = 3.0
"""Power of a reference's share of the attention by which it counts among the others."""
RULE = (0.2, 0.8, 6.0)
"""Expected error: the least, of each a*b* of spread, and of a likeness that is 0; fits the training pictures."""
ORDERED = 6.0
"""Expected error, at most, in a region: a person has said where its colours come from."""
MOST = 45.0
WALL = 1000.0
"""L* added for each region, so that no smoothing crosses its edge."""
SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class Level:
    """How one slot compares."""

    maps: tuple[int, ...]
    """Which of the features' maps, 0 the finest"""
    tau: float
    reach: float
    """Distance, in widths and heights of the picture, that weighs e^-1"""
    smooth: float
    """How far its colours run over even ground, in pixels"""

    def count(self, size: tuple[int, int]) -> int:
        """Superpixels for a picture of this size."""
        return max(1, size[0] * size[1] // FINE_PIXELS) if self.maps == (0,) else superpixel_count(size)


LEVELS = (Level((0,), 0.03, 0.5, 2.5), Level((1, 2), 0.03, np.inf, 4.0))
STEP = 12.0
"""Difference of lightness that stops colours from running, in L*."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The superpixels of one level."""

    labels: Array
    """(H, W) int32"""
    looks: Looks
    region: Array
    """(N,): the last region each lies in, -1 for none"""
    inside: Array
    """(R, N) bool"""
    colors: Array
    """(3, N): mean a*, b*, and mean of a*^2 + b*^2; zeros of a gray picture"""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture made ready for comparing: the target, or a reference."""

    lightness: Array
    """(H, W) as a gray film shows it"""
    maps: list[Array]
    """The features' three maps"""
    parts: tuple[Parts, ...]
    walls: Array
    """(H, W) lightness with a step at every region's edge"""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A reference made ready, and how it counts."""

    seen: Seen
    score: float = 1.0
    regions: tuple[int, ...] = ()
    """Of each of its regions, the number of the target's region"""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the network is given."""

    planes: Array
    """(S, 2 + SIGNALS, H, W): a*b*, then the signals, 0..1; zeros where a slot has nothing"""
    error: Array
    """(S, H, W): expected error by rule, in a*b*; ABSENT where a slot has nothing"""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A reference registered onto the target."""

    chroma: Array
    """(2, H, W)"""
    trust: Array
    """(H, W), 0..1; 0 where it does not fit"""
    fit: Array = field(default_factory=lambda: np.zeros(0, np.float32))
    """(H, W), 0..1; empty: the trust"""


def see(lightness: Array, features: Features, chroma: Array | None = None, masks: Sequence[Array] = ()) -> Seen:
    """The picture made ready: features, superpixels of each level, their looks and colours.

    lightness (H, W), chroma (2, H, W), masks (H, W) bool each, all of one size; features with the three strides
    """
    maps = features(lightness)
    height, width = lightness.shape
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    places = np.stack([(xs + 0.5) / width, (ys + 0.5) / height])
    squares = np.zeros((3, height, width), np.float32)
    if chroma is not None:
        squares = np.concatenate([chroma, (chroma**2).sum(0, keepdims=True)]).astype(np.float32)
    parts = []
    for level in LEVELS:
        cut = segment_regions(lightness, masks, level.count(lightness.shape), threads=1)
        count = int(cut.labels.max()) + 1
        looks = Looks(_pooled([maps[m] for m in level.maps], cut.labels, count), pool(places, cut.labels, count).T)
        parts.append(Parts(cut.labels, looks, cut.region, cut.inside, pool(squares, cut.labels, count)))
    walls = np.array(lightness, np.float32)
    if masks:
        walls += WALL * np.take(parts[0].region + 1, parts[0].labels)
    return Seen(lightness, maps, tuple(parts), walls)


def _pooled(maps: Sequence[Array], labels: Array, count: int) -> Array:
    """(C, N) of unit length: the maps pooled over the superpixels, each map of equal weight."""
    levels = []
    for level in maps:
        means = pool_enlarged(level, labels, count)
        levels.append(means / (np.linalg.norm(means, axis=0) + np.float32(SMALLEST)))
    return np.asarray(np.concatenate(levels) / np.float32(len(levels) ** 0.5))


def gather(target: Seen, sources: Sequence[Source], laid: Laid | None, trust: float = 2.0) -> Evidence:
    """The evidence for the target from any number of references.

    laid   the best of the references registered onto the target; without trust where regions forbid it
    trust  power of a reference's score by which it counts
    """
    size = target.lightness.shape
    planes = np.zeros((len(SLOTS), 2 + SIGNALS, *size), np.float32)
    error = np.full((len(SLOTS), *size), ABSENT, np.float32)
    for slot in range(len(LEVELS)):
        if sources:
            planes[slot], error[slot] = _attended(target, sources, slot, trust)
    if laid is not None:
        planes[-1], error[-1] = _laid(laid)
    return Evidence(planes, error)


def _attended(target: Seen, sources: Sequence[Source], slot: int, trust: float) -> tuple[Array, Array]:
    """One slot's planes and error."""
    mine, level = target.parts[slot], LEVELS[slot]
    found = np.zeros((5, len(mine.region)), np.float32)
    for region in np.unique(mine.region):
        which = mine.region == region
        found[:, which] = _of_region(mine.looks.only(which), sources, slot, int(region), trust)
    planes, _ = smooth(unpool(found, mine.labels), np.ones_like(target.walls), target.walls, level.smooth, STEP)
    spread, like = planes[2] * SPREAD_SCALE, planes[3]
    error = RULE[0] + RULE[1] * spread + RULE[2] * (1 - like)
    most = np.where(np.take(mine.region, mine.labels) < 0, MOST, ORDERED)
    return planes, np.clip(error, RULE[0], most).astype(np.float32)


def _of_region(looks: Looks, sources: Sequence[Source], slot: int, region: int, trust: float) -> Array:
    """(5, N): a*b* and signals of the target's superpixels in one region, or in none (-1)."""
    found, priors = [], []
    for source in sources:
        theirs = source.seen.parts[slot]
        which: Array = np.ones(len(theirs.region), np.bool_)
        if region >= 0:
            own = [k for k, number in enumerate(source.regions) if number == region]
            if not own:
                continue
            which = np.any(theirs.inside[own], axis=0)
        level = LEVELS[slot]
        reach = np.inf if region >= 0 else level.reach
        one = compare(looks, theirs.looks.only(which), theirs.colors[:, which], tau=level.tau, reach=reach)
        found.append(one)
        priors.append(trust * float(np.log(max(source.score, 1e-3))))
    return _joined(found, priors)


def _joined(found: Sequence[Found], priors: Sequence[float]) -> Array:
    """(5, N): several references' answers as one."""
    mass = np.stack([one.mass + prior for one, prior in zip(found, priors, strict=True)]) * SHARE_POWER
    share = np.exp(mass - mass.max(0))
    share /= share.sum(0)
    values, like, back = (
        sum(w * part for w, part in zip(share, parts, strict=True))
        for parts in zip(*((one.values, one.like, one.back) for one in found), strict=True)
    )
    spread = np.sqrt(np.maximum(values[2] - values[0] ** 2 - values[1] ** 2, 0))
    signals = [np.minimum(spread / SPREAD_SCALE, 1), np.clip(like, 0, 1), np.exp(-back / BACK_SCALE)]
    return np.stack([values[0], values[1], *signals]).astype(np.float32)


LAID_RULE = (0.9, 5.0)
"""Expected error of what is laid: the least, and at no trust; fits the training pictures."""
LEAST_TRUST = 0.03


def _laid(laid: Laid) -> tuple[Array, Array]:
    there = laid.trust > LEAST_TRUST
    fit = laid.fit if laid.fit.size else laid.trust
    planes = np.concatenate([laid.chroma, np.stack([laid.trust, fit, np.ones_like(fit)])]) * there
    error = np.where(there, LAID_RULE[0] + LAID_RULE[1] * (1 - laid.trust), ABSENT)
    return planes.astype(np.float32), error.astype(np.float32)
