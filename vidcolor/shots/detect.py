"""Stage 1: a reel into shots.

Frames are measured once, in order, small (`measure.py`); then fades are found, then cuts outside the fades, then
dissolves between those (`transitions.py`). A cut is a jump that no small motion, gain or flash explains and that
stands above the changes around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.settings import ShotSettings
from vidcolor.shots.measure import Measures, measure, measuring_size
from vidcolor.shots.transitions import Found, find_dissolves, find_fades
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame, Reel, Shot, Transition

__all__ = ["DETECTORS", "find_shots", "measuring_size"]

NEIGHBOURS = 4
"""Changes on each side that a cut is compared with. One of them may be large for a reason of its own: another cut."""


def find_shots(
    reel: Reel,
    frames: Sequence[Frame],
    settings: ShotSettings,
    progress: Callable[[int], None] | None = None,
) -> list[Shot]:
    """The shots of the reel, in order; together they hold every frame once.

    frames    all frames of the reel, read once in order; best at `measuring_size`, larger ones are reduced
    progress  called with the number of frames read so far
    The boundary of a dissolve is its middle, of a fade the middle of its darkest (or whitest) run; the entry of the
    later shot holds the frames of the transition, and the exit of the last those in which the film fades out. Refuses
    frames that are not as many as the reel's.
    """
    if len(frames) != reel.frame_count or reel.frame_count < 1:
        raise InputError(
            f"{reel.path}: {len(frames)} frames came for a reel of {reel.frame_count}; the film must be read whole"
        )
    measures = measure(frames, settings.side, settings.odd_frames, progress)
    if len(measures) != reel.frame_count:
        raise InputError(
            f"{reel.path}: reading ended at frame {len(measures)} of {reel.frame_count}; the file may be cut short"
        )
    entries, end = DETECTORS[settings.detector](measures, settings)
    starts = sorted(entries)
    shots = [
        Shot(reel.name, FrameRange(start, stop), entries[start])
        for start, stop in zip(starts, [*starts[1:], reel.frame_count], strict=True)
    ]
    return [*shots[:-1], replace(shots[-1], exit=end)]


def _find_all(measures: Measures, settings: ShotSettings) -> Ends:
    """First frame of every shot and how it begins: cuts, dissolves and fades; and the frames in which the film ends."""
    count = len(measures)
    fades = find_fades(measures, settings.fade, settings.longest)
    cuts = [
        t for t in find_cuts(measures, settings.cut, settings.odd_frames) if not any(_inside(fade, t) for fade in fades)
    ]
    entries = {0: Transition()} | {t: Transition() for t in cuts}
    for run in _runs(count, cuts, fades):
        for found in find_dissolves(measures, run, settings.dissolve, settings.longest):
            entries[found.boundary] = Transition("dissolve", found.frames)
    for fade in fades:
        if fade.frames.stop < count:
            entries[fade.boundary] = Transition("fade", fade.frames)
    ends = [fade.frames for fade in fades if fade.frames.start > max(entries) and fade.frames.stop == count]
    return entries, next(iter(ends), None)


def _find_cuts_only(measures: Measures, settings: ShotSettings) -> Ends:
    """The same with nothing but cuts: a dissolve or fade stays inside a shot."""
    return {t: Transition() for t in [0, *find_cuts(measures, settings.cut, settings.odd_frames)]}, None


Ends = tuple[dict[int, Transition], FrameRange | None]
DETECTORS: dict[str, Callable[[Measures, ShotSettings], Ends]] = {
    "all": _find_all,
    "cuts": _find_cuts_only,
}
"""Detectors by the name that `shots.detector` gives them."""


def find_cuts(measures: Measures, threshold: float, odd: int) -> list[int]:
    """First frame of every shot that begins with a cut, frame 0 left out; never two within `odd` frames."""
    cuts: dict[int, float] = {}
    for t in np.flatnonzero(measures.jump > 0).tolist():
        around = max(_second(measures.change[max(1, t - NEIGHBOURS) : t]), _second(measures.change[t + 1 :]))
        rise = (float(measures.jump[t]) - around) / (1.0 - around)
        if rise > threshold:
            cuts[t] = rise
    strongest = sorted(cuts, key=lambda t: (-cuts[t], t))
    kept: list[int] = []
    for t in strongest:
        if all(abs(t - other) > odd for other in kept):
            kept.append(t)
    return sorted(kept)


def _second(changes: Array) -> float:
    """The second largest of the nearest changes; 0 where there are fewer than two."""
    near = np.sort(changes[:NEIGHBOURS])
    return float(near[-2]) if len(near) > 1 else 0.0


def _inside(fade: Found, t: int) -> bool:
    return fade.frames.start <= t <= fade.frames.stop


def _runs(count: int, cuts: list[int], fades: list[Found]) -> list[FrameRange]:
    """The film's frames between cuts, fades left out."""
    starts = sorted([0, *cuts, *(fade.frames.stop for fade in fades)])
    stops = sorted([count, *cuts, *(fade.frames.start for fade in fades)])
    return [FrameRange(a, b) for a, b in zip(starts, stops, strict=True) if a < b]
