"""Two versions of a shot side by side: how far their colours differ, where, and a picture of both.

Compared as they are stored, at chroma size. Both lie under the same luma, so CIEDE2000 is of chroma alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy import ndarray as Array

from vidcolor.color import delta_e
from vidcolor.errors import ProjectError
from vidcolor.media.read import Clip
from vidcolor.media.store import ChromaReader
from vidcolor.project.fingerprint import changes
from vidcolor.project.versions import CHROMA, Version
from vidcolor.review.draw import LINE_HEIGHT, SOFT, Canvas, write_page
from vidcolor.state.film import Film
from vidcolor.state.made_of import describe
from vidcolor.timeline import FrameRange
from vidcolor.view import LARGEST_ERROR, error_heat, fitted, shown

COLUMNS, WIDTH, MARGIN, GAP = 8, 1920, 16, 6
BIN, MOST = 0.02, 200.0
"""Width of the bins that CIEDE2000 is counted in, and the end of the last."""
SHARE = 0.95
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """How two versions of a shot differ."""

    first: Version
    second: Version
    frames: FrameRange
    size: tuple[int, int]
    """(height, width) of the chroma"""
    mean: float
    """CIEDE2000 over all samples of all frames"""
    high: float
    """What 95 % of the samples are below"""
    changed: float
    """Share of the samples whose colour is another, 0..1"""
    by_frame: tuple[float, ...]
    """Mean CIEDE2000 of each frame"""
    changed_frames: tuple[int, ...]
    made_of: tuple[str, ...] = field(default=())
    """What differs in what they were made of, a line each"""

    @property
    def worst(self) -> int:
        """The frame that differs most."""
        return self.frames.start + int(np.argmax(self.by_frame))


def difference(first: Version, second: Version, progress: Progress) -> Difference:
    """How the second version differs from the first. Refuses versions of other frames or sizes, and damaged ones."""
    frames = _frames_of(first)
    if frames != _frames_of(second):
        raise ProjectError(
            f"{first.shot_id}: {first.name} and {second.name} hold other frames, as the shot's ends were moved between "
            "them; compare versions of the same frames"
        )
    counts = np.zeros(round(MOST / BIN), np.int64)
    means: list[float] = []
    changed_frames: list[int] = []
    total, changed, size = 0.0, 0, (0, 0)
    for frame, one, other in _both(first, second, frames):
        if len(means) % 10 == 0:
            progress("diff", len(means), len(frames))
        if one.shape != other.shape:
            raise ProjectError(
                f"{first.shot_id}: {first.name} and {second.name} are of different sizes (propagate.chroma_side); "
                "compare versions of one size"
            )
        size = (one.shape[1], one.shape[2])
        errors = errors_of(one, other)
        off = (one != other).any(0)
        counts += np.histogram(errors, len(counts), (0, MOST))[0]
        means.append(float(errors.mean()))
        total += means[-1]
        changed += int(off.sum())
        if off.any():
            changed_frames.append(frame)
    progress("diff", len(frames), len(frames))
    many = len(frames) * size[0] * size[1]
    high = 0.0 if changed <= (1 - SHARE) * many else float((np.searchsorted(np.cumsum(counts), SHARE * many) + 1) * BIN)
    lines = tuple(describe(*change) for change in changes(first.ingredients, second.ingredients))
    return Difference(
        first,
        second,
        frames,
        size,
        total / len(frames),
        round(high, 2),
        changed / many,
        tuple(means),
        tuple(changed_frames),
        lines,
    )


def errors_of(one: Array, other: Array) -> Array:
    """(h, w) CIEDE2000 of two frames' a*b* under the same light; computed where they differ."""
    errors = np.zeros(one.shape[1:], np.float32)
    off = (one != other).any(0)
    if off.any():
        light = np.full((1, int(off.sum())), 50.0)
        errors[off] = delta_e(np.concatenate([light, one[:, off]]), np.concatenate([light, other[:, off]]))
    return errors


def _frames_of(version: Version) -> FrameRange:
    """The frames that a version holds, as its ingredients say."""
    found = re.fullmatch(r"(\d{1,9})-(\d{1,9})", str(version.ingredients.get("frames", "")))
    if not found:
        raise ProjectError(f"{version.path}: its frames are not known; delete it and render again")
    return FrameRange(int(found[1]), int(found[2]))


def _both(first: Version, second: Version, frames: Sequence[int] | FrameRange) -> Iterator[tuple[int, Array, Array]]:
    """(frame, a*b* of the first, a*b* of the second), in order."""
    start = _frames_of(first).start
    with ChromaReader(first.checked(CHROMA), start) as one, ChromaReader(second.checked(CHROMA), start) as other:
        if isinstance(frames, FrameRange):
            for before, after in zip(one, other, strict=True):
                yield before.index, before.chroma, after.chroma
        else:
            for frame in frames:
                yield frame, one.read(frame).chroma, other.read(frame).chroma


def write_difference(film: Film, found: Difference, path: Path) -> None:
    """A picture of both: frames that differ most, in order of time; the first version above, the second, the error."""
    best = sorted(found.frames, key=lambda frame: -found.by_frame[frame - found.frames.start])
    wanted = sorted(_apart(best, max(1, len(found.frames) // (2 * COLUMNS))))
    width = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
    height = max(1, round(width * found.size[0] / found.size[1]))
    page = Canvas(WIDTH, 3 * LINE_HEIGHT + 3 * (height + GAP) + LINE_HEIGHT + MARGIN)
    page.say(
        f"{found.first.shot_id}: {found.first.name} above, {found.second.name}, and CIEDE2000 from 0, black, to "
        f"{LARGEST_ERROR:g}, pale; mean {found.mean:.2f}, 95 % below {found.high:.1f}, {100 * found.changed:.1f} % of "
        "samples changed",
        MARGIN,
        10,
    )
    clip = Clip(film.plan.reel, size=found.size)
    with closing(clip):
        for column, (frame, one, other) in enumerate(_both(found.first, found.second, wanted)):
            lightness, x = clip[frame].lightness, MARGIN + column * (width + GAP)
            rows = (shown(lightness, one), shown(lightness, other), error_heat(errors_of(one, other)))
            for row, picture in enumerate(rows):
                page.put(fitted(picture, width), x, 2 * LINE_HEIGHT + row * (height + GAP))
            told = f"{frame}  mean {found.by_frame[frame - found.frames.start]:.2f}"
            page.say(told, x, 2 * LINE_HEIGHT + 3 * (height + GAP), SOFT)
    write_page(path, page.image)


def _apart(frames: Sequence[int], least: int) -> list[int]:
    """The first of `frames` that lie apart from each other, as many as there is room for."""
    found: list[int] = []
    for frame in frames:
        if len(found) < COLUMNS and all(abs(frame - other) >= least for other in found):
            found.append(frame)
    return found
