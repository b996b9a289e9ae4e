"""What the work is likely to take, before it is measured: seconds by the film's size, its frames and keyframes.

Measured in November 2026 on two cores without a GPU (tools/figures.md); a machine that is slower or faster shows
itself as the work goes on, and only the proportions count then.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from vidcolor.settings import Settings
from vidcolor.state.plan import ShotPlan
from vidcolor.types import Reel, working_size

MEGA = 1e6
CORES = 2
"""Of the machine that all of it was measured on."""
SHOTS = (0.003, 0.010)
"""Seconds for a frame, and for each million of its pixels: here and below."""
EXPORT = (0.008, 0.032)
RENDER = (0.017, 0.014)
CARRY = 0.5
"""Seconds for each million pixels of chroma that is carried and blended, without networks."""
PROPAGATOR, KNOWS_THINGS = 0.055, 0.06
"""Seconds more for a frame where the networks are asked, and where one of them says what things are."""
CHOICE, USUAL = 1.0, 100
"""Seconds to choose a shot's keyframes, and frames of a usual shot."""
REGISTERED, COLORIZED = (0.2, 0.8), 2.5
"""Seconds to lay a picture onto its frame, and to colour a keyframe from other pictures."""
SHEET = 0.05
"""Seconds to draw a shot on a sheet."""
RAFT = 1.0
"""Seconds more for a frame where its flow is RAFT's."""
ENOUGH = 8
"""Frames after which they are as dear as was measured; one keyframe is enough."""


def _frame(cost: tuple[float, float], reel: Reel) -> float:
    return cost[0] + cost[1] * reel.size[0] * reel.size[1] / MEGA


def frame_seconds(reel: Reel, settings: Settings) -> float:
    """Seconds to render one frame of the film."""
    height, width = working_size(reel.size, settings.propagate.chroma_side)
    seconds = _frame(RENDER, reel) + CARRY * height * width / 4 / MEGA
    if settings.propagate.network == "shipped":
        seconds += PROPAGATOR + (KNOWS_THINGS if settings.propagate.things else 0.0)
    return seconds + (RAFT if settings.propagate.flow == "raft" else 0.0)


def colored_frames(planned: Sequence[ShotPlan]) -> int:
    """How many frames of the shots are coloured: a shot without keyframes stays gray, which costs next to nothing."""
    return sum(len(shot.reach) for shot in planned if shot.keyframes)


def keyframe_seconds(reel: Reel, planned: Sequence[ShotPlan]) -> float:
    """Seconds to make a keyframe, a mean over those of the shots."""
    keys = [key for shot in planned for key in shot.keyframes]
    seconds = sum(_frame(REGISTERED, reel) if key.reason == "person" else COLORIZED for key in keys)
    return seconds / len(keys) if keys else COLORIZED


def expected_of_plan(reel: Reel) -> dict[str, float]:
    """Seconds by stage of planning, in order."""
    return {"shots": reel.frame_count * _frame(SHOTS, reel), "keyframes": reel.frame_count / USUAL * CHOICE}


def expected_before_plan(reel: Reel, settings: Settings, *, delivers: bool) -> dict[str, float]:
    """Seconds by stage as long as the shots are not known: all of them are rendered then."""
    rendering = {"render": reel.frame_count * frame_seconds(reel, settings), "sheet": reel.frame_count / USUAL * SHEET}
    return {**expected_of_plan(reel), **rendering, **_export(reel, delivers)}


def expected(reel: Reel, settings: Settings, stale: Sequence[ShotPlan], *, delivers: bool) -> dict[str, float]:
    """Seconds by stage, in order, once it is known what is to be rendered."""
    frames = colored_frames(stale) * frame_seconds(reel, settings)
    keys = sum(len(shot.keyframes) for shot in stale) * keyframe_seconds(reel, stale)
    return {"render": frames + keys, "sheet": len(stale) * SHEET, **_export(reel, delivers)}


def _export(reel: Reel, delivers: bool) -> dict[str, float]:
    return {"export": reel.frame_count * _frame(EXPORT, reel)} if delivers else {}


@dataclass(slots=True)
class Tally:
    """Frames and keyframes done over all shots that render at once, told as one figure: in frames.

    A keyframe counts as many frames as it takes time: as expected first, then as measured.
    """

    frames: int
    """To be rendered in all"""
    keyframes: int
    keyframe_seconds: float
    frame_seconds: float
    done_frames: int = 0
    done_keyframes: int = 0
    _took: dict[str, tuple[int, float]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def add(self, frames: int = 0, keyframes: int = 0, seconds: float = 0.0) -> tuple[int, int]:
        """Counts what was done in so many seconds; (done, of how many)."""
        with self._guard:
            self.done_frames += frames
            self.done_keyframes += keyframes
            self._measure("frames", frames, seconds)
            self._measure("keyframes", keyframes, seconds)
            return self._figures()

    def skip(self, frames: int = 0, keyframes: int = 0) -> tuple[int, int]:
        """What an earlier run has done is no work any more; (done, of how many)."""
        with self._guard:
            self.frames -= frames
            self.keyframes -= keyframes
            return self._figures()

    def _measure(self, kind: str, count: int, seconds: float) -> None:
        if count:
            before = self._took.get(kind, (0, 0.0))
            self._took[kind] = (before[0] + count, before[1] + seconds)

    def _figures(self) -> tuple[int, int]:
        frame, key = self._mean("frames", ENOUGH), self._mean("keyframes", 1)
        if not frame or not key:  # measured on one machine or expected of another: never one of each
            frame, key = self.frame_seconds, self.keyframe_seconds
        weight = key / max(frame, 1e-6)
        done = self.done_frames + weight * self.done_keyframes
        return round(done), max(1, round(self.frames + weight * self.keyframes))

    def _mean(self, kind: str, least: int) -> float:
        count, seconds = self._took.get(kind, (0, 0.0))
        return seconds / count if count >= least else 0.0
