"""Stage 5: keyframe colours through one shot, from every keyframe in both directions.

Between two keyframes, colours go forward from the left one and backward from the right one, and are blended frame by
frame. Memory is bounded: a gap is worked in runs of at most `RUN` frames. Where a gap is longer, the backward direction
first goes through it once and keeps only its state at the runs' ends; each run then carries backward again from there.
So a gap of any length holds one run (36 bytes a pixel of chroma size and frame) and one state a run (12 bytes a pixel).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy import ndarray as Array  # noqa: N812 (reads as a type)

from vidcolor.errors import InputError
from vidcolor.flow.estimate import FlowEstimator
from vidcolor.propagate.blend import blend
from vidcolor.propagate.by_flow import Carried, carry_by_flow
from vidcolor.propagate.runs import Look, Reader, Run, chroma_size, reduced
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorFrame, Frame

STAGE = 1
RUN = 64
"""Frames worked at once: 0.53 GB at chroma 640x360."""
WORKERS = 2
"""The two directions, and the two flows of a step; results do not hang on it."""

Progress = Callable[[int, int], None]


def propagate(
    frames: Sequence[Frame],
    colored: Sequence[ColorFrame],
    flow: FlowEstimator,
    settings: PropagateSettings,
    progress: Progress | None = None,
) -> Iterator[ColorFrame]:
    """Every frame of a shot in colour, in order, at chroma size (half of working size).

    frames    the shot's frames, index rising by one; they are asked for mostly in order, each a few times at most
    colored   keyframes: chroma and confidence at chroma size or larger; confidence 0 where the colour is not known
    progress  called with (frames done, frames in all)
    returns   confidence is 0..1, of the colour, not of the carrying; keyframes come out as given, only reduced
    Refuses keyframes outside the shot and two for one frame. Without any keyframe the shot comes out gray, with
    confidence 0.
    """
    count = len(frames)
    if not count:
        return
    size = chroma_size(frames[0].lightness.shape)
    keys = _keys(frames[0].index, count, colored, size)
    with ThreadPoolExecutor(WORKERS) as workers:
        shot = _Shot(frames, flow, settings, workers)
        for done, result in enumerate(shot.colors(keys), 1):
            if progress is not None:
                progress(done, count)
            yield result


def _keys(
    start: int, count: int, colored: Sequence[ColorFrame], size: tuple[int, int]
) -> dict[int, tuple[Array, Array]]:
    """Position in the shot to (chroma, confidence) at chroma size."""
    keys: dict[int, tuple[Array, Array]] = {}
    for color in sorted(colored, key=lambda c: c.index):
        position = color.index - start
        if not 0 <= position < count:
            raise InputError(f"frame {color.index}: a keyframe outside its shot, frames {start} to {start + count - 1}")
        if position in keys:
            raise InputError(f"frame {color.index}: two keyframes for one frame; keep one of them")
        keys[position] = _at_chroma_size(color, size)
    return keys


def _at_chroma_size(color: ColorFrame, size: tuple[int, int]) -> tuple[Array, Array]:
    """Unknown colours (confidence 0) do not mix into known ones."""
    confidence = reduced(color.confidence.astype(np.float32), size)
    weighted = [reduced(plane * color.confidence, size) for plane in color.chroma]
    chroma = np.stack(weighted) / np.maximum(confidence, np.float32(1e-6))
    return chroma.astype(np.float32), np.clip(confidence, 0, 1)


class _Shot:
    def __init__(
        self, frames: Sequence[Frame], flow: FlowEstimator, settings: PropagateSettings, workers: ThreadPoolExecutor
    ) -> None:
        self._start, self._count = frames[0].index, len(frames)
        self._reader = Reader(frames, flow, workers)
        self._settings, self._workers = settings, workers

    def colors(self, keys: dict[int, tuple[Array, Array]]) -> Iterator[ColorFrame]:
        if not keys:
            height, width = self._reader.size
            for position in range(self._count):
                yield self._result(
                    position, np.zeros((2, height, width), np.float32), np.zeros((height, width), np.float32)
                )
            return
        places = sorted(keys)
        if places[0] > 0:
            yield from self._gap(None, places[0], keys)
        for left, right in zip(places, [*places[1:], None], strict=True):
            yield self._result(left, *keys[left])
            if right is not None or left + 1 < self._count:
                yield from self._gap(left, right, keys)

    def _result(self, position: int, chroma: Array, confidence: Array) -> ColorFrame:
        return ColorFrame(self._start + position, chroma, np.clip(confidence, 0, 1))

    def _gap(self, left: int | None, right: int | None, keys: dict[int, tuple[Array, Array]]) -> Iterator[ColorFrame]:
        """The frames between two keyframes, or between one and an end of the shot."""
        first = 0 if left is None else left
        last = self._count - 1 if right is None else right
        runs = [(a, min(a + RUN, last)) for a in range(first, last, RUN)]
        ends = self._backward_states(runs, keys[right]) if right is not None else [None] * len(runs)
        before: Carried | None = None
        for (a, b), end in zip(runs, ends, strict=True):
            run = self._reader.run(a, b)
            if left is not None and before is None:
                before = _known(run.looks[0], keys[left])
            forward = self._workers.submit(self._forward, run, before)
            backward = self._backward(run, _known(run.looks[-1], end)) if end is not None else []
            ahead = forward.result()
            start = 1 if a == left else 0
            stop = len(run.looks) - (1 if b == right or b != last else 0)
            for n in range(start, stop):
                yield self._blended(run.looks[n], [c[n] for c in (ahead, backward) if c])
            before = ahead[-1] if ahead else None

    def _backward_states(self, runs: list[tuple[int, int]], key: tuple[Array, Array]) -> list[tuple[Array, Array]]:
        """What the backward direction knows at each run's last frame."""
        states = [key]
        for a, b in reversed(runs[1:]):
            run = self._reader.run(a, b)
            carried = self._backward(run, _known(run.looks[-1], states[-1]))[0]
            states.append((carried.chroma, carried.confidence))
        return states[::-1]

    def _forward(self, run: Run, before: Carried | None) -> list[Carried]:
        if before is None:
            return []
        result = [before]
        for look, step in zip(run.looks[1:], run.steps, strict=True):
            result.append(carry_by_flow(result[-1], look, step.back, step.onward, self._settings))
        return result

    def _backward(self, run: Run, after: Carried) -> list[Carried]:
        result = [after]
        for look, step in zip(run.looks[-2::-1], run.steps[::-1], strict=True):
            result.append(carry_by_flow(result[-1], look, step.onward, step.back, self._settings))
        return result[::-1]

    def _blended(self, look: Look, candidates: list[Carried]) -> ColorFrame:
        return self._result(look.position, *blend(candidates))


def _known(look: Look, color: tuple[Array, Array]) -> Carried:
    return Carried(look, *color)
