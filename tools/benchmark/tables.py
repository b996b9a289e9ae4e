"""What is written: Markdown tables, and the page that holds them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmark import machine
from benchmark.jobs import rule_name
from benchmark.quality import Record, of, value_of
from vidcolor.research.measure.definitions import BY_KEY

COLUMNS = (
    "psnr",
    "ciede2000",
    "ciede2000_p90",
    "ssim",
    "lpips",
    "fid",
    "colorfulness_ratio",
    "cdc",
    "warp_error",
    "keyframe_jump",
    "unseen_error",
    "luma_change",
)
"""Figures of the quality table, by `vidcolor.research.measure`'s names; those nobody has are left out."""
ARROWS = {"higher": "↑", "lower": "↓", "near 1": "→ 1", "near 0": "→ 0", "near truth": ""}
WORST = ("luma_change",)
"""Figures of which the worst clip counts, not the mean."""
BASES = {"gray frame": "gray", "static copy": "copy", "truth itself": "truth"}
"""Rows read from the gray film's measurement: title to column."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, the first column to the left, the others to the right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def mean(values: Iterable[float]) -> float:
    """Mean of those that are numbers; NaN where none is."""
    known = [v for v in values if not math.isnan(v)]
    return sum(known) / len(known) if known else math.nan


def quality_table(records: Sequence[Record], rule: str) -> str:
    """Figures by method for one rule of keyframes: means over clips, keyframes left out."""
    here = list(of(records, rule=rule))
    keys = [key for key in COLUMNS if any(not math.isnan(value_of(r, key)) for r in here)]
    heads = [f"keyframes: {rule_name(rule)}", *(f"{BY_KEY[k].name} {ARROWS[BY_KEY[k].better]}".strip() for k in keys)]
    rows = [
        [title, *_cells(list(of(here, method="gray")), keys, column), "–", "–"]
        for title, column in BASES.items()
        if any(of(here, method="gray"))
    ]
    for method in dict.fromkeys(r["method"] for r in here if r["method"] != "gray"):
        rows.append(_method_row(list(of(here, method=method)), keys))
    return table([*heads, "CPU s a frame", "peak MiB"], rows)


def _method_row(records: list[Record], keys: Sequence[str]) -> list[str]:
    whole = [r for r in records if not r["failed"]]
    title = records[0]["title"]
    if len(whole) < len(records):
        title += f" ({len(whole)} of {len(records)} clips)" if whole else " (failed)"
    seconds = mean(r["cost"]["cpu"] / r["made_of"]["frames"] for r in whole if r["cost"])
    peak = max((r["cost"]["peak_mib"] for r in whole if r["cost"]), default=math.nan)
    return [title, *_cells(whole, keys, "result"), number(seconds, 3), number(peak, 0)]


def _cells(records: Sequence[Record], keys: Sequence[str], column: str) -> list[str]:
    """One figure each; a row that is no result has no luma of its own, and the truth only what it says of itself."""
    cells = []
    for key in keys:
        values = [value_of(r, key, column) for r in records]
        whole = max((v for v in values if not math.isnan(v)), default=math.nan) if key in WORST else mean(values)
        cells.append(number(whole, BY_KEY[key].digits))
    return cells


def clip_table(records: Sequence[Record], rule: str, key: str = "psnr") -> str:
    """One figure by clip and method."""
    here = list(of(records, rule=rule))
    methods = {r["method"]: r["title"] for r in here if r["method"] != "gray"}
    heads = [rule_name(rule), "gray frame", "static copy", *methods.values()]
    digits, rows = BY_KEY[key].digits, []
    for clip in dict.fromkeys(r["clip"] for r in here):
        base = list(of(here, clip=clip, method="gray"))
        values = [mean(value_of(r, key, column) for r in base) for column in ("gray", "copy")]
        values += [mean(value_of(r, key) for r in of(here, clip=clip, method=m)) for m in methods]
        rows.append([clip, *(number(v, digits) for v in values)])
    return table(heads, rows)


def failures(records: Sequence[Record]) -> str:
    """A line for each job that failed."""
    return "".join(f"- {r['clip']}, {r['rule']}, {r['title']}: {r['failed']}\n" for r in records if r["failed"])


def legend(records: Sequence[Record]) -> str:
    """What each column is."""
    known = [k for k in COLUMNS if any(not math.isnan(value_of(r, k)) for r in records)]
    return (
        "Means over frames, keyframes left out, then over clips, each clip counting the same; of the luma change the "
        "largest. Processor seconds and peak memory (the largest process) are the whole command's, its start included."
        "\n\n" + "".join(f"- **{BY_KEY[k].name}**{_unit(k)}: {BY_KEY[k].text}\n" for k in known)
    )


def _unit(key: str) -> str:
    return f" ({BY_KEY[key].unit})" if BY_KEY[key].unit else ""


def page(title: str, command: str, about: Mapping[str, str], parts: Sequence[tuple[str, str]]) -> str:
    """A whole Markdown page: what it was made on and how, then headed parts."""
    facts = "".join(f"- {name}: {text}\n" for name, text in {**about, "made by": f"`{command}`"}.items())
    return f"# {title}\n\n{facts}" + "".join(f"\n## {head}\n\n{text}" for head, text in parts if text)


def facts_of(records: Sequence[Record]) -> dict[str, str]:
    """The machine's facts; of commits, those the results were made at."""
    about = machine.facts()
    commits = list(dict.fromkeys(r["commit"] for r in records if r["method"] != "gray"))
    if commits and commits != [machine.commit()]:
        about["results from"] = "commits " + ", ".join(commits)
    return about


def write_page(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
