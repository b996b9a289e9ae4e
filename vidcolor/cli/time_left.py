"""How much time is left: one estimate over all stages, each weighed by what it costs.

What a stage is likely to cost is told beforehand (pipeline/costs.py). As the work goes on its measured cost takes the
place of that, and what is still to come is scaled by how much slower or faster the machine has been so far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

FIRM = 0.1
"""Share of a stage after which its measured cost counts as much as what was expected of it."""
WARM = 0.5
"""Seconds of expected work after which the machine's measured speed counts as much as the usual one."""
Clock = Callable[[], float]


@dataclass(slots=True)
class Stage:
    """One stage of the work."""

    expected: float | None = None
    """Seconds it is likely to take; None: nobody knows"""
    share: float = 0.0
    """How much of it is done, 0 to 1"""
    took: float = 0.0
    """Seconds it has taken so far"""
    begun: bool = False


class TimeLeft:
    """Estimates the time left from what is told: what stages are likely to cost, and how far they are."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stages: dict[str, Stage] = {}
        self._now = ""
        self._told_at = clock()

    def expect(self, seconds: Mapping[str, float]) -> None:
        """What the stages are likely to take, in their order. A stage under way keeps what was measured of it."""
        past = {name: stage for name, stage in self._stages.items() if name not in seconds and stage.took > 0}
        for stage in past.values():
            stage.share = 1.0
        coming = {name: self._stages.get(name, Stage()) for name in seconds}
        for name, stage in coming.items():
            stage.expected = seconds[name]
        self._stages = {**past, **coming}

    def told(self, stage: str, done: float, total: float) -> None:
        """`done` of `total` of a stage is done. Stages that come before it are over."""
        now = self._clock()
        under_way = self._stages.get(stage)
        if under_way is None or not under_way.begun:
            under_way = self._begin(stage)
        else:
            under_way.took += now - self._told_at
        under_way.share = done / total if total else 1.0
        self._now, self._told_at = stage, now

    def _begin(self, stage: str) -> Stage:
        if stage in self._stages:
            for name in self._stages:
                if name == stage:
                    break
                self._stages[name].share = 1.0
        under_way = self._stages.setdefault(stage, Stage())
        under_way.begun = True
        return under_way

    def share(self) -> float:
        """How much of the stage under way is done, 0 to 1."""
        return self._stages[self._now].share if self._now else 0.0

    def seconds(self) -> float | None:
        """Seconds until all stages are done; None as long as nothing is known of one of them."""
        left = 0.0
        for name, stage in self._stages.items():
            if stage.share >= 1:
                continue
            cost = self._cost(stage)
            if cost is None:
                return None
            rest = cost * (1 - stage.share)
            since = self._clock() - self._told_at if name == self._now else 0.0
            left += max(rest - since, rest / 10)  # nothing has been told since; it is not over, though
        return left

    def _cost(self, stage: Stage) -> float | None:
        """Seconds that all of a stage takes."""
        if stage.expected is None:
            return stage.took / stage.share if stage.share > 0 and stage.took > 0 else None
        return (stage.expected * self._slowness() * FIRM + stage.took) / (FIRM + stage.share)

    def _slowness(self) -> float:
        """Seconds measured for each second expected, of all that is done."""
        took = expected = WARM
        for stage in self._stages.values():
            if stage.expected is not None and stage.took > 0:
                took += stage.took
                expected += stage.expected * stage.share
        return took / expected


def in_words(seconds: float) -> str:
    """`40 s`, `12 min`, `2 h 10 min`: no more exact than an estimate is."""
    if seconds < 55:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    minutes = 5 * round(minutes / 5)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
