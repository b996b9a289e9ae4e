"""The rows of a shot list, checked and made into shots; and shots told apart for those who write lists.

Every refusal names the list, the place in it, and the remedy. Gaps, overlaps and lists that do not hold the whole
film are refused: a frame that no shot holds would be delivered without colour, unnoticed. Editing programs leave a gap
where their picture is black: such a gap is a shot, and told of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

from vidcolor.errors import InputError
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import Reel, Shot, Transition, TransitionKind

Item = TypeVar("Item")
LIST_RATES = tuple(
    Fraction(*pair) for pair in ((24, 1), (25, 1), (30, 1), (24000, 1001), (30000, 1001), (50, 1), (60, 1))
)
"""Rates at which a list may have been made that does not fit its film."""
MISCOUNTED = 2
"""Frames by which a list may miss the film's length without being at another rate"""
MOST_NAMED = 4
"""Things named of those that a list or a file holds"""
DEFAULT_REACH = {"dissolve": 6, "fade": 12}
"""Frames on each side of the boundary that a transition takes where a list does not say."""


@dataclass(frozen=True, slots=True)
class Row:
    """One shot as a list says it, unchecked. `frames` are those of the entry, None where the list does not tell."""

    place: str
    """Where it stands: `line 12`, `clip 3`."""
    start: int
    stop: int
    kind: TransitionKind = "cut"
    frames: tuple[int, int] | None = None
    leaves: tuple[int, int] | None = None
    """Frames in which it fades into nothing; of no account where another shot follows at once."""
    of: str = ""
    """What the list calls its source; empty where it does not say"""


