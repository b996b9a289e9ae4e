"""Colours from noise for a gray frame: NumPy in, several different a*b* out.

See proposer_net.py for the network and precision.py for how it runs. What is asked with the same seed is answered with
the same bytes on one kind of processor, whatever the number of threads: networks run on one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.networks.load import load_proposer, load_things
from vidcolor.networks.precision import run_alone, working_dtype
from vidcolor.networks.proposer_hints import recalled, refuse_other_shapes, spoken
from vidcolor.networks.proposer_net import COARSEST, shares
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


class Proposer:
    """The network of a file; may be called by several threads at once."""

    method, attends = "shipped", True

    def __init__(self, file: Path, *, steps: int = STEPS) -> None:
        """Loads the file, and the network that knows things."""
        self.name = f"proposer-{mark_of(file)} things-{mark_of(THINGS)}"
        self.steps = steps
        self._net, self._things = load_proposer(file).to(working_dtype()), load_things(THINGS).to(working_dtype())

    @property
    def told(self) -> Mapping[str, str | int | float]:
        """What proposals hang on, beside frame, hints, seed and number."""
        return {"network": self.name}

    def __call__(self, lightness: Array, hints: Array | None, seed: int, count: int) -> Array:
        """(count, 2, h, w): the proposals from 1 to `count`, as `each` makes them."""
        return np.stack([*self.each(lightness, hints, seed, range(1, count + 1))])

    def each(
        self,
        lightness: Array,
        hints: Array | None,
        seed: int,
        numbers: Sequence[int],
        others: Sequence[tuple[Array, Array]] = (),
    ) -> Iterator[Array]:
        """(2, h, w) a*b* of each of the numbered proposals of the frame, small: the short side is SIDE.

        lightness  (H, W), L* 0..100
        hints      (3, H, W): how far a colour is given there, 0..1, and its a*, b*; None: nowhere
        seed       whole number from 0 on; a proposal of a seed does not hang on which others are made
        others     L* (H', W') and a*b* (2, H', W') of other pictures whose colours what looks alike here should have
        Refuses other shapes.
        """
        refuse_other_shapes(lightness, hints)
        run_alone()
        size = chroma_size(lightness.shape)
        with torch.inference_mode():
            known, maps = self._look(lightness, size)
            light = torch.from_numpy(_resized(lightness, size))
            told = self._told(self._hints(hints, size, light, maps), self._recalled(light, maps, others))
        for number in numbers:
            with torch.inference_mode():
                made = self._propose(known, told, size, (seed, number - 1))
            yield made

    def _look(self, lightness: Array, size: tuple[int, int]) -> tuple[list[Tensor], list[Tensor]]:
        """What the network knows of the picture, and the maps of things in it."""
        codes = gray_codes(_resized(lightness, (SEEN * size[0], SEEN * size[1])))
        maps = self._things(torch.from_numpy(codes)[None, None])
        half = torch.from_numpy(_resized(lightness, (2 * size[0], 2 * size[1])))[None, None]
        dtype = working_dtype()
        return self._net.look(half.to(dtype), [m.to(dtype) for m in maps]), maps

    def _told(self, hints: Tensor, recalled: Tensor) -> Tensor:
        """(1, 3, h, w): how far a colour is told, and whitened a*b* times that; what a person says counts more."""
        doubted = recalled[0] * (1 - hints[0])
        told = torch.where(hints[0] >= doubted, hints[0], doubted)[None]
        colors = torch.where(hints[0] >= doubted, hints[1:], recalled[1:])
        return torch.cat([told, told * self._net.white(colors[None])[0]])[None]

    def _recalled(self, light: Tensor, maps: list[Tensor], others: Sequence[tuple[Array, Array]]) -> Tensor:
        """(3, h, w): how far a colour is told by other pictures, and which."""
        if not others:
            return torch.zeros(3, *light.shape)
        seen = []
        for lightness, chroma in others:
            size = chroma_size(lightness.shape)
            small = np.stack([_resized(plane, size) for plane in chroma])
            there = torch.from_numpy(_resized(lightness, size))
            seen.append((torch.from_numpy(small), there, [m[0] for m in self._look(lightness, size)[1]]))
        told, colors = recalled(light, [m[0] for m in maps], seen)
        return torch.cat([told[None], colors])

    def _hints(self, hints: Array | None, size: tuple[int, int], lightness: Tensor, maps: list[Tensor]) -> Tensor:
        """(3, h, w): how far a colour is told by hints, and which."""
        if hints is None:
            return torch.zeros(3, *size)
        share = np.clip(hints[0], 0, 1).astype(np.float32)
        planes = np.stack([_resized(p, size) for p in (share, hints[1] * share, hints[2] * share)])
        given = planes[0] > 0
        chroma = np.where(given, planes[1:] / np.maximum(planes[0], 1e-6), 0)
        # a point is smaller than a place of the chroma, and none the less all of what is known there
        share = given.astype(np.float32) * _resized_most(share, size)
        told, colors = spoken(
            torch.from_numpy(share),
            torch.from_numpy(chroma.astype(np.float32)),
            lightness,
            [m[0] for m in maps],
        )
        return torch.cat([told[None], colors])

    def _propose(self, known: list[Tensor], hints: Tensor, size: tuple[int, int], seed: tuple[int, int]) -> Array:
        """(2, h, w) a*b*: steps of DDIM (Song 2021) from noise."""
        dtype = working_dtype()
        noise = np.random.default_rng(list(seed)).standard_normal((1, 2, *size), np.float32)
        x, clean = torch.from_numpy(noise), torch.zeros(1, 2, *size)
        times = torch.linspace(1, 0, self.steps + 1) ** NOISIER
        for now, following in pairwise(times):
            v = self._net(x.to(dtype), now[None], known, hints.to(dtype)).float()
            (alpha, sigma), (after, left) = shares(now), shares(following)
            clean, rest = alpha * x - sigma * v, sigma * x + alpha * v
            x = after * clean + left * rest
        return np.asarray((self._net.chroma(clean) * (1 + STRONGER * (1 - hints[:, :1])))[0].numpy())


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
