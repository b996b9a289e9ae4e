"""The measurement as one HTML page: the table, curves, the worst frames. It holds everything it shows.

No script, no outside file: pictures are data in the page, curves are SVG, and the page itself forbids anything else.
It follows the reader's light or dark setting, and prints in light.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

import numpy as np

from vidcolor.page.chart import Axes, Curve, line_chart
from vidcolor.page.document import document, image_data
from vidcolor.page.style import STYLE
from vidcolor.research.measure.definitions import BASELINES, BY_KEY, LARGEST_PSNR, Figure
from vidcolor.research.measure.document import versions
from vidcolor.research.measure.measurement import COLUMN_NAMES, COLUMNS, MADE, Measurement, Row, WorstFrame
from vidcolor.research.measure.table import about, cell, network_line, number
from vidcolor.view import LARGEST_ERROR, error_heat

MARK = '<meta name="generator" content="vidcolor measure">'
"""Only a page that bears it is replaced."""
LEGEND_TICKS = (0, 5, 10, 15, 20)
ARROWS = {
    "": "",
    "higher": "↑ higher",
    "lower": "↓ lower",
    "near 0": "→ near 0",
    "near 1": "→ near 1",
    "near truth": "→ near truth",
}
TILES = ("psnr", "ciede2000", "colorfulness_ratio", "cdc", "luma_change")
"""Figures shown large at the top."""


def as_page(found: Measurement) -> str:
    """The whole page."""
    title = f"{found.result.path.name} measured"
    return document(
        title, MARK, STYLE, [*_head(found), *_table(found), *_curves(found), *_worst(found.worst), *_foot(found)]
    )


def _head(found: Measurement) -> Iterator[str]:
    yield f"<header><h1>{escape(found.result.path.name)}</h1><dl class=about>"
    for head, line in about(found):
        yield f"<dt>{head}</dt><dd>{escape(line)}</dd>"
    yield "</dl>"
    for note in found.notes:
        yield f'<p class="note">{escape(note)}</p>'
    yield '<div class="tiles">'
    for row in found.rows:
        if row.key in TILES and "result" in row.values:
            yield _tile(row, BY_KEY[row.key])
    yield "</div></header>"


def _tile(row: Row, figure: Figure) -> str:
    others = [f"{COLUMN_NAMES[c]} {cell(row, figure, c)}" for c in COLUMNS if c != "result" and c in row.values]
    return (
        f'<div class="tile"><span class="name">{escape(figure.name)}</span>'
        f'<span class="large">{cell(row, figure, "result")}<small> {escape(figure.unit)}</small></span>'
        f'<span class="others">{escape(" · ".join(others)) or "&nbsp;"}</span></div>'
    )


def _table(found: Measurement) -> Iterator[str]:
    heads = "".join(f'<th class="n {c}">{COLUMN_NAMES[c]}</th>' for c in COLUMNS)
    yield '<section><h2>Figures</h2><div class="wide"><table>'
    yield f"<thead><tr><th>figure</th><th>unit</th><th>better</th>{heads}</tr></thead>"
    for group, rows in groupby(found.rows, key=lambda row: BY_KEY[row.key].group):
        yield f'<tbody><tr class="group"><th colspan="7">{escape(group)}</th></tr>'
        yield from (_table_row(row, BY_KEY[row.key]) for row in rows)
        yield "</tbody>"
    yield '</table></div><dl class="columns">'
    for column in COLUMNS:
        yield f'<dt class="{column}">{COLUMN_NAMES[column]}</dt><dd>{escape(BASELINES[column])}</dd>'
    yield "</dl></section>"


def _table_row(row: Row, figure: Figure) -> str:
    name = f'<td><b>{escape(figure.name)}</b><span class="text">{escape(figure.text)}</span></td>'
    sense = f'<td>{escape(figure.unit)}</td><td class="sense">{ARROWS[figure.better]}</td>'
    if not row.values:
        return f'<tr>{name}{sense}<td class="needs" colspan="4">{escape(row.needs)}</td></tr>'
    cells = "".join(f'<td class="n {c}">{cell(row, figure, c) or "–"}</td>' for c in COLUMNS)
    return f"<tr>{name}{sense}{cells}</tr>"


def _curves(found: Measurement) -> Iterator[str]:
    marks = {"key": found.keyframes, "cut": found.cuts}
    keyframes = frozenset(found.keyframes)
    charts = []
    for key in ("psnr", "ciede2000"):
        figure = BY_KEY[key]
        curves = [Curve(COLUMN_NAMES[c], c, _clean(found, key, c, keyframes)) for c in MADE]
        axes = Axes("frame", marks)
        charts.append((f"{_titled(figure)} of each frame", line_chart(figure.name, axes, found.frames, curves)))
    for key in ("psnr", "ciede2000") if found.distances else ():
        figure = BY_KEY[key]
        points = [p.values[key] for p in found.distances]
        curves = [Curve(COLUMN_NAMES[c], c, [p.get(c, float("nan")) for p in points]) for c in MADE]
        axes = Axes("frames from the nearest keyframe", {})
        distances = [p.distance for p in found.distances]
        charts.append((f"{_titled(figure)} by distance", line_chart(figure.name, axes, distances, curves)))
    charts = [(title, chart) for title, chart in charts if chart]
    if not charts:
        return
    yield '<section><h2>Curves</h2><p class="legend">'
    yield "".join(f'<span class="{c}"><i></i>{COLUMN_NAMES[c]}</span>' for c in MADE)
    if found.keyframes:
        yield '<span class="key">▲ keyframe</span>'
    if found.cuts:
        yield '<span class="cut">┆ cut</span>'
    yield '</p><div class="charts">'
    for title, chart in charts:
        yield f"<figure><figcaption>{escape(title)}</figcaption>{chart}</figure>"
    yield "</div></section>"


def _titled(figure: Figure) -> str:
    return f"{figure.name} ({figure.unit})" if figure.unit else figure.name


def _clean(found: Measurement, key: str, column: str, keyframes: frozenset[int]) -> Sequence[float]:
    """The series without its keyframes, and without frames that have no error: a black one would flatten the rest."""
    most = LARGEST_PSNR if key == "psnr" else float("inf")
    values = found.series.get((key, column), ())
    return [
        float("nan") if frame in keyframes or value >= most else value
        for frame, value in zip(found.frames, values, strict=False)
    ]


def _worst(worst: Sequence[WorstFrame]) -> Iterator[str]:
    if not worst:
        return
    yield "<section><h2>Worst frames</h2>"
    yield f"<p>Those of the largest mean CIEDE2000, apart from each other. {_legend()}</p>"
    yield '<div class="strip"><div class="row heads"><span>result</span><span>truth</span><span>error</span></div>'
    for frame in worst:
        pictures = (
            ("result", image_data(frame.result)),
            ("truth", image_data(frame.truth)),
            ("error", image_data(error_heat(frame.errors))),
        )
        images = "".join(f'<img alt="{name} of frame {frame.frame}" src="{data}">' for name, data in pictures)
        told = f"frame {frame.frame} · CIEDE2000 {number(frame.error, 2)}"
        yield f'<figure><div class="row">{images}</div><figcaption>{told}</figcaption></figure>'
    yield "</div></section>"


def _legend() -> str:
    """The colours of the error map, as an SVG scale."""
    ramp = error_heat(np.linspace(0, LARGEST_ERROR, 12, dtype=np.float32)[None])[:, 0]
    stops = "".join(
        f'<stop offset="{k / 11:.3f}" stop-color="#{r:02x}{g:02x}{b:02x}"/>' for k, (r, g, b) in enumerate(ramp.T)
    )
    ticks = "".join(
        f'<text class="tick" x="{10 + 200 * t / LARGEST_ERROR:.0f}" y="30" text-anchor="middle">'
        f"{t}{'+' if t == LARGEST_ERROR else ''}</text>"
        for t in LEGEND_TICKS
    )
    return (
        '<svg class="scale" viewBox="0 0 228 34" role="img" aria-label="error map: CIEDE2000 from 0, black, to 20 and '
        f'above, pale yellow"><defs><linearGradient id="heat">{stops}</linearGradient></defs>'
        f'<rect x="10" y="2" width="200" height="14" fill="url(#heat)"/>{ticks}</svg> CIEDE2000'
    )


def _foot(found: Measurement) -> Iterator[str]:
    yield "<footer>"
    for network in found.networks:
        yield f"<p>{escape(network_line(network))}</p>"
    made = ", ".join(f"{name} {version}" for name, version in versions().items())
    yield f"<p>Measured with {escape(made)}. All sums in float64.</p></footer>"
