"""Lists of a film of several reels: what of one is this reel's, by the names that the list gives its sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vidcolor.shots.rows import Row, is_whole
from vidcolor.timeline import numbered
from vidcolor.types import Reel

SHORT = 8
"""Letters of a source's name in a CMX 3600 list"""


def own_run(names: Sequence[str], reel: Reel) -> slice:
    """The items of a list that are this reel's, where they stand together and others are not; else none.

    names  what the list calls the source of each item; empty for black
    """
    own = _names_of(reel)
    places = [at for at, name in enumerate(names) if _is_own(name, own)]
    if not places or len(places) == sum(map(bool, names)):
        return slice(0, 0)
    run = slice(places[0], places[-1] + 1)
    return run if all(not name or _is_own(name, own) for name in names[run]) else slice(0, 0)


def rows_of_reel(path: Path, rows: Sequence[Row], reel: Reel) -> tuple[list[Row], tuple[str, ...]]:
    """The rows, counted from the reel's start where they are those of several reels, and a note then.

    A transition from or to another reel becomes a cut: it is none of this reel's frames alone.
    """
    rows = sorted(rows, key=lambda row: row.start)
    if is_whole(rows, reel):
        return rows, ()
    run = rows[own_run([row.of for row in rows], reel)]
    moved = [_moved(row, run[0].start) for row in run]
    if not is_whole(moved, reel):
        return rows, ()
    if moved[0].kind == "dissolve":
        moved[0] = replace(moved[0], kind="cut", frames=None)
    if (leaves := moved[-1].leaves) and leaves[1] > reel.frame_count:
        moved[-1] = replace(moved[-1], leaves=None)
    return moved, (told(path, len(rows) - len(run)),)


def told(path: Path, others: int) -> str:
    return f"{path.name}: {others} of its clips are of other reels, and are left out"


def _moved(row: Row, start: int) -> Row:
    frames, leaves = (ends and (ends[0] - start, ends[1] - start) for ends in (row.frames, row.leaves))
    return replace(row, start=row.start - start, stop=row.stop - start, frames=frames, leaves=leaves)


def _names_of(reel: Reel) -> set[str]:
    """What a list may call the reel: its tape, its file, of numbered pictures their folder and what they share."""
    names = [reel.tape, reel.path.name, reel.path.stem]
    if (found := numbered(reel.path.stem)) and reel.path.suffix.lower() == f".{reel.codec}":
        names += [reel.path.parent.name, found[0]]
    return {plain for name in names if (plain := _plain(name))}


def _is_own(name: str, own: set[str]) -> bool:
    plain = _plain(name)
    return plain in own or (len(plain) == SHORT and any(other[:SHORT] == plain for other in own))


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.lower())
