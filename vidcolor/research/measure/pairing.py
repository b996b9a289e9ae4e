"""Two films laid beside each other by frame number: which frames both have, and the pictures of those.

- Two pictures are one pair. A picture against a film or folder is the frame that its name says.
- Two films must be equally long: a film that lost a frame somewhere would be compared with its neighbours.
- Of folders, the numbers that both have are measured; what was left out is said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from vidcolor import timeline
from vidcolor.errors import InputError, MediaError
from vidcolor.media.pictures import ColorClip, ColorPicture, open_colors
from vidcolor.research.measure.measurement import Side
from vidcolor.research.metrics.image import SMALLEST
from vidcolor.settings import ReelSettings

NUMBER = re.compile(r"(?:.*[^0-9])?([0-9]{1,12})[^0-9]*", re.DOTALL)
"""The last number of a picture's name."""
RANGES_NAMED = 6
READING = ReelSettings(interlaced="carry", variable_rate="conform")
"""Films are compared picture by picture, whatever their fields; of a variable rate, as `run` conforms it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A clip whose frames may go by other numbers than its own: a single picture's is in its name."""

    clip: ColorClip
    alone: int | None = None
    """The number of the only frame; None for the clip's own numbers."""

    @property
    def frames(self) -> Sequence[int]:
        return self.clip.frames if self.alone is None else (self.alone,)

    def read(self, frames: Sequence[int]) -> Generator[ColorPicture, None, None]:
        """The pictures of `frames`, in order; read as they are asked for."""
        own = frames if self.alone is None else self.clip.frames
        with closing(self.clip.read(own)) as pictures:
            for _, picture in pictures:
                yield picture

    def picture(self, frame: int) -> ColorPicture:
        return self.clip[frame if self.alone is None else self.clip.frames[0]]


@dataclass(frozen=True, slots=True)
class Pair:
    """A result and its truth, frame by frame."""

    result: Placed
    truth: Placed
    frames: Sequence[int]
    """Numbers that both have, rising."""

    @property
    def size(self) -> tuple[int, int]:
        return self.truth.clip.size

    def sides(self) -> tuple[Side, Side]:
        """(result, truth) as they were given, and what of them is not measured."""
        common = self.frames if isinstance(self.frames, range) else frozenset(self.frames)
        result, truth = (
            Side(p.clip.path, p.clip.name, len(p.frames), tuple(f for f in p.frames if f not in common))
            for p in (self.result, self.truth)
        )
        return result, truth

    def read(self) -> Generator[tuple[int, ColorPicture, ColorPicture], None, None]:
        """(frame, result, truth) in order; both are decoded side by side, a frame at a time."""
        with closing(self.result.read(self.frames)) as results, closing(self.truth.read(self.frames)) as truths:
            yield from zip(self.frames, results, truths, strict=True)


def open_pair(result: Path, truth: Path) -> Pair:
    """Both films opened and aligned. Refuses different sizes, films of different length, and nothing in common."""
    first, second = _placed(open_colors(result, READING), open_colors(truth, READING))
    _check_sizes(first.clip, second.clip)
    return Pair(first, second, _common(first, second))


def _placed(result: ColorClip, truth: ColorClip) -> tuple[Placed, Placed]:
    if (result.name == "picture") == (truth.name == "picture"):
        return Placed(result), Placed(truth)
    if result.name == "picture":
        return Placed(result, _number_of(result.path, truth)), Placed(truth)
    return Placed(result), Placed(truth, _number_of(truth.path, result))


def _number_of(picture: Path, other: ColorClip) -> int:
    match = NUMBER.fullmatch(picture.stem)
    if match is None:
        raise InputError(
            f"{picture}: its name does not say which frame of {other.path} it is; name it by its frame, as "
            f"000134{picture.suffix}"
        )
    return int(match[1])


def _check_sizes(result: ColorClip, truth: ColorClip) -> None:
    (height, width), (true_height, true_width) = result.size, truth.size
    if result.size == truth.size:
        if min(truth.size) < SMALLEST:
            raise MediaError(f"{truth.path}: {width}x{height} pixels; figures need sides of {SMALLEST} at least")
        return
    turned = " (one of them is turned by 90 degrees)" if result.size == truth.size[::-1] else ""
    raise MediaError(
        f"{result.path}: {width}x{height} pixels, but {truth.path} has {true_width}x{true_height}{turned}; pixels are "
        f"compared one by one: deliver the result at the truth's size, or scale the truth to {width}x{height} first"
    )


def _common(result: Placed, truth: Placed) -> Sequence[int]:
    if result.clip.name == truth.clip.name == "film" and len(result.frames) != len(truth.frames):
        raise MediaError(
            f"{result.clip.path}: {len(result.frames)} frames, but {truth.clip.path} has {len(truth.frames)}; frames "
            "are compared by number: cut both to the same frames, or give folders of numbered pictures"
        )
    if list(result.frames) == list(truth.frames):
        return truth.frames
    true = set(truth.frames)
    common = tuple(frame for frame in result.frames if frame in true)
    if not common:
        raise MediaError(
            f"{result.clip.path}: frames {ranges(result.frames)}; {truth.clip.path}: frames {ranges(truth.frames)}; "
            "no number in common, so nothing can be compared: renumber one of them (frames count from 0)"
        )
    return common


def pairing_notes(pair: Pair) -> list[str]:
    """A sentence for each side with frames that the other has not; where numbers look shifted; where rates differ."""
    result, truth = pair.sides()
    notes = [
        f"{side.path}: {len(side.left_out)} of its {side.frames} frames left out ({ranges(side.left_out)}): "
        f"{other.path} does not have them"
        for side, other in ((result, truth), (truth, result))
        if side.left_out and other.kind != "picture"
    ]
    if len(notes) == 2 and result.frames == truth.frames:
        notes.append("both have the same number of frames under other numbers: if they are the same, renumber one")
    rates = [placed.clip.rate for placed in (pair.result, pair.truth)]
    if None not in rates and rates[0] != rates[1]:
        notes.append(f"{rates[0]} frames a second against {rates[1]}: frames are compared by number all the same")
    return notes


def ranges(frames: Collection[int]) -> str:
    """`3-9, 12 and 2 more`: runs of following numbers, the first few."""
    rest = sum(last - first + 1 for first, last in timeline.runs_of(frames)[RANGES_NAMED:])
    return ", ".join(timeline.ranges(frames)[:RANGES_NAMED]) + (f" and {rest} more" if rest else "")
