"""A layer carried through its shot: from its own frame, both ways, as far as an exact picture that shows its thing.

Such a picture says otherwise of the thing, so the layer fades before it and ends. A picture that does not show the
thing, as that is hidden or outside, says nothing of it: the layer goes on past it, and leaves that frame as it was
given. Where nothing of the thing was seen from one such picture to the next, and for a while, it has left.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from pathlib import Path
from typing import overload

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError, MediaError
from vidcolor.flow.estimate import FlowEstimator
from vidcolor.media.place import remove, write_text
from vidcolor.pipeline.layers import Layer, how_other, spread_out
from vidcolor.propagate.ablation import Ablation, without
from vidcolor.propagate.cached import FrameCache
from vidcolor.propagate.guesses import Listener
from vidcolor.propagate.runs import Look
from vidcolor.propagate.shot import propagate
from vidcolor.settings import PropagateSettings
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Frame

FADE = 8
"""Frames over which a layer fades towards an exact picture that says otherwise."""
SHOWN = 0.05
"""Share of a layer, as it is on its own frame, from which a frame shows its thing."""
GONE = 24
"""Frames for which at least nothing of a thing that left was seen."""
FULL = np.float32(100)
"""The share 1 as propagation carries it: in place of a*."""
NOT_THERE, THERE = 0.2, 0.8
"""Carried shares up to which a pixel is none of the layer's, and from which it wholly is: between them, an edge."""
COLORS = without("attention", "flats")
"""A person's colours are not looked up elsewhere, nor known by their gray: another coat is another thing."""
SHARES = without("attention", "flats", "tinted", "everywhere")
"""Nor is a mask; it is the same in any light, and most of a frame holds none of it."""
SOFT = 0.05, 0.9
"""The same of what spread from a point or stroke: how much of a share is left says how sure it is. Where its colour is
another than is there, the whole thing is meant, and is wholly there from THERE on."""


class Part(Sequence[Frame]):
    """Some of a shot's frames, one after the other."""

    def __init__(self, frames: Sequence[Frame], first: int, count: int) -> None:
        self._frames, self._first, self._count = frames, first, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Frame: ...
    @overload
    def __getitem__(self, place: slice) -> list[Frame]: ...
    def __getitem__(self, place: int | slice) -> Frame | list[Frame]:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError(f"place {place} of {self._count} frames")
        return self._frames[self._first + place % self._count]


@dataclass(frozen=True, slots=True)
class Span:
    """The frames that a layer is laid on: a run, but for the exact pictures in it that do not show its thing."""

    frames: FrameRange
    passed: tuple[int, ...] = ()
    """Frames of those pictures, in rising order"""

    def __contains__(self, frame: object) -> bool:
        return frame in self.frames and frame not in self.passed

    @classmethod
    def up_to(cls, frame: int, reach: FrameRange, exact: Sequence[int]) -> Span:
        """Of a layer of `frame`, where the exact pictures on either side end it."""
        before = max((k for k in exact if k < frame), default=reach.start - 1)
        after = min((k for k in exact if k > frame), default=reach.stop)
        return cls(FrameRange(max(before + 1, reach.start), min(after, reach.stop)))

    @classmethod
    def kept(cls, matte: Path, frame: int, reach: FrameRange, exact: Sequence[int]) -> Span:
        """Of the layer of `frame` whose matte was kept. Refuses a damaged note."""
        note = note_of(matte)
        if not note.exists():
            return cls.up_to(frame, reach, exact)
        try:
            return cls.over(FrameRange(*json.loads(note.read_bytes())), frame, exact)
        except (OSError, ValueError, TypeError, InputError) as error:
            remedy = f"delete {matte.parents[1]} and render again"
            raise MediaError(f"{note}: cannot be read or is damaged; {remedy}") from error

    @classmethod
    def over(cls, frames: FrameRange, frame: int, exact: Sequence[int]) -> Span:
        """Of a layer of `frame` that was carried over these frames."""
        return cls(frames, tuple(sorted(k for k in exact if k in frames and k != frame)))

    def keep(self, matte: Path) -> None:
        """Notes beside a matte which frames it is of, where the exact pictures alone do not tell."""
        if self.passed:
            write_text(note_of(matte), json.dumps([self.frames.start, self.frames.stop]) + "\n", "--project")
        else:
            remove(note_of(matte))


def note_of(matte: Path) -> Path:
    """Where it says which frames a matte is of, if exact pictures alone do not tell."""
    return matte.with_suffix(".json")


def carry(
    layer: Layer,
    frames: Sequence[Frame],
    flow: FlowEstimator,
    settings: PropagateSettings,
    exact: Sequence[int] = (),
    cache: FrameCache | None = None,
    dimmed: Collection[int] = (),
) -> Iterator[ColorFrame]:
    """The layer on each frame that it reaches, in order: its own colours as chroma, its share as confidence.

    frames   those of its shot
    exact    frames of exact pictures: of those that it goes past, its share is 0
    dimmed   frames in a fade of the shot, whose colours are dimmed when all is laid
    """
    yield from _Carrying(layer, frames, flow, settings, cache, dimmed).between(
        [k for k in sorted(exact, reverse=True) if k < layer.frame], [k for k in sorted(exact) if k > layer.frame]
    )


