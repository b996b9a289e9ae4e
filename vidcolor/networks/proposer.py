"""Colours from noise for a gray frame: arrays in, several different a*b* out.

See proposer_net.py for the network and graph.py for how it runs. What is asked with the same seed is answered with
the same bytes on one kind of processor, whatever the number of threads: networks run on one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.cache import Cache
from vidcolor.machine import networks_compute_in
from vidcolor.networks.load import load_proposer, load_things
from vidcolor.networks.proposer_hints import Shown, ShownSmall, recalled, refuse_other_shapes, smoothed, spoken
from vidcolor.networks.proposer_net import COARSEST, shares, waves
from vidcolor.networks.shipped import THINGS, mark_of
from vidcolor.networks.things import gray_codes

SIDE = 64
"""Short side of the chroma that is diffused."""
LONGEST = 3
"""Times by which it may be longer than it is wide; what is longer yet is diffused in other proportions."""
STEPS = 6
"""From noise to colours."""
NOISIER = 0.8
"""Power of the steps' times: below 1 more of them are spent where there is much noise, and colours are chosen."""
STRONGER = 0.08
"""Share by which chroma is raised where nobody told it: few steps make it paler than it is in photographs."""
SEEN = 4
"""Times by which the picture in which things are looked for is larger than the chroma."""
LOOKS = 32 << 20
"""Bytes of what was seen in pictures that are kept: a frame is looked at again for those that attend to it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What there is to see in a picture."""

    known: list[Array]
    """As `proposer_net.looked` answers"""
    maps: list[Array]
    """Of things, (h, w, C)"""

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in (*self.known, *self.maps))


@dataclass(frozen=True, slots=True)
class _Told:
    """What a proposal is told of colours."""

    planes: Array
    """(1, 3, h, w): how far, and whitened a*b* times that"""
    recalled: Array
    """(h, w): how far by other pictures"""
    colors: Array
    """(1, 2, h, w): whitened, by other pictures"""

    def lay(self, clean: Array) -> Array:
        """Chroma (1, 2, h, w) with the colours that other pictures tell, and its own changes from place to place."""
        if not self.recalled.any():
            return clean
        return clean + self.recalled * (self.colors - smoothed(clean[0])[None])


