"""LPIPS with gradients, as a loss; and, where its networks are not to be had, a distance of the same kind by VGG-19.

- LPIPS: Zhang 2018, version 0.1, VGG-16 with its linear layers; the arithmetic of `metrics.perceptual`.
- `vgg19`: unit features after relu1_2, relu2_2 and relu3_4 of VGG-19, squared differences without learned weights, the
  mean over places, summed. Ours: it is another figure than LPIPS, several times as large, and never called LPIPS.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from vidcolor.errors import WeightsError
from vidcolor.networks.pretrained import Weights
from vidcolor.research.networks.lab import for_imagenet
from vidcolor.research.networks.vgg_encoder import VggConfig, VggEncoder
from vidcolor.research.training.published.encoders import files_in, teacher_vgg19

Kind = Literal["lpips", "vgg19"]
VGG16 = VggConfig(convolutions=(2, 2, 3, 3, 3))
OF_VGG16 = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
"""Places of VGG-16's convolutions in torchvision's `features`."""
NO_LENGTH = 1e-10
"""Added to the length of a feature vector (LPIPS)."""


class Distance(nn.Module):
    """How far pictures are apart to a network that is not trained."""

    def __init__(self, network: VggEncoder, weights: Sequence[Tensor | None]) -> None:
        """`weights`: (C,) of each level's channels; none: all 1."""
        super().__init__()
        self.network = network.requires_grad_(False).eval()
        self.weights = list(weights)

    def forward(self, made: Tensor, truth: Tensor) -> Tensor:
        """(B,) of R'G'B' 0..1 (B, 3, H, W); gradients go to `made` alone."""
        with torch.no_grad():
            wanted = [_unit(m) for m in self.network(for_imagenet(truth))]
        total = made.new_zeros(made.shape[0])
        for found, true, weight in zip(self.network(for_imagenet(made)), wanted, self.weights, strict=True):
            far = (_unit(found) - true).square()
            if weight is not None:
                far = far * weight.to(far)[:, None, None]
            total = total + far.sum(1).mean((1, 2))
        return total


def build_distance(kind: Kind, folder: Path | None) -> Distance:
    """LPIPS, or VGG-19's distance, from a folder of weights. Refuses where their networks are not to be had."""
    if kind == "lpips":
        files = Weights(files_in(folder))
        linear, _ = files.take("vgg16_linear")  # first: it is the smaller download
        state, _ = files.take("vgg16")
        names = [name for level in VGG16.names for name in level]
        own = {
            f"{n}.{part}": state[f"features.{place}.{part}"]
            for n, place in zip(names, OF_VGG16, strict=True)
            for part in ("weight", "bias")
        }
        network, weights = VggEncoder(VGG16), [linear[f"lin{k}.model.1.weight"].flatten() for k in range(5)]
        return Distance(_filled(network, own), weights)
    config = VggConfig().first(3)
    return Distance(_filled(VggEncoder(config), teacher_vgg19(folder)), [None] * len(config.widths))


def _filled(network: VggEncoder, state: dict[str, Tensor]) -> VggEncoder:
    names = [name for level in network.config.names for name in level]
    filled = network.fill(state)
    if filled != names:
        raise WeightsError(f"weights of {len(filled)} of {len(names)} convolutions; give the whole file")
    return network


def _unit(m: Tensor) -> Tensor:
    m = m.float()
    # The root of 0 has no gradient; a place that nothing answers to is equally far from everything.
    return m / (m.square().sum(1, keepdim=True).clamp(min=NO_LENGTH**2).sqrt() + NO_LENGTH)
