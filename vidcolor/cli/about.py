"""`vidcolor --version --verbose`: what is installed, what it computes with, and what the shipped networks learned from.

Loads no network, and nothing that runs them.
"""

from __future__ import annotations

import csv
import json
import platform
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError, safe_open

from vidcolor import __version__
from vidcolor.errors import WeightsError
from vidcolor.machine import computed_on, graphics, networks_compute_in, version_of
from vidcolor.networks.shipped import FILES, FOLDER, mark_of

LIBRARIES = (
    *("numpy", "numba", "av", "opencv-python-headless", "openimageio", "opentimelineio", "openvino", "safetensors"),
    "torch",
)
SOURCES = FOLDER / "sources.csv"
"""What the networks learned from: one row a source, with its licence as stated; `free` is yes where that allows paid
work"""


def version_lines(verbose: bool) -> Iterator[str]:
    """The version; verbose, a report to put into a letter: libraries, processor, weights and their licences."""
    yield f"vidcolor {__version__}"
    if not verbose:
        return
    yield f"python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield ", ".join(f"{name} {version_of(name) or 'not installed'}" for name in LIBRARIES)
    yield f"computes on: {computed_on()}; networks in {networks_compute_in()}; GPU: {graphics() or 'none in use'}"
    yield "networks:"
    for file in FILES:
        size, head = file.stat().st_size / 1e6, _head(file)
        yield f"  {file.stem}  {size:.1f} MB  SHA-256 {mark_of(file)}...  {_origin(head)}"
    yield "licence: vidcolor is MIT; results are yours, paid work included"
    for kind, (free, all_of_kind) in learned_from().items():
        yield f"  {kind} that the networks learned from: {free} of {all_of_kind} pictures have a licence for paid work"
    yield "  of the others the licence is unclear; if that matters to you, `--preset draft` uses no network"
    yield f"  each source: {SOURCES}"


def _origin(head: dict[str, str]) -> str:
    if "published" in head:
        published, licence, taught = (json.loads(head[name]) for name in ("published", "licence", "taught"))
        return f"{published} as published, {licence}; learned from {taught}"
    return f"after {head.get('step', '?')} steps of training"


def learned_from() -> dict[str, tuple[int, int]]:
    """By kind, stills and clips: pictures whose stated licence allows paid work, and all."""
    total: Counter[str] = Counter()
    free: Counter[str] = Counter()
    with SOURCES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            total[row["kind"]] += int(row["pictures"])
            free[row["kind"]] += int(row["pictures"]) * (row["free"] == "yes")
    return {kind: (free[kind], count) for kind, count in total.items()}


def _head(file: Path) -> dict[str, str]:
    """What a weights file says of itself."""
    try:
        with safe_open(file, "np") as opened:
            return dict(opened.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{file}: cannot be read as weights; install vidcolor again ({error})") from error
