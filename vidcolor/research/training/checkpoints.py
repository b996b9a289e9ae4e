"""What a run leaves on disk: its state, written whole or not at all, and rows of figures."""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

log = logging.getLogger(__name__)


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Writes beside and renames, so that a kill leaves the old state or the new."""
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    os.replace(beside, path)


def load_state(path: Path) -> dict[str, Any]:
    """The state as saved; tensors and plain values only."""
    return dict(torch.load(path, weights_only=True, map_location="cpu"))


def add_row(path: Path, step: int, seconds: float, figures: dict[str, float], *, digits: int = 4) -> None:
    """Adds a row of figures to a CSV file, with its head where the file is new, and says it in the log."""
    row = {"step": step, "seconds": round(seconds)} | {k: f"{v:.{digits}f}" for k, v in figures.items()}
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if new:
            writer.writeheader()
        writer.writerow(row)
    log.info("%s", row)


def means_of(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each name's values over rows of the same names."""
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
