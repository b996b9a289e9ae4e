"""The operations of our own networks (networks/layers.py) as PyTorch has them, for training.

A module of ours holds weights and how they begin; what is done with them stands in its definition.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Layers:
    """The operations, with the weights of a module."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    def _bias(self, name: str, *, asked: bool) -> Tensor | None:
        return self._module.get_parameter(f"{name}.bias") if asked else None

    def number(self, value: float) -> float:
        return value

    def buffer(self, name: str, width: int) -> Tensor:
        return self._module.get_buffer(name).view(1, width, 1, 1)

    def conv(
        self,
        name: str,
        x: Tensor,
        outputs: int,
        size: int,
        *,
        stride: int = 1,
        pad: int | None = None,
        groups: int = 1,
        bias: bool = True,
    ) -> Tensor:
        weight = self._module.get_parameter(f"{name}.weight")
        return F.conv2d(
            x, weight, self._bias(name, asked=bias), stride, size // 2 if pad is None else pad, groups=groups
        )

    def linear(self, name: str, x: Tensor, outputs: int, *, bias: bool = True) -> Tensor:
        return F.conv2d(x, self._module.get_parameter(f"{name}.weight")[..., None, None], self._bias(name, asked=bias))

    def norm(self, name: str, x: Tensor, groups: int) -> Tensor:
        return F.group_norm(x, groups, self._module.get_parameter(f"{name}.weight"), self._bias(name, asked=True))

    def relu(self, x: Tensor) -> Tensor:
        return F.relu(x)

    def silu(self, x: Tensor) -> Tensor:
        return F.silu(x)

    def clamp(self, x: Tensor, least: float, most: float) -> Tensor:
        return x.clamp(least, most)

    def log(self, x: Tensor) -> Tensor:
        return x.log()

    def exp(self, x: Tensor) -> Tensor:
        return x.exp()

    def below(self, x: Tensor, bound: float) -> Tensor:
        return (x < bound).to(x.dtype)

    def total(self, x: Tensor) -> Tensor:
        return x.sum(1, keepdim=True)

    def softmax(self, x: Tensor) -> Tensor:
        return x.softmax(1)

    def unit(self, x: Tensor) -> Tensor:
        return F.normalize(x, dim=1)

    def wide(self, x: Tensor) -> Tensor:
        return x.float()

    def joined(self, parts: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(parts), 1)

    def part(self, x: Tensor, first: int, behind: int) -> Tensor:
        return x[:, first:behind]

    def twice(self, x: Tensor, *, smooth: bool = True) -> Tensor:
        if smooth:
            return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.interpolate(x, scale_factor=2.0)

    def grown(self, x: Tensor, multiple: int) -> Tensor:
        return _grown(x, -x.shape[-2] % multiple, -x.shape[-1] % multiple)

    def grown_to(self, x: Tensor, other: Tensor) -> Tensor:
        return _grown(x.to(other.dtype), other.shape[-2] - x.shape[-2], other.shape[-1] - x.shape[-1])

    def cut(self, x: Tensor, other: Tensor, stride: int = 1) -> Tensor:
        return x[..., : -(-other.shape[-2] // stride), : -(-other.shape[-1] // stride)]

    def folded(self, x: Tensor, side: int) -> Tensor:
        return F.pixel_unshuffle(x, side)

    def unfolded(self, x: Tensor, side: int) -> Tensor:
        return F.pixel_shuffle(x, side)

    def attention(self, x: Tensor, heads: int) -> Tensor:
        count, width, rows, columns = len(x), x.shape[1] // 3, x.shape[2], x.shape[3]
        parts = x.reshape(count, 3, heads, width // heads, rows * columns)
        query, key, value = parts.transpose(-1, -2).unbind(1)
        seen = F.scaled_dot_product_attention(query, key, value)
        return seen.transpose(-1, -2).reshape(count, width, rows, columns)


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


def _grown(x: Tensor, down: int, right: int) -> Tensor:
    """x with its last row and column repeated (F.pad does the same, ten times slower in bfloat16)."""
    if right:
        x = torch.cat([x, x[..., -1:].expand(*x.shape[:-1], right)], -1)
    return torch.cat([x, x[..., -1:, :].expand(*x.shape[:-2], down, x.shape[-1])], -2) if down else x
