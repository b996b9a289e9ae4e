"""The weights of our own networks as PyTorch's modules, for training, and how they begin.

What is done with them stands in each network's definition; networks/layers_on_device.py has the operations.
"""

from __future__ import annotations

from torch import nn


class Block(nn.Module):
    """The weights of a residual block (networks/layers.py, `block`)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = norm(width), norm(width)
        self.conv1, self.conv2 = conv(width, width), conv(width, width)
        nn.init.zeros_(self.conv2.weight)  # A new block does nothing, so depth is free at the start.


def conv(inputs: int, outputs: int, *, size: int = 3, bias: bool = False) -> nn.Conv2d:
    """A convolution's weights."""
    return nn.Conv2d(inputs, outputs, size, bias=bias)


def norm(width: int, group: int = 16) -> nn.GroupNorm:
    """Group norm's weights."""
    return nn.GroupNorm(max(1, width // group), width)
