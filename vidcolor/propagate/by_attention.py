"""Colours looked up in the keyframes by super-attention, however far away: for what is uncovered or comes back.

Each superpixel of the frame attends to those of the keyframes, on features of its look, with a mild preference for
a like place and a like lightness. Features are training-free; the features network has the same interface.

Source: Carrillo 2024, eq. 4.3 (softmax over reference superpixels). Distances instead of correlations, and the priors,
are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import loose
from vidcolor.features import Features, PatchFeatures
from vidcolor.planes.kinds import grid
from vidcolor.planes.samples import fetch
from vidcolor.propagate.blend import Guess, of_attention
from vidcolor.propagate.both_ways import Kept
from vidcolor.propagate.by_flow import SmallKeyframe
from vidcolor.propagate.runs import Look, Run
from vidcolor.superpixels.pool import pool, unpool
from vidcolor.superpixels.segment import segment, superpixel_count

LOOK, PLACE, LIGHT = 0.01, 0.01, 0.005
"""Softness of the softmax: mean squared feature difference, squared distance in frame widths, squared L*/100.
Chosen on the training clips; half or double changes little."""
STRIDES = (4, 8)
"""Levels of the training-free features; stride 2 costs four times as much and adds nothing here."""
OUT_OF_SIGHT = np.float32(12.0)
"""A key superpixel is passed over when place and lightness alone make it e^-12 times less likely than the best."""
UNKNOWN = 1e-4
"""Least confidence of a key's superpixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """The superpixels of one frame and what they look like."""

    labels: Array
    """(h, w) int32, contiguous from 0"""
    look: Array
    """(N, C): super-features"""
    place: Array
    """(N, 3): x and y in frame widths, mean luma, each over the root of its softness"""


@dataclass(frozen=True, slots=True, eq=False)
class Colored:
    """A keyframe's superpixels with their colours."""

    described: Described
    chroma: Array
    """(N, 2)"""
    cost: Array
    """(N,): -log of the confidence"""
    sure: Array
    """(N,): the confidence"""


def describe(luma: Array, labels: Array, features: Features) -> Described:
    """Super-features of a frame: each level's map sampled at the superpixels' middles."""
    count = int(labels.max()) + 1
    width = luma.shape[1]
    x, y, light = pool(np.concatenate([grid(luma.shape), luma[None]]), labels, count)
    levels = []
    for level, stride in zip(features(luma * np.float32(100)), features.strides, strict=True):
        points = ((np.stack([x, y]) + np.float32(0.5)) / np.float32(stride) - np.float32(0.5))[:, None]
        levels += [fetch(m, points)[0] for m in level]
    look = np.stack(levels, axis=1) / np.float32(np.sqrt(len(levels) * LOOK))
    scale = np.sqrt(np.array([PLACE, PLACE, LIGHT], np.float32))
    place = np.stack([x / np.float32(width), y / np.float32(width), light], axis=1) / scale
    return Described(labels, np.ascontiguousarray(look, np.float32), np.ascontiguousarray(place, np.float32))


def colored(described: Described, chroma: Array, confidence: Array) -> Colored:
    """A keyframe's superpixels with the mean of their known colours."""
    count = len(described.look)
    means = pool(np.concatenate([chroma * confidence, confidence[None]]), described.labels, count)
    known = np.maximum(means[2], np.float32(UNKNOWN))
    return Colored(described, np.ascontiguousarray((means[:2] / known).T), -np.log(known), known)


@loose()
def _attend(look, place, key_look, key_place, key_cost, key_chroma, key_sure, out):  # type: ignore[no-untyped-def]
    """out (N, 5): mean a*, b*, their spread under the weights, the least distance, and the mean confidence."""
    keys, channels = key_look.shape
    distance = np.zeros(keys, np.float32)
    for i in range(look.shape[0]):
        best = np.float32(1e9)
        for j in range(keys):
            d = key_cost[j]
            for c in range(3):
                d += (place[i, c] - key_place[j, c]) ** 2
            if d < best + OUT_OF_SIGHT:
                own, other = look[i], key_look[j]
                for c in range(channels):
                    d += (own[c] - other[c]) ** 2
                best = min(best, d)
            distance[j] = d
        total, a, b, square, sure = np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for j in range(keys):
            if distance[j] < best + OUT_OF_SIGHT:
                w = np.exp(best - distance[j])
                total += w
                a += w * key_chroma[j, 0]
                b += w * key_chroma[j, 1]
                square += w * (key_chroma[j, 0] ** 2 + key_chroma[j, 1] ** 2)
                sure += w * key_sure[j]
        a, b = a / total, b / total
        out[i, 0], out[i, 1] = a, b
        out[i, 2] = np.sqrt(max(np.float32(0), square / total - a * a - b * b))
        out[i, 3], out[i, 4] = best, sure / total


def carry_by_attention(target: Described, keys: Sequence[Colored]) -> Array:
    """(5, h, w): a*, b*, their spread under the attention, the distance to the most alike, and the confidence."""
    out = np.empty((len(target.look), 5), np.float32)
    _attend(
        target.look,
        target.place,
        np.concatenate([k.described.look for k in keys]),
        np.concatenate([k.described.place for k in keys]),
        np.concatenate([k.cost for k in keys]),
        np.concatenate([k.chroma for k in keys]),
        np.concatenate([k.sure for k in keys]),
        out,
    )
    return unpool(np.ascontiguousarray(out.T), target.labels)


class Finder:
    """Looks frames up in the keyframes it has met."""

    def __init__(self, features: Features | None = None) -> None:
        self._features: Features = features or PatchFeatures(STRIDES)
        self._keys: dict[int, Colored] = {}

    def _described(self, look: Look) -> Described:
        count = superpixel_count(look.luma.shape)
        return describe(look.luma, segment(look.luma * np.float32(100), count, threads=1), self._features)

    def knows(self, position: int) -> bool:
        return position in self._keys

    def meet(self, keys: Sequence[SmallKeyframe]) -> None:
        for key in keys:
            self._keys[key.look.position] = colored(self._described(key.look), key.chroma, key.confidence)

    def forget_all_but(self, positions: Sequence[int]) -> None:
        self._keys = {p: k for p, k in self._keys.items() if p in positions}

    def find(
        self, group: Run, kept: Sequence[Mapping[str, Kept]]
    ) -> list[tuple[None, Guess, None, Mapping[str, Array]]]:
        """What superpixels find for each frame, where a network would answer more (by_network.py)."""
        keys = list(self._keys.values())
        found = (of_attention(carry_by_attention(self._described(look), keys)) for look in group.looks)
        return [(None, guess, None, {}) for guess in found]
