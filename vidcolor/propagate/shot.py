"""Stage 5: keyframe colours through one shot, from every keyframe in both directions.

Between two keyframes, colours go forward from the left one and backward from the right one, and are blended frame by
frame. A keyframe is coloured like any other frame, out of what its neighbours take from it: as it is it would stand out
among them for one frame. (Where an artist gave every pixel, those are delivered: finish/around_exact.py.)

Memory is bounded: a gap is worked in runs of at most `RUN` frames, and these in parts of about `PART` (both_ways.py),
so a gap of any length holds `ROOM`, one part and one state for each part. What temporal superpixels remember goes
through the shot once, in the order of its frames.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray as Array

from vidcolor.confidence import confidence_of, error_of
from vidcolor.flow.estimate import FlowEstimator, little_flow
from vidcolor.planes.kinds import Device, down, like, of, up
from vidcolor.propagate.ablation import WHOLE, Ablation
from vidcolor.propagate.arrays import Arrays
from vidcolor.propagate.blend import Candidate, origin_of
from vidcolor.propagate.both_ways import BothWays, Brought
from vidcolor.propagate.by_flow import Carried, Rule, SmallKeyframe, start
from vidcolor.propagate.cached import FrameCache, ShotCache
from vidcolor.propagate.doubt import Doubt
from vidcolor.propagate.flats import Flats
from vidcolor.propagate.guesses import Guesses, Listener
from vidcolor.propagate.halt import (
    STATE,
    Shelf,
    carried_arrays,
    carried_of,
    end_name,
    frame_arrays,
    frames_done,
    joined,
    look_of,
    part_of,
    step_arrays,
    step_of,
)
from vidcolor.propagate.keyframes import Keyframes
from vidcolor.propagate.light import tinted
from vidcolor.propagate.mended import Mended
from vidcolor.propagate.runs import Look, Reader, Step, Within, chroma_size, in_turn, parts, reduced
from vidcolor.propagate.steady import Steady
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

if TYPE_CHECKING:
    from vidcolor.networks.propagator import Propagator

RUN = 64
"""Frames from one place where a shot can be gone on with to the next."""
PART = 32
"""Frames worked at once, about: half the memory of a run, for carrying backward twice through gaps longer than this."""
HELD = 36
"""Bytes held for each pixel of chroma size and frame of a run: what it is made of, and what is found ahead."""
SHORT = 8
"""The same where nothing is looked up, and colours go one way: the next run is carried while this one is coloured."""
KNOWN = 0.9995
"""Confidence from which a keyframe's colour is as a person gave it: an exact picture's, a painted region's."""
WORKERS = 2
"""The two directions, and the two flows of a step; more look frames up ahead. Results do not hang on it."""

Progress = Callable[[int, int], None]


def held(size: tuple[int, int]) -> int:
    """Bytes that a shot of chroma `size` holds while it is under way."""
    return RUN * HELD * size[0] * size[1]


