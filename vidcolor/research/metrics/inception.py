"""FID's own Inception: 2048 numbers of a picture.

It is TensorFlow's network of 2015-12-05, which differs from torchvision's Inception v3 in its weights and in three
ways more: average pools leave the padding out, the last block pools by maximum, and pictures are enlarged or shrunk
to 299 x 299 by TensorFlow's first bilinear rule (corner on corner, no smoothing) and scaled as (x - 128) / 128.

Source: Heusel et al., GANs Trained by a Two Time-Scale Update Rule, NIPS 2017, and the network it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray as Array

from vidcolor.networks.pretrained import INSTALL, NetworkFacts, Weights
from vidcolor.networks.runner import Runner
from vidcolor.weights import library

SIDE = 299
"""Of the picture the network sees."""


class Inception:
    """The 2048 numbers that FID compares, of a picture (3, H, W) uint8 or float R'G'B' 0..1; float32."""

    def __init__(self, weights: Weights, device: str) -> None:
        state, facts = weights.take("fid")
        self._runner = Runner(library("torch", INSTALL), device)
        network = build_network()
        network.load_state_dict(state, strict=True, assign=True)
        network.fc = self._runner.torch.nn.Identity()
        self._network = self._runner.place(network)
        self.facts: tuple[NetworkFacts, ...] = (facts,)

    def __call__(self, rgb: Array) -> Array:
        """(2048,) float32: the last block's mean over its 8 x 8 places."""
        picture = self._runner.tensor(rgb)
        with self._runner.running():
            return self._network((resized(self._runner.torch, 255 * picture) - 128) / 128)[0].cpu().numpy()


def resized(torch: Any, picture: Any) -> Any:
    """(B, 3, 299, 299) of (B, 3, H, W): place i is read at i H / 299, between the two rows and columns about it."""
    for axis in (2, 3):
        count = picture.shape[axis]
        at = np.arange(SIDE, dtype=np.float32) * np.float32(count / SIDE)
        low = np.minimum(at.astype(np.int64), count - 1)
        shape = [1, 1, 1, 1]
        shape[axis] = SIDE
        share = torch.from_numpy((at - low).astype(np.float32)).reshape(shape).to(picture.device)
        lower, upper = (
            picture.index_select(axis, torch.from_numpy(k).to(picture.device))
            for k in (low, np.minimum(low + 1, count - 1))
        )
        picture = lower + (upper - lower) * share
    return picture


def build_network() -> Any:
    """FID's Inception without numbers: torchvision's, with the pools of its blocks replaced."""
    torch = library("torch", INSTALL)
    parts = library("torchvision.models.inception", INSTALL)
    pool = torch.nn.functional

    def inner_mean(x: Any) -> Any:
        return pool.avg_pool2d(x, kernel_size=3, stride=1, padding=1, count_include_pad=False)

    def largest(x: Any) -> Any:
        return pool.max_pool2d(x, kernel_size=3, stride=1, padding=1)

    def with_pool(block: Any, pooled: Any) -> Any:
        class Pooled(block):  # type: ignore[misc]
            """A block whose pooled branch, the last of its output, is pooled otherwise."""

            def forward(self, x: Any) -> Any:
                own = self.branch_pool(pooled(x))
                return torch.cat([super().forward(x)[:, : -own.shape[1]], own], 1)

        return Pooled

    def last(channels: int) -> Any:  # Mixed_7b has 1280 channels and the mean, Mixed_7c 2048 and the largest
        return with_pool(parts.InceptionE, largest if channels == 2048 else inner_mean)(channels)

    blocks = [
        parts.BasicConv2d,
        with_pool(parts.InceptionA, inner_mean),
        parts.InceptionB,
        with_pool(parts.InceptionC, inner_mean),
        parts.InceptionD,
        last,
        parts.InceptionAux,
    ]
    with torch.device("meta"):
        return parts.Inception3(1008, aux_logits=False, inception_blocks=blocks, init_weights=False)


def build_inception(weights: Weights | Sequence[Path], device: str = "auto") -> Inception:
    """FID's Inception, ready; raises Missing where it is not to be had, WeightsError for a wrong file."""
    return Inception(weights if isinstance(weights, Weights) else Weights(weights), device)