class Proposer:
    """The network of a file; may be called by several threads at once."""

    method, attends = "shipped", True

    def __init__(self, file: Path, *, steps: int = STEPS) -> None:
        """Loads the file, and the network that knows things."""
        self.name = f"proposer-{mark_of(file)} things-{mark_of(THINGS)}"
        self.steps = steps
        self._look_at, self._net, self._mean, self._spread = load_proposer(file)
        self._things = load_things(THINGS)
        self._looks: Cache[_Seen] = Cache(LOOKS, lambda seen: seen.nbytes)

    @property
    def told(self) -> Mapping[str, str | int | float]:
        """What proposals hang on, beside frame, hints, seed and number."""
        return {"network": self.name, "numbers": networks_compute_in()}

    def __call__(self, lightness: Array, hints: Array | None, seed: int, count: int) -> Array:
        """(count, 2, h, w): the proposals from 1 to `count`, as `each` makes them."""
        return np.stack([*self.each(lightness, hints, seed, range(1, count + 1))])

    def each(
        self,
        lightness: Array,
        hints: Array | None,
        seed: int,
        numbers: Sequence[int],
        others: Sequence[Shown] = (),
    ) -> Iterator[Array]:
        """As `pipeline.proposals.Proposes` has it; the short side is SIDE."""
        refuse_other_shapes(lightness, hints)
        size = chroma_size(lightness.shape)
        seen = self._look(lightness, size)
        light = _resized(lightness, size)
        shown = [self._small(one, size) for one in others]
        said = self._hints(hints, size, light, seen.maps)
        for one in shown:
            if one.here is not None:  # of that part a picture speaks, not what is said of things elsewhere
                said[:1] *= 1 - one.here
        share, colors = recalled(light, seen.maps, shown) if shown else (np.zeros_like(light), np.zeros((1, 2, *size)))
        for place, number in enumerate(numbers):
            told = self._told(said, share, colors[place if len(colors) > 1 else 0])
            yield self._propose(seen.known, told, size, (seed, number - 1))

    def _look(self, lightness: Array, size: tuple[int, int]) -> _Seen:
        """What there is to see in the picture, whose chroma is diffused at `size`."""
        codes = gray_codes(_resized(lightness, (SEEN * size[0], SEEN * size[1])))
        return self._looks.get(codes.tobytes(), lambda: self._look_at_codes(lightness, codes, size))

    def _look_at_codes(self, lightness: Array, codes: Array, size: tuple[int, int]) -> _Seen:
        maps = self._things(codes[None, None])
        half = _resized(lightness, (2 * size[0], 2 * size[1]))[None, None]
        return _Seen(self._look_at(*maps, half), [m[0] for m in maps])

    def _told(self, hints: Array, share: Array, colors: Array) -> _Told:
        """What is told by hints (3, h, w) and, how far and which, by other pictures; what a person says counts more."""
        doubted = share * (1 - hints[0])
        said = hints[0] >= doubted
        told, which = np.where(said, hints[0], doubted), np.where(said, hints[1:], colors)
        whitened = ((which - self._mean) / self._spread)[None].astype(np.float32)
        planes = np.concatenate([told[None, None], told * whitened], 1)
        return _Told(planes, np.where(said, 0, doubted), whitened)

    def _small(self, one: Shown, size: tuple[int, int]) -> ShownSmall:
        """A picture for a frame whose chroma is diffused at `size`."""
        own = chroma_size(one.lightness.shape)
        here = None if one.here is None else np.clip(_resized(one.here, size), 0, 1)
        part = None if one.part is None else _resized_most(one.part, own)
        planes = one.chroma.reshape(-1, *one.lightness.shape)
        small = np.stack([_resized(plane, own) for plane in planes]).reshape(-1, 2, *own)
        return ShownSmall(_resized(one.lightness, own), small, here, part, self._look(one.lightness, own).maps)

    def _hints(self, hints: Array | None, size: tuple[int, int], lightness: Array, maps: list[Array]) -> Array:
        """(3, h, w): how far a colour is told by hints, and which."""
        if hints is None:
            return np.zeros((3, *size), np.float32)
        share = np.clip(hints[0], 0, 1).astype(np.float32)
        planes = np.stack([_resized(p, size) for p in (share, hints[1] * share, hints[2] * share)])
        given = planes[0] > 0
        chroma = np.where(given, planes[1:] / np.maximum(planes[0], 1e-6), 0)
        # a point is smaller than a place of the chroma, and none the less all of what is known there
        share = given.astype(np.float32) * _resized_most(share, size)
        told, colors = spoken(share, chroma.astype(np.float32), lightness, maps)
        return np.concatenate([told[None], colors])

    def _propose(self, known: list[Array], told: _Told, size: tuple[int, int], seed: tuple[int, int]) -> Array:
        """(2, h, w) a*b*: steps of DDIM (Song 2021) from noise; what other pictures tell is laid over every guess."""
        x = np.random.default_rng(list(seed)).standard_normal((1, 2, *size), np.float32)
        clean = np.zeros_like(x)
        times = np.linspace(1, 0, self.steps + 1) ** NOISIER
        for now, following in pairwise(times):
            v = self._net(x, waves(np.array([now])), *known, told.planes)[0]
            (alpha, sigma), (after, left) = shares(now), shares(following)
            own = alpha * x - sigma * v
            clean = told.lay(own)
            rest = sigma * x + alpha * v - alpha / sigma * (clean - own)  # so that both make x as it is
            x = after * clean + left * rest
        chroma = clean[0] * self._spread + self._mean
        return np.asarray(chroma * (1 + np.float32(STRONGER) * (1 - told.planes[0, :1])))


def chroma_size(size: tuple[int, ...]) -> tuple[int, int]:
    """(h, w) of the chroma that is diffused for a frame (H, W): both divided by COARSEST."""
    long = SIDE * min(LONGEST, max(size) / min(size))
    even = COARSEST * math.floor(long / COARSEST + 0.5)
    return (SIDE, even) if size[0] <= size[1] else (even, SIDE)


def _resized(plane: Array, size: tuple[int, int]) -> Array:
    shrinks = size[0] <= plane.shape[0] and size[1] <= plane.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(plane, np.float32), size[::-1], interpolation=how))


def _resized_most(share: Array, size: tuple[int, int]) -> Array:
    """The greatest of what falls into each place."""
    rows, columns = (np.minimum(np.arange(n) * s // n, s - 1) for n, s in zip(share.shape, size, strict=True))
    most = np.zeros(size, np.float32)
    np.maximum.at(most, (rows[:, None], columns[None]), share)
    return most
