"""What each place of a gray picture looks like, learned: L* alone in, unit features at strides 4, 8 and 16 out.

Axes: B pictures, C channels, H W pixels, h w places of a map (H and W over its stride, rounded up).

- A residual encoder with group norm (figures do not hang on the batch) runs down to stride 16; what it sees there is
  handed up again to strides 8 and 4, so that a fine place knows its surroundings.
- Each map is made for matching: the inner product of two places is their cosine likeness.
- Sizes that 16 does not divide are met by repeating the last row and column, and the maps are cut back.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDES = (4, 8, 16)
"""Pixels of the picture to one place of each map, finest first."""
MIDDLE, SPREAD = 50.0, 25.0
"""L* that the network sees as 0, and L* above it that it sees as 1."""
GROUP = 16
"""Channels normalised together."""


@dataclass(frozen=True, slots=True)
class FeaturesConfig:
    """The size of the encoder; the defaults are the shipped network's."""

    stem: int = 32
    """Channels at stride 2."""
    widths: tuple[int, int, int] = (64, 160, 256)
    """Channels at strides 4, 8 and 16."""
    blocks: tuple[int, int, int] = (2, 2, 3)
    """Residual blocks at each."""
    join: int = 96
    """Channels where stride 8 is handed up to stride 4."""
    outputs: tuple[int, int, int] = (128, 128, 128)
    """Channels of the three maps."""


class Block(nn.Module):
    """x + two 3x3 convolutions of it, each after group norm and ReLU (He 2016, identity mappings)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = norm(width), norm(width)
        self.conv1, self.conv2 = conv(width, width), conv(width, width)
        nn.init.zeros_(self.conv2.weight)  # A new block does nothing, so depth is free at the start.

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C, h, w)."""
        y = self.conv1(F.relu(self.norm1(x), inplace=True))
        return self.conv2(F.relu(self.norm2(y), inplace=True)).add_(x)


class FeaturesNet(nn.Module):
    """The encoder: `forward` answers the three maps."""

    def __init__(self, config: FeaturesConfig = FeaturesConfig()) -> None:
        super().__init__()
        self.config = config
        w4, w8, w16 = config.widths
        self.stem = conv(1, config.stem, size=5, stride=2)
        self.down4 = nn.Sequential(norm(config.stem), nn.ReLU(inplace=True), conv(config.stem, w4, stride=2))
        self.stage4 = nn.Sequential(*(Block(w4) for _ in range(config.blocks[0])))
        self.down8 = nn.Sequential(norm(w4), nn.ReLU(inplace=True), conv(w4, w8, stride=2))
        self.stage8 = nn.Sequential(*(Block(w8) for _ in range(config.blocks[1])))
        self.down16 = nn.Sequential(norm(w8), nn.ReLU(inplace=True), conv(w8, w16, stride=2))
        self.stage16 = nn.Sequential(*(Block(w16) for _ in range(config.blocks[2])), norm(w16), nn.ReLU(inplace=True))
        self.up8 = conv(w16, w8, size=1)
        self.join8 = nn.Sequential(Block(w8), norm(w8), nn.ReLU(inplace=True))
        self.up4, self.side4 = conv(w8, config.join, size=1), conv(w4, config.join, size=1)
        self.join4 = nn.Sequential(
            norm(config.join),
            nn.ReLU(inplace=True),
            conv(config.join, config.join),
            norm(config.join),
            nn.ReLU(inplace=True),
        )
        widths = (config.join, w8, w16)
        self.heads = nn.ModuleList(nn.Conv2d(i, o, 1) for i, o in zip(widths, config.outputs, strict=True))

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """Unit features at strides 4, 8, 16 of L* (B, 1, H, W): (B, C, h, w) each, h and w rounded up."""
        return [F.normalize(head(x).float(), dim=1) for head, x in zip(self.heads, self.trunk(lightness), strict=True)]

    def trunk(self, lightness: Tensor) -> list[Tensor]:
        """What the heads see, at strides 4, 8, 16."""
        height, width = lightness.shape[-2:]
        x = (lightness - MIDDLE) / SPREAD
        x = F.pad(x, (0, -width % 16, 0, -height % 16), mode="replicate")
        x = x.to(self.stem.weight.dtype).contiguous(memory_format=torch.channels_last)
        x4 = self.stage4(self.down4(self.stem(x)))
        x8 = self.stage8(self.down8(x4))
        x16 = self.stage16(self.down16(x8))
        y8 = self.join8(x8 + enlarged(self.up8(x16)))
        y4 = self.join4(self.side4(x4) + enlarged(self.up4(y8)))
        sizes = [(-(-height // s), -(-width // s)) for s in STRIDES]
        return [y[..., :h, :w] for y, (h, w) in zip((y4, y8, x16), sizes, strict=True)]


def conv(inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution without bias that keeps the size, but for its stride."""
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)


def norm(width: int) -> nn.GroupNorm:
    """Group norm."""
    return nn.GroupNorm(max(1, width // GROUP), width)


def enlarged(x: Tensor) -> Tensor:
    """Twice the size, bilinear."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
