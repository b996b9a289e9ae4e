"""RAFT flow (torchvision): better than DIS, for a GPU. PyTorch is imported when the estimator is built, not before.

Source: Teed, Deng, RAFT: Recurrent All-Pairs Field Transforms for Optical Flow, ECCV 2020. Network: torchvision's.
"""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import DeviceError, InputError, WeightsError

STRIDE = 8
"""RAFT works on an eighth of the size; sides are padded to a multiple of this."""
SMALLEST = 128
"""The correlation pyramid has four levels below stride 8: torchvision refuses shorter sides."""


class Raft:
    """Flow from one lightness picture to another, by RAFT.

    size     `small` (1.0 M parameters) or `large` (5.3 M)
    weights  a .pth or .safetensors file with torchvision's key names; empty: torchvision's own, downloaded once
    device   auto, cpu or cuda; auto takes the GPU where there is one
    """

    def __init__(self, size: Literal["small", "large"] = "small", weights: str = "", device: str = "auto") -> None:
        torch = _library("torch")
        optical_flow = _library("torchvision.models.optical_flow")
        if device == "cuda" and not torch.cuda.is_available():
            raise DeviceError("device cuda: PyTorch finds no CUDA device here; use --device auto or cpu")
        self._torch = torch
        self._device = "cuda" if device in ("auto", "cuda") and torch.cuda.is_available() else "cpu"
        network = getattr(optical_flow, f"raft_{size}")(weights=None)
        network.load_state_dict(_state(torch, optical_flow, size, weights))
        self._network = network.eval().to(self._device)
        self._lock = threading.Lock()

    def __call__(self, lightness_a: Array, lightness_b: Array) -> Array:
        """(2, H, W) float32 flow from a to b, both (H, W) L* 0..100."""
        if lightness_a.shape != lightness_b.shape or lightness_a.ndim != 2:
            raise InputError(f"flow between pictures of {lightness_a.shape} and {lightness_b.shape}: sizes must agree")
        height, width = lightness_a.shape
        torch = self._torch
        a, b = (torch.from_numpy(_padded(x)).to(self._device) for x in (lightness_a, lightness_b))
        with self._lock, torch.inference_mode():
            flow = self._network(a, b)[-1][0]
        return np.ascontiguousarray(flow[:, :height, :width].float().cpu().numpy())


def _padded(lightness: Array) -> Array:
    """(1, 3, h, w) float32 in -1..1, as RAFT takes it; the right and lower edge repeated."""
    height, width = lightness.shape
    below = max(SMALLEST - height, -height % STRIDE)
    beside = max(SMALLEST - width, -width % STRIDE)
    plane = np.pad(lightness.astype(np.float32) / 50 - 1, ((0, below), (0, beside)), mode="edge")
    return np.ascontiguousarray(np.broadcast_to(plane, (1, 3, *plane.shape)))


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise WeightsError(
            f"propagate.flow = raft: {name} is not installed; run pip install 'vidcolor[raft]', or set flow to dis"
        ) from error


def _state(torch: Any, optical_flow: Any, size: str, weights: str) -> dict[str, Any]:
    """The network's numbers, from the file named or from torchvision's download."""
    if not weights:
        table = getattr(optical_flow, f"Raft_{size.capitalize()}_Weights").DEFAULT
        try:
            return table.get_state_dict(progress=False, check_hash=True)
        except (OSError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise WeightsError(
                f"raft_{size}: weights could not be fetched ({reason}); give a file in propagate.raft_weights"
            ) from error
    path = Path(weights)
    if not path.is_file():
        raise WeightsError(f"{path}: no such file; propagate.raft_weights must name raft_{size}'s weights")
    try:
        if path.suffix == ".safetensors":
            return _library("safetensors.torch").load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        raise WeightsError(f"{path}: not readable as weights ({str(error).splitlines()[0]})") from error
