"""The quality of a film's versions, measured on samples and kept: a version is measured once, whatever it costs.

Kept in `sheets/quality.json` by the version's fingerprint; the file may be deleted at any moment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from numpy import ndarray as Array

from vidcolor.color import LumaLock, rgb_to_lab
from vidcolor.color.shown import components
from vidcolor.finish import finish
from vidcolor.media.jpeg import read_jpeg
from vidcolor.media.read import SourceClip
from vidcolor.media.store import ChromaReader
from vidcolor.pipeline.joined import joined_colors
from vidcolor.project.versions import Version, still_name
from vidcolor.review.quality import (
    Palette,
    beside_edges,
    drift,
    flicker,
    legal,
    palette_distance,
    palette_of,
    saturation,
    uncolored,
)
from vidcolor.state.film import Film
from vidcolor.state.plan import ShotPlan
from vidcolor.state.status import ShotState
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame

RECORD, SCHEMA = "sheets/quality.json", "vidcolor.quality/1"
RUNS = 4
"""Runs of three frames that are sampled evenly over a shot, beside those around its first and last keyframe."""
STILLS = 3
"""Frames whose light is looked at, of those that the version keeps stills of; and keyframes likewise."""
LEGAL_FRAMES = 120
"""Delivered frames at most that are held against EBU R 103: each is decoded and finished."""
Progress = Callable[[str, int, int], None]
Lit = tuple[Array, ColorFrame]
"""L* of a frame, and its colours of the same size"""


@dataclass(frozen=True, slots=True)
class ShotQuality:
    """What was measured of one version; what could not be is missing or NaN."""

    figures: Mapping[str, float] = field(default_factory=dict)
    palettes: Mapping[str, Palette] = field(default_factory=dict)
    """Of each free reference, the mean colours that it gave the shot"""


@dataclass(frozen=True, slots=True)
class LegalFound:
    """What was found of the delivered frames that were looked at."""

    frames: int
    beyond: Mapping[int, tuple[float, float]]
    """Frame to the shares of it that luma, and R'G'B', pass the limits by, where either counts as an error"""


def quality_of(
    film: Film, shown: Sequence[ShotState], clear: Mapping[str, FrameRange], progress: Progress
) -> dict[str, ShotQuality]:
    """ShotQuality by shot id, of every shot that has a version."""
    kept = _kept(film)
    entries: dict[str, Any] = {}
    found: dict[str, ShotQuality] = {}
    rendered = [(s, s.version) for s in shown if s.version is not None and not s.planned.excluded]
    new = False
    for done, (state, version) in enumerate(rendered):
        shot = state.planned.shot
        entry = kept.get(shot.id)
        if not (isinstance(entry, dict) and entry.get("made_of") == version.fingerprint and _read(entry)):
            progress("quality", done, len(rendered))
            entry = {"made_of": version.fingerprint, **_measured(state, version, clear[shot.id])}
            new = True
        entries[shot.id], found[shot.id] = entry, _read(entry) or ShotQuality()
    if new or set(entries) != set(kept):
        film.project.write_json(RECORD, SCHEMA, {"shots": entries})
    if new:
        progress("quality", len(rendered), len(rendered))
    return found


def qualities_known(film: Film, shown: Sequence[ShotState]) -> dict[str, ShotQuality]:
    """What a report has measured of the versions shown, by shot id, without measuring anything."""
    kept, found = _kept(film), {}
    for state in shown:
        entry = kept.get(state.planned.shot.id)
        if state.version is None or not isinstance(entry, dict) or entry.get("made_of") != state.version.fingerprint:
            continue
        if (read := _read(entry)) is not None:
            found[state.planned.shot.id] = read
    return found


def reference_spread(found: Mapping[str, ShotQuality]) -> dict[str, tuple[float, str, int]]:
    """For each reference that several shots take colours from: the largest CIEDE2000 of a shot's palette from the
    others' median palette, that shot, and how many shots there are."""
    by_reference: dict[str, dict[str, Palette]] = {}
    for shot_id, quality in found.items():
        for name, palette in quality.palettes.items():
            by_reference.setdefault(name, {})[shot_id] = palette
    spread = {}
    for name, palettes in sorted(by_reference.items()):
        if len(palettes) < 2:
            continue
        middle = _median(list(palettes.values()))
        away = {shot: palette_distance(palette, middle) for shot, palette in palettes.items()}
        known = {shot: value for shot, value in away.items() if not math.isnan(value)}
        if known:
            worst = max(known, key=lambda shot: known[shot])
            spread[name] = (known[worst], worst, len(palettes))
    return spread


def _median(palettes: Sequence[Palette]) -> Palette:
    bands = []
    for band in zip(*palettes, strict=True):
        colors = [color for color in band if color is not None]
        bands.append(tuple(median(channel) for channel in zip(*colors, strict=True)) if colors else None)
    return tuple(bands)  # type: ignore[arg-type]


