"""Networks with random numbers, in files: the shapes of the real ones, which no test can fetch."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from vidcolor.networks.pretrained import COUNTER, NETWORKS


def random_state(name: str, *, whole: bool = True) -> dict[str, Any]:
    """Tensors of the network's keys and shapes; activations stay near 1. Not whole: without what a file may lack."""
    network, made = NETWORKS[name], torch.Generator().manual_seed(7)
    state = {}
    for key, shape in network.shapes().items():
        if not whole and (key.endswith(COUNTER) or (network.unused and key.startswith(network.unused))):
            continue
        if key.endswith(COUNTER):
            state[key] = torch.zeros(shape, dtype=torch.int64)
        elif len(shape) > 1:
            state[key] = torch.randn(shape, generator=made) * math.sqrt(2 / math.prod(shape[1:]))
        elif key.endswith(("running_var", "bn.weight")):
            state[key] = 0.5 + torch.rand(shape, generator=made)
        else:
            state[key] = 0.1 * torch.randn(shape, generator=made)
    return state


def empty_state(name: str) -> dict[str, Any]:
    """Zeros of the network's keys and shapes that share one number, so that even a large network's file is small."""
    return {key: torch.zeros(()).expand(shape) for key, shape in NETWORKS[name].shapes().items()}


def random_file(folder: Path, name: str) -> Path:
    """A .pth file of a random network, without what a file may lack."""
    path = folder / f"some-{name}.pth"
    torch.save(random_state(name, whole=False), path)
    return path
