"""A whole result against its truth. One thread reads ahead, some measure frames, and here they are joined in order.

Memory holds a few frames, however long the film; of each frame only a few numbers stay.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from numpy import ndarray as Array

from vidcolor.color import luma_to_lightness, rgb_to_lab
from vidcolor.errors import InputError
from vidcolor.media.pictures import open_colors
from vidcolor.research.measure.by_networks import NetworkFigures
from vidcolor.research.measure.cuts import sample
from vidcolor.research.measure.frame import FrameMeasure, FrameOptions, FrameTask, MeasuredFrame
from vidcolor.research.measure.gather import Gather
from vidcolor.research.measure.measurement import Measurement, MeasureOptions
from vidcolor.research.measure.nearest import Sources, find_sources
from vidcolor.research.measure.pairing import Pair, open_pair, pairing_notes
from vidcolor.research.metrics.temporal import reduced, reduced_size
from vidcolor.types import ColorTags

MOST_THREADS = 4
"""Frames measured at once, at most: each takes some 150 bytes a pixel, 1.2 GB at 3840x2160."""
AHEAD = 1
"""Frames read before they are asked for."""
Progress = Callable[[str, int, int], None]


def measure(
    result: Path, truth: Path, options: MeasureOptions | None = None, progress: Progress | None = None
) -> Measurement:
    """All figures of a result against its truth, both films, folders of numbered pictures, or pictures.

    progress  called with ("measure", frames done, frames in all)
    Refuses, before any work: what cannot be read, different sizes, films of different length, no frame in common,
    and keyframes of other films. While it works: damaged pictures, naming the frame.
    """
    options = options or MeasureOptions()
    pair = open_pair(result, truth)
    sources, notes = find_sources(pair, options.keyframes)
    reference = _reference(options.reference)
    networks = NetworkFigures(options, reference, pair.size)
    size = reduced_size(pair.size)
    gather = Gather(pair, sources, networks, size, options.worst)
    one = FrameMeasure(networks, reference, size, FrameOptions(pair.truth.clip.name == "film", options.worst > 0))
    with closing(_measured(_tasks(pair, sources, size), one)) as frames:
        for done, frame in enumerate(frames, 1):
            gather.add(frame)
            if progress:
                progress("measure", done, len(pair.frames))
    return gather.finish(options, [*pairing_notes(pair), *notes])


def _reference(path: Path | None) -> Array | None:
    if path is None:
        return None
    clip = open_colors(path)
    if clip.name != "picture":
        raise InputError(f"{path}: a reference is one picture; give a PNG, TIFF or JPEG file")
    return clip[clip.frames[0]].rgb


def _tasks(pair: Pair, sources: Sources, size: tuple[int, int]) -> Generator[FrameTask, None, None]:
    """What is to be measured, frame by frame, each with what it needs of the frame before."""
    before: tuple[int, Array, Array] | None = None
    source, copied = -1, None
    with closing(pair.read()) as pictures:
        for frame, result, truth in pictures:
            nearest = sources.nearest(frame)
            if nearest != source:
                source = nearest
                rgb = truth.rgb if source == frame else pair.truth.picture(source).rgb
                copied = rgb_to_lab(rgb)[1:]
            lightness = luma_to_lightness(truth.luma, ColorTags())
            now = (frame, reduced(lightness, size), sample(lightness))
            neighbour = before[1:] if before is not None and before[0] == frame - 1 else None
            assert copied is not None
            yield FrameTask(frame, result, truth, copied, source == frame, now[1], now[2], neighbour)
            before = now


def _measured(tasks: Generator[FrameTask, None, None], one: FrameMeasure) -> Generator[MeasuredFrame, None, None]:
    """The frames measured, in order; a few are under way at a time."""
    threads = max(1, min(MOST_THREADS, os.cpu_count() or 1))
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(threads) as pool:
        read = deque(reader.submit(next, tasks, None) for _ in range(AHEAD))
        under_way: deque[Future[MeasuredFrame]] = deque()
        try:
            while True:
                task = read.popleft().result()
                if task is None:
                    break
                read.append(reader.submit(next, tasks, None))
                under_way.append(pool.submit(one, task))
                del task
                if len(under_way) > threads + 1:  # one waits, so that no thread does
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for waiting in read:
                waiting.cancel()
            for begun in under_way:
                begun.cancel()
            reader.submit(tasks.close).result()
