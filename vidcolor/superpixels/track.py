"""Superpixels that keep their label through a shot: a label's run of frames is a supervoxel.

From one frame to the next:
1. Every visible pixel carries its label along the flow; where two land on one pixel, the one of like lightness stays.
   This gives each pixel of the new frame the label it is expected to have.
2. A label's centre is the mean of the pixels that expect it, in place and in lightness, so flicker moves no label.
   A label expected by fewer than S^2 / 8 pixels dies; the far part of one that has grown beyond 2.5 S^2 gets a new one.
3. Where nothing lands, something was uncovered: areas of S^2 / 2 and more get new labels. Smaller ones are lent to the
   labels around them, and wait: nothing is carried from them, so a strip uncovered slowly adds up until it is enough.
4. Rounds of SLIC, in which a label that a pixel does not expect is a little farther away than one it does.
5. Every label is made one piece; the largest piece keeps the label, a piece cut off gets a new one or is taken over.

The idea is J. Chang, D. Wei, J. Fisher III, A video representation using temporal superpixels, CVPR 2013; the method is
ours, driven by flow instead of a generative model. Chang's centres are carried one by one; ours by all their pixels,
because a centre need not lie on its own superpixel, and one wrong vector would then lose the label.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from vidcolor.compiled import exact
from vidcolor.errors import InputError
from vidcolor.superpixels.connect import find_parts, own_parts, paint
from vidcolor.superpixels.segment import seeds_within, segment
from vidcolor.superpixels.slic import FRESH, UNASSIGNED, Prior, iterate, mean_centres

if TYPE_CHECKING:
    from numpy import ndarray as Array

LEAST_SUPPORT = 1 / 8
"""A label with less than this share of S^2 dies."""
LEAST_UNCOVERED = 1 / 2
"""An uncovered area, or a piece cut off, of this share of S^2 gets a new label."""
MOST_SUPPORT = 2.5
"""A label with more than this share of S^2 buds: its far part gets a new label, so that a frame keeps its count."""
_REACH = 1.25
"""In steps: carried centres lie less evenly than a grid. What none reaches is uncovered too, as when zooming in."""


class Tracker:
    """Superpixels of one shot, frame after frame.

    count        superpixels wanted in a frame; S^2 = pixels / count
    compactness  as in `segment`
    steadiness   L* difference that it is worth to keep the label the flow brings; 0 follows lightness alone
    iterations   rounds of SLIC in each frame; a second one makes next to no difference (measured)

    Labels are unique through the shot: a label that has died is never used again. The same frames give the same labels.
    """

    def __init__(self, count: int, *, compactness: float = 10.0, steadiness: float = 8.0, iterations: int = 1) -> None:
        self.count = count
        self.label_count = 0
        """Labels given out so far: all labels are below it."""
        self._compactness = compactness
        self._penalty = np.float32(steadiness**2)
        self._iterations = iterations
        self._before: Array | None = None
        self._slots = np.empty((0, 0), np.int32)
        self._waiting = np.empty((0, 0), np.bool_)
        self._ids = np.empty(0, np.int32)

    def step(self, lightness: Array, flow: Array | None = None, occluded: Array | None = None) -> Array:
        """Labels (H, W) int32 of the next frame.

        lightness  (H, W) float32, L* 0..100
        flow       (2, H, W) float32, from the frame before to this one; None for the first frame only
        occluded   (H, W) bool on the frame before: seen there, not here (`flow.warp.occluded`)

        Refuses a flow with the first frame, none with a later one, and another size than the first frame's.
        """
        lightness = np.ascontiguousarray(lightness, np.float32)
        if self._before is None:
            if flow is not None:
                raise InputError("track: the first frame has no flow; give None")
            self._waiting = np.zeros(lightness.shape, np.bool_)
            slots = segment(lightness, self.count, compactness=self._compactness, threads=1)
            self._keep(slots, np.empty(0, np.int64), int(slots.max()) + 1)
        else:
            flow, occluded = self._checked(lightness, flow, occluded)
            self._follow(self._before, lightness, flow, occluded)
        self._before = lightness
        return self.labels

    @property
    def labels(self) -> Array:
        """Labels (H, W) int32 of the last frame."""
        return self._ids[self._slots]

    @property
    def dense(self) -> tuple[Array, Array]:
        """The last frame's labels (n,) int32, rising, and (H, W) int32 the number of each pixel's among them."""
        return self._ids, self._slots

    def _checked(self, lightness: Array, flow: Array | None, occluded: Array | None) -> tuple[Array, Array]:
        size = self._slots.shape
        if lightness.shape != size:
            raise InputError(f"track: frame {lightness.shape} after frames of {size}; start a new tracker")
        if flow is None or flow.shape != (2, *size):
            shape = None if flow is None else flow.shape
            raise InputError(f"track: flow {shape} does not fit frames of {size}; give (2, H, W) for each later frame")
        if occluded is None:
            occluded = np.zeros(size, np.bool_)
        if occluded.shape != size or occluded.dtype != np.bool_:
            raise InputError(f"track: occluded {occluded.dtype} {occluded.shape} must be bool {size}")
        return np.ascontiguousarray(flow, np.float32), np.ascontiguousarray(occluded)

    def _follow(self, before: Array, lightness: Array, flow: Array, occluded: Array) -> None:
        area = lightness.size / self.count
        old = len(self._ids)
        landed = _carry(self._slots, before, lightness, flow, occluded | self._waiting)
        expected = _fill_holes(landed)
        centres, support = mean_centres(lightness, expected, old)
        centres[support < LEAST_SUPPORT * area] = -1
        buds = _buds(expected, centres, support > MOST_SUPPORT * area, math.sqrt(area))
        seeds, parts = seeds_within(expected, UNASSIGNED, math.sqrt(area), LEAST_UNCOVERED * area)
        expected[parts >= 0] = FRESH
        new = np.concatenate([buds, seeds])
        light = lightness[new[:, 0], new[:, 1]]
        slots = iterate(
            lightness,
            np.concatenate([centres, np.column_stack([new, light]).astype(np.float32)]),
            step=math.sqrt(area),
            compactness=self._compactness,
            iterations=self._iterations,
            prior=Prior(expected, self._penalty, old),
            reach=_REACH,
        )
        runs, pieces = find_parts(slots, lightness)
        count, width = old + len(new), slots.shape[1]
        owners = own_parts(runs, pieces, width, count, LEAST_SUPPORT * area, LEAST_UNCOVERED * area)
        used = np.flatnonzero(np.bincount(owners))
        dense = np.zeros(used[-1] + 1, np.int32)
        dense[used] = np.arange(len(used))
        kept = used[used < old]
        self._keep(paint(runs, dense[owners], UNASSIGNED, width), kept, len(used) - len(kept))
        lent = (expected == UNASSIGNED) | (expected == FRESH)
        self._waiting = lent & (self._slots < len(kept))

    def _keep(self, slots: Array, kept: Array, born: int) -> None:
        """Takes `slots` as the last frame's: first the kept ones, in order, then `born` new ones."""
        new = np.arange(self.label_count, self.label_count + born, dtype=np.int32)
        self._ids = np.concatenate([self._ids[kept], new])
        self.label_count += born
        self._slots = slots

    def state(self) -> dict[str, Array]:
        """All that the next frame's labels take from those before, as arrays; None of it before the first frame."""
        if self._before is None:
            return {}
        return {
            "before": self._before,
            "slots": self._slots,
            "waiting": self._waiting,
            "ids": self._ids,
            "label_count": np.array(self.label_count, np.int64),
        }

    def go_on(self, state: Mapping[str, Array]) -> None:
        """Takes up what `state` gave, in a tracker made with the same settings."""
        self._before, self._slots, self._waiting, self._ids = (
            state[name] for name in ("before", "slots", "waiting", "ids")
        )
        self.label_count = int(state["label_count"])


