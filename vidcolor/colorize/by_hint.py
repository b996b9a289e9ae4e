"""A point or a stroke spread over the thing it lies on, to the thing's edge.

The frame is cut into superpixels. From those under the point, cost grows on the way from neighbour to neighbour: with
every step between two that look unlike, and with how unlike each is to where the way began. What costs little is the
thing. Looks are lightness, the colours that the frame has so far, and features. Between things the edge follows the
lightness, soft where that is.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vidcolor.colorize.settle import smooth
from vidcolor.superpixels.pool import pool, unpool
from vidcolor.superpixels.segment import segment, superpixel_count

if TYPE_CHECKING:
    from numpy import ndarray as Array

    from vidcolor.features import Features
    from vidcolor.settings import CorrectSettings

DENSITY = 6.0
"""Superpixels of n pixels, as a multiple of the square root of n: small things have several."""
LIGHT, COLOR, LOOK = 12.0, 14.0, 1.0
"""Differences that cost 1: of lightness in L*, of colour in a*b*, of features as the distance of unit vectors."""
STEP, WAY = 1.0, 0.1
"""How much a step costs, and how much being unlike the beginning adds to each."""
SURE, NOT = 3.5, 6.5
"""Costs, as multiples of the setting, up to which a superpixel is the thing, and from which it is none of it. Chosen
on 52 points of training clips, gray or in wrong colours: one point takes 9 % of the error in a*b* from its frame."""
EDGE_REACH, EDGE_STEP = 2.0, 3.0
"""The thing's edge follows the lightness so many pixels far, in steps of so many L*."""


def spread(lightness: Array, chroma: Array, seeds: Array, features: Features, settings: CorrectSettings) -> Array:
    """(h, w) 0..1: how far each pixel belongs to the thing, or things, that the seeds lie on.

    lightness  (h, w) L*; chroma  (2, h, w) a*b* that the frame has so far
    seeds      (h, w) bool, some of it true
    """
    labels = segment(lightness, superpixel_count(lightness.shape, DENSITY), threads=1)
    count = int(labels.max()) + 1
    looks = _looks(lightness, chroma, labels, count, features)
    cost = _costs(looks, _neighbours(labels), np.unique(labels[seeds]))
    scaled = cost / np.float32(settings.spread)
    belongs = np.clip((NOT - scaled) / (NOT - SURE), 0, 1).astype(np.float32)
    share = unpool(belongs[None], labels)
    trust = np.ones(lightness.shape, np.float32)
    guide = cv2.GaussianBlur(lightness, (0, 0), 0.5)
    settled, _ = smooth(share, trust, guide, EDGE_REACH, EDGE_STEP)
    return np.maximum(np.clip(settled[0], 0, 1), seeds).astype(np.float32)


def _looks(lightness: Array, chroma: Array, labels: Array, count: int, features: Features) -> Array:
    """(count, C): what each superpixel looks like, in units that cost 1."""
    planes = np.concatenate([lightness[None] / np.float32(LIGHT), chroma / np.float32(COLOR)])
    parts = [pool(planes.astype(np.float32), labels, count)]
    size = lightness.shape[::-1]
    maps = features(lightness)
    for level in maps[:2]:
        large = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in level])
        means = pool(large, labels, count)
        parts.append(means / np.maximum(np.linalg.norm(means, axis=0), 1e-6) / np.float32(LOOK * np.sqrt(2)))
    return np.concatenate(parts).T


def _neighbours(labels: Array) -> list[set[int]]:
    near: list[set[int]] = [set() for _ in range(int(labels.max()) + 1)]
    for a, b in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        differ = a != b
        for i, j in np.unique(np.stack([a[differ], b[differ]]), axis=1).T.tolist():
            near[i].add(j)
            near[j].add(i)
    return near


def _costs(looks: Array, near: list[set[int]], seeds: Array) -> Array:
    """(count,) the least cost of a way from any seed: Dijkstra; ways begin where they are cheapest."""
    cost = np.full(len(looks), np.inf, np.float32)
    began = np.full(len(looks), -1)
    heap = [(0.0, int(seed), int(seed)) for seed in seeds]
    while heap:
        so_far, here, first = heapq.heappop(heap)
        if so_far >= cost[here]:
            continue
        cost[here], began[here] = so_far, first
        for other in near[here]:
            step = float(np.square(looks[here] - looks[other]).sum())
            away = float(np.square(looks[first] - looks[other]).sum())
            heapq.heappush(heap, (so_far + STEP * step + WAY * away, other, first))
    return cost
