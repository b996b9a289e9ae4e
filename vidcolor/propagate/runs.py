"""Runs of neighbouring frames as the carriers see them: luma at chroma size, and the flows between neighbours.

Frames are asked for in rising order (a decoder likes that); full working size is held for two frames only.
A run holds 12 bytes a pixel of chroma size and frame: its luma, and four flow values as float16.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.flow.estimate import FlowEstimator, both_ways
from vidcolor.flow.warp import resized
from vidcolor.planes.kinds import Device, down, half, of, up
from vidcolor.propagate.ablation import FlowAt
from vidcolor.propagate.cached import ShotCache
from vidcolor.types import Frame

Within = tuple[Sequence[Frame], int]
"""A shot's frames, and the place of the first of some of them"""
Asked = TypeVar("Asked")
Result = TypeVar("Result")

TOGETHER = 3
"""Neighbours that networks look at by one of them: the middle one; with five, what they add falls from .25 dB to .1."""
PAIRS = 4
"""Pairs of neighbours between which a device finds flow at once."""
FLOW_TAKES = 2
"""Frames that a flow lies between."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame at chroma size."""

    position: int
    """Place in the shot's sequence of frames, from 0."""
    luma: Array
    """(h, w) float32, L* / 100, as the frame is matched"""
    light: Array | None = None
    """(h, w): by how much the light is another that its colours are delivered in (light.py); None: the same"""
    here: Array | None = None
    """`luma` on the processor, where that is on a device"""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """The motion between two neighbouring frames, at chroma size."""

    onward: Array
    """(2, h, w) float16: flow from the earlier frame to the later"""
    back: Array
    """(2, h, w) float16: flow from the later frame to the earlier"""
    here: tuple[Array, Array] | None = None
    """Both on the processor, where those are on a device"""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Frames `first` to `first + len(looks) - 1`, and the steps between them (one fewer)."""

    looks: list[Look]
    steps: list[Step]

    @property
    def nbytes(self) -> int:
        return sum(look.luma.nbytes for look in self.looks) + sum(s.onward.nbytes + s.back.nbytes for s in self.steps)

    def groups(self, skipped: Collection[int] = ()) -> list[Run]:
        """The frames but for those at the positions `skipped`, by neighbours that are looked at together."""
        groups: list[Run] = []
        for n, look in enumerate(self.looks):
            if look.position in skipped:
                continue
            before = groups[-1].looks[-1].position if groups else None
            if before == look.position - 1 and look.position % TOGETHER:
                groups[-1].looks.append(look)
                groups[-1].steps.append(self.steps[n - 1])
            else:
                groups.append(Run([look], []))
        return groups

    @property
    def middle(self) -> int:
        """Of a group, the number of its frame that stands nearest to the middle of where groups lie in the shot."""
        return min(range(len(self.looks)), key=lambda n: abs(self.looks[n].position % TOGETHER - TOGETHER // 2))


def onward(steps: Sequence[Step]) -> list[tuple[Array, Array]]:
    """The flows that carrying from each frame to the next takes."""
    return [(step.back, step.onward) for step in steps]


def backward(steps: Sequence[Step]) -> list[tuple[Array, Array]]:
    """The same in the other direction, the last step first."""
    return [(step.onward, step.back) for step in reversed(steps)]


def parts(first: int, last: int, length: int) -> list[tuple[int, int]]:
    """The positions of a run's first and last frame as those of its parts, of about `length` frames: each begins where
    the one before it ends, and where frames that are looked at together begin."""
    begins = [first]
    while (behind := -(-(begins[-1] + length) // TOGETHER) * TOGETHER) < last:
        begins.append(behind)
    return list(pairwise([*begins, last]))


def in_turn(
    workers: ThreadPoolExecutor, work: Callable[[Asked], Result], asked: Sequence[Asked], most: int
) -> Iterator[Result]:
    """`work` of each in turn, at most so many of them under way."""
    waiting = deque(workers.submit(work, one) for one in asked[:most])
    for one in asked[most:]:
        first = waiting.popleft().result()
        waiting.append(workers.submit(work, one))
        yield first
    yield from (job.result() for job in waiting)


def chroma_size(working: tuple[int, int]) -> tuple[int, int]:
    return ((working[0] + 1) // 2, (working[1] + 1) // 2)


def reduced(plane: Array, size: tuple[int, int]) -> Array:
    """A plane at another size (height, width), each value the mean of what it covers."""
    if plane.shape == size:
        return plane
    return cv2.resize(np.ascontiguousarray(plane, np.float32), size[::-1], interpolation=cv2.INTER_AREA)


class Reader:
    """Reads runs of a shot's frames; remembers the last ones, where the next run goes on.

    What is in the cache is taken from there, and frames that nothing else is made of are not asked for.
    """

    def __init__(
        self,
        frames: Sequence[Frame],
        flow: FlowEstimator,
        workers: ThreadPoolExecutor,
        flow_at: FlowAt,
        cache: ShotCache,
        small: Callable[[int], Array],
        light: Callable[[int], Array | None],
        device: Device = None,
    ) -> None:
        """small, light  of a frame: (h, w) L* as it is matched, at chroma size, and `Look.light`
        device        where looks and steps are
        """
        self._frames, self._flow, self._workers = frames, flow, workers
        self._flow_at, self._cache, self._small, self._light = flow_at, cache, small, light
        self._last: Look | None = None
        self._planes: OrderedDict[int, Array] = OrderedDict()
        self._guard = threading.Lock()
        self.size, self.device = cache.size, device

    def look(self, position: int) -> Look:
        """One frame; several threads may ask at once."""
        with self._guard:
            return self._look(position)

    def _look(self, position: int) -> Look:
        if self._last is not None and self._last.position == position:
            return self._last
        kept = self._cache.look(position)
        if kept is not None:
            return Look(position, *kept)
        luma, light = self._small(position) / np.float32(100), self._light(position)
        self._cache.keep_look(position, luma, light)
        if self.device is None:
            return Look(position, luma, light)
        return Look(position, up(luma, self.device), None if light is None else up(light, self.device), luma)

    def run(self, first: int, last: int) -> Run:
        """Frames `first` to `last`, both included."""
        looks, steps = [self.look(first)], list[Step]()
        for position in range(first + 1, last + 1):
            looks.append(self.look(position))
            if self.device is None:
                steps.append(self._step(position))
        if self.device is not None:
            steps = self._steps_there(looks)
        with self._guard:
            self._last = looks[-1]
        return Run(looks, steps)

    def _steps_there(self, looks: Sequence[Look]) -> list[Step]:
        """The motion between neighbours on a device, several at once."""
        steps: list[Step] = []
        for first in range(0, len(looks) - 1, PAIRS):
            own = looks[first : first + PAIRS + 1]
            planes = of(own[0].luma).stack([look.luma * np.float32(100) for look in own])
            there = [half(field) for field in both_ways(self._flow, planes[:-1], planes[1:])]
            here = [down(field) for field in there]  # once for several frames: superpixels are tracked by them
            pairs = zip(*there, *here, strict=True)
            steps += [Step(onward, back, (own, own_back)) for onward, back, own, own_back in pairs]
        return steps

    def _lightness(self, position: int) -> Array:
        """What a frame's flow is found on, L*; the last two are kept."""
        if self._flow_at == "chroma":
            with self._guard:
                return self._small(position)
        if position not in self._planes:
            self._planes[position] = self._frames[position].lightness
            if len(self._planes) > FLOW_TAKES:
                self._planes.popitem(last=False)
        return self._planes[position]

    def _step(self, position: int) -> Step:
        """The motion to a frame from the one before it."""
        kept = self._cache.step(position)
        if kept is not None:
            return Step(kept["onward"], kept["back"])
        earlier, later = self._lightness(position - 1), self._lightness(position)
        onward = self._workers.submit(self._flow, earlier, later)
        back = self._flow(later, earlier)
        fields = [resized(field, self.size).astype(np.float16) for field in (onward.result(), back)]
        self._cache.keep_step(position, dict(zip(("onward", "back"), fields, strict=True)))
        return Step(fields[0], fields[1])
