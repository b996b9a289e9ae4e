"""A run's state on disk, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Writes beside and renames, so that a kill leaves the old state or the new."""
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    os.replace(beside, path)


def load_state(path: Path) -> dict[str, Any]:
    """The state as saved; tensors and plain values only."""
    return dict(torch.load(path, weights_only=True, map_location="cpu"))
