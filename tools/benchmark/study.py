"""What each part of the method is worth, how quality falls with distance, and where the errors sit.

Each part is left out in turn (variants.py; `propagate.network=none` for the networks), and the clips are coloured and
measured as in the table. The errors' places come from errors.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmark.methods import Gray, Method, Ours
from benchmark.quality import Record, of, value_of
from benchmark.tables import mean, number, table
from benchmark.variants import VARIANTS
from vidcolor.research.measure.definitions import BY_KEY

RULES = ("first", "both")
BINS = ((1, 2), (3, 5), (6, 10), (11, 20), (21, 35), (36, 60), (61, 10**9))
"""Frames from the nearest keyframe, both ends included."""
LEFT_OUT = ("psnr", "ciede2000", "ciede2000_p90", "colorfulness_ratio", "cdc", "keyframe_jump", "unseen_error")
FULL = "everything"


def variants(preset: str) -> list[Method]:
    """The whole method, and the method without each part; the whole one shares its results with the table."""
    parts = [name for name in VARIANTS if name.startswith("no-")]
    ours = [Ours(f"{preset}-{name}", VARIANTS[name][0], preset, variant=name) for name in parts]
    without = Ours(f"{preset}-no-network", "without any network", preset, ("propagate.network=none",))
    plainer = [Ours(name, VARIANTS[name][0], variant=name) for name in ("local-attention", "plain-warp")]
    return [Gray(), Ours(preset, FULL, preset), *ours, without, *plainer]


def leave_out_table(records: Sequence[Record], rule: str) -> str:
    """Figures without each part, and how far PSNR and CIEDE2000 are from those of the whole."""
    here = [r for r in of(records, rule=rule) if r["method"] != "gray" and not r["failed"]]
    full = [r for r in here if r["title"] == FULL]
    heads = [f"{rule}", "ΔPSNR", "ΔCIEDE2000", "clips worse", *(BY_KEY[key].name for key in LEFT_OUT), "CPU s a frame"]
    rows = []
    for title in dict.fromkeys(r["title"] for r in here):
        mine = [r for r in here if r["title"] == title]
        gaps = {key: _gaps(mine, full, key) for key in ("psnr", "ciede2000")}
        worse = sum(gap < 0 for gap in gaps["psnr"])
        seconds = mean(r["cost"]["cpu"] / r["made_of"]["frames"] for r in mine)
        cells = [number(mean(value_of(r, key) for r in mine), BY_KEY[key].digits) for key in LEFT_OUT]
        moved = ["", "", ""] if title == FULL else [
            f"{mean(gaps['psnr']):+.2f}", f"{mean(gaps['ciede2000']):+.2f}", f"{worse} of {len(mine)}"
        ]  # fmt: skip
        rows.append([title, *moved, *cells, number(seconds, 3)])
    return table(heads, rows)


def _gaps(mine: Sequence[Record], full: Sequence[Record], key: str) -> list[float]:
    whole = {r["clip"]: value_of(r, key) for r in full}
    return [value_of(r, key) - whole[r["clip"]] for r in mine if r["clip"] in whole]


def distance_table(records: Sequence[Record], rule: str, key: str) -> str:
    """One figure by frames from the nearest keyframe: means over all frames at such a distance."""
    here = [r for r in of(records, rule=rule) if not r["failed"]]
    bins = [b for b in BINS if any(_binned(r, b, key, "gray")[1] for r in here)]
    heads = [f"{BY_KEY[key].name}, {rule}", *(_bin_name(b) for b in bins)]
    base = [r for r in here if r["method"] == "gray"]
    frames = ["frames", *(f"{sum(_binned(r, b, key, 'gray')[1] for r in base)}" for b in bins)]
    clips = ["clips", *(f"{sum(bool(_binned(r, b, key, 'gray')[1]) for r in base)}" for b in bins)]
    rows = [frames, clips]
    rows += [
        [name, *_curve(base, bins, key, column)] for name, column in (("gray frame", "gray"), ("static copy", "copy"))
    ]
    for title in dict.fromkeys(r["title"] for r in here if r["method"] != "gray"):
        rows.append([title, *_curve([r for r in here if r["title"] == title], bins, key, "result")])
    return table(heads, rows)


def _bin_name(ends: tuple[int, int]) -> str:
    return f"{ends[0]}–{ends[1]}" if ends[1] < 10**9 else f"{ends[0]}+"


def _curve(records: Sequence[Record], bins: Sequence[tuple[int, int]], key: str, column: str) -> list[str]:
    cells = []
    for ends in bins:
        sums = [_binned(r, ends, key, column) for r in records]
        count = sum(n for _, n in sums)
        cells.append(number(sum(total for total, _ in sums) / count if count else math.nan, BY_KEY[key].digits))
    return cells


def _binned(record: Record, ends: tuple[int, int], key: str, column: str) -> tuple[float, int]:
    """Sum of a figure over a record's frames at such distances, and their number."""
    total, count = 0.0, 0
    for point in record["distances"]:
        value = point["values"].get(key, {}).get(column)
        if ends[0] <= point["distance"] <= ends[1] and value is not None:
            total, count = total + value * point["frames"], count + point["frames"]
    return total, count
