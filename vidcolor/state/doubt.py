"""What a version's report says of its doubtful places: read strictly enough to compute with, never decoding a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

LARGEST = 1e9
"""Numbers beyond this are no frame, area or pixel; neither is what is not a number."""
NUMBERS = frozenset((int, float))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A frame that would help as a further keyframe, and where in it."""

    frame: int
    gain: float
    """Doubtful picture area that it would make known, summed over the shot's frames; 1 is one whole frame."""
    box: tuple[int, int, int, int]
    """The piece of the picture that it would make known most of, in the film's pixels: left, top, right, bottom; the
    last two are not included."""
    places: tuple[tuple[int, int], ...]
    """The points in it that matter most, x and y in the film's pixels, best first."""


def area_beyond(report: Mapping[str, Any], bound: float) -> tuple[float, ...]:
    """For each frame of a version the share of its area, 0..1, whose expected error passes `bound` (CIEDE2000).

    Between the bounds that the report holds, shares go in straight lines; empty where it holds none.
    """
    doubt = report.get("doubt")
    if not isinstance(doubt, dict):
        return ()
    bounds, rows = _numbers(doubt.get("bounds")), doubt.get("area")
    if not bounds or bounds[0] <= 0 or any(a >= b for a, b in pairwise(bounds)) or not isinstance(rows, list):
        return ()
    areas = [_numbers(row) for row in rows]
    if any(len(row) > len(bounds) for row in areas):
        return ()
    points = [0.0, *bounds]
    return tuple(
        _between(points, [1.0, *(value / 1000 for value in row), *[0.0] * (len(bounds) - len(row))], bound)
        for row in areas
    )


def suggestions_of(report: Mapping[str, Any]) -> tuple[Suggestion, ...]:
    """The suggestions of a version, best first; what is no suggestion is left out."""
    found = report.get("suggestions")
    return tuple(s for item in found if (s := _suggestion(item)) is not None) if isinstance(found, list) else ()


@dataclass(frozen=True, slots=True)
class Point:
    """Where a hint would help: a frame, and a point in the film's pixels."""

    frame: int
    at: tuple[int, int]
    gain: float
    """Squares of expected CIEDE2000 that it would put right, in frames of their whole area"""


def points_of(report: Mapping[str, Any]) -> tuple[Point, ...]:
    """The points of a version where a hint would help, best first; what is no point is left out."""
    found = report.get("points")
    return tuple(p for item in found if (p := _point(item)) is not None) if isinstance(found, list) else ()


def _point(item: Any) -> Point | None:
    if not isinstance(item, dict):
        return None
    numbers = _numbers([item.get("frame"), item.get("gain"), *_numbers(item.get("at"))])
    if len(numbers) != 4:
        return None
    frame, gain, x, y = numbers
    return Point(int(frame), (int(x), int(y)), gain)


def _suggestion(item: Any) -> Suggestion | None:
    if not isinstance(item, dict):
        return None
    head, box, places = _numbers([item.get("frame"), item.get("gain")]), _numbers(item.get("box")), item.get("places")
    if not head or len(box) != 4 or not isinstance(places, list):
        return None
    points = [_numbers(place) for place in places]
    if any(len(point) != 2 for point in points):
        return None
    left, top, right, bottom = (int(v) for v in box)
    where = tuple((int(x), int(y)) for x, y in points)
    return Suggestion(int(head[0]), head[1], (left, top, right, bottom), where)


def _numbers(values: Any) -> list[float]:
    """A list of finite numbers as it is; empty for anything else."""
    if not isinstance(values, list | tuple) or not NUMBERS.issuperset(map(type, values)):
        return []
    return [*map(float, values)] if all(map(LARGEST.__gt__, map(abs, values))) else []


def _between(points: Sequence[float], values: Sequence[float], at: float) -> float:
    """The value at `at` on the straight lines through (point, value), rising points."""
    for (a, low), (b, high) in pairwise(zip(points, values, strict=True)):
        if at <= b:
            return low + (high - low) * (at - a) / (b - a)
    return values[-1]


def best_first(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    return sorted(suggestions, key=lambda s: (-s.gain, s.frame))
