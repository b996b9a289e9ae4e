"""Black bars around the picture (letterbox, pillarbox): found in some of a film's frames, steady over runs of shots.

- One frame tells of bars where its picture ends in straight edges, on both sides alike, with nothing but black beyond:
  night scenes and titles have dark borders too, but no such edges, and a black leader or a fade tells nothing.
- What several frames tell of is a candidate. A shot has the largest bars that its own light leaves alone; one too
  dark to tell has those of the shots beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import SettingsError
from vidcolor.timeline import FrameRange
from vidcolor.types import Bars, Shot

DARK = 116
"""Luma code up to which a pixel is black: 6 % above it, more than a codec's noise at the bars' edges."""
SPECKS = 0.005
"""Share of a bar's row that may be lighter."""
STRAIGHT, WITHIN = 0.5, 3
"""Share of an edge behind which the picture begins within so many rows."""
LEAST = 0.01
"""Share of the film's height or width from which black is a bar, and not a scan's blanking."""
ASKEW = 0.02
"""Likewise, by which bars facing each other may differ."""
SAME = 3
"""Pixels by which the bars of one film may differ from frame to frame: codecs blur their edges."""
FEWEST, PART = 2, 0.125
"""Frames, and share of those that show their edges, that must agree on bars."""
LIGHT = 8.0
"""L* of a small frame up to which it is black."""
CROSSED, SUBTITLED = 0.01, 0.1
"""Share of two bars facing each other, and of one alone (which may hold subtitles), that may be lighter."""
Sides = tuple[int, int, int, int]
"""Top, bottom, left, right"""
NONE: Sides = (0, 0, 0, 0)


def asked_bars(text: str, size: tuple[int, int], frame_count: int) -> tuple[Bars, ...] | None:
    """The bars that `reel.bars` asks for, in every frame of a film of `size`; None where they are to be found.

    Refuses what is no such text, and bars that leave no picture.
    """
    if text == "auto":
        return None
    if text == "none":
        return ()
    found = re.fullmatch(r"(\d{1,5}) (\d{1,5}) (\d{1,5}) (\d{1,5})", text.strip())
    if found is None:
        raise SettingsError(
            f'reel.bars: {text!r:.40}; write auto, none or "TOP BOTTOM LEFT RIGHT", as in "140 140 0 0"'
        )
    top, bottom, left, right = map(int, found.groups())
    if top + bottom >= size[0] or left + right >= size[1]:
        raise SettingsError(f"reel.bars: {text} leaves no picture in a film of {size[1]}x{size[0]}; give smaller bars")
    bars = Bars(FrameRange(0, frame_count), top, bottom, left, right)
    return (bars,) if any((top, bottom, left, right)) else ()


def told_by(lit: Array) -> Sides | None:
    """The bars of one frame: none where its picture fills it; None where it does not tell.

    lit  (H, W) bool: where the frame's luma passes `DARK`
    """
    rows, columns = (_dark_ends(lit.mean(axis=axis)) for axis in (1, 0))
    if rows is None or columns is None:
        return None
    inside = lit[rows[0] : len(lit) - rows[1], columns[0] : lit.shape[1] - columns[1]]
    above = _facing(rows, inside, len(lit))
    beside = _facing(columns, inside.T, lit.shape[1])
    if above is None or beside is None:  # a dark side says nothing against bars the other way
        return (*(above or (0, 0)), *(beside or (0, 0))) if any(above or ()) or any(beside or ()) else None
    return (*above, *beside)


def _dark_ends(shares: Array) -> tuple[int, int] | None:
    """Rows before the first and behind the last that is lit; None where none is."""
    lit = np.flatnonzero(shares > SPECKS)
    return (int(lit[0]), len(shares) - 1 - int(lit[-1])) if len(lit) else None


def _facing(ends: tuple[int, int], inside: Array, length: int) -> tuple[int, int] | None:
    """Two bars of `length` that face each other around lit rows (h, w); (0, 0) for none; None where it is not told."""
    if max(ends) < LEAST * length:
        return (0, 0)
    edges = [rows.any(axis=0).mean() >= STRAIGHT for rows in (inside[:WITHIN], inside[-WITHIN:])]
    alike = abs(ends[0] - ends[1]) <= max(SAME, ASKEW * length)
    return ends if min(ends) >= LEAST * length and alike and all(edges) else None


