"""The report: one HTML page of a film's shots in order, its doubt, and what was measured of its quality.

No script, no outside file. Its size is bounded: the more shots, the smaller their pictures; beyond LARGEST, none.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from vidcolor.errors import MediaError
from vidcolor.media.place import told, write_text
from vidcolor.page.chart import Axes, Curve, line_chart
from vidcolor.page.document import document, image_data
from vidcolor.page.style import STYLE
from vidcolor.review.checked import LegalFound, ShotQuality, legal_frames, quality_of, reference_spread
from vidcolor.review.looks import Looks, clear_of, frames_of
from vidcolor.review.quality_table import quality_rows
from vidcolor.review.style import STYLE as OWN
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState, doubtful, doubts, suggested
from vidcolor.timeline import FrameRange, ranges

MARK = '<meta name="generator" content="vidcolor report">'
"""Only a page that bears it is replaced."""
HEAD = 4096
SIZES = ((150, 240, 82, True), (400, 160, 76, True), (1 << 31, 180, 60, False))
"""Up to so many shots: width and JPEG quality of a picture, and whether a shot shows three or the coloured one."""
LARGEST = 24_000_000
"""Characters of pictures; a page of them opens in any browser."""
HELPS, HELP_WIDTH = 12, 320
SPARK_POINTS = 60
MANY_CUTS = 150
"""Cuts from which a chart marks none: they would be a hatching."""
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class _Room:
    """How many characters of pictures may still be added."""

    left: int = LARGEST

    def image(self, picture, quality: int, alt: str) -> str:  # type: ignore[no-untyped-def]
        """An image element; empty where there is no room left."""
        data = image_data(picture, quality)
        if len(data) > self.left:
            return ""
        self.left -= len(data)
        height, width = picture.shape[1:]
        lazy = 'loading="lazy" decoding="async"'
        return f'<img {lazy} width="{width}" height="{height}" alt="{escape(alt)}" src="{data}">'


@dataclass(frozen=True, slots=True)
class _Found:
    """All that the page is made of."""

    film: Film
    shown: Sequence[ShotState]
    clear: Mapping[str, FrameRange]
    quality: Mapping[str, ShotQuality]
    legal: LegalFound


def write_report(film: Film, shown: Sequence[ShotState], path: Path, progress: Progress) -> None:
    """Writes the page, whole or not at all; `shown` is the state of every shot. Refuses a place of another file."""
    check_place(path)
    clear = clear_of(shown)
    quality = quality_of(film, shown, clear, progress)
    found = _Found(film, shown, clear, quality, legal_frames(film, shown, progress))
    title = f"{film.project.title}: report"
    write_text(path, document(title, MARK, STYLE + OWN, _parts(found, progress)))


def check_place(path: Path, mark: str = MARK, option: str = "-o") -> None:
    """Refuses a folder, a place that cannot be written to, and a file of other making: without `mark` at its head."""
    if path.is_dir():
        raise MediaError(f"{path}: is a folder; name a file in it with {option}")
    if not path.parent.is_dir():
        raise MediaError(f"{path.parent}: no such folder; make it first, or choose another place with {option}")
    if not os.access(path.parent, os.W_OK):
        raise MediaError(f"{path.parent}: cannot be written to; choose another place with {option}")
    if path.exists():
        with told(path, option), path.open("rb") as file:
            head = file.read(HEAD)
        if head and mark.encode() not in head:
            raise MediaError(
                f"{path}: is there already, and vidcolor did not write it; move it away, or name another with {option}"
            )


def _parts(found: _Found, progress: Progress) -> Iterator[str]:
    room = _Room()
    yield from _head(found)
    yield from _doubt(found)
    yield from _helps(found, room)
    yield from _quality(found)
    yield from _shots(found, room, progress)
    yield from _notes(found)


def _head(found: _Found) -> Iterator[str]:
    film, shown = found.film, found.shown
    reel = film.plan.reel
    yield f"<header><h1>{escape(film.project.title)}</h1><dl class=about>"
    rows = [
        ("film", str(film.project.reel_path)),
        ("frames", f"{reel.frame_count}, {reel.size[1]}x{reel.size[0]}, {reel.rate} a second, from {reel.timecode(0)}"),
        ("references", str(film.project.keyframes_path or "none given")),
        (
            "doubtful",
            f"a pixel whose colour is probably off by more than {film.settings.export.doubtful:g} (CIEDE2000)",
        ),
    ]
    for head, line in rows:
        yield f"<dt>{head}</dt><dd>{escape(line)}</dd>"
    sure = [value for state in shown for value in state.confidence]
    tiles = [
        ("shots", f"{len(shown)}", f"{sum(s.waits for s in shown)} to be rendered"),
        ("doubtful frames", f"{len(doubtful(shown, film.settings.export))}", f"of {reel.frame_count}"),
        ("confidence", f"{sum(sure) / len(sure):.2f}" if sure else "-", "a mean over all frames"),
        ("frames to paint", f"{len(suggested(shown))}", "where one more picture would help"),
    ]
    yield '</dl><div class="tiles">'
    for name, large, others in tiles:
        yield (
            f'<div class="tile"><span class="name">{name}</span><span class="large">{large}</span>'
            f'<span class="others">{escape(others)}</span></div>'
        )
    yield "</div></header>"


def _doubt(found: _Found) -> Iterator[str]:
    areas = doubts(found.shown, found.film.settings.export)
    frames = sorted(areas)
    starts = [s.planned.shot.frames.start for s in found.shown[1:]]
    keys = [key.frame for s in found.shown for key in s.planned.keyframes]
    marks = {"cut": starts if len(starts) <= MANY_CUTS else (), "key": keys if len(keys) <= MANY_CUTS else ()}
    curve = Curve("share of the picture in doubt", "result", [areas[frame] for frame in frames])
    chart = line_chart("doubt", Axes("frame", marks), frames, [curve])
    if chart:
        yield '<section><h2>Doubt over time</h2><div class="charts doubt"><figure>'
        yield f"<figcaption>share of each frame that is in doubt</figcaption>{chart}</figure></div></section>"


def _helps(found: _Found, room: _Room) -> Iterator[str]:
    best = suggested(found.shown)[:HELPS]
    if not best:
        return
    yield "<section><h2>Frames worth painting</h2><p>Best first. The box is what a picture there would make known most "
    yield f"of. <code>vidcolor frames {escape(str(found.film.project.root))} --suggested</code> writes them.</p>"
    yield '<div class="helps">'
    with Looks(found.film, HELP_WIDTH) as looks:
        for one in best:
            state = next(s for s in found.shown if one.frame in s.planned.shot.frames)
            (look,) = looks.of(state, [one.frame])
            image = room.image(look.before if look.after is None else look.after, 80, f"frame {one.frame}")
            shot, gain = state.planned.shot.id, f"makes known as much as {one.gain:.1f} whole frames show"
            yield (
                f"<figure>{image}<figcaption>frame {one.frame} · {found.film.plan.reel.timecode(one.frame)} · "
                f'<a href="#{escape(shot)}">{escape(shot)}</a> · {gain}'
                "</figcaption></figure>"
            )
    yield "</div></section>"


def _quality(found: _Found) -> Iterator[str]:
    yield '<section><h2>Quality</h2><div class="wide"><table class="quality">'
    heads = '<th>measured</th><th class="n">film</th><th class="n">limit</th><th>worst</th>'
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    spread = reference_spread(found.quality)
    for row in quality_rows(found.film, found.shown, found.quality, found.legal, spread):
        links = ", ".join(
            f'<a href="#{escape(shot)}"{" class=off" if off else ""}>{escape(shot)}</a> {escape(value)}'
            for shot, value, off in row.worst
        )
        state = ' class="n off"' if row.off else ' class="n"'
        yield (
            f'<tr><td><b>{escape(row.name)}</b><span class="text">{escape(row.text)}</span></td>'
            f'<td{state}>{escape(row.value)}</td><td class="n">{escape(row.limit)}</td><td>{links or "–"}</td></tr>'
        )
    yield "</tbody></table></div></section>"


def _shots(found: _Found, room: _Room, progress: Progress) -> Iterator[str]:
    width, quality, triple = next(size[1:] for size in SIZES if len(found.shown) <= size[0])
    yield f'<section><h2>Shots</h2><div class="shots{"" if triple else " many"}">'
    with Looks(found.film, width) as looks:
        for done, state in enumerate(found.shown):
            if done % 10 == 0:
                progress("report", done, len(found.shown))
            yield _shot(found, state, room, looks, quality, triple)
    progress("report", len(found.shown), len(found.shown))
    yield "</div>"
    if room.left < LARGEST // 100:
        yield f"<p>Some pictures are left out: the page would be larger than {LARGEST // 1_000_000} MB.</p>"
    yield "</section>"


def _shot(found: _Found, state: ShotState, room: _Room, looks: Looks, quality: int, triple: bool) -> str:
    reel, shot = found.film.plan.reel, state.planned.shot
    frames = frames_of(state, found.clear[shot.id], 2 if triple else 1)
    figures = []
    for look in looks.of(state, frames) if room.left > 0 else ():
        all_three = [("before", look.before), ("after", look.after), ("confidence", look.doubt)]
        chosen = all_three if triple else [("", look.before if look.after is None else look.after)]
        images = [room.image(p, quality, f"{name} frame {look.frame}") for name, p in chosen if p is not None]
        row = "".join(images)
        figures.append(f'<figure><div class="pictures">{row}</div><figcaption>{look.frame}</figcaption></figure>')
    version = state.version.name if state.version else ""
    sure = f"confidence {sum(state.confidence) / len(state.confidence):.2f}" if state.confidence else ""
    heads = [reel.timecode(shot.frames.start), f"{len(shot.frames)} frames", f"{version} {state.word}".strip(), sure]
    told_ = "".join(f"<span>{escape(head)}</span>" for head in heads if head)
    keys = [key.frame for key in state.planned.keyframes]
    lines = [f"keyframes {', '.join(ranges(keys))}" if keys else "no keyframes"]
    lines += [f"would help: frame {', '.join(str(s.frame) for s in state.suggestions)}"] if state.suggestions else []
    lines += list(state.notes)
    text = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return (
        f'<article class="shot{" waits" if state.waits else ""}" id="{escape(shot.id)}"><h3>{escape(shot.id)}{told_}'
        f'</h3><div class="pictures">{"".join(figures)}</div>{_spark(found.film, state)}{text}</article>'
    )


def _spark(film: Film, state: ShotState) -> str:
    """Doubt over the shot as a small area."""
    areas = doubts([state], film.settings.export)
    values = [areas[frame] for frame in sorted(areas)]
    if len(values) < 2:
        return ""
    size = math.ceil(len(values) / SPARK_POINTS)
    tops = [max(values[k : k + size]) for k in range(0, len(values), size)]
    step = 100 / max(1, len(tops) - 1)
    points = " ".join(f"{k * step:.1f},{20 - 20 * top:.1f}" for k, top in enumerate(tops))
    most = max(values)
    label = f"doubt over the shot, at most {100 * most:.0f} % of a frame"
    return (
        f'<svg class="spark" viewBox="0 0 100 21" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'<line x1="0" x2="100" y1="20" y2="20"/><polygon points="0,20 {points} 100,20"/></svg>'
    )


def _notes(found: _Found) -> Iterator[str]:
    notes = found.film.plan.notes
    if notes:
        yield f"<details><summary>{len(notes)} notes on the film and its references</summary><ul>"
        yield from (f"<li>{escape(note)}</li>" for note in notes)
        yield "</ul></details>"
