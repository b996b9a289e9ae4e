"""Stage 5: keyframe colours through one shot, from every keyframe in both directions.

Between two keyframes, colours go forward from the left one and backward from the right one, and are blended frame by
frame. A keyframe is coloured like any other frame, out of what its neighbours take from it: as it is it would stand out
among them for one frame. (Where an artist gave every pixel, those are delivered: finish/around_exact.py.)

Memory is bounded: a gap is worked in runs of at most `RUN` frames. Where a gap is longer, the backward direction
first goes through it once and keeps its state at the runs' ends, and of the runs themselves (luma and flows) as many as
fit into `ROOM`; each run then carries backward again from there. So a gap of any length holds `ROOM`, one run (about 24
bytes a pixel of chroma size and frame) and one state for each run (about 40 bytes a pixel). What temporal superpixels
remember goes through the shot once, in the order of its frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray as Array

from vidcolor.confidence import confidence_of
from vidcolor.flow.estimate import FlowEstimator, little_flow
from vidcolor.propagate.ablation import WHOLE, Ablation
from vidcolor.propagate.blend import (
    Candidate,
    Guess,
    best,
    blend,
    contradicted,
    held_near,
    mixed,
    nearer,
    of_carried,
    of_flow,
    of_memory,
    of_rules,
    surely_carried,
    yielded,
)
from vidcolor.propagate.by_attention import Finder
from vidcolor.propagate.by_flow import Carried, Rule, SmallKeyframe, carry_by_flow, carry_plain, start
from vidcolor.propagate.by_network import NetworkFinder, weighed
from vidcolor.propagate.by_superpixel import Memory
from vidcolor.propagate.doubt import Doubt
from vidcolor.propagate.halt import (
    PARTS,
    STATE,
    Arrays,
    Shelf,
    carried_arrays,
    carried_of,
    end_name,
    frames_done,
    joined,
    look_arrays,
    look_of,
    part_of,
    sound,
    step_arrays,
    step_of,
)
from vidcolor.propagate.keyframes import Keyframes
from vidcolor.propagate.runs import Look, Reader, Run, Step, backward, chroma_size, in_turn, onward
from vidcolor.propagate.steady import Steady
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

if TYPE_CHECKING:
    from vidcolor.networks.propagator import Propagator
    from vidcolor.networks.weighing import Weigher

RUN = 64
"""Frames worked at once: 0.35 GB at chroma 640x360."""
ROOM = 256 << 20
"""Bytes of runs kept from the first time through a long gap for the second: 170 frames at chroma 480x270."""
KNOWN = 0.9995
"""Confidence from which a keyframe's colour is as a person gave it: an exact picture's, a painted region's."""
WORKERS = 2
"""The two directions, and the two flows of a step; results do not hang on it."""