class Placed(Protocol):
    """What takes frames somewhere in a list: a row, or an event that becomes one."""

    @property
    def place(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def stop(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list holds."""

    rows: list[Row]
    notes: tuple[str, ...] = ()
    """What a person should know: what of the list is none of the film's"""


def is_whole(rows: Sequence[Placed], reel: Reel) -> bool:
    """Whether they, in order, begin and end with the film."""
    return bool(rows) and rows[0].start == 0 and max(row.stop for row in rows) == reel.frame_count


def rows_of_film(
    path: Path,
    lists: Sequence[Item],
    read: Callable[[Item], list[Row]],
    name_of: Callable[[Item], str],
    what: str,
    reel: Reel,
) -> list[Row]:
    """The rows of the one list in a file; of several, of the one that is as long as the film.

    what    what such lists are called
    Refuses none, and several that may be the film, or none of them.
    """
    if len(lists) == 1:
        return read(lists[0])
    found = []
    for one in lists:
        with suppress(InputError):
            if is_whole(rows := read(one), reel):
                found.append(rows)
    if len(found) != 1:
        names = ", ".join(repr(name_of(one)[:40]) for one in lists[:MOST_NAMED])
        told = f" ({names}), {len(found) or 'none'} of them as long as the film" if lists else ""
        raise InputError(f"{path}: holds {len(lists) or 'no'} {what}{told}; export the one that is the film")
    return found[0]


def shots_of(path: Path, reel: Reel, rows: list[Row]) -> list[Shot]:
    """The reel's shots as the rows give them, in order of their frames. Refuses what the head of this file says."""
    if not rows:
        raise InputError(f"{path}: holds no shots; write one for each run of frames, the first from frame 0")
    rows = sorted(rows, key=lambda row: row.start)
    for row in rows:
        if not 0 <= row.start < row.stop:
            raise InputError(
                f"{path}: {row.place}: frames {row.start} to {row.stop}: start must be 0 or more and before stop"
            )
        if row.stop > reel.frame_count:
            raise InputError(
                f"{path}: {row.place}: stop {row.stop} is past the end; {reel.path.name} has {reel.frame_count} frames"
                f"{_would_fit(rows, reel)}"
            )
    _check_joins(path, reel, rows)
    rows = [_through_black(before, row) for before, row in zip([None, *rows[:-1]], rows, strict=True)]
    shots = []
    for at, row in enumerate(rows):
        entry = _entry(path, reel, rows, at)
        shots.append(Shot(reel.name, FrameRange(row.start, row.stop), entry))
    _check_transitions(path, rows, shots)
    shots[-1] = _ended(path, rows[-1], shots[-1])
    return shots


def _through_black(before: Row | None, row: Row) -> Row:
    """The row whose fade begins where the one before has faded out: both are one fade."""
    if before is None or before.leaves is None or row.frames is None or row.kind != "fade":
        return row
    start, stop = before.leaves
    return replace(row, frames=(start, row.frames[1])) if stop == row.frames[0] else row


def _ended(path: Path, row: Row, shot: Shot) -> Shot:
    """The film's last shot with the frames in which it fades out. Refuses some that are not its last ones."""
    start, stop = row.leaves or (0, 0)
    if row.leaves is None or (start == stop == row.stop):
        return shot
    ended = replace(shot, exit=FrameRange(start, stop)) if 0 <= start < stop else shot
    if ended == shot or not ended.may_end(last=True):
        first = shot.entry.frames.stop if shot.entry.frames else row.start
        raise InputError(
            f"{path}: {row.place}: the film fades out in frames {start} to {stop}, but its last shot has {first} to "
            f"{row.stop} for that; end the fade there, or shorten it"
        )
    return ended


def with_gaps(path: Path, rows: list[Row], reel: Reel) -> tuple[list[Row], tuple[str, ...]]:
    """The rows, and shots where the list of an editing program has nothing between them, as it has where it is black.

    Each is told of in a note. Nothing is filled where the rows do not begin and end with the film: it may be no list
    of it.
    """
    rows = sorted(rows, key=lambda row: row.start)
    if not is_whole(rows, reel):
        return rows, ()
    found, notes, stop, place, leaves = [], [], 0, "", None
    for row in rows:
        if row.start > stop:
            found.append(Row(f"behind {place}", stop, row.start, "fade" if leaves else "cut", leaves))
            notes.append(
                f"{path.name}: behind {place}: frames {stop} to {row.start} are in no clip: a shot, maybe black"
            )
        found.append(row)
        leaves = row.leaves if row.stop >= stop else None
        stop, place = max(stop, row.stop), row.place
    return found, tuple(notes)


def _would_fit(rows: list[Row], reel: Reel) -> str:
    """What else the list may be: one counted from elsewhere, or at another rate; empty if neither fits the film."""
    first, last = rows[0].start, max(row.stop for row in rows)
    if first and last - first == reel.frame_count:
        return f". All of it fits {_moved(first)}: it counts from another start"
    if part := part_that_fits(rows, reel):
        return part
    off = abs(last - reel.frame_count)
    for rate in LIST_RATES:
        if (
            rate != reel.rate.fraction
            and off > MISCOUNTED
            and abs(last * reel.rate.fraction / rate - reel.frame_count) <= 1
        ):
            return f". It is as long as the film at {Rate.of(rate)} frames a second: write it at the film's {reel.rate}"
    return ""


def _moved(frames: int) -> str:
    return f"{abs(frames)} frames {'earlier' if frames > 0 else 'later'}"


def part_that_fits(rows: Sequence[Placed], reel: Reel) -> str:
    """Rows on end that are as long as the film, in words, where there is one such run; the rest may be a leader."""
    stops = {row.stop: row for row in rows}
    runs = [(row, stops[row.start + reel.frame_count]) for row in rows if row.start + reel.frame_count in stops]
    if len(runs) != 1 or runs[0][0].start == 0:
        return ""
    first, last = runs[0]
    return (
        f". What {first.place} to {last.place} hold is as long as the film, and fits {_moved(first.start)}: keep these "
        "alone, counted from the film's start"
    )


def _check_joins(path: Path, reel: Reel, rows: list[Row]) -> None:
    """Refuses a list that leaves frames out or gives them twice."""
    if rows[0].start:
        raise InputError(
            f"{path}: {rows[0].place}: the first shot starts at {rows[0].start}, maybe behind a leader; one must start "
            f"at frame 0: add a shot for the frames before it{_would_fit(rows, reel)}"
        )
    for before, row in pairwise(rows):
        if row.start < before.stop:
            raise InputError(
                f"{path}: {row.place}: starts at {row.start}, but {before.place} goes on to {before.stop}; "
                "let each shot start where the one before stops"
            )
        if row.start > before.stop:
            raise InputError(
                f"{path}: {row.place}: no shot holds frames {before.stop} to {row.start}; "
                f"stop {before.place} at {row.start} or add a shot"
            )
    if rows[-1].stop != reel.frame_count:
        raise InputError(
            f"{path}: {rows[-1].place}: last shot stops at {rows[-1].stop}, but {reel.path.name} has "
            f"{reel.frame_count} frames; let it stop there{_would_fit(rows, reel)}"
        )


def _entry(path: Path, reel: Reel, rows: list[Row], at: int) -> Transition:
    """How the shot of row `at` begins. Refuses frames that do not touch its first frame or leave the film."""
    row = rows[at]
    if row.kind == "cut" or row.frames == (row.start, row.start):  # a transition of no frames is none
        return Transition()
    if at == 0 and row.kind == "dissolve":
        raise InputError(f"{path}: {row.place}: the first shot has nothing to dissolve from; make its entry a cut")
    if row.frames is None:
        reach = DEFAULT_REACH[row.kind]
        before = min(reach, (rows[at - 1].stop - rows[at - 1].start) // 2) if at else 0
        after = min(reach, max(1, (row.stop - row.start) // 2))
        return Transition(row.kind, FrameRange(row.start - before, row.start + after))
    start, stop = row.frames
    if not 0 <= start < stop <= reel.frame_count or not start <= row.start <= stop:
        raise InputError(
            f"{path}: {row.place}: {row.kind} of frames {start} to {stop} must lie in the film and touch frame "
            f"{row.start}, where the shot begins"
        )
    return Transition(row.kind, FrameRange(start, stop))


def _check_transitions(path: Path, rows: list[Row], shots: list[Shot]) -> None:
    """Refuses transitions that overlap one another or are longer than a shot: no frame can belong to three shots."""
    last = 0
    for before, row, shot in zip([None, *shots[:-1]], rows, shots, strict=True):
        if shot.entry.frames is None:
            continue
        if not shot.enters_from(before):
            first = before.frames.start if before else shot.frames.start
            raise InputError(
                f"{path}: {row.place}: {row.kind} of frames {shot.entry.frames.start} to {shot.entry.frames.stop} is "
                f"longer than a shot it joins; keep it between {first} and {shot.frames.stop}, where these two begin "
                "and end"
            )
        if shot.entry.frames.start < last:
            raise InputError(
                f"{path}: {row.place}: {row.kind} from frame {shot.entry.frames.start} overlaps the transition before "
                f"it, which goes on to frame {last}; shorten one of them"
            )
        last = shot.entry.frames.stop
