"""Frame numbers, rates and timecode: pure arithmetic.

- Frames are counted from 0 at the reel's head; ranges are half-open.
- A rate is an exact fraction; 24000/1001 is never 23.976.
- Timecode is a label for people and edit lists; nothing is computed with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from vidcolor.errors import InputError

TIMECODE = re.compile(r"(\d{2})[:\-](\d{2})[:\-](\d{2})([:;\-.])(\d{2,3})")
DROP_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))
HOURS_A_DAY = 24
NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)


def numbered(stem: str) -> tuple[str, int, str] | None:
    """(before, number, behind) of the name of a picture in a sequence: its number is the last run of digits."""
    match = NUMBERED.fullmatch(stem)
    return (match[1], int(match[2]), match[3]) if match else None


@dataclass(frozen=True, slots=True)
class Rate:
    """Frames a second, exact. Refuses rates that are not positive."""

    numerator: int
    denominator: int = 1

    def __post_init__(self) -> None:
        if self.numerator <= 0 or self.denominator <= 0:
            raise InputError(f"frame rate {self.numerator}/{self.denominator}: must be above zero")

    @classmethod
    def of(cls, value: Fraction) -> Rate:
        return cls(value.numerator, value.denominator)

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)

    @property
    def base(self) -> int:
        """Frame labels in one second of timecode: 24 for 24000/1001."""
        return max(1, round(self.fraction))

    @property
    def can_drop(self) -> bool:
        return self.fraction in DROP_RATES

    def seconds(self, frames: int) -> float:
        return float(frames / self.fraction)

    def timecode(self, label: int, *, drop: bool = False) -> str:
        """Timecode of the label-th frame since midnight; `;` before the frames where labels are dropped."""
        base = self.base
        if drop:
            dropped = base // 15
            ten_minutes, minute = base * 600 - 9 * dropped, base * 60 - dropped
            tens, rest = divmod(label, ten_minutes)
            label += 9 * dropped * tens
            if rest >= dropped:
                label += dropped * ((rest - dropped) // minute)
        label %= base * 3600 * HOURS_A_DAY
        seconds, frames = divmod(label, base)
        mark = ";" if drop else ":"
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{frames:02d}"

    def __str__(self) -> str:
        return str(self.numerator) if self.denominator == 1 else f"{self.numerator}/{self.denominator}"


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Frames `start` to `stop`, `stop` not included. Refuses an empty or negative range."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise InputError(f"frames {self.start} to {self.stop}: start must be 0 or more and before stop")

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop))

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self.start <= frame < self.stop

    def overlap(self, other: FrameRange) -> int:
        """How many frames both ranges hold."""
        return max(0, min(self.stop, other.stop) - max(self.start, other.start))

    def moved(self, frames: int) -> FrameRange:
        """The range so many frames later."""
        return FrameRange(self.start + frames, self.stop + frames)


def runs_of(frames: Iterable[int]) -> list[tuple[int, int]]:
    """(first, last) of each run of following numbers."""
    runs: list[tuple[int, int]] = []
    for frame in sorted(frames):
        follows = bool(runs) and frame == runs[-1][1] + 1
        first = runs.pop()[0] if follows else frame
        runs.append((first, frame))
    return runs


def ranges(frames: Iterable[int]) -> list[str]:
    """`3-9`, `12`: runs of following numbers."""
    return [str(first) if first == last else f"{first}-{last}" for first, last in runs_of(frames)]


def parse_timecode(text: str, rate: Rate) -> int:
    """Frame label since midnight of `01:00:05:09`, `01-00-05-09` or drop-frame `01:00:05;09`.

    Refuses text of another form, and labels that no clock shows.
    """
    match = TIMECODE.fullmatch(text.strip())
    if not match:
        raise InputError(f"timecode {text!r}: write HH:MM:SS:FF")
    hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
    if hours >= HOURS_A_DAY or minutes >= 60 or seconds >= 60 or frames >= rate.base:
        raise InputError(f"timecode {text!r}: no such time at {rate} frames a second")
    label = (hours * 3600 + minutes * 60 + seconds) * rate.base + frames
    if match[4] == ";":
        if not rate.can_drop:
            raise InputError(f"timecode {text!r}: drop-frame labels exist only at 30000/1001 and 60000/1001")
        dropped, minute = rate.base // 15, hours * 60 + minutes
        if frames < dropped and seconds == 0 and minutes % 10:
            raise InputError(f"timecode {text!r}: this label is dropped; write the next one")
        label -= dropped * (minute - minute // 10)
    return label
