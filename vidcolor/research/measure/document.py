"""The measurement as files for programs: JSON with everything, CSV with a row for each frame."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vidcolor import __version__
from vidcolor.machine import version_of
from vidcolor.research.measure.definitions import BASELINES, BY_KEY, LARGEST_PSNR
from vidcolor.research.measure.measurement import COLUMNS, Measurement, Row, Side

SCHEMA = "vidcolor.measure/1"
SCHEMA_START = '"schema": "vidcolor.measure/'
LIBRARIES = ("numpy", "numba", "av", "opencv-python-headless", "pillow", "torch", "torchvision")
"""Whose versions stand in the file, where they are installed."""
CSV_START = "frame,keyframe,distance,cut"


def as_json(found: Measurement) -> str:
    """All of it, as JSON: the same measurement gives the same text. What is no number is null."""
    document = {
        "schema": SCHEMA,
        "made_with": versions(),
        "result": _side(found.result),
        "truth": _side(found.truth),
        "size": {"height": found.size[0], "width": found.size[1]},
        "reference": str(found.reference) if found.reference else None,
        "keyframes": {
            "folder": str(found.keyframes_given) if isinstance(found.keyframes_given, Path) else None,
            "frames": list(found.keyframes),
        },
        "cuts": list(found.cuts),
        "notes": list(found.notes),
        "columns": BASELINES,
        "figures": {row.key: _figure(row) for row in found.rows},
        "by_distance": [
            {"distance": p.distance, "frames": p.frames, **{k: dict(v) for k, v in p.values.items()}}
            for p in found.distances
        ],
        "networks": [dataclasses.asdict(network) for network in found.networks],
        "largest_psnr_of_a_frame": LARGEST_PSNR,
    }
    head = json.dumps(_finite(document), indent=1, ensure_ascii=False, allow_nan=False)
    return f'{head[:-2]},\n "per_frame": {{\n{_per_frame(found)}\n }}\n}}\n'


def versions() -> dict[str, str]:
    """Versions of this program, of Python and of the libraries that the figures hang on."""
    found = {"vidcolor": __version__, "python": platform.python_version()}
    found |= {name: version for name in LIBRARIES if (version := version_of(name))}
    return {**found, "machine": f"{platform.system()} {platform.machine()}"}


def _side(side: Side) -> dict[str, Any]:
    return {"path": str(side.path), "kind": side.kind, "frames": side.frames, "left_out": list(side.left_out)}


def _figure(row: Row) -> dict[str, Any]:
    figure = BY_KEY[row.key]
    return {
        "name": figure.name,
        "unit": figure.unit,
        "better": figure.better,
        "definition": figure.text,
        "values": dict(row.values),
        "spread": dict(row.spread),
        "needs": row.needs or None,
    }


def _per_frame(found: Measurement) -> str:
    """Members of the JSON object of the series, a line each: frame numbers, then figure to column to numbers."""
    series: dict[str, dict[str, list[float]]] = {}
    for key, column in sorted(found.series, key=_order):
        series.setdefault(key, {})[column] = [float(f"{v:.7g}") for v in found.series[key, column]]
    members = [f'  "frame": {json.dumps(list(found.frames), separators=(",", ":"))}']
    for key, columns in series.items():
        numbers = (
            f"{json.dumps(column)}: {json.dumps(_finite(values), separators=(',', ':'), allow_nan=False)}"
            for column, values in columns.items()
        )
        members.append(f"  {json.dumps(key)}: {{{', '.join(numbers)}}}")
    return ",\n".join(members)


def _finite(value: Any) -> Any:
    """The same with None for what JSON has no number for; no end of decibels is the most that counts."""
    if isinstance(value, float):
        return value if math.isfinite(value) else LARGEST_PSNR if value == math.inf else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def as_csv(found: Measurement) -> str:
    """A row for each frame: its number; 1 for a keyframe; frames to the nearest keyframe; 1 for the first after a cut;
    then each figure by column, as `psnr.result`. Empty where there is none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    keys = sorted(found.series, key=_order)
    writer.writerow([*CSV_START.split(","), *(f"{key}.{column}" for key, column in keys)])
    keyframes, cuts = frozenset(found.keyframes), frozenset(found.cuts)
    for place, frame in enumerate(found.frames):
        distance = found.distance[place]
        marks = (frame, int(frame in keyframes), "" if distance < 0 else distance, int(frame in cuts))
        writer.writerow([*marks, *(_cell(found.series[key][place]) for key in keys)])
    return out.getvalue()


def _order(key: tuple[str, str]) -> tuple[int, str, int]:
    names = list(BY_KEY)
    place = names.index(key[0]) if key[0] in names else names.index("cdc")
    return place, key[0], COLUMNS.index(key[1])  # type: ignore[arg-type]


def _cell(value: float) -> str:
    value = min(value, LARGEST_PSNR) if value == math.inf else value
    return "" if math.isnan(value) else f"{value:.6g}"
