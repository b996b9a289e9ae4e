"""Line charts as inline SVG, for a page that opens from disk: no script, colours from the page's style."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 560, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 14, 40
"""Room round the plot, for the axes' numbers."""
MOST_POINTS = 280
"""Points along a curve; more frames than that are averaged in groups, their range shown behind the curve."""
TICKS = 5
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart: a value at each x, NaN where there is none."""

    name: str
    style: str
    """CSS class: result, gray, copy."""
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Axes:
    """What the x axis is, and what is marked on it."""

    x: str
    marks: Mapping[str, Sequence[int]]
    """CSS class (key, cut) to places on the x axis."""


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low or 1.0
        return self.start + (self.stop - self.start) * (value - self.low) / span


def line_chart(title: str, axes: Axes, xs: Sequence[int], curves: Sequence[Curve]) -> str:
    """An SVG element: the curves over `xs` (rising), axes, marks; a hover shows the numbers of each place.

    Empty if no curve has two numbers.
    """
    known = [v for curve in curves for v in curve.values if math.isfinite(v)]
    if len(xs) < 2 or len(known) < 2:
        return ""
    groups = _groups(xs)
    x = _Scale(xs[0], xs[-1], LEFT, WIDTH - RIGHT)
    ticks = nice_ticks(min(known), max(known))
    y = _Scale(ticks[0], ticks[-1], HEIGHT - BOTTOM, TOP)
    parts = [*_grid(x, y, ticks, xs, axes), *_marks(x, axes.marks)]
    for curve in reversed(curves):  # the first is drawn last, over the others
        parts += _curve(curve, groups, xs, x, y)
    parts += _hover(curves, groups, xs, x, axes.x)
    label = escape(f"{title}: {', '.join(curve.name for curve in curves)}, over {axes.x}")
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def nice_ticks(low: float, high: float) -> list[float]:
    """Round numbers that hold low..high between the first and the last."""
    span = max(high - low, abs(high) * 1e-3, 1e-9)
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    step = next((s for s in STEPS if span / (s * power) <= TICKS), STEPS[-1]) * power
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * k for k in range(first, max(last, first + 1) + 1)]


def _groups(xs: Sequence[int]) -> list[range]:
    """Places averaged to one point of a curve."""
    size = -(-len(xs) // MOST_POINTS)
    return [range(start, min(start + size, len(xs))) for start in range(0, len(xs), size)]


def _grid(x: _Scale, y: _Scale, ticks: Sequence[float], xs: Sequence[int], axes: Axes) -> Iterable[str]:
    digits = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
    for tick in ticks:
        at = f"{y(tick):.1f}"
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>'
        yield f'<text class="tick" x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.{digits}f}</text>'
    for tick in nice_ticks(xs[0], xs[-1]):
        if xs[0] <= tick <= xs[-1] and tick == int(tick):
            place = f"{x(tick):.1f}"
            yield f'<text class="tick" x="{place}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{tick:.0f}</text>'
    yield f'<text class="axis" x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(axes.x)}</text>'


def _marks(x: _Scale, marks: Mapping[str, Sequence[int]]) -> Iterable[str]:
    foot = HEIGHT - BOTTOM
    for frame in marks.get("cut", ()):
        yield f'<line class="cut" x1="{x(frame):.1f}" x2="{x(frame):.1f}" y1="{TOP}" y2="{foot}"/>'
    for frame in marks.get("key", ()):
        at = x(frame)
        yield f'<path class="key" d="M{at - 4:.1f} {foot + 1}h8l-4 -8z"><title>keyframe {frame}</title></path>'


def _curve(curve: Curve, groups: Sequence[range], xs: Sequence[int], x: _Scale, y: _Scale) -> list[str]:
    points = []
    for group in groups:
        values = [curve.values[place] for place in group if math.isfinite(curve.values[place])]
        if values:
            middle = x((xs[group[0]] + xs[group[-1]]) / 2)
            points.append((middle, y(math.fsum(values) / len(values)), y(min(values)), y(max(values))))
    parts = []
    if any(len(group) > 1 for group in groups) and curve.style == "result":
        edge = [f"{px:.1f},{low:.1f}" for px, _, low, _ in points]
        edge += [f"{px:.1f},{high:.1f}" for px, _, _, high in reversed(points)]
        parts.append(f'<polygon class="band" points="{" ".join(edge)}"/>')
    line = " ".join(f"{px:.1f},{py:.1f}" for px, py, _, _ in points)
    return [*parts, f'<polyline class="curve {curve.style}" points="{line}"/>']


def _hover(curves: Sequence[Curve], groups: Sequence[range], xs: Sequence[int], x: _Scale, name: str) -> Iterable[str]:
    """Unseen columns over the plot, whose titles browsers show under the pointer."""
    wide = (WIDTH - LEFT - RIGHT) / len(groups)
    for group in groups:
        first, last = xs[group[0]], xs[group[-1]]
        told = [f"{name} {first}" if first == last else f"{name} {first}-{last}"]
        for curve in curves:
            values = [curve.values[place] for place in group if math.isfinite(curve.values[place])]
            if values:
                told.append(f"{curve.name} {math.fsum(values) / len(values):.2f}")
        left = x((first + last) / 2) - wide / 2
        yield (
            f'<rect class="hover" x="{left:.1f}" y="{TOP}" width="{wide:.1f}" height="{HEIGHT - TOP - BOTTOM}">'
            f"<title>{escape(chr(10).join(told))}</title></rect>"
        )
