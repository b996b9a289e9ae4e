"""The baseline of the study of colour spaces: a gray picture in, its colours in RGB, YUV or Lab out, no reference.

Axes: B pictures, H W pixels, K channels of the answer.

Source: Ballester 2022; Carrillo 2024, ch. 3. Ours where the text is silent: every channel of an answer lies in -1..1 (a
tanh), so that losses of different spaces are of one size; YUV is the analog one of BT.601.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn

from vidcolor.research.networks.decoder import Decoder
from vidcolor.research.networks.lab import for_imagenet, gray_of, lab_to_rgb, luma_of
from vidcolor.research.networks.vgg_encoder import VggConfig, VggEncoder

Space = Literal["rgb", "yuv", "lab"]
CHANNELS: dict[Space, int] = {"rgb": 3, "yuv": 2, "lab": 2}
REACH = 110.0
"""a* or b* that the network says as 1: all of BT.709 lies within."""
BLUE_REACH, RED_REACH = 0.436, 0.615
"""U and V, at most, of R'G'B' 0..1 (BT.601's analog YUV)."""
RED, BLUE = 0.299, 0.114
"""Weights of red and blue in BT.601's luma."""


@dataclass(frozen=True, slots=True)
class UNetConfig:
    """The defaults are the published size."""

    space: Space = "lab"
    """What the network answers in."""
    vgg: VggConfig = field(default_factory=VggConfig)
    """The encoder."""
    convolutions: int = 2
    """3x3 convolutions of each level of the decoder."""


class UNet(nn.Module):
    """The network."""

    def __init__(self, config: UNetConfig, encoder: VggEncoder, decoder: Decoder) -> None:
        super().__init__()
        self.config, self.encoder, self.decoder = config, encoder, decoder

    def forward(self, gray: Tensor) -> Tensor:
        """Values (B, K, H, W) of the network's space, -1..1, of a gray picture (B, 1, H, W), codes 0..1."""
        return torch.tanh(self.decoder(self.encoder(for_imagenet(gray))).float())


def build_unet(config: UNetConfig = UNetConfig()) -> UNet:
    """The network with random weights: VGG-19 down, its mirror up, as many channels as the space has to be guessed."""
    encoder = VggEncoder(config.vgg)
    decoder = Decoder(config.vgg.widths, CHANNELS[config.space], convolutions=config.convolutions)
    return UNet(config, encoder, decoder)


def shown(space: Space, lab: Tensor) -> Tensor:
    """(B, 1, H, W), codes 0..1: the gray picture that the network sees of a CIELAB picture."""
    return luma_of(lab_to_rgb(lab)) if space == "yuv" else gray_of(lab[:, :1])


def wanted(space: Space, lab: Tensor) -> Tensor:
    """(B, K, H, W), -1..1: what the network should answer for a CIELAB picture."""
    if space == "lab":
        return lab[:, 1:] / REACH
    rgb = lab_to_rgb(lab)
    if space == "rgb":
        return 2 * rgb - 1
    luma = luma_of(rgb)
    u = (rgb[:, 2:] - luma) * BLUE_REACH / (1 - BLUE)
    v = (rgb[:, :1] - luma) * RED_REACH / (1 - RED)
    return torch.cat([u / BLUE_REACH, v / RED_REACH], 1)


def painted(space: Space, lightness: Tensor, gray: Tensor, answer: Tensor) -> Tensor:
    """R'G'B' (B, 3, H, W), 0..1, of an answer, with gradients.

    lightness  (B, 1, H, W) L* of the picture, which a Lab answer is painted under
    gray       (B, 1, H, W) what the network saw, which a YUV answer is painted under
    """
    if space == "lab":
        return lab_to_rgb(torch.cat([lightness, answer * REACH], 1))
    if space == "rgb":
        return (answer + 1) / 2
    blue = gray + answer[:, :1] * (1 - BLUE)
    red = gray + answer[:, 1:] * (1 - RED)
    green = (gray - RED * red - BLUE * blue) / (1 - RED - BLUE)
    return torch.cat([red, green, blue], 1).clamp(0, 1)
