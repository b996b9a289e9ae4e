"""What a shot's frames show of one another: cells of a coarse grid, linked along the flow until they are covered.

A link is a piece of the scene: the cells, frame after frame, that flow says are one thing. It ends where flow does not
return or leaves the picture; what no link reaches begins a new one. A keyframe makes known what is linked to it, before
and after it, less with every frame between. So a frame's worth as a keyframe is what is in doubt in all frames that
share links with it, as far as no keyframe that there is makes it known already.

Memory does not grow with the shot: links are followed through every frame, but kept, with the doubt about them, on at
most MOST_LOOKS frames and on keyframes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.flow.warp import resized
from vidcolor.planes.kinds import down, full

CELLS = 32
"""Cells along the picture's long side."""
MOST_LOOKS = 128
"""Frames at most that are weighed as keyframes, evenly spread."""
FINER = 2
"""Pixels of the reduced flow in a cell, each way."""
ABSOLUTE, RELATIVE = 1.0, 0.1
"""Flow that misses its return by more of these pixels, and this share of its length, ends a link."""
FADE = 0.97
"""How well a keyframe makes its links known, from one frame to the next. Chosen on training clips, where .99 to .94 and
misses of 0.5 to 2 pixels differ by 2 % in what the first suggestion gains."""


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """What a keyframe at one position of the shot would make known."""

    position: int
    """Frames from the shot's first."""
    area: float
    """Doubt that it ends, in whole frames."""
    cells: Array
    """(rows, columns): where in the frame it ends how much of it"""


