"""The cross-check: every variant on every training clip, by networks and constants that never saw the clip.

The same file for each job as for the table (quality.py): killed, it goes on, and only what changed is done again. What
is compared, and how, says compared.py.
"""

from __future__ import annotations

import math
import shutil
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.compared import SCORES, Found
from benchmark.jobs import clips_in, open_job
from benchmark.quality import Bench, Record, Tell
from benchmark.tables import mean
from benchmark.trials import House, Trial, Variant
from vidcolor.errors import InputError
from vidcolor.media.pictures import SUFFIXES
from vidcolor.research.training.folds import Folds


@dataclass(frozen=True)
class Plan:
    """What is compared on which clips."""

    folds: Folds
    clips: tuple[Path, ...]
    rules: tuple[str, ...]
    variants: tuple[Variant, ...]
    frames: int = 0
    """At most so many frames of each clip; 0: all."""


def chosen_clips(folders: Sequence[Path], folds: Folds, only: Sequence[int], count: int) -> tuple[Path, ...]:
    """Clips of some folds, by fold and name; `count` above 0: as many of each fold as of the others, always the same.

    Refuses clips that are in no fold, two of one name, and folds without clips.
    """
    found = [clip for folder in folders for clip in clips_in(folder)]
    names = [clip.name for clip in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{', '.join(twice)}: in two of the folders; give clips of one name once")
    clips = sorted((folds.of(clip.name), clip.name, clip) for clip in found)
    kept = [row for row in clips if row[0] in only]
    if count:
        ranked = sorted(kept, key=lambda row: zlib.crc32(row[1].encode()))
        places = {row: [r for r in ranked if r[0] == row[0]].index(row) for row in ranked}
        kept = sorted(sorted(kept, key=lambda row: (places[row], row[0]))[:count])
    if not kept:
        raise InputError(f"{', '.join(map(str, folders))}: no clip of folds {', '.join(map(str, only))}")
    return tuple(clip for _, _, clip in kept)


def check_choices(plan: Plan, choices: Mapping[str, Sequence[str]]) -> None:
    """Refuses two rows of one name, choices among what is no variant, and those in one fold: there are no others."""
    variants = [variant.name for variant in plan.variants]
    names = [*variants, *choices]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"two rows are called {', '.join(twice)}; call each --variant and --choose otherwise")
    for name, among in choices.items():
        missing = [one for one in among if one not in variants]
        if missing:
            raise InputError(f"--choose {name}: no variant {', '.join(missing)}; there are {', '.join(variants)}")
    folds = {plan.folds.of(clip.name) for clip in plan.clips}
    if choices and len(folds) < 2:
        raise InputError(f"--choose: all clips are of fold {min(folds)}; there are no others to choose by")


def run(plan: Plan, out: Path, tell: Tell) -> list[Found]:
    """Every variant on every clip under every rule, in this order; what is kept of an earlier run is read."""
    bench, work = Bench(out / (f"first-{plan.frames}" if plan.frames else "whole"), tell=tell), out / "under-way"
    shutil.rmtree(work, ignore_errors=True)
    houses = {python: House(python) for python in dict.fromkeys(v.python for v in plan.variants)}
    trials = {
        (v.name, fold): Trial(v, fold, houses[v.python], work)
        for v in plan.variants
        for fold in sorted({plan.folds.of(clip.name) for clip in plan.clips})
    }
    bench.runs.mkdir(parents=True, exist_ok=True)
    total, found = len(trials and plan.clips) * len(plan.rules) * len(plan.variants), []
    for (name, fold), trial in trials.items():
        try:
            for clip in (c for c in plan.clips if plan.folds.of(c.name) == fold):
                for rule in plan.rules:
                    job = open_job(_cut(clip, plan.frames, work / "clip"), rule, work / "job")
                    record = bench.run_one(job, trial, work / "made", f"[{len(found) + 1}/{total}]")
                    found.append(_found(record, name, fold, trial.seen(clip, plan.folds)))
                    for folder in (work / "clip", work / "job"):
                        shutil.rmtree(folder, ignore_errors=True)
        finally:
            trial.close()
    shutil.rmtree(work, ignore_errors=True)
    return found


def _cut(clip: Path, frames: int, folder: Path) -> Path:
    """The clip's first frames as a clip of the same name; the clip itself where it has no more."""
    pictures = sorted(p for p in clip.iterdir() if p.suffix.lower() in SUFFIXES)
    if not frames or len(pictures) <= frames:
        return clip
    cut = folder / clip.name
    cut.mkdir(parents=True)
    for picture in pictures[:frames]:
        (cut / picture.name).symlink_to(picture.absolute())
    return cut


def _found(record: Record, variant: str, fold: int, seen: bool | None) -> Found:
    scores = {score.key: score.of(record) for score in SCORES} if not record["failed"] else {}
    truth = {s.key: s.truth(record) for s in SCORES if s.truth} if not record["failed"] else {}
    seconds = record["cost"]["cpu"] / record["made_of"]["frames"] if record["cost"] else math.nan
    return Found(variant, record["rule"], record["clip"], fold, seen, record["failed"], scores, truth, seconds)


def with_choice(found: Sequence[Found], name: str, among: Sequence[str]) -> list[Found]:
    """What one gets by choosing honestly: in each fold the variant that is best, in PSNR, in the other folds."""
    folds = sorted({f.fold for f in found})
    made = []
    for rule in dict.fromkeys(f.rule for f in found):
        here = [f for f in found if f.rule == rule]
        for fold in folds:
            others = {n: mean(f.scores.get("psnr", math.nan) for f in here if f.variant == n and f.fold != fold)
                      for n in among}  # fmt: skip
            best = max(among, key=lambda n: others[n])
            made += [Found(name, *_rest(f)) for f in here if f.variant == best and f.fold == fold]
    return made


def _rest(f: Found) -> tuple:
    return f.rule, f.clip, f.fold, f.seen, f.failed, f.scores, f.truth, f.seconds