Progress = Callable[[int, int], None]
Listener = Callable[[Look, dict[str, Guess]], None]
Found = tuple[Any, Guess, Guess | None] | None
"""What a finder answers: the frame as the network sees it, what places and what cells find."""
Kept = tuple[Array, Array, int]
"""What is kept of a direction's frame: chroma and confidence as float16, age in frames."""


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
) -> Iterator[ColorFrame]:
    """Every frame of a shot in colour, in order, at chroma size (half of working size).

    frames    the shot's frames, index rising by one; they are asked for mostly in order, each a few times at most
    colored   keyframes by frame: chroma and confidence at chroma size or larger; confidence 0 where the colour is not
              known. They may be many: each is asked for when it is needed, a few times, and not held
    progress  called with (frames done, frames in all)
    network   finds what flow cannot bring, and weighs what was found; None: training-free features and rules
    ablation  what is left out, to measure
    listen    told the guesses of each frame, by name: for training and study
    doubt     gathers what the shot leaves in doubt
    shelf     keeps the state about every `RUN` frames, when every frame before it has been taken from here
    state     what the shelf kept under `STATE` for the same shot: goes on behind the frames that were done then
    returns   confidence is 0..1, of the colour, not of the carrying; keyframes come out near to what was given
    Refuses keyframes outside the shot. Without any keyframe the shot comes out gray, with confidence 0.
    """
    count = len(frames)
    if not count:
        return
    size = chroma_size(frames[0].lightness.shape)
    keys = Keyframes(frames[0].index, count, colored, size)
    with ThreadPoolExecutor(WORKERS) as workers:
        shot = _Shot(frames, flow, settings, workers, network, ablation, listen, doubt, shelf)
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
        network: Propagator | None,
        ablation: Ablation,
        listen: Listener | None,
        doubt: Doubt | None,
        shelf: Shelf | None,
    ) -> None:
        self._start, self._count = frames[0].index, len(frames)
        self._reader = Reader(frames, flow, workers, ablation.flow_at)
        self._workers = workers
        keeps = ablation.keeps
        self._by_flow, self._warps = keeps("flow"), not keeps("local")
        self._carry = carry_plain if self._warps else carry_by_flow
        self._rule = Rule(little_flow(flow), settings, camera=keeps("camera"))
        finder = Finder if network is None else partial(NetworkFinder, network)
        self._finder = finder() if keeps("attention") else None
        weighs = network is not None and keeps("attention") and keeps("blend") and keeps("weigher")
        self._weigher: Weigher | None = network.weigher if network is not None and weighs else None
        self._listen, self._doubt = listen, doubt
        self._memory = Memory(self._reader.size, settings) if keeps("superpixel") else None
        self._mix = mixed if keeps("blend") else best
        self._settings = settings if keeps("fill") else replace(settings, fill=0.0)
        self._followed = -1
        self._runs: dict[tuple[int, int], Run] = {}
        self._steady = Steady(settings) if keeps("steady") else None
        self._shelf = shelf
        self._begin = self._halted = 0

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
                self._doubt.see_key(0, *keyframes[0])
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
        if self._memory is not None and own and tracker:
            self._memory.go_on(own, tracker)
        if self._doubt is not None and doubt:
            self._doubt.go_on(doubt)
        if self._steady is not None and before:
            self._steady.begin(look_of(before), before["chroma"], before["error"])

    def _halt(self, position: int, ahead: Carried | None, step: Step | None) -> None:
        """Keeps the state before frame `position`, if enough was done since it was kept last.

        The frames before have been taken. The backward direction's state here is no longer needed.
        """
        if self._shelf is None or position - self._halted < RUN:
            return
        memory, tracker = self._memory.state() if self._memory is not None else (None, None)
        before = self._steady.state() if self._steady is not None else None
        parts = {
            "ahead": carried_arrays(ahead) if ahead else None,
            "step": step_arrays(step),
            "before": {**look_arrays(before[0]), "chroma": before[1], "error": before[2]} if before else None,
            "memory": memory if tracker else None,
            "tracker": tracker,
            "doubt": self._doubt.state() if self._doubt is not None else None,
        }
        self._shelf.put(STATE, joined(position, parts))
        self._shelf.drop(end_name(position))
        self._halted = position

    def _result(self, position: int, chroma: Array, confidence: Array) -> ColorFrame:
        return ColorFrame(self._start + position, chroma, np.clip(confidence, 0, 1))

    def _gap(
        self, left: int | None, right: int | None, keyframes: Keyframes, state: Arrays | None
    ) -> Iterator[ColorFrame]:
        """The frames between two keyframes, or between one and an end of the shot; the rest of them behind `state`."""
        first = 0 if left is None else left
        last = self._count - 1 if right is None else right
        sides = {name: place for name, place in (("before", left), ("behind", right)) if place is not None}
        unsure = {name for name, place in sides.items() if keyframes[place][1].min() < KNOWN}
        self._meet(first, last, keyframes)
        runs = [(a, min(a + RUN, last)) for a in range(first if state is None else self._begin, last, RUN)]
        ends = self._ends(runs, right if self._by_flow else None, keyframes)
        ahead = start(self._key(left, keyframes)) if self._by_flow and left is not None else None
        step = None
        if state is not None:
            went, step = part_of(state, "ahead"), step_of(part_of(state, "step"))
            ahead = carried_of(went, ahead.key) if went and ahead else None
        for (a, b), end in zip(runs, ends, strict=True):
            if a > first:
                self._halt(a, ahead, step)
            run = self._runs.pop((a, b), None) or self._reader.run(a, b)
            forward = self._workers.submit(self._along, run.looks, onward(run.steps), ahead, a == left == 0)
            behind = self._along(run.looks[::-1], backward(run.steps), end, b == right)[1][::-1]
            ahead, before = forward.result()
            skipped = ({left} if left else set()) | ({b} if b != last else set())
            found = in_turn(self._workers, self._find, [k for k in run.looks if k.position not in skipped], WORKERS)
            for n, look in enumerate(run.looks):
                step = run.steps[n - 1] if n else step  # a run begins where the last one ended
                self._follow(look, step, keyframes)
                if look.position not in skipped:
                    kept = {name: c[n] for name, c in (("before", before), ("behind", behind)) if c}
                    if look.position in keyframes and not kept:
                        kept["behind"] = _kept(start(self._key(look.position, keyframes)))
                    (chroma, error), guesses = self._blended(
                        look, kept, next(found), unsure, learns=look.position not in keyframes
                    )
                    if self._steady is not None:
                        chroma = self._steady(look, step, chroma, error)
                    if look.position in keyframes:
                        chroma, error = self._as_known(look, chroma, error, *keyframes[look.position])
                    if self._doubt is not None and look.position not in keyframes:
                        self._doubt.see(look.position, chroma, error, guesses)
                    yield self._result(look.position, chroma, confidence_of(error))

    def _as_known(self, look: Look, chroma: Array, error: Array, given: Array, confidence: Array) -> Candidate:
        """A keyframe as coloured; where a person left no doubt, as given. The next frame hears that."""
        sure = confidence >= KNOWN
        chroma, error = np.where(sure, given, chroma), np.where(sure, np.float32(0), error)
        if self._steady is not None and sure.any():
            self._steady.begin(look, chroma, error)
        return chroma, error

    def _find(self, look: Look) -> Found:
        return None if self._finder is None else self._finder.find(look)

    def _key(self, position: int, keyframes: Keyframes) -> SmallKeyframe:
        return SmallKeyframe(self._reader.look(position), *keyframes[position])

    def _meet(self, first: int, last: int, keyframes: Keyframes) -> None:
        """Shows the finder the keyframes nearest to the gap: those at its ends, then those next to it on any side."""
        if self._finder is None:
            return
        by_distance = sorted(keyframes.positions, key=lambda k: (max(first - k, k - last, 0), k))
        nearest = sorted(by_distance[: self._settings.keyframes])
        self._finder.forget_all_but(nearest)
        for position in nearest:
            if not self._finder.knows(position):
                self._finder.meet(self._key(position, keyframes))

    def _follow(self, look: Look, step: Step | None, keyframes: Keyframes) -> None:
        """Takes memory and doubt to the frame, once, and shows them a keyframe's colours."""
        if look.position <= self._followed:
            return
        self._followed = look.position
        if self._doubt is not None:
            self._doubt.follow(step)
            if look.position in keyframes:
                self._doubt.see_key(look.position, *keyframes[look.position])
        if self._memory is None:
            return
        self._memory.follow(look, step)
        if look.position in keyframes:
            self._memory.learn(*of_flow(*keyframes[look.position], 0))

    def _ends(self, runs: list[tuple[int, int]], right: int | None, keyframes: Keyframes) -> Sequence[Carried | None]:
        """What the backward direction knows at each run's last frame."""
        if right is None:
            return [None] * len(runs)
        states = [start(self._key(right, keyframes))]
        for a, b in reversed(runs[1:]):
            states.append(self._kept_end(a, states[0].key) or self._end(a, b, states[-1]))
        return states[::-1]

    def _kept_end(self, position: int, key: SmallKeyframe) -> Carried | None:
        """What the backward direction knew here before the program was stopped."""
        arrays = self._shelf.take(end_name(position)) if self._shelf is not None else None
        return carried_of(arrays, key) if arrays and sound(arrays, PARTS["ahead"], self._reader.size) else None

    def _end(self, a: int, b: int, state: Carried) -> Carried:
        """What the backward direction knows at frame `a`, from what it knows at `b`."""
        run = self._runs[a, b] = self._reader.run(a, b)
        while sum(run.nbytes for run in self._runs.values()) > ROOM:
            del self._runs[max(self._runs)]
        end = self._along(run.looks[::-1], backward(run.steps), state, False)[0]
        assert end is not None, "it began with a state"
        if self._shelf is not None:
            self._shelf.put(end_name(a), carried_arrays(end))
        return end

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
        kept = [_kept(state)]
        for look, (flow, back) in zip(looks[1:], steps, strict=True):
            source, state = state, self._carry(state, look, flow, back, self._rule)
            if and_back and len(kept) == 1 and not self._warps:
                kept = [_kept(self._carry(state, source.look, back, flow, self._rule))]
            kept.append(_kept(state))
        return state, kept

    def _blended(
        self, look: Look, kept: dict[str, Kept], found: Found, unsure: set[str], *, learns: bool
    ) -> tuple[Candidate, dict[str, Guess]]:
        """The frame's colours with their expected error, and the guesses they were made of.

        unsure  the sides whose keyframe is not known in every pixel
        """
        guesses = {name: of_carried(*values) for name, values in kept.items()}
        if self._warps:
            return nearer([g.candidate for g in guesses.values()]), guesses
        if len(kept) == 2:
            guesses = yielded(guesses, {name: age for name, (_, _, age) in kept.items()}, unsure)
        seen, carried = None, None
        if found is not None:
            seen, by_place, by_cell = found
            carried = surely_carried(list(guesses.values())) if seen is not None and guesses else None
            guesses["found"] = contradicted(by_place, carried) if carried else by_place
        heard = [g.candidate for g in guesses.values()]
        if found is not None and by_cell is not None:
            # Too coarse for rules; the network knows what to do with it.
            guesses["scene"] = contradicted(by_cell, carried) if carried else by_cell
        if self._memory is not None:
            guesses["remembered"] = of_memory(*self._memory.recall())
            if learns:
                self._memory.learn(*self._mix(heard))
            heard.append(guesses["remembered"].candidate)
        if self._listen is not None:
            self._listen(look, guesses)
        if self._weigher is not None and seen is not None:
            guesses["ruled"] = of_rules(heard, look.luma, self._settings)
            chroma, error = weighed(self._weigher, seen, guesses)
            if carried:
                chroma = held_near(chroma, guesses["ruled"].chroma, carried[1])
            return (chroma, error), guesses
        return blend(heard, look.luma, self._settings, self._mix), guesses


def _kept(state: Carried) -> Kept:
    return state.chroma.astype(np.float16), state.confidence.astype(np.float16), state.age