class Links:
    """Links through one shot, in the order of its frames."""

    def __init__(self, size: tuple[int, int], count: int) -> None:
        """size  (height, width) of the shot's chroma; count  its frames"""
        side = max(size) / CELLS
        self.grid = (max(1, round(size[0] / side)), max(1, round(size[1] / side)))
        self._size = (FINER * self.grid[0], FINER * self.grid[1])
        self._every = -(-count // MOST_LOOKS)
        y, x = np.mgrid[: self.grid[0], : self.grid[1]].reshape(2, -1)
        self._centres = np.stack([x + 0.5, y + 0.5]) * FINER
        self._points = self._centres
        self._labels = np.arange(y.size, dtype=np.int64)
        self._given = y.size
        self._looks: dict[int, tuple[Array, Array]] = {}
        self._keys: dict[int, tuple[Array, Array]] = {}

    def step(self, onward: Array, back: Array) -> None:
        """Goes on to the next frame; the flow there and back, (2, h, w)."""
        onward, back = (down(resized(full(flow), self._size)) for flow in (onward, back))
        points, cells, kept = self._moved(self._points, onward, back)
        labels = np.full(len(self._labels), -1, np.int64)
        found = self._centres.copy()
        oldest_last = np.argsort(-self._labels, kind="stable")  # where two meet, the older stays
        oldest_last = oldest_last[kept[oldest_last]]
        labels[cells[oldest_last]] = self._labels[oldest_last]
        found[:, cells[oldest_last]] = points[:, oldest_last]
        free = np.flatnonzero(labels < 0)
        _, cells, kept = self._moved(self._centres[:, free], back, onward)
        labels[free[kept]] = self._labels[cells[kept]]  # a link that has grown
        new = free[~kept]
        labels[new] = self._given + np.arange(len(new))
        self._given += len(new)
        self._points, self._labels = found, labels

    def looks_at(self, position: int) -> bool:
        """Whether the frame is weighed as a keyframe."""
        return position % self._every == 0

    def see(self, position: int, doubt: Array, *, key: bool = False) -> None:
        """Takes how far the frame that links have come to is in doubt: (h, w), 0..1; key: it is a keyframe."""
        look = self.looks_at(position)
        if not look and not key:
            return
        cells = cv2.resize(doubt.astype(np.float32), self.grid[::-1], interpolation=cv2.INTER_AREA).ravel()
        if look:
            self._looks[position] = (self._labels, cells)
        if key:
            self._keys[position] = (self._labels, 1 - cells)

    def gains(self, most: int, first: int, stop: int) -> list[Gain]:
        """The best keyframes among positions first <= p < stop, best first, each in addition to those before it."""
        if not self._looks:
            return []
        when = np.array(list(self._looks))
        labels = np.stack([labels for labels, _ in self._looks.values()])
        doubt = np.stack([cells for _, cells in self._looks.values()]) * (self._every / labels.shape[1])
        known = np.zeros_like(doubt)
        for position, (linked, sure) in self._keys.items():
            known = np.maximum(known, self._known(position, linked, sure, when, labels))
        found: list[Gain] = []
        for _ in range(most):
            best = self._best([p for p in when if first <= p < stop], doubt, known, when, labels)
            if best is None:
                break
            found.append(best)
            own = self._looks[best.position][0]
            known = np.maximum(known, self._known(best.position, own, np.ones(len(own)), when, labels))
        return found

    def state(self) -> dict[str, Array]:
        """All that is known between two frames, as plain arrays (halt.py)."""
        given = {"points": self._points, "labels": self._labels, "given": np.array(self._given)}
        return given | _table("look", self._looks) | _table("key", self._keys)

    def go_on(self, state: Mapping[str, Array]) -> None:
        """Takes up what `state` gave for the same shot."""
        self._points, self._labels, self._given = state["points"], state["labels"], int(state["given"])
        self._looks, self._keys = _untabled("look", state), _untabled("key", state)

    def _best(self, among: list[int], doubt: Array, known: Array, when: Array, labels: Array) -> Gain | None:
        """The best keyframe `among` positions; the middle one of equals."""
        gains = []
        for position in among:
            own = self._looks[position][0]
            help_ = self._known(position, own, np.ones(len(own)), when, labels) - known
            gains.append(np.bincount(labels.ravel(), (doubt * np.maximum(help_, 0)).ravel(), self._given))
        worth = [float(gain[np.unique(self._looks[p][0])].sum()) for p, gain in zip(among, gains, strict=True)]
        if not worth or max(worth) <= 0:
            return None
        equals = [n for n, w in enumerate(worth) if w >= max(worth) * (1 - 1e-9)]
        n = equals[len(equals) // 2]
        own = self._looks[among[n]][0]
        cells = gains[n][own] / np.bincount(own, minlength=self._given)[own]
        return Gain(int(among[n]), worth[n], cells.reshape(self.grid))

    def _known(self, position: int, own: Array, sure: Array, when: Array, labels: Array) -> Array:
        """(looks, cells) 0..1: how well a keyframe at `position`, `sure` (cells,) of its own, makes each look known."""
        cells = np.bincount(own, minlength=self._given)
        linked = np.bincount(own, sure, self._given) / np.maximum(cells, 1)
        return linked[labels] * (FADE ** np.abs(when - position))[:, None]

    def _moved(self, points: Array, flow: Array, back: Array) -> tuple[Array, Array, Array]:
        """Where points (2, n) lie after the flow, (2, n); in which cells, (n,); and which are still seen, (n,) bool."""
        there = self._at(flow, points)
        moved = points + there
        returned = self._at(back, moved)
        length = (np.hypot(*there) + np.hypot(*returned)) / 2
        rows, columns = self.grid
        x, y = np.floor(moved / FINER)
        inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
        seen = inside & (np.hypot(*(there + returned)) <= ABSOLUTE + RELATIVE * length)
        return moved, np.where(inside, y * columns + x, 0).astype(np.int64), seen

    def _at(self, flow: Array, points: Array) -> Array:
        """(2, n): the flow at the pixels that hold the points."""
        height, width = self._size
        x = np.clip(points[0], 0, width - 1).astype(np.int64)
        y = np.clip(points[1], 0, height - 1).astype(np.int64)
        return flow[:, y, x]


def _table(name: str, kept: Mapping[int, tuple[Array, Array]]) -> dict[str, Array]:
    cells = next(iter(kept.values()))[0].size if kept else 0
    labels, values = (np.array([pair[n] for pair in kept.values()]).reshape(len(kept), cells) for n in (0, 1))
    return {
        f"{name}_places": np.array(list(kept), np.int64),
        f"{name}_labels": labels.astype(np.int64),
        f"{name}_values": values.astype(np.float32),
    }


def _untabled(name: str, state: Mapping[str, Array]) -> dict[int, tuple[Array, Array]]:
    places, labels, values = (state[f"{name}_{part}"] for part in ("places", "labels", "values"))
    return {int(p): (own, doubt) for p, own, doubt in zip(places, labels, values, strict=True)}