class _Carrying:
    """One layer on its way through its shot."""

    def __init__(
        self,
        layer: Layer,
        frames: Sequence[Frame],
        flow: FlowEstimator,
        settings: PropagateSettings,
        cache: FrameCache | None,
        dimmed: Collection[int],
    ) -> None:
        assert layer.share is not None, "what holds everywhere is not carried"
        self._layer, self._frames, self._flow, self._settings, self._cache = layer, frames, flow, settings, cache
        self._own, self._share, self._least = layer.frame, layer.share, SHOWN * float(layer.share.sum())
        self._first, self._dimmed = frames[0].index, dimmed
        self._last = self._first + len(frames) - 1

    def between(self, before: Sequence[int], behind: Sequence[int]) -> Iterator[ColorFrame]:
        """The layer between exact pictures: their frames before its own and behind it, the nearest first."""
        begin, fades, run = self._begin(before, behind[0] if behind else self._last)
        told, passed, seen, start = begin - 1, self._own, self._own, begin - 1 if fades else None
        for end, farther in pairwise([*behind, None, None]):
            held, shows = deque[ColorFrame](), False
            for color in run:
                if color.index <= told:
                    continue
                shows = self._shows(color)
                if color.index == end:
                    break
                seen = color.index if shows else seen
                held.append(color)
                if end is None or len(held) > FADE:
                    told = held[0].index
                    yield self._faded(held.popleft(), start, None)
            yield from (self._faded(color, start, end if shows else None) for color in held)
            if end is None or shows or (seen <= passed and end - seen >= GONE):
                return
            yield ColorFrame(end, color.chroma, np.zeros_like(color.confidence))
            told = passed = end
            run = self._along(self._own, self._last if farther is None else farther)

    def _begin(self, before: Sequence[int], until: int) -> tuple[int, bool, Iterator[ColorFrame]]:
        """The first frame of the layer, whether it fades in from there, and the layer from there on or from before."""
        for end in before:
            run = self._along(end, until)
            if self._shows(next(run)):
                return end + 1, True, run
            farther = next((k for k in before if end - k >= GONE), self._first)
            if not self._seen(farther, end):
                return end + 1, False, run
        return self._first, False, self._along(self._first, until)

    def _seen(self, first: int, end: int) -> bool:
        """Whether any of the frames from `first` on, before `end`, shows the thing."""
        run = self._along(first, self._own) if first < end else iter(())
        return any(self._shows(color) for color in takewhile(lambda color: color.index < end, run))

    def _shows(self, color: ColorFrame) -> bool:
        return float(color.confidence.sum()) >= self._least

    def _faded(self, color: ColorFrame, start: int | None, end: int | None) -> ColorFrame:
        """A frame of the layer, less beside the exact pictures of the frames `start` and `end`."""
        left = right = 1.0
        if start is not None and color.index < self._own:
            left = (color.index - start) / (min(FADE, self._own - start - 1) + 1)
        if end is not None and color.index > self._own:
            right = (end - color.index) / (min(FADE, end - 1 - self._own) + 1)
        return replace(color, confidence=color.confidence * np.float32(min(1.0, left, right)))

    def _along(self, first: int, last: int) -> Iterator[ColorFrame]:
        """The layer on the frames `first` to `last`, its own among them, as if nothing ended it."""
        layer, share, place = self._layer, self._share, first - self._first
        part = Part(self._frames, place, last - first + 1)
        looks = deque[Look](maxlen=1)
        planes = np.stack([share * FULL, np.zeros_like(share)])
        shares = self._carried(part, planes, place, SHARES, lambda look, *_: looks.append(look))
        own = layer.change.chroma
        plain = np.zeros((2, *share.shape), np.float32) if own is None else np.broadcast_to(own, planes.shape)
        colors = self._carried(part, spread_out(plain, share), place, COLORS) if layer.varies else None
        with ThreadPoolExecutor(1) as beside:
            for _ in range(len(part)):
                waiting = beside.submit(next, colors) if colors is not None else None
                found = next(shares)
                counts = share
                if found.index != self._own:
                    counts = _edge(found.chroma[0] / FULL, layer)
                    if layer.light is not None:
                        counts = counts * layer.light.share(looks[-1].luma * np.float32(100))
                yield ColorFrame(found.index, waiting.result().chroma if waiting is not None else plain, counts)

    def _carried(
        self, part: Part, planes: Array, place: int, ablation: Ablation, listen: Listener | None = None
    ) -> Iterator[ColorFrame]:
        known = ColorFrame(self._own, planes.astype(np.float32), np.ones(planes.shape[1:], np.float32))
        return propagate(
            part,
            {self._own: known},
            self._flow,
            self._settings,
            ablation=ablation,
            listen=listen,
            cache=self._cache,
            within=(self._frames, place),
            dimmed=self._dimmed,
        )


def _edge(share: Array, layer: Layer) -> Array:
    """Carried shares without what carrying smeared: nothing of what hardly counts, all of what nearly does."""
    nothing, all_of_it = NOT_THERE, THERE
    if layer.soft:
        said, instead = layer.change.chroma, layer.change.instead
        other = 1.0 if said is None or instead is None else how_other(instead, said)
        nothing, all_of_it = SOFT[0], SOFT[1] + other * (THERE - SOFT[1])
    return np.clip((share - nothing) / (all_of_it - nothing), 0, 1).astype(np.float32)
