"""What flow brings to the frames of a gap from the keyframes at its ends, in both directions, run by run.

Memory is bounded: a run, or a part of one (shot.py), holds about 33 bytes a pixel of chroma size and frame. Where a gap
has several, the backward direction first goes through it once and keeps its state at their ends (about 40 bytes a pixel
each), and of the runs themselves (luma and flows) as many as fit into `ROOM`; each then carries backward again from
there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from numpy import ndarray as Array

from vidcolor.planes.kinds import half, of
from vidcolor.planes.samples import at_size, fetch, mean_around
from vidcolor.propagate.arrays import sound
from vidcolor.propagate.by_flow import Carried, Rule, SmallKeyframe, carry_by_flow, carry_plain, start
from vidcolor.propagate.halt import PARTS, Shelf, carried_arrays, carried_of, end_name
from vidcolor.propagate.light import change_of, lit
from vidcolor.propagate.runs import Look, Reader, Run, backward, onward

ROOM = 128 << 20
"""Bytes of runs kept from the first time through a long gap for the second: 85 frames at chroma 480x270."""

AROUND = 3
"""Side of the square around each pixel in which lightness is compared."""

Span = tuple[int, int]
"""The positions of a run's first and last frame."""
PLACE = 4
"""Pixels, each way, of a place of the networks' finest map; the places' origins are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What is kept of a direction's frame, planes as float16."""

    chroma: Array
    """(2, h, w)"""
    confidence: Array
    """(h, w), of the carrying"""
    age: int
    """Frames from the keyframe"""
    origin: Array
    """(h, w): the keyframe's own confidence where each pixel came from"""
    key: int
    """The keyframe's position"""
    traced: Traced | None = None
    """None: no network asks"""


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """What networks ask of where carried colours come from."""

    off: Array
    """(h, w) float16: how far from the frame's luma the keyframe's is there, in the mean around each pixel"""
    places: Array
    """(2, h / 4, w / 4) float32: where in the keyframe each place came from, in pixels"""
    light: Array | None
    """(h, w): by how much light changed since the keyframe (light.py); None: not at all"""
    tints: bool
    """Whether colours go with it"""


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """One run with what both directions know of it. A direction that comes from no keyframe knows nothing: empty."""

    run: Run
    before: list[Kept]
    """For each frame, what comes from the keyframe before it"""
    behind: list[Kept]
    """For each frame, what comes from the keyframe behind it"""
    ahead: Carried | None
    """The forward direction's state at the last frame"""


