"""Labels in one piece: parts of labels by runs of pixels, and small parts given to the neighbour most like them.

A picture of superpixels has some eight times fewer runs than pixels, so everything after the first pass is cheap.
The parts (4-connected) come in raster order, which makes every choice here deterministic.

Source of the task: Achanta 2012, "enforce connectivity". Ours: a small part goes to the neighbour whose mean
lightness is nearest, not to the one met last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from vidcolor.superpixels.slic import OUTSIDE

if TYPE_CHECKING:
    from numpy import ndarray as Array  # noqa: N812


_LOOSE = 1e6
"""More than any difference of lightness: a neighbour that stays is preferred to one that does not."""


class Runs(NamedTuple):
    """The pixels of a label picture, as runs of equal label within rows. Runs of OUTSIDE are there, in part -1."""

    first: Array
    """(H + 1,) int32: the runs of row y are first[y] .. first[y + 1] - 1."""
    begin: Array
    """Column of each run's first pixel; the run ends where the next begins, or with its row."""
    part: Array
    """The connected part each run belongs to, in raster order of the parts."""


class Parts(NamedTuple):
    """The connected parts."""

    label: Array
    size: Array
    """In pixels, int64."""
    light: Array
    """Sum of lightness, float64; each run counts by its middle pixel."""


@njit(cache=True, nogil=True)
def _root(parent: Array, item: int) -> int:
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@njit(cache=True, nogil=True)
def _join(parent: Array, one: int, other: int) -> None:
    """The lower root wins, so that roots stay in raster order."""
    a, b = _root(parent, one), _root(parent, other)
    if a < b:
        parent[b] = a
    else:
        parent[a] = b


@njit(cache=True, nogil=True)
def _find_runs(labels: Array) -> tuple[Array, Array]:
    height, width = labels.shape
    first = np.zeros(height + 1, np.int32)
    begin = np.empty(height * width + 1, np.int32)
    run = 0
    for y in range(height):
        first[y] = run
        begin[run] = 0
        for x in range(1, width):
            # Written for every pixel and kept where the label changes: no branch to guess wrong.
            begin[run + 1] = x
            run += labels[y, x] != labels[y, x - 1]
        run += 1
    first[height] = run
    return first, begin[:run].copy()


