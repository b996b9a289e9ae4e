"""Stills for training the proposer: lightness, chroma and what is in them, kept on disk once they were asked for.

A still gives its middle square. A step's samples are drawn from the recipe's seed and the step alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from numpy.random import Generator
from torch import Tensor

from vidcolor.features import LUMA
from vidcolor.networks.graph import Network
from vidcolor.networks.load import load_things
from vidcolor.networks.proposer import SEEN, SIDE
from vidcolor.networks.proposer_hints import spoken
from vidcolor.networks.shipped import THINGS, mark_of
from vidcolor.networks.things import WHITE
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.pictures import planes_of

FAINTEST = 5.0
"""Mean size of a*b* under which a square is as good as gray, and is not learned from."""
MOST_HINTS = 20
HINTED = 0.5
"""Share of the samples that have hints."""
SPOT, LARGE = (1, 3), (4, 16)
"""Places of chroma that a hint covers each way, least and most; and one in LARGE_ONES, as where a region is painted."""
LARGE_ONES = 8
LOOKED_AT = 400
"""Stills whose chroma tells the mean and deviation of all."""
ARRAYS = ("lightness", "chroma", "seen8", "seen16", "seen32")


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples."""

    lightness: Tensor
    """(B, 1, 2 SIDE, 2 SIDE), L*"""
    chroma: Tensor
    """(B, 2, SIDE, SIDE), a*b*"""
    maps: list[Tensor]
    """Of things, (B, C, h, w)"""
    hints: Tensor
    """(B, 3, SIDE, SIDE): how far a colour is told, and its a*b* (`networks/proposer_hints.py`)"""
    noise: Tensor
    """(B, 2, SIDE, SIDE)"""
    time: Tensor
    """(B,)"""


class Squares:
    """Squares of stills, from a folder that fills as they are asked for."""

    def __init__(self, files: Sequence[Path], folder: Path) -> None:
        """Squares that another network looked at are not taken for this one's."""
        self.files = list(files)
        self._folder = folder / mark_of(THINGS)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._net = load_things(THINGS)

    def of(self, number: int) -> dict[str, Array]:
        """By the names of ARRAYS: L* (1, 2 SIDE, 2 SIDE), a*b* (2, SIDE, SIDE), unit maps (C, h, w); float16."""
        file = self.files[number]
        path = self._folder / f"{file.parent.name}-{file.stem}.npz"
        if not path.exists():
            values = zip(ARRAYS, planes_and_maps(square_of(read_rgb(file)), self._net), strict=True)
            beside = path.with_suffix(".part")
            with beside.open("wb") as out:
                np.savez(out, allow_pickle=False, **{name: value.astype(np.float16) for name, value in values})
            os.replace(beside, path)
        with np.load(path) as kept:
            return {name: kept[name] for name in ARRAYS}

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and deviation of a*, b* in some of them."""
        found = [chroma_of(planes_of(_planes(square_of(read_rgb(f))))) for f in self.files[:LOOKED_AT]]
        all_of = np.stack([c for c in found if strength(c) >= FAINTEST])
        mean, spread = (tuple(round(float(x), 2) for x in f(all_of, axis=(0, 2, 3))) for f in (np.mean, np.std))
        return mean, spread

    def draw(self, seed: Sequence[int], count: int) -> Batch:
        """A batch of squares that are not gray, some mirrored; the same for the same seed."""
        random = np.random.default_rng(list(seed))
        drawn: list[dict[str, Array]] = []
        while len(drawn) < count:
            square = self.of(int(random.integers(len(self.files))))
            if strength(square["chroma"].astype(np.float32)) >= FAINTEST:
                mirrored = random.random() < 0.5
                drawn.append({k: np.ascontiguousarray(v[..., ::-1]) if mirrored else v for k, v in square.items()})
        lightness, chroma, *maps = (
            torch.from_numpy(np.stack([square[name] for square in drawn]).astype(np.float32)) for name in ARRAYS
        )
        hints = torch.stack([hinted(spots(random), square) for square in drawn])
        noises = torch.Generator().manual_seed(int(random.integers(2**62)))
        noise = torch.randn(count, 2, SIDE, SIDE, generator=noises)
        # times are spread evenly over a batch, which makes its loss less of a lottery
        time = (torch.arange(count) + torch.rand(count, generator=noises)) / count
        return Batch(lightness, chroma, maps, hints, noise, time)


def spots(random: Generator) -> Array:
    """(SIDE, SIDE) int: 0 where no hint is, else its number; half of the time there are none."""
    plane = np.zeros((SIDE, SIDE), np.int32)
    if random.random() < HINTED:
        for number in range(1, int(random.integers(1, MOST_HINTS + 1)) + 1):
            least, most = LARGE if random.integers(LARGE_ONES) == 0 else SPOT
            size = int(random.integers(least, most + 1))
            y, x = random.integers(0, SIDE - size + 1, 2)
            plane[y : y + size, x : x + size] = number
    return plane


def hinted(numbers: Array, square: dict[str, Array]) -> Tensor:
    """(3, SIDE, SIDE): what hints tell of a square, each its mean colour."""
    chroma = square["chroma"].astype(np.float32)
    colors = np.zeros_like(chroma)
    for number in np.unique(numbers[numbers > 0]):
        colors[:, numbers == number] = chroma[:, numbers == number].mean(1, keepdims=True)
    lightness, *maps = (square[name].astype(np.float32) for name in ("lightness", *ARRAYS[2:]))
    light = cv2.resize(lightness[0], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    told, spoke = spoken((numbers > 0).astype(np.float32), colors, light, [m.transpose(1, 2, 0) for m in maps])
    return torch.from_numpy(np.concatenate([told[None], spoke]).astype(np.float32))


def strength(chroma: Array) -> float:
    """Mean size of a*b* (2, h, w)."""
    return float(np.hypot(*chroma).mean())


def square_of(rgb: Array) -> Array:
    """(SEEN SIDE, SEEN SIDE, 3) float32, 0..1: the middle square of R'G'B' bytes (H, W, 3)."""
    side = min(rgb.shape[:2])
    y, x = ((n - side) // 2 for n in rgb.shape[:2])
    cut = rgb[y : y + side, x : x + side].astype(np.float32) / 255
    size = SEEN * SIDE
    way = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return np.clip(cv2.resize(cut, (size, size), interpolation=way), 0, 1)


def chroma_of(planes: Array) -> Array:
    """(2, SIDE, SIDE): a*b* of planes (3, 4 SIDE, 4 SIDE)."""
    return np.stack([cv2.resize(p, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for p in planes[1:]])


def planes_and_maps(rgb: Array, net: Network) -> list[Array]:
    """What is kept of a square (SEEN SIDE, SEEN SIDE, 3), 0..1, in the order of ARRAYS."""
    planes = planes_of(_planes(rgb))
    half = cv2.resize(planes[0], (2 * SIDE, 2 * SIDE), interpolation=cv2.INTER_AREA)
    codes = np.tensordot(LUMA, _planes(rgb), 1).astype(np.float32) * np.float32(WHITE)
    return [half[None], chroma_of(planes), *(m[0].transpose(2, 0, 1) for m in net(codes[None, None]))]


def _planes(rgb: Array) -> Array:
    return np.ascontiguousarray(rgb.transpose(2, 0, 1))