class BothWays:
    """Carries colours through a shot's gaps, one gap after the other."""

    def __init__(
        self, reader: Reader, rule: Rule, workers: ThreadPoolExecutor, shelf: Shelf | None, *, warps: bool, traces: bool
    ) -> None:
        """warps   the baseline: colours fetched through the flow, and nothing else
        traces  whether networks ask where colours come from
        """
        self._reader, self._rule, self._workers, self._shelf = reader, rule, workers, shelf
        self._traces = traces
        self._warps, self._carry = warps, carry_plain if warps else carry_by_flow
        self._runs: dict[Span, Run] = {}

    def ends(
        self, spans: Sequence[Span], right: SmallKeyframe | None, begins: Container[int]
    ) -> Sequence[Carried | None]:
        """What the backward direction knows at each run's last frame, coming from the keyframe at the last one's.

        begins  where the shot can be gone on with: what is known there is kept beyond the end of the program
        """
        if right is None:
            return [None] * len(spans)
        states = [start(right)]
        for a, b in reversed(spans[1:]):
            states.append(self._kept_end(a, right) or self._end(a, b, states[-1], stays=a in begins))
        return states[::-1]

    def along(
        self,
        spans: Sequence[Span],
        ahead: Carried | None,
        ends: Sequence[Carried | None],
        sides: Sequence[tuple[bool, bool]],
        *,
        early: bool,
    ) -> Iterator[Brought]:
        """A gap's runs, each as `bring` gives it; `ahead` is known at the first frame of the first.

        early  whether each is brought, and the one behind it read, while the one before it is at work
        """
        if not early:
            for span, end, side in zip(spans, ends, sides, strict=True):
                brought = self.bring(span, ahead, end, *side)
                ahead = brought.ahead
                yield brought
                del brought  # or it is held while the next is brought
            return
        with ThreadPoolExecutor(1) as reading, ThreadPoolExecutor(1) as bringing:
            runs = deque(reading.submit(self._reader.run, *span) for span in spans[:2])

            def bring(n: int, state: Carried | None) -> Brought:
                self._runs[spans[n]] = runs.popleft().result()
                if n + 2 < len(spans):
                    runs.append(reading.submit(self._reader.run, *spans[n + 2]))
                return self.bring(spans[n], state, ends[n], *sides[n])

            coming = bringing.submit(bring, 0, ahead)
            for n in range(1, len(spans) + 1):
                brought = coming.result()
                if n < len(spans):
                    coming = bringing.submit(bring, n, brought.ahead)
                yield brought

    def bring(self, span: Span, ahead: Carried | None, end: Carried | None, left: bool, right: bool) -> Brought:
        """The run, gone through from `ahead`, known at its first frame, and from `end`, known at its last.

        left, right  whether its first frame, its last, is a keyframe to be coloured like the others
        """
        run = self._runs.pop(span, None) or self._reader.run(*span)
        forward = self._workers.submit(self._along, run.looks, onward(run.steps), ahead, left)
        behind = self._along(run.looks[::-1], backward(run.steps), end, right)[1][::-1]
        ahead, before = forward.result()
        return Brought(run, before, behind, ahead)

    def kept(self, state: Carried) -> Kept:
        """What is kept of one direction's frame until the frame is coloured."""
        planes = (state.chroma, state.confidence, fetch(state.key.confidence, state.points))
        chroma, confidence, origin = map(half, planes)
        traced = _traced(state, self._rule) if self._traces else None
        return Kept(chroma, confidence, state.age, origin, state.key.look.position, traced)

    def _kept_end(self, position: int, key: SmallKeyframe) -> Carried | None:
        """What the backward direction knew here before the program was stopped."""
        arrays = self._shelf.take(end_name(position)) if self._shelf is not None else None
        return carried_of(arrays, key) if arrays and sound(arrays, PARTS["ahead"], self._reader.size) else None

    def _end(self, a: int, b: int, state: Carried, *, stays: bool) -> Carried:
        """What the backward direction knows at frame `a`, from what it knows at `b`."""
        run = self._runs[a, b] = self._reader.run(a, b)
        while sum(run.nbytes for run in self._runs.values()) > ROOM:
            del self._runs[max(self._runs)]
        for look, (flow, back) in zip(run.looks[-2::-1], backward(run.steps), strict=True):
            state = self._carry(state, look, flow, back, self._rule)
        if self._shelf is not None and stays:
            self._shelf.put(end_name(a), carried_arrays(state))
        return state

    def _along(
        self, looks: Sequence[Look], steps: Sequence[tuple[Array, Array]], state: Carried | None, and_back: bool
    ) -> tuple[Carried | None, list[Kept]]:
        """The state at the last of `looks`, in the direction's order, and what is known of each of them.

        steps     between them: the flow from each frame to the one before it, and that one's to it
        state     at the first
        and_back  the first is a keyframe to be coloured too: as it comes back from the frame beside it
        """
        if state is None:
            return None, []
        kept = [self.kept(state)]
        for look, (flow, back) in zip(looks[1:], steps, strict=True):
            source, state = state, self._carry(state, look, flow, back, self._rule)
            if and_back and len(kept) == 1 and not self._warps:
                kept = [self.kept(self._carry(state, source.look, back, flow, self._rule))]
            kept.append(self.kept(state))
        return state, kept


def _traced(state: Carried, rule: Rule) -> Traced:
    look, points = state.key.look, state.points
    there = fetch(look.luma, points)
    since = change_of(state.look.luma, there, state.reach)
    xp = of(there)
    off = half(mean_around(xp.abs(lit(there, since) - state.look.luma), AROUND))
    size = (-(-off.shape[0] // PLACE), -(-off.shape[1] // PLACE))
    places = xp.stack([at_size(plane, size, "area") for plane in points])
    return Traced(off, places, since, rule.tints_between(state.look, look))
