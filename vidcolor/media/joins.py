"""Recordings joined end to end in one transport or program stream: where each begins, and its times moved behind the
last.

Such a file's clock jumps where one recording follows another: back, or far ahead. Each goes on one picture after the
one before it; its sound moves with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

JOINABLE = ("mpegts", "mpeg")
"""FFmpeg's names of the containers that can be joined by laying one file behind the other."""
LEAP = 10
"""Seconds ahead that no pause between two pictures lasts: FFmpeg's own bound (`dts_delta_threshold`)."""


class Join(NamedTuple):
    """From `place` on, in bytes, times are moved by `shift` ticks of the picture's clock."""

    place: int
    shift: int


def find_joins(places: Sequence[int], times: Sequence[int | None], time_base: Fraction) -> list[Join]:
    """Where recordings begin behind the first.

    places  byte of each packet of the picture track, as they are stored
    times   its time of decoding, in ticks of `time_base`
    """
    known = [time for time in times if time is not None]
    steps = np.diff(np.array(known, np.int64))
    step = int(np.median(steps[steps > 0])) if (steps > 0).any() else 1
    joins: list[Join] = []
    shift, last = 0, None
    for place, time in zip(places, times, strict=True):
        if time is None:
            continue
        if last is not None and not last <= time + shift <= last + LEAP / time_base:
            shift = last + step - time
            joins.append(Join(place, shift))
        last = time + shift
    return joins


def move(packet: Any, ticks: int) -> None:
    """Moves a packet's times: those that it has."""
    packet.pts = packet.pts + ticks if packet.pts is not None else None
    packet.dts = packet.dts + ticks if packet.dts is not None else None


def shift_at(joins: Sequence[Join], place: int) -> int:
    """Ticks by which the times of what lies at a byte are moved."""
    return next((join.shift for join in reversed(joins) if place >= join.place), 0)


def nearest_shift(joins: Sequence[Join], place: int, time: Fraction, after: Fraction, time_base: Fraction) -> int:
    """The same for a track other than the picture, whose packets lie about as far on as the picture's.

    time   of the packet, and `after`, where its track has come to: in seconds
    """
    later = sum(place >= join.place for join in joins)
    shifts = [0, *(join.shift for join in joins)]
    return min(shifts[later : later + 2], key=lambda shift: abs(time + shift * time_base - after))
