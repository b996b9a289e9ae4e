"""Diffusart: the noise in a coloured drawing, told by its lines and scribbles, beside it and by attention.

Axes: B pictures, H W pixels. Pictures and lines are -1..1.

- Explicit: line art and scribbles are laid beside what is noised.
- Implicit: an encoder, the way down of the same U-Net with one block a level instead of two, sees lines and scribbles;
  the deepest level of the U-Net attends to what it found. Both are trained together.

Source: Carrillo 2023, where strokes go both ways; Carrillo 2024, ch. 7, whose formula has lines alone beside the noise:
trained so, at sizes that we could train, scribbles went unheard. Ours where the text is silent: scribbles are R'G'B'
and where they are (0, 1), 4 channels; the encoder is told how much noise there is, as the U-Net is.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from vidcolor.research.networks.denoiser import Denoiser, DenoiserConfig, Down, Told

LINES, SCRIBBLES, COLORS = 1, 4, 3


class Diffusart(nn.Module):
    """The network."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        deepest = config.widths[-1]
        self.denoiser = Denoiser(replace(config, inputs=LINES + SCRIBBLES + COLORS, outputs=COLORS, context=deepest))
        seen = replace(config, inputs=LINES + SCRIBBLES, blocks=1)
        self.noise, self.encoder = Told(seen), Down(seen)

    def forward(self, noised: Tensor, gamma: Tensor, lines: Tensor, scribbles: Tensor) -> Tensor:
        """The noise in `noised` (B, 3, H, W).

        gamma      (B,): the share of the picture's variance
        lines      (B, 1, H, W)
        scribbles  (B, 4, H, W): their colours, zeros elsewhere, and where they are: 1, else 0
        """
        told = torch.cat([lines, scribbles], 1)
        seen = self.encoder(told, self.noise(gamma))[-1]
        return self.denoiser(torch.cat([told, noised], 1), gamma, seen)


def build_diffusart(config: DenoiserConfig | None = None) -> Diffusart:
    """The network with random weights."""
    return Diffusart(config or DenoiserConfig())