def legal_frames(film: Film, shown: Sequence[ShotState], progress: Progress) -> LegalFound:
    """Delivered frames held against EBU R 103: the middle of each shot that has a version, or of evenly chosen ones."""
    middles = [
        (state.planned.shot.frames.start + state.planned.shot.frames.stop) // 2
        for state in shown
        if state.version is not None and not state.planned.excluded
    ]
    step = max(1, math.ceil(len(middles) / LEGAL_FRAMES))
    wanted, versions = middles[::step], [state.version for state in shown]
    reel, lock, beyond = film.plan.reel, LumaLock(film.plan.reel.tags), {}
    looked = 0
    for done, frame in enumerate(wanted):
        if any(frame in s.planned.reach and s.version is None for s in shown):
            continue
        progress("legal", done, len(wanted))
        run = FrameRange(frame, frame + 1)
        with closing(joined_colors(film, versions, run)) as colors:
            source, joined = next(iter(SourceClip(reel, run))), next(colors)
        made = finish(source, joined.color, lock, film.settings.finish, "444", bars=reel.bars_at(frame))
        shares = legal(made.luma, components(made.luma, made.cb, made.cr, reel.tags))
        looked += 1
        if max(shares.luma, shares.rgb) > 0:
            beyond[frame] = (shares.luma, shares.rgb)
    if wanted:
        progress("legal", len(wanted), len(wanted))
    return LegalFound(looked, beyond)


def _measured(state: ShotState, version: Version, clear: FrameRange) -> dict[str, Any]:
    planned = state.planned
    keys = [key.frame for key in planned.keyframes if key.frame in clear]
    with ChromaReader(version.chroma, planned.reach.start) as stored:
        runs = [[stored.read(frame) for frame in run] for run in _runs(clear, keys)]
        at_keys = {frame: saturation(stored.read(frame).chroma) for frame in keys[:: max(1, len(keys) // 8)]}
        lit = _lit(version, planned, clear, stored)
    flat = [color for run in runs for color in run]
    samples = {color.index: saturation(color.chroma) for color in flat}
    figures = {
        "flicker": max((flicker([c.chroma for c in run]) for run in runs if len(run) == 3), default=math.nan),
        "bleeding": _bleeding(lit, {key.frame for key in planned.keyframes}),
        "uncolored": _mean([uncolored(color) for color in flat]),
        "drift": drift(samples, at_keys),
    }
    known = {name: round(value, 4) for name, value in figures.items() if not math.isnan(value)}
    return {"figures": known, "palettes": _palettes(state, lit)}


def _bleeding(lit: Sequence[Lit], keys: set[int]) -> float:
    """How many more edges of colour lie beside those of light than in the shot's keyframes."""
    shares = [(color.index in keys, beside_edges(lightness, color.chroma)) for lightness, color in lit]
    carried, given = (_mean([share for key, share in shares if key is kind]) for kind in (False, True))
    return carried - given


def _runs(clear: FrameRange, keys: Sequence[int]) -> list[range]:
    """Runs of three frames: around the first and last keyframe, and evenly between."""
    if len(clear) < 3:
        return [range(clear.start, clear.stop)]
    last = clear.stop - 3
    evenly = [clear.start + (len(clear) - 3) * k // max(1, RUNS - 1) for k in range(RUNS)]
    around = [min(max(frame - 1, clear.start), last) for frame in dict.fromkeys([*keys[:1], *keys[-1:]])]
    return [range(start, start + 3) for start in sorted({*evenly, *around})]


def _lit(version: Version, planned: ShotPlan, clear: FrameRange, stored: ChromaReader) -> list[Lit]:
    """Some frames that the version keeps stills of, the keyframes among them last."""
    keys = {key.frame for key in planned.keyframes}
    there = [frame for frame in clear if (version.path / still_name(frame)).is_file()]
    carried, given = ([frame for frame in there if (frame in keys) is kind] for kind in (False, True))
    found = []
    for frame in [*_evenly(carried), *_evenly(given)]:
        color, still = stored.read(frame), read_jpeg(version.path / still_name(frame))
        if still is not None and still.shape[1:] == color.confidence.shape:
            found.append((rgb_to_lab(still / 255)[0], color))
    return found


def _evenly(frames: Sequence[int]) -> list[int]:
    return [frames[len(frames) * k // STILLS] for k in range(STILLS)] if len(frames) > STILLS else list(frames)


def _palettes(state: ShotState, lit: Sequence[Lit]) -> dict[str, Palette]:
    """What the shot's free references gave it; a frame's own picture is no shot's but its own."""
    free = {
        str(name)
        for key in state.keyframes
        if key.get("how") in ("transfer", "far") and isinstance(key.get("pictures"), list)
        for name in key["pictures"][:1]
    }
    return {name: palette_of(*lit[0]) for name in sorted(free)} if lit else {}


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _kept(film: Film) -> dict[str, Any]:
    if not film.project.has(RECORD):
        return {}
    shots = film.project.read_json(RECORD, SCHEMA).get("shots")
    return shots if isinstance(shots, dict) else {}


def _read(entry: Mapping[str, Any]) -> ShotQuality | None:
    """What was kept; None where it is damaged."""
    figures, palettes = entry.get("figures"), entry.get("palettes")
    if not isinstance(figures, dict) or not isinstance(palettes, dict):
        return None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in figures.values()):
        return None
    try:
        read = {
            str(name): tuple(
                None if band is None else (float(band[0]), float(band[1]), float(band[2])) for band in bands
            )
            for name, bands in palettes.items()
        }
    except (TypeError, ValueError, IndexError):
        return None
    return ShotQuality({str(name): float(value) for name, value in figures.items()}, read)
