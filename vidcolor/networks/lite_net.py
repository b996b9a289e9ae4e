"""EfficientNet-Lite2 as far as it is needed: a gray picture in, maps of what things are at strides 8, 16 and 32 out.

Axes: B pictures, C channels, h w places of a map (the picture's sides over its stride, rounded up).

- Batch norm lies folded in the convolutions, and the three colours of the first in one: the picture is gray.
- TensorFlow pads behind more than before where the stride is 2: such kernels have a first row and column of zeros
  more, and pad alike on all sides (to pad a wide map by itself costs as much as its convolution).
- Sizes that 32 does not divide are met by repeating the last row and column, and the maps are cut back.

Sources: Tan 2019 (EfficientNet); its Lite form is Google's, 2020: no squeezing, ReLU6.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEM = 32
"""Channels of the first convolution, at stride 2."""
MOST = 6.0
"""What ReLU6 cuts at."""
DEEPEST = 32
"""The coarsest stride."""
MIDDLE, SPREAD = 127.0, 128.0
"""Code value of R'G'B' that the network sees as 0, and code values to 1."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks of one width."""

    blocks: int
    channels: int
    stride: int
    """Of its first block; of the others 1"""
    size: int
    """Of the convolutions of each channel by itself"""
    wider: int
    """How many times a block is wider inside"""
    map: int = 0
    """Stride of the map that is taken behind the stage; 0: none"""


STAGES = (
    Stage(1, 16, 1, 3, 1),
    Stage(3, 24, 2, 3, 6),
    Stage(3, 48, 2, 5, 6, map=8),
    Stage(4, 88, 2, 3, 6),
    Stage(4, 120, 1, 5, 6, map=16),
    Stage(5, 208, 2, 5, 6),
    Stage(1, 352, 1, 3, 6, map=32),
)
WIDTHS = tuple(s.channels for s in STAGES if s.map)
"""Channels of each map that comes out."""


def conv(inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution with bias that keeps the size, but for its stride."""
    return nn.Conv2d(inputs, outputs, size + stride - 1, stride, size // 2, groups=groups)


class Inverted(nn.Module):
    """Wider by a 1x1 convolution, each channel by itself, narrow again; added to what came in where sizes agree."""

    def __init__(self, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        inside = inputs * stage.wider
        self.widen = conv(inputs, inside, 1) if stage.wider > 1 else None
        self.each = conv(inside, inside, stage.size, stride, inside)
        self.narrow = conv(inside, stage.channels, 1)
        self.adds = stride == 1 and inputs == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, channels, h / stride, w / stride)."""
        y = x if self.widen is None else cut(self.widen(x))
        y = self.narrow(cut(self.each(y)))
        return y.add_(x) if self.adds else y


class LiteNet(nn.Module):
    """The network; `forward` answers three maps."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(1, STEM, 3, 2)
        self.stages = nn.ModuleList()
        inputs = STEM
        for stage in STAGES:
            blocks = []
            for n in range(stage.blocks):
                blocks.append(Inverted(inputs, stage, stage.stride if n == 0 else 1))
                inputs = stage.channels
            self.stages.append(nn.Sequential(*blocks))
        for number, width in enumerate(WIDTHS):
            self.register_buffer(f"mean{number}", torch.zeros(width))

    def forward(self, codes: Tensor) -> list[Tensor]:
        """Unit maps (B, C, h, w) float32 at strides 8, 16, 32 of a picture's code values (B, 1, H, W), 0..255.

        What a map shows of any picture, its mean over photographs, is taken off: cosines then tell things apart.
        """
        means = (self.get_buffer(f"mean{n}").float() for n in range(len(WIDTHS)))
        raw = self.raw(codes)
        return [F.normalize(x.float() - mean[:, None, None], dim=1) for x, mean in zip(raw, means, strict=True)]

    def raw(self, codes: Tensor) -> list[Tensor]:
        """The maps as the blocks leave them."""
        height, width = codes.shape[-2:]
        x = F.pad((codes - MIDDLE) / SPREAD, (0, -width % DEEPEST, 0, -height % DEEPEST), mode="replicate")
        x = cut(self.stem(x.to(self.stem.weight.dtype).contiguous(memory_format=torch.channels_last)))
        maps: list[Tensor] = []
        for told, stage in zip(STAGES, self.stages, strict=True):
            x = stage(x)
            if told.map:
                maps.append(x[..., : -(-height // told.map), : -(-width // told.map)])
        return maps


def cut(x: Tensor) -> Tensor:
    """ReLU6, in place."""
    return F.hardtanh_(x, 0.0, MOST)
