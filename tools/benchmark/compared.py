"""What the cross-check tells: means over clips, the worst fold, differences to today's and how sure they are.

Differences are paired, clip by clip; their interval is that of the mean of as many clips drawn anew (bootstrap, 95 %).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.jobs import rule_name
from benchmark.quality import Record, value_of
from benchmark.tables import mean, number, table
from benchmark.trials import TODAY

DRAWS = 10_000
"""Sets of clips drawn for an interval."""
SUBSETS = {"all": "all clips", "unseen": "clips that neither was trained on"}


@dataclass(frozen=True)
class Score:
    """A figure that is compared."""

    key: str
    name: str
    digits: int
    better: int
    """1 where more is better, -1 where less is."""
    of: Callable[[Record], float]
    truth: Callable[[Record], float] | None = None
    """The same of the film's own colours."""


def _plain(key: str, scale: float = 1.0, column: str = "result") -> Callable[[Record], float]:
    return lambda record: scale * value_of(record, key, column)


def _flicker(column: str) -> Callable[[Record], float]:
    return lambda record: value_of(record, "warp_error", column) - value_of(record, "warp_error", "gray")


SCORES = (
    Score("psnr", "PSNR, dB", 2, 1, _plain("psnr")),
    Score("ciede2000", "CIEDE2000", 2, -1, _plain("ciede2000")),
    Score("unseen_psnr", "never-seen PSNR, dB", 2, 1, _plain("unseen_psnr")),
    Score("colorfulness", "colourfulness, ratio", 3, 1, _plain("colorfulness_ratio")),
    Score("cdc", "CDC x 1000", 2, -1, _plain("cdc", 1000), _plain("cdc", 1000, "truth")),
    Score("flicker", "flicker (warp error over the gray film's) x 1000", 3, -1, _flicker("result"), _flicker("truth")),
)


@dataclass(frozen=True)
class Found:
    """One variant on one clip under one rule."""

    variant: str
    rule: str
    clip: str
    fold: int
    seen: bool | None
    """Whether its networks were trained on the clip; None where their files do not say."""
    failed: str
    scores: Mapping[str, float]
    truth: Mapping[str, float]
    seconds: float
    """Of processor, a frame."""


@dataclass(frozen=True)
class Row:
    """A figure of a variant over a subset of the clips, and how far it is from today's."""

    rule: str
    score: Score
    subset: str
    variant: str
    clips: int
    mean: float
    folds: Mapping[int, float]
    worst: int
    """The fold with the worst mean."""
    gap: float
    """Mean difference to today's over the same clips; NaN for today's own."""
    low: float
    high: float
    worst_gap: int
    """The fold that gains least."""
    gaps: Mapping[int, float]
    won: int
    """Clips that are better than today's."""


def rows(found: Sequence[Found]) -> Iterator[Row]:
    """Every figure of every variant under every rule; where one of the two saw some clips, also without those."""
    for rule in dict.fromkeys(f.rule for f in found):
        base = {f.clip: f for f in found if f.rule == rule and f.variant == TODAY}
        for score in SCORES:
            for variant in dict.fromkeys(f.variant for f in found):
                mine = [f for f in found if f.rule == rule and f.variant == variant and not f.failed]
                fair = [f for f in mine if f.seen is False and f.clip in base and base[f.clip].seen is False]
                for subset, part in (("all", mine), ("unseen", fair)):
                    if subset == "all" or len(fair) < len(mine):
                        yield _row(rule, score, subset, variant, part, base)


def _row(rule: str, score: Score, subset: str, variant: str, mine: list[Found], base: Mapping[str, Found]) -> Row:
    known = [f for f in mine if not math.isnan(f.scores[score.key])]
    folds = {k: mean(f.scores[score.key] for f in known if f.fold == k) for k in sorted({f.fold for f in known})}
    pairs = [
        (f.fold, f.scores[score.key] - base[f.clip].scores[score.key])
        for f in known
        if variant != TODAY and f.clip in base and not math.isnan(base[f.clip].scores.get(score.key, math.nan))
    ]
    gaps = {k: mean(gap for fold, gap in pairs if fold == k) for k in sorted({fold for fold, _ in pairs})}
    low, high = interval([gap for _, gap in pairs])
    return Row(
        rule, score, subset, variant, len(known), mean(f.scores[score.key] for f in known), folds,
        min(folds, key=lambda k: score.better * folds[k], default=-1),
        mean(gap for _, gap in pairs), low, high, min(gaps, key=lambda k: score.better * gaps[k], default=-1), gaps,
        sum(score.better * gap > 0 for _, gap in pairs),
    )  # fmt: skip


