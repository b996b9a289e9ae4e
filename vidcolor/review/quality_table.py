"""The table of quality: what each figure means, its limit, the film's value, and the shots where it is worst."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.export import manifest_path
from vidcolor.project.exports import SHOT, exports_of
from vidcolor.review.checked import LegalFound, ShotQuality
from vidcolor.review.quality import LEGAL_AREA
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState

WORST = 5
"""Shots named in a row."""
LEAST_TOLD = 0.0005
"""Share of a frame beyond the limits of EBU R 103 below which it is not told."""
DIFFERS = "differs"
HALF_A_CODE = 0.5
"""Luma that is nearer than this rounds to the film's own."""
REFERENCES = 12
"""References named at most: those that differ most."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a shot."""

    key: str
    name: str
    text: str
    limit: float
    """Beyond it a shot is worth a look"""
    shown: Callable[[float], str]
    both_ways: bool = False
    """True: a loss counts as a gain does"""

    def size(self, value: float) -> float:
        return abs(value) if self.both_ways else value


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _signed(value: float) -> str:
    return f"{100 * value:+.0f} %"


MEASURES = (
    Measure(
        "flicker",
        "Flicker",
        "How far a frame leaves the line between its neighbours, in a*b*: the median over the picture, the most of the "
        "frames sampled. 1 is just seen.",
        1.0,
        lambda value: f"{value:.2f}",
    ),
    Measure(
        "bleeding",
        "Bleeding across edges",
        "Edges of light whose edge of colour lies more than a pixel beside them: how many more, as a share of all, "
        "than in the shot's keyframes.",
        0.1,
        _signed,
    ),
    Measure(
        "uncolored", "Uncoloured area", "Share of the picture that is pale and that nobody is sure of.", 0.05, _percent
    ),
    Measure(
        "drift",
        "Drift of saturation",
        "Largest change of a frame's mean chroma against the nearest keyframe's. What enters or leaves the picture "
        "counts too.",
        0.25,
        _signed,
        both_ways=True,
    ),
)

SPREAD_LIMIT = 5.0
"""CIEDE2000 between what one reference gives two shots; 6 is another colour."""


