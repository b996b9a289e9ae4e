"""The network that weighs guesses, NumPy in and NumPy out: evidence in, chroma and expected error out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array

from vidcolor.networks.load import load_weighing
from vidcolor.networks.precision import run_alone, working_dtype
from vidcolor.networks.shipped import mark_of


class Weigher:
    """The network of a file; may be called by several threads at once."""

    def __init__(self, file: Path, slots: Sequence[str]) -> None:
        """Loads the file. Refuses a network made for other slots."""
        self.name, self.slots = mark_of(file), tuple(slots)
        self._net = load_weighing(file, slots).to(working_dtype())

    def __call__(
        self,
        lightness: Array,
        maps: Sequence[Array | torch.Tensor],
        evidence: Array,
        error: Array,
        claims: Array | None = None,
    ) -> tuple[Array, Array]:
        """Chroma (2, H, W) and its expected error (H, W) in a*b*; what goes in is WeighingNet.forward's, without B.

        lightness (H, W), maps three of (C, h, w), arrays or tensors, evidence (S, 2 + signals, H, W), error (S, H, W),
        claims (claims, H, W), heard by a network that asks for them
        """
        run_alone()
        light, planes, doubt = (_tensor(a) for a in (lightness, evidence, error))
        said = _tensor(claims) if claims is not None and self._net.config.claims else None
        with torch.inference_mode():
            features = [torch.as_tensor(m)[None] for m in maps]
            chroma, expected, _ = self._net(light[None], features, planes, doubt, said)
        return chroma[0].float().numpy(), expected[0].float().numpy()


def _tensor(array: Array) -> torch.Tensor:
    """(1, ...) float32; frozen arrays are copied, for PyTorch warns of them."""
    return torch.from_numpy(np.require(array, np.float32, ["C", "W"]))[None]
