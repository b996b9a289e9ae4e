"""What is kept of a model that is tuned for a frame, whole or on the way: one file, gone on from and found again.

A file gets its name when it is whole, and says what it sums up to: what is damaged, or of another tuning, counts as not
there. It may be deleted at any moment.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vidcolor.errors import WeightsError
from vidcolor.partial import grown
from vidcolor.weights import UNREADABLE, first_line

SUFFIX = ".safetensors"
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class State:
    """How far a tuning is; tensors on the processor."""

    phase: int = 0
    """Which one is next, or on its way; as many as there are: all is done"""
    step: int = 0
    """Steps of it that are made"""
    numbers: Mapping[str, Tensor] = field(default_factory=dict)
    """By name, contiguous: the model's, the words', the picture's, and what the optimiser keeps of each"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder of tuned models, for one command that holds the project's lock."""

    folder: Path
    room: float
    """GiB that all may take; those longest unused go first, and the one that is put stays"""
    mark: str
    """What tuned models hang on beside what they are named by: the machine"""

    def take(self, name: str) -> State | None:
        """What was put under this name, bit for bit; None where it is not there any more."""
        path = self._path(name)
        try:
            with safe_open(path, framework="pt") as file:
                told = file.metadata() or {}
                numbers = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  it is no dict
            state = State(int(told["phase"]), int(told["step"]), numbers)
            if told["sum"] != _sum(state):
                return None
            os.utime(path)
            return state
        except (*UNREADABLE, SafetensorError):
            return None

    def put(self, name: str, state: State) -> None:
        """Keeps it in place of what was there under this name. Raises WeightsError where the disk does not take it."""
        path = self._path(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        told = {"phase": str(state.phase), "step": str(state.step), "sum": _sum(state)}
        try:
            with grown(path) as place:
                save_file(dict(state.numbers), place, told)
        except SafetensorError as error:
            raise WeightsError(
                f"{path}: cannot be written ({first_line(error)[:120]}); free some of the disk"
            ) from error
        self._make_room(path)

    def _make_room(self, path: Path) -> None:
        others = sorted((p for p in self.folder.glob(f"*{SUFFIX}") if p != path), key=lambda p: p.stat().st_mtime_ns)
        taken = sum(p.stat().st_size for p in (path, *others))
        for other in others:
            if taken <= self.room * GIB:
                return
            taken -= other.stat().st_size
            other.unlink()

    def _path(self, name: str) -> Path:
        digest = hashlib.sha256(f"{self.mark}\n{name}".encode()).hexdigest()
        return self.folder / f"{digest[:24]}{SUFFIX}"


def _sum(state: State) -> str:
    total = hashlib.blake2b(f"{state.phase} {state.step}".encode(), digest_size=16)
    for name, value in sorted(state.numbers.items()):
        total.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        total.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()