def told_of(quality: ShotQuality) -> Iterator[tuple[str, str, str, bool]]:
    """(name, value, limit, whether the value is beyond it) of each figure that a shot has."""
    for measure in MEASURES:
        if measure.key in quality.figures:
            value = quality.figures[measure.key]
            off = measure.size(value) > measure.limit
            yield measure.name, measure.shown(value), measure.shown(measure.limit).lstrip("+"), off


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of the table."""

    name: str
    text: str
    value: str
    """Of the film"""
    limit: str
    worst: tuple[tuple[str, str, bool], ...] = ()
    """(shot id, its value, whether it is beyond the limit), the worst first"""
    off: bool = False


def quality_rows(
    film: Film,
    shown: Sequence[ShotState],
    quality: Mapping[str, ShotQuality],
    legal: LegalFound,
    spread: Mapping[str, tuple[float, str, int]],
) -> Iterator[TableRow]:
    """The rows, in order.

    quality  of each shot, by its id
    spread   of each reference of several shots: how far the shot that differs most is off, that shot, their number
    """
    for measure in MEASURES:
        yield _row(measure, {shot: q.figures[measure.key] for shot, q in quality.items() if measure.key in q.figures})
    differing = sorted(spread.items(), key=lambda item: -item[1][0])
    for name, (value, shot, count) in differing[:REFERENCES]:
        yield TableRow(
            f"Colours from {name}",
            f"One reference's mean colours in {count} shots, by light: CIEDE2000 of the shot that differs most.",
            f"{value:.1f}",
            f"{SPREAD_LIMIT:g}",
            ((shot, f"{value:.1f}", value > SPREAD_LIMIT),),
            value > SPREAD_LIMIT,
        )
    yield from luma_rows(film)
    yield _legal(shown, legal)


def _row(measure: Measure, values: Mapping[str, float]) -> TableRow:
    ordered = sorted(values, key=lambda shot: (-measure.size(values[shot]), shot))
    worst = tuple(
        (shot, measure.shown(values[shot]), measure.size(values[shot]) > measure.limit)
        for shot in ordered[:WORST]
        if measure.size(values[shot]) > 0 and measure.shown(values[shot]).strip("+-") != measure.shown(0.0).strip("+-")
    )
    middle = values[ordered[len(ordered) // 2]] if ordered else math.nan
    beyond = sum(measure.size(value) > measure.limit for value in values.values())
    told = f"{measure.shown(middle)}; {beyond} of {len(values)} shots beyond" if ordered else "not measured"
    return TableRow(measure.name, measure.text, told, measure.shown(measure.limit).lstrip("+"), worst, beyond > 0)


def luma_rows(film: Film) -> Iterator[TableRow]:
    """Whether each delivered film has the source's luma, as its manifest says."""
    text = "SHA-256 of the luma that was handed to the encoder against the source's, from the manifest."
    found = [(film.project.inside(place), SHOT in entry) for place, entry in exports_of(film.project)]
    if not found:
        yield TableRow("Luma identity", text, "nothing delivered yet", "equal")
    folders: dict[Path, Counter[str]] = {}
    for place, is_shot in found:
        told = _luma_told(place)
        if is_shot:
            folders.setdefault(place.parent, Counter())[told] += 1
        else:
            yield TableRow(f"Luma identity: {place.name}", text, told, "equal", (), told == DIFFERS)
    for folder, counts in folders.items():
        words = ", ".join(f"{count} {told}" for told, count in sorted(counts.items()))
        yield TableRow(f"Luma identity: {folder.name}, shots", text, words, "equal", (), DIFFERS in counts)


def _luma_told(place: Path) -> str:
    """What a delivery's manifest says of its luma."""
    manifest = _json(manifest_path(place)) if place.exists() else None
    if not isinstance(manifest, dict):
        return "no longer there"
    luma = manifest.get("luma")
    if not isinstance(luma, dict):
        return "shows no film"
    changed, outside, error = (luma.get(name) for name in ("changed_samples", "outside_samples", "largest_error"))
    if luma.get("equal") is True or changed == 0:
        return "equal"
    if isinstance(changed, int) and isinstance(outside, int) and isinstance(error, int | float):
        near = changed <= outside and error < HALF_A_CODE
        return "equal from black to white" if near else f"within {error:.2g} codes"
    return "labels burnt in" if luma.get("delivered_sha256") is None else DIFFERS


def _json(path: Path) -> Any:
    """What a manifest says; None where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _legal(shown: Sequence[ShotState], legal: LegalFound) -> TableRow:
    """The frames beyond the limits of EBU R 103."""
    shot_at = {frame: s.planned.shot.id for frame in legal.beyond for s in shown if frame in s.planned.shot.frames}
    ordered = sorted(legal.beyond, key=lambda frame: -max(legal.beyond[frame]))
    beyond = [frame for frame in ordered if max(legal.beyond[frame]) > LEGAL_AREA]
    worst = tuple(
        (
            shot_at[frame],
            f"frame {frame}: luma {100 * legal.beyond[frame][0]:.1f} %, R'G'B' {100 * legal.beyond[frame][1]:.1f} %",
            frame in beyond,
        )
        for frame in ordered[:WORST]
        if max(legal.beyond[frame]) >= LEAST_TOLD
    )
    told = f"{len(beyond)} of {legal.frames} frames beyond" if legal.frames else "not measured"
    return TableRow(
        "Legal range (EBU R 103)",
        "Share of a delivered frame with Y', R', G' or B' beyond -5 to 105 %; more than 1 % is an error. Luma is the "
        "film's own: what is beyond there was so in the source.",
        told,
        _percent(LEGAL_AREA),
        worst,
        bool(beyond),
    )
