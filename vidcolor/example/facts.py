"""What the example film holds, said once: its shots, how they meet, and the pictures an artist has given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import TransitionKind

RATE = Rate(24000, 1001)
START = "01:00:00:00"
TAPE = "EXAMPLE1"
"""Reel name in the film's timecode track."""

Given = Literal["exact", "near", "free", "none"]


@dataclass(frozen=True, slots=True)
class ExampleShot:
    """One shot, its place, and what an artist gave for it."""

    scene: str
    frames: FrameRange
    entry: TransitionKind
    given: Given
    """`exact`: the frame's own pixels in colour. `near`: the same, some pixels off. `free`: another view."""
    pictures: tuple[str, ...] = ()
    """Names in the references folder."""
    transition: FrameRange | None = None
    """The frames of its entry: mixed with the shot before, or darkened."""

    @property
    def id(self) -> str:
        return f"r1-{self.frames.start:06d}"


SHOTS: tuple[ExampleShot, ...] = (
    ExampleShot("street", FrameRange(0, 60), "cut", "exact", ("000012.png", "000046.png")),
    ExampleShot("harbour", FrameRange(60, 116), "cut", "exact", ("000072.png", "000102.png")),
    ExampleShot("room", FrameRange(116, 170), "fade", "near", ("000142.png",), FrameRange(109, 123)),
    ExampleShot("hillside", FrameRange(170, 224), "dissolve", "free", ("hillside.png",), FrameRange(162, 178)),
    ExampleShot("clockwork", FrameRange(224, 264), "cut", "none"),
)
FRAME_COUNT = SHOTS[-1].frames.stop


@dataclass(frozen=True, slots=True)
class ExampleFacts:
    """Where everything is, and the truth about the film."""

    folder: Path
    frame_count: int = FRAME_COUNT
    rate: Rate = RATE
    shots: tuple[ExampleShot, ...] = SHOTS

    @property
    def film(self) -> Path:
        """The gray film: ProRes 422 HQ, sound, timecode."""
        return self.folder / "film.mov"

    @property
    def references(self) -> Path:
        """The folder of the artist's pictures."""
        return self.folder / "refs"

    @property
    def truth(self) -> Path:
        """The true colours: FFV1, 10-bit 4:4:4, frame by frame beside the film."""
        return self.folder / "truth" / "film_color.mkv"

    @property
    def shot_list(self) -> Path:
        """The true shots: shot, start, stop, entry, the frames of the entry, what was given; `--shots` takes it."""
        return self.folder / "truth" / "shots.csv"

    @property
    def readme(self) -> Path:
        return self.folder / "README.txt"

    @property
    def cuts(self) -> tuple[int, ...]:
        """First frames of the shots after the first."""
        return tuple(shot.frames.start for shot in self.shots[1:])

    @property
    def pictures(self) -> dict[str, Given]:
        """Every picture's name, and how it fits."""
        return {name: shot.given for shot in self.shots for name in shot.pictures}
