"""Labels in one piece: parts of labels by runs of pixels, and small parts given to the neighbour most like them.

A picture of superpixels has some eight times fewer runs than pixels, so everything after the first pass is cheap.
The parts (4-connected) come in raster order, which makes every choice here deterministic.

Source of the task: Achanta 2012, "enforce connectivity". Ours: a small part goes to the neighbour whose mean
lightness is nearest, not to the one met last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vidcolor.compiled import INNER, exact
from vidcolor.superpixels.slic import OUTSIDE

if TYPE_CHECKING:
    from numpy import ndarray as Array


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


class Groups(NamedTuple):
    """Parts on their way to a neighbour: a forest over the parts, and what is known of the group at each root."""

    parent: Array
    label: Array
    """-1: none yet."""
    settled: Array
    """The group stays; others may join it."""
    size: Array
    light: Array


@exact(**INNER)
def _root(parent: Array, item: int) -> int:
    while parent[item] != item:
        parent[item] = parent[parent[item]]
        item = parent[item]
    return item


@exact()
def _find_runs(labels: Array, first: Array, begin: Array) -> None:
    """Fills `first` and `begin` of `Runs`."""
    height, width = labels.shape
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


@exact()
def _join_rows(labels: Array, first: Array, begin: Array, parent: Array) -> None:
    """Joins runs of equal label that touch from row to row, in the forest `parent`."""
    height, width = labels.shape
    for y in range(1, height):
        above, below = first[y - 1], first[y]
        while above < first[y] and below < first[y + 1]:
            if labels[y - 1, begin[above]] == labels[y, begin[below]]:
                a, b = _root(parent, above), _root(parent, below)
                # The lower root wins, so that roots stay in raster order.
                parent[max(a, b)] = min(a, b)
            above_end = begin[above + 1] if above + 1 < first[y] else width
            below_end = begin[below + 1] if below + 1 < first[y + 1] else width
            above += above_end <= below_end
            below += below_end <= above_end


@exact()
def _number(labels: Array, lightness: Array, runs: Runs, parent: Array, parts: Parts) -> int:
    """Fills runs.part and the sums of `parts`; the number of parts."""
    height, width = labels.shape
    count = 0
    for y in range(height):
        for run in range(runs.first[y], runs.first[y + 1]):
            begin = runs.begin[run]
            if labels[y, begin] == OUTSIDE:
                runs.part[run] = -1
                continue
            root = _root(parent, run)
            if root == run:
                runs.part[run] = count
                parts.label[count] = labels[y, begin]
                count += 1
            part = runs.part[root]
            runs.part[run] = part
            length = (runs.begin[run + 1] if run + 1 < runs.first[y + 1] else width) - begin
            parts.size[part] += length
            parts.light[part] += length * lightness[y, begin + length // 2]
    return count


def find_parts(labels: Array, lightness: Array) -> tuple[Runs, Parts]:
    """The runs and the 4-connected parts of a label picture (H, W) int32."""
    first, begin = np.empty(labels.shape[0] + 1, np.int32), np.empty(labels.size + 1, np.int32)
    _find_runs(labels, first, begin)
    count = int(first[-1])
    runs = Runs(first, begin[:count], np.empty(count, np.int32))
    parent = np.arange(count, dtype=np.int32)
    _join_rows(labels, first, runs.begin, parent)
    parts = Parts(np.empty(count, np.int32), np.zeros(count, np.int64), np.zeros(count))
    total = _number(labels, lightness, runs, parent, parts)
    return runs, Parts(*(field[:total] for field in parts))


@exact()
def _loose_edges(runs: Runs, settled: Array, width: int, edges: Array) -> int:
    """Fills `edges` with the pairs of parts that touch, not both settled, with repeats; their number."""
    first, begin, part = runs
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
    return count


@exact()
def _best_neighbours(edges: Array, count: int, groups: Groups, best: Array, gap: Array) -> int:
    """Fills `best`, the neighbour to join for each group not settled; keeps the edges still of use."""
    left = 0
    for e in range(count):
        a, b = _root(groups.parent, edges[e, 0]), _root(groups.parent, edges[e, 1])
        if a == b or (groups.settled[a] and groups.settled[b]):
            continue
        edges[left, 0], edges[left, 1] = a, b
        left += 1
        away = abs(groups.light[a] / groups.size[a] - groups.light[b] / groups.size[b])
        if not (groups.settled[a] or groups.settled[b]):
            away += _LOOSE
        if not groups.settled[a] and away < gap[a]:
            gap[a], best[a] = away, b
        if not groups.settled[b] and away < gap[b]:
            gap[b], best[b] = away, a
    return left


@exact()
def _join(groups: Groups, best: Array, least: float) -> int:
    """Joins each group to the best neighbour, if it has one; the number of groups that are not settled yet."""
    total = best.shape[0]
    for p in range(total):
        if best[p] < 0:
            continue
        a, b = _root(groups.parent, p), _root(groups.parent, best[p])
        if a != b:
            low, high = min(a, b), max(a, b)
            groups.parent[high] = low
            groups.size[low] += groups.size[high]
            groups.light[low] += groups.light[high]
            groups.settled[low] = groups.settled[low] or groups.settled[high]
            groups.label[low] = max(groups.label[low], groups.label[high])
    left = 0
    for p in range(total):
        if groups.parent[p] == p and not groups.settled[p]:
            groups.settled[p] = groups.size[p] >= least or best[p] < 0
            left += not groups.settled[p]
    return left


@exact()
def _claim(parts: Parts, largest: Array, least_main: float, least_other: float, groups: Groups) -> None:
    """Fills label and settled of `groups` with the parts that stay as they are."""
    for p in range(parts.label.shape[0]):
        own = parts.label[p]
        if own >= 0 and (largest[own] < 0 or parts.size[p] > parts.size[largest[own]]):
            largest[own] = p
    for p in range(parts.label.shape[0]):
        own = parts.label[p]
        if own >= 0 and largest[own] == p and parts.size[p] >= least_main:
            groups.label[p] = own
        groups.settled[p] = groups.label[p] >= 0 or parts.size[p] >= least_other


@exact()
def _final_labels(groups: Groups, count: int) -> None:
    """Gives every part its group's label, and groups without one a new label: count, count + 1 ..."""
    for p in range(groups.label.shape[0]):
        root = _root(groups.parent, p)
        if root == p and groups.label[p] < 0:
            groups.label[p] = count
            count += 1
        groups.label[p] = groups.label[root]


