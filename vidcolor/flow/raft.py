"""RAFT flow (torchvision), for a GPU: no better than DIS on the clips tried so far, and dearer on a CPU.

PyTorch is imported when the estimator is built, not before.

Source: Teed, Deng, RAFT: Recurrent All-Pairs Field Transforms for Optical Flow, ECCV 2020. Network: torchvision's.
"""

from __future__ import annotations

import copy
import queue
from pathlib import Path
from typing import Any, Literal

from numpy import ndarray as Array

from vidcolor.errors import DeviceError, InputError, WeightsError
from vidcolor.flow.published import RAFT_FILES
from vidcolor.machine import flow_number_type
from vidcolor.planes.kinds import down, on_device, up
from vidcolor.threads import cores
from vidcolor.weights import (
    fetch,
    fill,
    first_line,
    hash_file,
    library,
    pick_device,
    published_hash,
    read_weights,
)

STRIDE = 8
"""RAFT works on an eighth of the size; sides are padded to a multiple of this."""
SMALLEST = 128
"""The correlation pyramid has four levels below stride 8: torchvision refuses shorter sides."""
MOST_AT_ONCE = 4
"""Copies of the network on the CPU, one for each picture pair under way (4 MB small, 21 MB large, and their work)."""
NO_LIBRARY = "run pip install 'vidcolor[networks]', or set propagate.flow to dis"


class Raft:
    """Flow from one lightness picture to another, by RAFT.

    size     `small` (1.0 M parameters) or `large` (5.3 M)
    weights  a .pth or .safetensors file with torchvision's key names; empty: torchvision's own, downloaded once
    device   auto, cpu or cuda; auto takes the GPU where there is one

    On the CPU PyTorch runs on one thread, set for the whole process: results then depend on no number of cores, and
    shots rendered side by side use the others. Where the CPU has AMX the network runs in bfloat16: 0.5 to 0.7
    of the time; flows between neighbouring frames stay within 0.05 pixels of float32's in the mean, those over motions
    of 60 pixels and more within 0.5.
    """

    def __init__(self, size: Literal["small", "large"] = "small", weights: str = "", device: str = "auto") -> None:
        torch = library("torch", NO_LIBRARY)
        optical_flow = library("torchvision.models.optical_flow", NO_LIBRARY)
        self._torch = torch
        self._device = pick_device(torch, device)
        self._half = self._device == "cpu" and flow_number_type() == "bfloat16"
        network = getattr(optical_flow, f"raft_{size}")(weights=None)
        state = _state(optical_flow, size, weights)
        other = f"not the weights of raft_{size}; check propagate.raft_size and propagate.raft_weights"
        fill(network, state, weights or f"raft_{size}'s downloaded weights", other)
        try:
            network = network.eval().to(self._device)
        except RuntimeError as error:
            raise DeviceError(f"device {device}: {first_line(error)}; use --device cpu") from error
        # torchvision's network keeps the pair's correlations in itself, so two threads never share one
        self._free: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(1 if self._device == "cuda" else min(MOST_AT_ONCE, cores())):
            self._free.put(copy.deepcopy(network))

    def __call__(self, lightness_a: Array, lightness_b: Array) -> Array:
        """(2, H, W) float32 flow from a to b, both (H, W) L* 0..100; of tensors a tensor, where they are."""
        if lightness_a.shape != lightness_b.shape or lightness_a.ndim != 2:
            raise InputError(f"flow between pictures of {lightness_a.shape} and {lightness_b.shape}: sizes must agree")
        height, width = lightness_a.shape
        torch = self._torch
        a, b = (self._padded(up(x, self._device)) for x in (lightness_a, lightness_b))
        if self._device == "cpu":
            torch.set_num_threads(1)  # here, not once at the start: OpenMP keeps the number for each thread
        network = self._free.get()
        try:
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._half):
                flow = network(a, b)[-1][0]
        except torch.cuda.OutOfMemoryError as error:
            raise DeviceError(
                f"device cuda: too little GPU memory for flow at {width}x{height}; "
                "use --device cpu or a smaller propagate.chroma_side"
            ) from error
        finally:
            self._free.put(network)
        found = flow[:, :height, :width].float().contiguous()
        return found if on_device(lightness_a) else down(found)  # type: ignore[no-any-return]

    def _padded(self, lightness: Any) -> Any:
        """(1, 3, h, w) float32 in -1..1, as RAFT takes it; the right and lower edge repeated."""
        height, width = lightness.shape
        below = max(SMALLEST - height, -height % STRIDE)
        beside = max(SMALLEST - width, -width % STRIDE)
        plane = lightness.float()[None, None] / 50 - 1
        return self._torch.nn.functional.pad(plane, (0, beside, 0, below), mode="replicate").expand(-1, 3, -1, -1)


def _state(optical_flow: Any, size: str, weights: str) -> Any:
    """The network's numbers, from the file named or from torchvision's download."""
    named = f"propagate.raft_weights must name raft_{size}'s weights"
    if weights:
        return read_weights(Path(weights), named)
    table = getattr(optical_flow, f"Raft_{size.capitalize()}_Weights")
    url = next((entry.url for entry in table if RAFT_FILES[size] in entry.url), "")
    if not url:
        raise WeightsError(f"raft_{size}: this torchvision does not know {RAFT_FILES[size]}; {named}")
    try:
        path = fetch(url)
    except WeightsError as error:
        by_hand = "fetch them by hand and name the file in propagate.raft_weights"
        raise WeightsError(f"raft_{size}: weights {error}; {by_hand}") from error
    if not hash_file(path).startswith(published_hash(url)):
        raise WeightsError(f"{path}: not what torchvision publishes under this name; delete it: it is fetched again")
    return read_weights(path, "delete it, and it is fetched again")