def propagate(
    frames: Sequence[Frame],
    colored: Mapping[int, ColorFrame],
    flow: FlowEstimator,
    settings: PropagateSettings,
    progress: Progress | None = None,
    *,
    network: Propagator | None = None,
    ablation: Ablation = WHOLE,
    listen: Listener | None = None,
    doubt: Doubt | None = None,
    shelf: Shelf | None = None,
    state: Arrays | None = None,
    cache: FrameCache | None = None,
    threads: int = WORKERS,
    within: Within | None = None,
    dimmed: Collection[int] = (),
    device: Device = None,
) -> Iterator[ColorFrame]:
    """Every frame of a shot in colour, in order, at chroma size (half of working size).

    frames    the shot's frames, index rising by one; they are asked for mostly in order, each a few times at most
    colored   keyframes by frame: chroma and confidence at chroma size or larger; confidence 0 where the colour is not
              known. They may be many: each is asked for when it is needed, a few times, and not held
    progress  called with (frames done, frames in all)
    network   finds what flow cannot bring, and weighs what was found; None: training-free features and rules
    ablation  what is left out, to measure
    listen    told each frame as it is matched and its guesses, by name, just before it is given: for training, study,
              and for what hangs on the frame's light
    doubt     gathers what the shot leaves in doubt
    shelf     keeps the state about every `RUN` frames, when every frame before it has been taken from here
    within    the whole shot and the place of `frames` in it, where they are a part: worn frames are mended by others
    dimmed    frames in a fade, by their number, whose colours the caller dims: here they stay as in full light
    cache     keeps what hangs on the frames alone, from one call to the next; `frames` must be the same then
    threads   that work at once, beside the caller's
    device    where all of it works but for tracking superpixels; `flow` and `network` must be made for it, and the
              cache is not asked. None: on the processor
    state     what the shelf kept under `STATE` for the same shot: goes on behind the frames that were done then
    returns   confidence is 0..1, of the colour, not of the carrying; keyframes come out near to what was given
    Refuses keyframes outside the shot. Without any keyframe the shot comes out gray, with confidence 0.
    """
    count = len(frames)
    if not count:
        return
    size = chroma_size(frames[0].lightness.shape)
    with ThreadPoolExecutor(threads) as workers:
        fades = frozenset(frame - frames[0].index for frame in dimmed)
        parts = ablation, listen, doubt, shelf, cache, within
        shot = _Shot(frames, flow, settings, workers, threads, network, *parts, fades, device)
        keys = Keyframes(frames[0].index, count, colored, size, shot.light, device)
        begin = frames_done(state, size)
        for done, result in enumerate(shot.colors(keys, state if begin else None), begin + 1):
            if progress is not None:
                progress(done, count)
            yield result