def candidates(told: Iterable[Sides | None]) -> list[Sides]:
    """The bars that several frames agree on, the largest first."""
    known = [sides for sides in told if sides is not None]
    groups: list[list[Sides]] = []
    for sides in known:
        if sides == NONE:
            continue
        near = (g for g in groups if all(abs(a - b) <= SAME for a, b in zip(g[0], sides, strict=True)))
        group = next(near, None)
        if group is None:
            groups.append([sides])
        else:
            group.append(sides)
    agreed = [group for group in groups if len(group) >= max(FEWEST, PART * len(known))]
    return sorted((_least(group) for group in agreed), key=sum, reverse=True)


def _least(group: Iterable[Sides]) -> Sides:
    """The bars that all of a group have."""
    top, bottom, left, right = (min(side) for side in zip(*group, strict=True))
    return top, bottom, left, right


def bars_of_shots(
    shots: Sequence[Shot], looks: Mapping[str, Sequence[Array]], found: Sequence[Sides], size: tuple[int, int]
) -> tuple[Bars, ...]:
    """The bars of every run of shots that has some.

    looks  by the shot's id, some of its frames, small, (h, w) L*
    found  `candidates`
    size   (height, width) of the film
    """
    sides = list(_settled([_sides_of(looks[shot.id], found, size) for shot in shots], found, size))
    runs = [(shot.frames, own) for shot, own in zip(shots, sides, strict=True)]
    mixed = []
    for place, (shot, before, own) in enumerate(zip(shots[1:], sides, sides[1:], strict=False), 1):
        run = shot.entry.frames
        if shot.entry.kind == "dissolve" and run is not None and before != own:
            runs[place - 1] = (FrameRange(runs[place - 1][0].start, run.start), before)
            runs[place] = (FrameRange(run.stop, shot.frames.stop), own)
            mixed.append((run, _least([before, own])))
    joined = groupby(sorted([*runs, *mixed], key=lambda r: r[0].start), key=lambda r: r[1])
    whole = ((list(group), own) for own, group in joined)
    return tuple(Bars(FrameRange(g[0][0].start, g[-1][0].stop), *own) for g, own in whole if any(own))


def _sides_of(
    looks: Sequence[Array], found: Sequence[Sides], size: tuple[int, int]
) -> tuple[Sides | None, list[Sides]]:
    """The bars that a shot's frames show, None where they do not tell; and those of `found` that its light leaves."""
    lit = np.any([look > LIGHT for look in looks], axis=0)
    left_alone = [sides for sides in found if not _crossed(lit, sides, size)]
    if not left_alone:
        return NONE, []
    return next((sides for sides in left_alone if _edged(lit, sides, size)), None), left_alone


def _settled(
    shown: Sequence[tuple[Sides | None, list[Sides]]], found: Sequence[Sides], size: tuple[int, int]
) -> Iterator[Sides]:
    """Those of each shot; of one that does not tell, those of the nearest before it that tells, else behind it."""
    before: Sides | None = None
    for place, (own, left_alone) in enumerate(shown):
        behind = (sides for sides, _ in shown[place:] if sides is not None)
        near = own if own is not None else before if before is not None else next(behind, NONE)
        before = own if own is not None else before
        yield near if near == NONE or near in left_alone else NONE


def _crossed(lit: Array, sides: Sides, size: tuple[int, int]) -> bool:
    """Whether light lies where the bars would be."""
    for first, second in _pairs(lit, sides, size):
        shares = [float(bar.mean()) if bar.size else 0.0 for bar in (first, second)]
        if max(shares) > SUBTITLED or min(shares) > CROSSED:
            return True
    return False


def _edged(lit: Array, sides: Sides, size: tuple[int, int]) -> bool:
    """Whether the picture inside begins at the bars."""
    rows, columns = Bars(FrameRange(0, 1), *sides).inside(size, lit.shape)
    inside = lit[rows, columns]
    for way, ends in ((inside, sides[:2]), (inside.T, sides[2:])):
        if any(ends) and min(r.any(axis=0).mean() for r in (way[:WITHIN], way[-WITHIN:])) < STRAIGHT:
            return False
    return True


def _pairs(lit: Array, sides: Sides, size: tuple[int, int]) -> Iterator[tuple[Array, Array]]:
    """Bars facing each other, of a small picture: but for the row at the edge, which the picture reaches into."""
    rows, columns = Bars(FrameRange(0, 1), *sides).inside(size, lit.shape)
    yield lit[: max(0, rows.start - 1)], lit[rows.stop + 1 :]
    yield lit[:, : max(0, columns.start - 1)], lit[:, columns.stop + 1 :]
