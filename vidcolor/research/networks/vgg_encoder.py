"""VGG-19's convolutions as an encoder: one map a level, each at half the size of the one before.

Axes: B pictures, C channels, H W pixels.

- Max pooling rounds sizes up, so that maps fit the superpixels of `segment_levels`, and odd sizes need no padding.
- Widths may be less than VGG's, for trials; published weights then fill the convolutions whose shapes still fit.

Source: Simonyan, Zisserman, Very Deep Convolutional Networks, ICLR 2015, configuration E.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAST = 1e-6
"""Root mean square of a map that `balance` leaves as it is: of a map that is nothing."""


@dataclass(frozen=True, slots=True)
class VggConfig:
    """The size of the encoder; the defaults are VGG-19's. Coarser levels may be left out."""

    widths: tuple[int, ...] = (64, 128, 256, 512, 512)
    """Channels of each level."""
    convolutions: tuple[int, ...] = (2, 2, 4, 4, 4)
    """Convolutions of each level."""

    @property
    def names(self) -> list[list[str]]:
        """conv1_1, conv1_2 | conv2_1, ...: the convolutions of each level."""
        return [[f"conv{level}_{k + 1}" for k in range(count)] for level, count in enumerate(self.convolutions, 1)]

    def first(self, levels: int) -> VggConfig:
        """The finest levels alone: coarser ones nobody would read, or train."""
        return VggConfig(self.widths[:levels], self.convolutions[:levels])


class VggEncoder(nn.Module):
    """The encoder: `forward` answers all maps, `level` one, from the one before."""

    def __init__(self, config: VggConfig = VggConfig()) -> None:
        super().__init__()
        self.config = config
        inputs = 3
        for names, width in zip(config.names, config.widths, strict=True):
            for name in names:
                setattr(self, name, nn.Conv2d(inputs, width, 3, padding=1))
                nn.init.kaiming_normal_(self.convolution(name).weight, nonlinearity="relu")
                nn.init.zeros_(self.convolution(name).bias)  # type: ignore[arg-type]
                inputs = width

    def forward(self, picture: Tensor, levels: int | None = None) -> list[Tensor]:
        """Maps (B, C, H / 2^l, W / 2^l), sizes rounded up, of a picture (B, 3, H, W) scaled as ImageNet's are.

        levels  finest levels wanted; all if not given
        """
        maps: list[Tensor] = []
        for number in range(levels or len(self.config.widths)):
            maps.append(self.level(number, maps[-1] if maps else picture))
        return maps

    def level(self, number: int, x: Tensor) -> Tensor:
        """The map of a level, counted from 0, of the map of the level before, or of the picture."""
        if number:
            x = F.max_pool2d(x, 2, ceil_mode=True)
        for name in self.config.names[number]:
            x = F.relu(self.convolution(name)(x))
        return x

    def convolution(self, name: str) -> nn.Conv2d:
        """One convolution by its name."""
        found = getattr(self, name)
        assert isinstance(found, nn.Conv2d)
        return found

    @torch.no_grad()
    def fill(self, weights: Mapping[str, Tensor]) -> list[str]:
        """Takes over `conv1_1.weight`, `conv1_1.bias`, ... where both shapes fit; answers which, in order.

        A convolution is filled only where all before it are: it would not know what it sees otherwise.
        """
        filled: list[str] = []
        for name in (name for names in self.config.names for name in names):
            own = self.convolution(name)
            weight, bias = weights.get(f"{name}.weight"), weights.get(f"{name}.bias")
            if weight is None or bias is None or weight.shape != own.weight.shape:
                break
            own.weight.copy_(weight)
            own.bias.copy_(bias)  # type: ignore[union-attr]
            filled.append(name)
        return filled

    @torch.no_grad()
    def balance(self, picture: Tensor) -> None:
        """Scales every convolution so that its map of this picture has a root mean square of 1; likenesses stay.

        Decoder and attention then see all levels at one scale, whoever published the weights. Source: Gatys 2016.
        """
        x, scale = picture, torch.ones((), device=picture.device)
        for number, names in enumerate(self.config.names):
            if number:
                x = F.max_pool2d(x, 2, ceil_mode=True)
            for name in names:
                own = self.convolution(name)
                own.bias.div_(scale)  # type: ignore[union-attr]
                size = F.relu(own(x)).square().mean().sqrt().clamp(min=LEAST)
                own.weight.div_(size)
                own.bias.div_(size)  # type: ignore[union-attr]
                scale = scale * size
                x = F.relu(own(x))
