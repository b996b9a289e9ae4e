"""Every clip, every rule of keyframes, every method: coloured, measured, and kept as one file each.

`OUT/runs/CLIP--RULE--METHOD.json` is written when a job is whole, so a run that was killed goes on; a job is done
again only when what it was made of (options, keyframes, clip) has changed, or when it failed.
"""

from __future__ import annotations

import datetime
import json
import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, product
from pathlib import Path
from typing import Any

from benchmark import machine
from benchmark.costs import FailedError
from benchmark.jobs import Job, open_job
from benchmark.methods import Method
from vidcolor.errors import VidcolorError
from vidcolor.media.pictures import open_colors
from vidcolor.research.measure.measurement import Measurement, MeasureOptions
from vidcolor.research.measure.run import measure

Tell = Callable[[str], None]
Record = dict[str, Any]
"""What is kept of one job: clip, rule, method, title, made_of, commit, date, cost, figures, distances, failed."""


@dataclass(frozen=True)
class Bench:
    """Where results are kept, and how they are measured."""

    out: Path
    weights: tuple[Path, ...] = ()
    tell: Tell = print

    @property
    def runs(self) -> Path:
        return self.out / "runs"

    def run(self, clips: Sequence[Path], rules: Sequence[str], methods: Sequence[Method]) -> list[Record]:
        """A record of every clip, rule and method, in this order; those already kept are read."""
        self.runs.mkdir(parents=True, exist_ok=True)
        work = self.out / "under-way"
        shutil.rmtree(work, ignore_errors=True)
        total, done, records = len(clips) * len(rules) * len(methods), 0, []
        for (clip, rule), group in groupby(product(clips, rules, methods), key=lambda item: item[:2]):
            job = open_job(clip, rule, work / "job")
            for _, _, method in group:
                done += 1
                records.append(self.run_one(job, method, work / "made", f"[{done}/{total}]"))
            shutil.rmtree(work, ignore_errors=True)
        return records

    def run_one(self, job: Job, method: Method, folder: Path, place: str) -> Record:
        """The record of one method on one job: kept, or made in `folder`; `place` stands before what is told."""
        made_of = self._made_of(job, method)
        path = self.runs / f"{job.name}--{job.rule.replace(':', '-')}--{method.name}.json"
        kept = read_record(path)
        if kept is not None and kept["made_of"] == made_of and not kept["failed"]:
            return {**kept, "title": method.title}  # a table and a study name the same result differently
        started = time.monotonic()
        record = {
            "clip": job.name,
            "rule": job.rule,
            "method": method.name,
            "title": method.title,
            "made_of": made_of,
            "commit": machine.commit(),
            "date": datetime.datetime.now().isoformat(timespec="seconds"),
            **self._outcome(job, method, folder),
        }
        write_json(path, record)
        said = record["failed"] or _headline(record, job.count)
        self.tell(f"{place} {job.name} {job.rule} {method.name}: {said} ({time.monotonic() - started:.0f} s)")
        return record

    def _made_of(self, job: Job, method: Method) -> Record:
        return {
            "recipe": method.recipe(),
            "frames": job.count,
            "size": list(job.clip.size),
            "keys": list(job.keys),
            "weights": [path.name for path in self.weights],
        }

    def _outcome(self, job: Job, method: Method, folder: Path) -> Record:
        """Cost and figures, or why there are none."""
        empty: Record = {"cost": None, "figures": {}, "distances": [], "failed": ""}
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            result, cost = method.make(job, folder)
            missing = sorted(set(range(job.count)) - set(open_colors(result).frames))
            if missing:
                raise FailedError(f"{len(missing)} of {job.count} frames did not come back, the first {missing[0]}")
            options = MeasureOptions(keyframes=job.keys, weights=self.weights, networks=bool(self.weights))
            found = measure(result, job.truth, options)
        except (FailedError, VidcolorError) as error:
            return {**empty, "failed": " ".join(f"{error}".replace(str(folder), "").split())}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return {**empty, **_kept(found), "cost": asdict(cost) if cost else None}


def _kept(found: Measurement) -> Record:
    figures = {row.key: dict(row.values) for row in found.rows}
    points = [
        {"distance": p.distance, "frames": p.frames, "values": {k: dict(v) for k, v in p.values.items()}}
        for p in found.distances
    ]
    return {"figures": figures, "distances": points}


def _headline(record: Record, count: int) -> str:
    column = "result"
    psnr, error = (value_of(record, key, column) for key in ("psnr", "ciede2000"))
    cost = record["cost"]
    return f"{psnr:.2f} dB, CIEDE2000 {error:.2f}" + (f", {cost['cpu'] / count:.3f} s CPU a frame" if cost else "")


def value_of(record: Record, key: str, column: str = "result") -> float:
    """A figure of a record; NaN where there is none."""
    value = record["figures"].get(key, {}).get(column)
    return math.nan if value is None else float(value)


def read_record(path: Path) -> Any:
    """What a JSON file holds; None where there is none, or half of one."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_json(path: Path, content: Any) -> None:
    """Whole or not at all. Numbers that are none become null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(_finite(content), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    partial.replace(path)


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def of(records: Sequence[Record], **wanted: str) -> Iterator[Record]:
    """The records whose clip, rule or method is as wanted."""
    return (r for r in records if all(r[name] == value for name, value in wanted.items()))
