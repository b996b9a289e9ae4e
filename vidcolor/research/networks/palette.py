"""Palette: the noise in a colour picture, told by its gray one beside it.

Axes: B pictures, H W pixels. Pictures are R'G'B', -1..1.

Source: Saharia 2022, whose code was never published: sizes are those of the unofficial one (Janspiry). Ours: lightness
is the film's own afterwards, where the paper keeps what the network draws.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidcolor.research.networks.denoiser import Denoiser, DenoiserConfig


class Palette(nn.Module):
    """The network."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.denoiser = Denoiser(config)

    def forward(self, noised: Tensor, gamma: Tensor, gray: Tensor) -> Tensor:
        """The noise in `noised` (B, 3, H, W), of gamma (B,), beside `gray` (B, 3, H, W)."""
        return self.denoiser(torch.cat([gray, noised], 1), gamma)


def build_palette(config: DenoiserConfig | None = None) -> Palette:
    """The network with random weights; the defaults are the published size at 256 pixels."""
    return Palette(config or DenoiserConfig())
