"""The figures as text: the table for a terminal, lines about what was measured, and numbers as people read them."""

from __future__ import annotations

from collections.abc import Iterator

from vidcolor.research.measure.definitions import BY_KEY, Figure
from vidcolor.research.measure.measurement import (
    COLUMN_NAMES,
    COLUMNS,
    MADE,
    DistancePoint,
    Measurement,
    NetworkUsed,
    Row,
)
from vidcolor.research.measure.pairing import ranges

Cells = tuple[str, ...]
HEADS = ("figure", "unit", "better", *(f">{COLUMN_NAMES[column]}" for column in COLUMNS))
DISTANCE_HEADS = (
    "from keyframe", ">frames", ">PSNR", ">gray frame", ">static copy", ">CIEDE2000", ">gray frame", ">static copy"
)  # fmt: skip


def number(value: float, digits: int) -> str:
    """The value with so many digits; never `-0.00`."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if not text.strip("-0.") else text


def cell(row: Row, figure: Figure, column: str) -> str:
    """One figure, with its spread where it has one; empty where there is none."""
    if column not in row.values:
        return ""
    spread = f" ± {number(row.spread[column], figure.digits)}" if column in row.spread else ""
    return number(row.values[column], figure.digits) + spread


def table_rows(found: Measurement) -> list[Cells]:
    """The rows that have figures, under `HEADS`."""
    rows = []
    for row in found.rows:
        if not row.values:
            continue
        figure = BY_KEY[row.key]
        cells = (cell(row, figure, column) for column in COLUMNS)
        rows.append((figure.name, figure.unit, figure.better, *cells))
    return rows


def lacking_lines(found: Measurement) -> list[Cells]:
    """(figures, "needs ...") of the rows without figures; those that need the same stand together."""
    names: dict[str, list[str]] = {}
    for row in found.rows:
        if not row.values:
            names.setdefault(row.needs, []).append(BY_KEY[row.key].name)
    return [(", ".join(same), needs) for needs, same in names.items()]


def distance_rows(found: Measurement) -> list[Cells]:
    """Means of the frames 1, 2-3, 4-7, 8-15 ... from the nearest keyframe, under `DISTANCE_HEADS`."""
    groups: dict[int, list[DistancePoint]] = {}
    for point in found.distances:
        groups.setdefault(point.distance.bit_length(), []).append(point)
    return [_distance_row(points) for _, points in sorted(groups.items())]


def _distance_row(points: list[DistancePoint]) -> Cells:
    first, last = points[0].distance, points[-1].distance
    count = sum(point.frames for point in points)
    cells = []
    for key in ("psnr", "ciede2000"):
        for column in MADE:
            shares = [(p.frames, p.values[key][column]) for p in points if column in p.values[key]]
            total = sum(frames for frames, _ in shares)
            mean = sum(frames * value for frames, value in shares) / total if total else None
            cells.append("" if mean is None else number(mean, BY_KEY[key].digits))
    return (str(first) if first == last else f"{first}-{last}", str(count), *cells)


def network_line(network: NetworkUsed) -> str:
    other = "" if network.published else "not the published file; "
    return f"{network.name}: {network.file}, {other}SHA-256 {network.sha256}; {network.licence}"


def about(found: Measurement) -> Iterator[tuple[str, str]]:
    """(head, line) of what was measured."""
    height, width = found.size
    for head, side in (("result", found.result), ("truth", found.truth)):
        count = f", {side.frames} frame{'s' if side.frames > 1 else ''}" if side.kind != "picture" else ""
        yield head, f"{side.path} ({side.kind}{count}, {width}x{height})"
    counted = len(found.frames) - len(found.keyframes)
    line = f"{counted} frame{'s' if counted > 1 else ''}"
    if found.keyframes:
        some = "s" if len(found.keyframes) > 1 else ""
        line += f", {len(found.keyframes)} keyframe{some} left out of the means ({ranges(found.keyframes)})"
    if found.cuts:
        line += f"; {len(found.cuts)} cut{'s' if len(found.cuts) > 1 else ''} ({ranges(found.cuts)})"
    yield "measured", line