def own_parts(runs: Runs, parts: Parts, width: int, count: int, least_main: float, least_other: float) -> Array:
    """The final label of each part, int32, after small parts have gone to their neighbours.

    The largest part of a label 0 .. count - 1 keeps the label if it has `least_main` pixels. Any other part of
    `least_other` pixels gets a new label: count, count + 1 ... in raster order. Smaller ones join the neighbour of
    nearest mean lightness, one that stays if there is such, in rounds until none is left. A small part without any
    neighbour gets a new label all the same.
    """
    total = len(parts.label)
    groups = Groups(
        parent=np.arange(total, dtype=np.int32),
        label=np.full(total, -1, np.int32),
        settled=np.zeros(total, np.bool_),
        size=parts.size.copy(),
        light=parts.light.copy(),
    )
    _claim(parts, np.full(count, -1, np.int32), least_main, least_other, groups)
    left = total - int(np.count_nonzero(groups.settled))
    if left:
        edges = np.empty((4 * len(runs.part), 2), np.int32)
        edge_count = _loose_edges(runs, groups.settled, width, edges)
    while left:
        best = np.full(total, -1, np.int32)
        edge_count = _best_neighbours(edges, edge_count, groups, best, np.full(total, np.inf))
        left = _join(groups, best, least_other)
    _final_labels(groups, count)
    return groups.label


def paint(runs: Runs, values: Array, outside: int, width: int) -> Array:
    """(H, W) int32: values[part] at each pixel, `outside` where no part is."""
    picture = np.empty((len(runs.first) - 1, width), np.int32)
    _paint(runs, values, outside, picture)
    return picture


@exact()
def _paint(runs: Runs, values: Array, outside: int, picture: Array) -> None:
    height, width = picture.shape
    for y in range(height):
        for run in range(runs.first[y], runs.first[y + 1]):
            end = runs.begin[run + 1] if run + 1 < runs.first[y + 1] else width
            part = runs.part[run]
            value = values[part] if part >= 0 else outside
            for x in range(runs.begin[run], end):
                picture[y, x] = value