def _buds(expected: Array, centres: Array, grown: Array, step: float) -> Array:
    """Seeds (n, 2) int32 of new labels, one at the far end of each label that has grown too large.

    Looked for on a grid of half a step: where exactly a bud begins is of no weight, the rounds of SLIC move it.
    """
    at = [np.arange(step / 4, side, step / 2).astype(np.int32) for side in expected.shape]
    points = np.stack([np.repeat(at[0], len(at[1])), np.tile(at[1], len(at[0]))], axis=1)
    labels = expected[points[:, 0], points[:, 1]]
    within = np.append(grown, False)[labels]
    points, labels = points[within], labels[within]
    away = np.hypot(*(points - centres[labels, :2]).T)
    farthest = np.lexsort((-away, labels))
    _, first = np.unique(labels[farthest], return_index=True)
    chosen = farthest[first]
    chosen = chosen[away[chosen] > step]
    return points[chosen]


def _carry(slots: Array, before: Array, lightness: Array, flow: Array, occluded: Array) -> Array:
    """(H, W) int32: the label that the flow brings to each pixel, UNASSIGNED where it brings none.

    Of several that land on one pixel the one nearest in lightness to what is there now stays.
    """
    landed = np.full(slots.shape, UNASSIGNED, np.int32)
    _land(slots, before, lightness, flow, occluded, landed, np.full(slots.shape, np.float32(np.inf)))
    return landed


@exact()
def _land(
    slots: Array, before: Array, lightness: Array, flow: Array, occluded: Array, landed: Array, nearest: Array
) -> None:
    """Fills `landed`; `nearest` holds how far in lightness what has landed is."""
    height, width = slots.shape
    for y in range(height):
        for x in range(width):
            to_y, to_x = y + flow[1, y, x] + 0.5, x + flow[0, y, x] + 0.5
            # Said this way round, so that a flow that is not a number lands nowhere.
            if not occluded[y, x] and to_y >= 0.0 and to_x >= 0.0 and to_y < height and to_x < width:
                v, u = int(to_y), int(to_x)
                away = abs(lightness[v, u] - before[y, x])
                if away < nearest[v, u]:
                    nearest[v, u] = away
                    landed[v, u] = slots[y, x]


def _fill_holes(landed: Array) -> Array:
    """`landed` with holes one pixel wide filled, where the label on both sides is the same.

    An area that grows leaves such holes; they are not uncovered ground.
    """
    filled = landed.copy()
    ys, xs = np.nonzero(landed == UNASSIGNED)
    for axis in (0, 1):  # what is left and right counts before what is above and below
        off = np.array([axis == 0, axis == 1], np.int64)
        at, last = (ys, xs)[axis], landed.shape[axis] - 1
        within = (at > 0) & (at < last)
        y, x = ys[within], xs[within]
        before, behind = landed[y - off[0], x - off[1]], landed[y + off[0], x + off[1]]
        same = before == behind
        filled[y[same], x[same]] = before[same]
    return filled
