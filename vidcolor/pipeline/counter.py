"""Frames and keyframes done over all shots that render at once, told as one figure."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from vidcolor.pipeline.costs import Tally, colored_frames
from vidcolor.pipeline.plan import Progress
from vidcolor.state.plan import ShotPlan


@dataclass(slots=True)
class Counter:
    """Frames and keyframes done over all shots, told as one figure."""

    progress: Progress
    tally: Tally
    stopped: threading.Event = field(default_factory=threading.Event)

    def add(self, frames: int = 0, keyframes: int = 0, seconds: float = 0.0) -> None:
        """Done in so many seconds."""
        self.progress("render", *self.tally.add(frames, keyframes, seconds))

    @contextmanager
    def keyframe(self) -> Iterator[None]:
        """Counts the keyframe that is made within the block."""
        began = time.monotonic()
        yield
        self.add(keyframes=1, seconds=time.monotonic() - began)

    def skip(self, frames: int = 0, keyframes: int = 0) -> None:
        """Done by an earlier run."""
        self.progress("render", *self.tally.skip(frames, keyframes))

    def skip_shot(self, planned: ShotPlan) -> None:
        """The whole shot is done already."""
        self.skip(frames=colored_frames([planned]), keyframes=len(planned.carried))
