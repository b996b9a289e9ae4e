"""Superpixels joined to ever larger regions, the two most alike that touch first: what things a point may mean.

Alike are regions whose means lie near each other; of two pairs as alike the smaller are joined first, so that a thing's
texture is averaged out before its edges are crossed.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy import ndarray as Array

SMALL_FIRST = 0.25
"""Power of the smaller's area by which joining costs more; 0.5 is Ward's."""


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Regions by number: first the superpixels, then each of two that came before it; the last joins the last two."""

    parents: Array
    """(regions,) int: what each is part of; -1 for none"""
    heights: Array
    """(regions,): how unlike its two parts are, never less than a part's own; 0 for a superpixel"""


def merge(means: Array, areas: Array, edges: Array) -> Regions:
    """Regions of superpixels.

    means  (count, C): what superpixels are compared by; areas  (count,) pixels; edges  (2, E): those that touch
    """
    found, sizes = list(means.astype(np.float64)), areas.astype(np.float64).tolist()
    near = [dict[int, None]() for _ in found]
    for a, b in edges.T.tolist():
        near[a][b] = near[b][a] = None
    parents, heights, top = [-1] * len(found), [0.0] * len(found), 0.0

    def cost(a: int, b: int) -> float:
        apart = found[a] - found[b]
        return float(apart @ apart) * (sizes[a] * sizes[b] / (sizes[a] + sizes[b])) ** SMALL_FIRST

    heap = [(cost(a, b), a, b) for a, b in edges.T.tolist()]
    heapq.heapify(heap)
    while heap:
        unlike, a, b = heapq.heappop(heap)
        if parents[a] >= 0 or parents[b] >= 0:
            continue
        new, size, top = len(found), sizes[a] + sizes[b], max(top, unlike)
        found.append((found[a] * sizes[a] + found[b] * sizes[b]) / size)
        sizes.append(size)
        parents[a] = parents[b] = new
        parents.append(-1)
        heights.append(top)
        near.append({other: None for part in (a, b) for other in near[part] if parents[other] < 0})
        near[a], near[b] = {}, {}
        for other in near[new]:
            near[other][new] = None
            heapq.heappush(heap, (cost(other, new), other, new))
    return Regions(np.array(parents), np.array(heights))


def joined_at(regions: Regions, seeds: Array, count: int) -> Array:
    """(count,): height at which each superpixel is of one region with a seed; 0 for seeds, infinite where none is."""
    parents, has = regions.parents.tolist(), [False] * len(regions.parents)
    for seed in seeds.tolist():
        has[seed] = True
    for number, parent in enumerate(parents):  # what holds a region comes after it
        if has[number] and parent >= 0:
            has[parent] = True
    found = np.full(len(parents), np.inf)
    for number in range(len(parents) - 1, -1, -1):
        if has[number]:
            found[number] = regions.heights[number]
        elif parents[number] >= 0:
            found[number] = found[parents[number]]
    return found[:count]