class _Shot:
    def __init__(
        self,
        frames: Sequence[Frame],
        flow: FlowEstimator,
        settings: PropagateSettings,
        workers: ThreadPoolExecutor,
        threads: int,
        network: Propagator | None,
        ablation: Ablation,
        listen: Listener | None,
        doubt: Doubt | None,
        shelf: Shelf | None,
        cache: FrameCache | None,
        within: Within | None,
        dimmed: Collection[int],
        device: Device,
    ) -> None:
        self._start, self._count = frames[0].index, len(frames)
        size = chroma_size(frames[0].lightness.shape)
        keeps = ablation.keeps
        whole, place = within or (frames, 0)
        shown = Mended(lambda position: reduced(whole[position].lightness, size), len(whole))
        caches = ablation.flow_at == WHOLE.flow_at and keeps("mended") and device is None
        kept = ShotCache(cache if caches else None, self._start, size, (self._start - place, len(whole)))
        if keeps("mended"):
            kept = kept.of_worn(lambda: shown.is_worn)
        small = (shown if kept.worn else shown.even) if keeps("mended") else shown.own
        light = shown.light if keeps("mended") else lambda _: None
        small_at, light_at = (lambda n: small(place + n)), (lambda n: light(place + n))
        self._reader = Reader(frames, flow, workers, ablation.flow_at, kept, small_at, light_at, device)
        self._workers, self._threads, self._settings = workers, threads, settings
        self._tints = keeps("tinted")
        rule = Rule(
            little_flow(flow),
            settings,
            camera=keeps("camera"),
            tints=self._tints,
            everywhere=keeps("everywhere"),
            dimmed=dimmed,
        )
        self._by_flow = keeps("flow")
        looks_up = keeps("attention")
        traces = looks_up and network is not None
        self._ways = BothWays(self._reader, rule, workers, shelf, warps=not keeps("local"), traces=traces)
        self._length = RUN if looks_up else min(RUN, SHORT)
        self._brings_early = not looks_up
        self._guesses = Guesses(kept, settings, network, ablation, listen, device=device)
        self._doubt, self._shelf = doubt, shelf
        self._flats = Flats() if keeps("flats") else None
        self._steady = Steady(settings) if keeps("steady") else None
        self._followed = -1
        self._begin = self._halted = 0

    def look(self, position: int) -> Look:
        """A frame at chroma size."""
        return self._reader.look(position)

    def light(self, position: int) -> Look | None:
        """The frame whose light a keyframe's colours go with; None: with none."""
        return self.look(position) if self._tints else None

    def colors(self, keyframes: Keyframes, state: Arrays | None = None) -> Iterator[ColorFrame]:
        """The frames in order; those behind `state` alone, if there is one."""
        self._go_on(state)
        positions = keyframes.positions
        if not positions:
            nothing = np.zeros((3, *self._reader.size), np.float32)
            for position in range(self._begin, self._count):
                if self._doubt is not None:
                    self._doubt.see_nothing(position)
                yield self._result(position, nothing[:2], nothing[2])
            return
        if self._count == 1:
            if self._doubt is not None:
                self._doubt.see_key(0, self._reader.look(0).luma, *keyframes[0])
            yield self._result(0, *keyframes[0])
            return
        for left, right in pairwise([None, *positions, None]):
            # A gap's frames are those behind its left keyframe up to its right one; the shot's first frame has no left.
            first = 0 if not left else left + 1
            last = self._count - 1 if right is None else right
            if max(first, self._begin) <= last and right != 0:
                if self._begin <= first:
                    self._halt(first, None, None)
                yield from self._gap(left, right, keyframes, state if self._begin > first else None)

    def _go_on(self, state: Arrays | None) -> None:
        """Takes up what a kept state says of the frames before."""
        if state is None:
            return
        self._begin = self._halted = frames_done(state, self._reader.size)
        own, tracker, before, doubt = (part_of(state, part) for part in ("memory", "tracker", "before", "doubt"))
        self._followed = self._begin if part_of(state, "step") else self._begin - 1
        if self._guesses.memory is not None and own and tracker:
            self._guesses.memory.go_on(own, tracker)
        if self._doubt is not None and doubt:
            self._doubt.go_on(doubt)
        if self._steady is not None and before:
            chroma, error = (up(before[name], self._reader.device) for name in ("chroma", "error"))
            self._steady.begin(look_of(before, self._reader.device), chroma, error)

    def _halt(self, position: int, ahead: Carried | None, step: Step | None) -> None:
        """Keeps the state before frame `position`, if enough was done since it was kept last.

        The frames before have been taken. The backward direction's state here is no longer needed.
        """
        if self._shelf is None or position - self._halted < RUN:
            return
        remembers = self._guesses.memory
        memory, tracker = remembers.state() if remembers is not None else (None, None)
        before = self._steady.state() if self._steady is not None else None
        parts = {
            "ahead": carried_arrays(ahead) if ahead else None,
            "step": step_arrays(step),
            "before": frame_arrays(*before) if before else None,
            "memory": memory if tracker else None,
            "tracker": tracker,
            "doubt": self._doubt.state() if self._doubt is not None else None,
        }
        self._shelf.put(STATE, joined(position, parts))
        self._shelf.drop(end_name(position))
        self._halted = position

    def _result(self, position: int, chroma: Array, confidence: Array) -> ColorFrame:
        return ColorFrame(self._start + position, down(chroma), np.clip(down(confidence), 0, 1))

    def _gap(
        self, left: int | None, right: int | None, keyframes: Keyframes, state: Arrays | None
    ) -> Iterator[ColorFrame]:
        """The frames between two keyframes, or between one and an end of the shot; the rest of them behind `state`."""
        first = 0 if left is None else left
        last = self._count - 1 if right is None else right
        places = {name: place for name, place in (("before", left), ("behind", right)) if place is not None}
        unsure = {name for name, place in places.items() if down(keyframes[place][1].min()) < KNOWN}
        self._meet(first, last, keyframes)
        length = self._length if right is None else RUN
        begins = range(first if state is None else self._begin, last, length)
        spans = [span for a in begins for span in parts(a, min(a + length, last), PART)]
        before, behind = (self._key(p, keyframes) if self._by_flow and p is not None else None for p in (left, right))
        ends = self._ways.ends(spans, behind, begins)
        ahead = start(before) if before is not None else None
        step = None
        if state is not None:
            went, step = part_of(state, "ahead"), step_of(part_of(state, "step"), self._reader.device)
            ahead = carried_of(went, ahead.key) if went and ahead else None
        sides = [(a == left == 0, b == right) for a, b in spans]
        early = self._brings_early and right is None and len(spans) > 1
        for brought in self._ways.along(spans, ahead, ends, sides, early=early):
            a, b = (brought.run.looks[n].position for n in (0, -1))
            if a > first and a in begins:
                self._halt(a, ahead, step)
            skipped = ({left} if left else set()) | ({b} if b != last else set())
            yield from self._run(brought, step, keyframes, unsure, skipped)
            ahead, step = brought.ahead, brought.run.steps[-1]
            del brought  # or it is held until the next run is brought

    def _run(
        self, brought: Brought, into: Step | None, keyframes: Keyframes, unsure: set[str], skipped: set[int]
    ) -> Iterator[ColorFrame]:
        """The frames of a run but for those `skipped`: positions that another run colours.

        into    the step to its first frame from the frame before; None for the shot's first
        unsure  the sides whose keyframe is not known in every pixel
        """
        looks = brought.run.looks
        sides = {name: kept for name, kept in (("before", brought.before), ("behind", brought.behind)) if kept}
        all_kept = [{name: frames[n] for name, frames in sides.items()} for n in range(len(looks))]
        first = looks[0].position
        asked = [(group, [all_kept[k.position - first] for k in group.looks]) for group in brought.run.groups(skipped)]
        brought.before.clear()  # each frame's goes as the frame is coloured
        brought.behind.clear()
        found = chain.from_iterable(in_turn(self._workers, self._guesses.find, asked, self._threads))
        for step, look, kept in zip([into, *brought.run.steps], looks, all_kept, strict=True):
            self._follow(look, step, keyframes)
            if look.position in skipped:
                continue
            is_key = look.position in keyframes
            if is_key and not kept:
                kept["behind"] = self._ways.kept(start(self._key(look.position, keyframes)))
            (chroma, error), guesses = self._guesses.weigh(look, kept, next(found), unsure, learns=not is_key)
            kept.clear()
            if self._flats is not None and not is_key:
                chroma, error = self._flats(look.luma, chroma, error)
            if self._steady is not None:
                chroma = self._steady(look, step, chroma, error)
            if is_key:
                chroma, error = self._as_known(look, chroma, error, *keyframes[look.position])
            elif self._doubt is not None:
                self._doubt.see(look.position, look.luma, chroma, error, guesses)
            origin = error_of(keyframes[look.position][1]) if is_key else origin_of(guesses)
            if self._tints:
                chroma = tinted(chroma, look.luma, look.light)
            yield self._result(look.position, chroma, confidence_of(of(error).maximum(error, like(origin, error))))

    def _as_known(self, look: Look, chroma: Array, error: Array, given: Array, confidence: Array) -> Candidate:
        """A keyframe as coloured; where a person left no doubt, as given. The next frame hears that."""
        sure, xp = confidence >= KNOWN, of(error)
        chroma, error = xp.where(sure, given, chroma), xp.where(sure, 0.0, error)
        if self._steady is not None and down(sure.any()):
            self._steady.begin(look, chroma, error)
        return chroma, error

    def _key(self, position: int, keyframes: Keyframes) -> SmallKeyframe:
        return SmallKeyframe(self._reader.look(position), *keyframes[position])

    def _meet(self, first: int, last: int, keyframes: Keyframes) -> None:
        """Colours are looked up in the keyframes nearest to the gap: those at its ends, then those next to it."""
        by_distance = sorted(keyframes.positions, key=lambda k: (max(first - k, k - last, 0), k))
        nearest, key = by_distance[: self._settings.keyframes], partial(self._key, keyframes=keyframes)
        self._guesses.meet(nearest, key)
        if self._flats is not None:
            self._flats.meet(nearest, key)

    def _follow(self, look: Look, step: Step | None, keyframes: Keyframes) -> None:
        """Takes memory and doubt to the frame, once, and shows them a keyframe's colours."""
        if look.position <= self._followed:
            return
        self._followed = look.position
        is_key = look.position in keyframes
        known = keyframes[look.position] if is_key else None
        if self._doubt is not None:
            self._doubt.follow(step)
            if known is not None:
                self._doubt.see_key(look.position, look.luma, *known)
        self._guesses.follow(look, step, known)