def interval(gaps: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean: between the 2.5th and 97.5th hundredth of means of clips drawn anew."""
    if len(gaps) < 2:
        return math.nan, math.nan
    drawn = np.random.default_rng(0).integers(0, len(gaps), (DRAWS, len(gaps)))
    low, high = np.percentile(np.asarray(gaps)[drawn].mean(1), [2.5, 97.5])
    return float(low), float(high)


def text_of(found: Sequence[Found], frames: int) -> list[tuple[str, str]]:
    """Headed parts of the page."""
    made = list(rows(found))
    parts = [("What was measured", _about(found, frames))]
    for rule in dict.fromkeys(f.rule for f in found):
        here = [r for r in made if r.rule == rule]
        parts.append((f"{rule_name(rule)}: means over clips", _means(here, found, rule)))
        for score in SCORES:
            for subset, title in SUBSETS.items():
                some = [r for r in here if r.score is score and r.subset == subset and r.clips]
                if some:
                    parts.append((f"{rule_name(rule)}: {score.name}, {title}", _compared(some)))
    failed = "".join(f"- {f.clip}, {f.rule}, {f.variant}: {f.failed}\n" for f in found if f.failed)
    return [*parts, ("What failed", failed)]


def _about(found: Sequence[Found], frames: int) -> str:
    folds = {f.clip: f.fold for f in found}
    counts = ", ".join(f"{list(folds.values()).count(k)} of fold {k}" for k in sorted(set(folds.values())))
    lines = [f"{len(folds)} clips: {counts}" + (f"; at most {frames} frames of each" if frames else "")]
    for variant in dict.fromkeys(f.variant for f in found):
        clips = {f.clip: f.seen for f in found if f.variant == variant}
        seen, unknown = (sum(s is k for s in clips.values()) for k in (True, None))
        said = (
            f"SEEN: its networks were trained on {seen} of the {len(clips)} clips" if seen else "its networks saw none"
        )
        lines.append(f"{variant}: {said}" + (f"; of {unknown} its weights do not say" if unknown else ""))
        if variant != TODAY and _idle(found, variant):
            lines.append(f"{variant}: CHANGED NOTHING: every figure is today's")
    return "".join(f"- {line}\n" for line in lines)


def _idle(found: Sequence[Found], variant: str) -> bool:
    base = {(f.clip, f.rule): f.scores for f in found if f.variant == TODAY}
    mine = [f for f in found if f.variant == variant and (f.clip, f.rule) in base]
    return bool(mine) and all(repr(f.scores) == repr(base[f.clip, f.rule]) for f in mine)


def _means(made: Sequence[Row], found: Sequence[Found], rule: str) -> str:
    heads = ["", *(score.name for score in SCORES), "CPU s a frame"]
    truth = [f for f in found if f.rule == rule and f.variant == TODAY and not f.failed]
    own = [number(mean(f.truth.get(s.key, math.nan) for f in truth), s.digits) for s in SCORES]
    lines = [["the truth itself", *own, "–"]]
    for variant in dict.fromkeys(r.variant for r in made):
        mine = {r.score.key: r for r in made if r.variant == variant and r.subset == "all"}
        cost = mean(f.seconds for f in found if f.rule == rule and f.variant == variant)
        lines.append([variant, *(number(mine[s.key].mean, s.digits) for s in SCORES), number(cost, 3)])
    return table(heads, lines)


def _compared(made: Sequence[Row]) -> str:
    folds = sorted({k for r in made for k in r.folds})
    heads = [
        "",
        "clips",
        "mean",
        *(f"fold {k}" for k in folds),
        "worst fold",
        "Δ today",
        "95 %",
        "Δ worst fold",
        "better on",
    ]
    lines = []
    for r in made:
        digits, signed = r.score.digits, f"+.{r.score.digits + 1}f"
        cells = [f"{r.clips}", number(r.mean, digits), *(number(r.folds.get(k, math.nan), digits) for k in folds)]
        cells.append(f"{number(r.folds[r.worst], digits)} ({r.worst})")
        if r.gaps:
            between = "–" if math.isnan(r.low) else f"{r.low:{signed}} to {r.high:{signed}}"
            cells += [f"{r.gap:{signed}}", between, f"{r.gaps[r.worst_gap]:{signed}} ({r.worst_gap})",
                      f"{r.won} of {r.clips}"]  # fmt: skip
        lines.append([r.variant, *cells, *[""] * (len(heads) - 1 - len(cells))])
    return table(heads, lines)


def write_csvs(found: Sequence[Found], out: Path) -> None:
    """folds.csv: a line each figure, variant and rule; clips.csv: a line each clip, variant and rule."""
    made = list(rows(found))
    folds = sorted({k for r in made for k in r.folds})
    heads = ["rule", "figure", "clips", "variant", "count", "mean", "worst_fold", "worst", "difference", "low", "high",
             "worst_difference_fold", "worst_difference", "better_on", *(f"fold_{k}" for k in folds)]  # fmt: skip
    lines = [
        [r.rule, r.score.key, r.subset, r.variant, r.clips, r.mean, r.worst, r.folds.get(r.worst, math.nan), r.gap,
         r.low, r.high, r.worst_gap, r.gaps.get(r.worst_gap, math.nan), r.won,
         *(r.folds.get(k, math.nan) for k in folds)]
        for r in made
    ]  # fmt: skip
    _write_csv(out / "folds.csv", heads, lines)
    keys = [score.key for score in SCORES]
    heads = ["rule", "variant", "fold", "clip", "seen", *keys, "cpu_seconds_a_frame", "failed"]
    seen = {True: "yes", False: "no", None: "unknown"}
    lines = [
        [
            f.rule,
            f.variant,
            f.fold,
            f.clip,
            seen[f.seen],
            *(f.scores.get(k, math.nan) for k in keys),
            f.seconds,
            f.failed,
        ]
        for f in found
    ]
    _write_csv(out / "clips.csv", heads, lines)


def _write_csv(path: Path, heads: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(heads)
        for line in lines:
            writer.writerow(["" if v == "" or (isinstance(v, float) and math.isnan(v)) else
                             f"{v:.6g}" if isinstance(v, float) else v for v in line])  # fmt: skip
    partial.replace(path)