@njit(cache=True, nogil=True)
def find_parts(labels: Array, lightness: Array) -> tuple[Runs, Parts]:
    """The runs and the 4-connected parts of a label picture (H, W) int32."""
    height, width = labels.shape
    first, begin = _find_runs(labels)
    count = first[height]
    parent = np.arange(np.int32(count))
    for y in range(1, height):
        above, below = first[y - 1], first[y]
        while above < first[y] and below < first[y + 1]:
            if labels[y - 1, begin[above]] == labels[y, begin[below]]:
                _join(parent, above, below)
            above_end = begin[above + 1] if above + 1 < first[y] else width
            below_end = begin[below + 1] if below + 1 < first[y + 1] else width
            above += above_end <= below_end
            below += below_end <= above_end
    part = np.empty(count, np.int32)
    label, size, light = np.empty(count, np.int32), np.zeros(count, np.int64), np.zeros(count, np.float64)
    parts = 0
    for y in range(height):
        for run in range(first[y], first[y + 1]):
            own = labels[y, begin[run]]
            if own == OUTSIDE:
                part[run] = -1
                continue
            root = _root(parent, run)
            if root == run:
                part[run] = parts
                label[parts] = own
                parts += 1
            else:
                part[run] = part[root]
            length = (begin[run + 1] if run + 1 < first[y + 1] else width) - begin[run]
            size[part[run]] += length
            light[part[run]] += length * lightness[y, begin[run] + length // 2]
    return Runs(first, begin, part), Parts(label[:parts].copy(), size[:parts].copy(), light[:parts].copy())


@njit(cache=True, nogil=True)
def _loose_edges(runs: Runs, settled: Array, width: int) -> Array:
    """(n, 2) int32: pairs of parts that share an edge, at least one of them not settled; with repeats."""
    first, begin, part = runs
    edges = np.empty((4 * part.shape[0], 2), np.int32)
    count = 0
    for y in range(first.shape[0] - 1):
        for run in range(first[y] + 1, first[y + 1]):
            a, b = part[run - 1], part[run]
            if a >= 0 and b >= 0 and not (settled[a] and settled[b]):
                edges[count, 0], edges[count, 1] = a, b
                count += 1
        above, below = first[max(y - 1, 0)], first[y]
        while y > 0 and above < first[y] and below < first[y + 1]:
            a, b = part[above], part[below]
            if a >= 0 and b >= 0 and a != b and not (settled[a] and settled[b]):
                edges[count, 0], edges[count, 1] = a, b
                count += 1
            above_end = begin[above + 1] if above + 1 < first[y] else width
            below_end = begin[below + 1] if below + 1 < first[y + 1] else width
            above += above_end <= below_end
            below += below_end <= above_end
    return edges[:count]


@njit(cache=True, nogil=True)
def _best_neighbours(edges: Array, parent: Array, mean: Array, settled: Array) -> tuple[Array, Array]:
    """For each group that is not settled the neighbour to join, -1 if it has none; and the edges still of use."""
    best, gap = np.full(parent.shape[0], -1, np.int32), np.full(parent.shape[0], np.inf)
    count = 0
    for e in range(edges.shape[0]):
        a, b = _root(parent, edges[e, 0]), _root(parent, edges[e, 1])
        if a == b or (settled[a] and settled[b]):
            continue
        edges[count, 0], edges[count, 1] = a, b
        count += 1
        away = abs(mean[a] - mean[b])
        if not settled[a] and away + _LOOSE * (not settled[b]) < gap[a]:
            gap[a], best[a] = away + _LOOSE * (not settled[b]), b
        if not settled[b] and away + _LOOSE * (not settled[a]) < gap[b]:
            gap[b], best[b] = away + _LOOSE * (not settled[a]), a
    return best, edges[:count]


@njit(cache=True, nogil=True)
def _settle(edges: Array, parts: Parts, settled: Array, label: Array, least: float) -> Array:
    """The group of each part, after every group that is not settled has joined a neighbour, in rounds."""
    total = settled.shape[0]
    size, light = parts.size.copy(), parts.light.copy()
    parent = np.arange(np.int32(total))
    left = total - settled.sum()
    while left > 0:
        best, edges = _best_neighbours(edges, parent, light / size, settled)
        left = 0
        for p in range(total):
            if best[p] < 0:
                continue
            a, b = _root(parent, p), _root(parent, best[p])
            if a != b:
                low, high = min(a, b), max(a, b)
                parent[high] = low
                size[low] += size[high]
                light[low] += light[high]
                settled[low] = settled[low] or settled[high]
                label[low] = max(label[low], label[high])
        for p in range(total):
            if parent[p] == p and not settled[p]:
                settled[p] = size[p] >= least or best[p] < 0
                left += not settled[p]
    for p in range(total):
        parent[p] = _root(parent, p)
    return parent


@njit(cache=True, nogil=True)
def own_parts(runs: Runs, parts: Parts, width: int, count: int, least_main: float, least_other: float) -> Array:
    """The final label of each part, int32, after small parts have gone to their neighbours.

    The largest part of a label 0 .. count - 1 keeps the label if it has `least_main` pixels. Any other part of
    `least_other` pixels gets a new label: count, count + 1 ... in raster order. Smaller ones join the neighbour of
    nearest mean lightness, one that stays if there is such, in rounds until none is left. A small part without any
    neighbour gets a new label all the same.
    """
    total = parts.label.shape[0]
    largest = np.full(count, -1, np.int32)
    for p in range(total):
        own = parts.label[p]
        if own >= 0 and (largest[own] < 0 or parts.size[p] > parts.size[largest[own]]):
            largest[own] = p
    label, settled = np.full(total, -1, np.int32), np.zeros(total, np.bool_)
    for p in range(total):
        own = parts.label[p]
        if own >= 0 and largest[own] == p and parts.size[p] >= least_main:
            label[p] = own
        settled[p] = label[p] >= 0 or parts.size[p] >= least_other
    group = _settle(_loose_edges(runs, settled, width), parts, settled, label, least_other)
    new = count
    for p in range(total):
        if group[p] == p and label[p] < 0:
            label[p] = new
            new += 1
        label[p] = label[group[p]]
    return label


@njit(cache=True, nogil=True)
def paint(runs: Runs, values: Array, outside: int, width: int) -> Array:
    """(H, W) int32: values[part] at each pixel, `outside` where no part is."""
    height = runs.first.shape[0] - 1
    picture = np.empty((height, width), np.int32)
    for y in range(height):
        for run in range(runs.first[y], runs.first[y + 1]):
            end = runs.begin[run + 1] if run + 1 < runs.first[y + 1] else width
            part = runs.part[run]
            picture[y, runs.begin[run] : end] = values[part] if part >= 0 else outside
    return picture
