"""The operations of our networks (layers.py) as PyTorch has them: for use on a device, and for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol

import torch
from numpy import ndarray as Array
from torch import Tensor
from torch.nn import functional as F

from vidcolor.errors import WeightsError
from vidcolor.networks.graph import AGAIN


class Weights(Protocol):
    """Tensors by name, as a PyTorch module has them."""

    def get_parameter(self, target: str) -> Tensor: ...

    def get_buffer(self, target: str) -> Tensor: ...


class Held:
    """A file's weights on a device."""

    def __init__(self, weights: Mapping[str, Array], device: torch.device) -> None:
        self._held = {name: torch.from_numpy(value).float().to(device) for name, value in weights.items()}

    def get_parameter(self, target: str) -> Tensor:
        return self._held[target]

    get_buffer = get_parameter


class Layers:
    """The operations, with the weights of a network."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def _weight(self, name: str, *shape: int) -> Tensor:
        """The weight of this shape."""
        return self._weights.get_parameter(name)

    def _bias(self, name: str, width: int, *, asked: bool) -> Tensor | None:
        return self._weight(f"{name}.bias", width) if asked else None

    def number(self, value: float) -> float:
        return value

    def buffer(self, name: str, width: int) -> Tensor:
        return self._weights.get_buffer(name).view(1, width, 1, 1)

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
        weight = self._weight(f"{name}.weight", outputs, x.shape[1] // groups, size, size)
        edge = size // 2 if pad is None else pad
        return F.conv2d(x, weight, self._bias(name, outputs, asked=bias), stride, edge, groups=groups)

    def linear(self, name: str, x: Tensor, outputs: int, *, bias: bool = True) -> Tensor:
        weight = self._weight(f"{name}.weight", outputs, x.shape[1])
        return F.conv2d(x, weight[..., None, None], self._bias(name, outputs, asked=bias))

    def norm(self, name: str, x: Tensor, groups: int) -> Tensor:
        weight = self._weight(f"{name}.weight", x.shape[1])
        return F.group_norm(x, groups, weight, self._bias(name, x.shape[1], asked=True))

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


class Fitted(Layers):
    """The same without numbers, on PyTorch's `meta`: refuses weights that do not fit, as graph.py does."""

    def __init__(self, weights: Mapping[str, Array], place: str) -> None:
        """
        weights  every tensor of the network, by its name
        place    the file that they are of, for errors
        """
        self._shapes, self._left, self._place = {n: w.shape for n, w in weights.items()}, set(weights), place

    def made(self) -> None:
        """Refuses weights that were not asked for."""
        if self._left:
            self._refuse(f"{min(self._left)} is too much")

    def _weight(self, name: str, *shape: int) -> Tensor:
        found = self._shapes.get(name)
        if found != shape:
            self._refuse(f"{name} {'is missing' if found is None else f'is {found} in place of {shape}'}")
        self._left.discard(name)
        return torch.empty(shape, device="meta")

    def buffer(self, name: str, width: int) -> Tensor:
        return self._weight(name, width).view(1, width, 1, 1)

    def _refuse(self, why: str) -> NoReturn:
        raise WeightsError(f"{self._place}: its weights do not fit its config: {why}; {AGAIN}")


def _grown(x: Tensor, down: int, right: int) -> Tensor:
    """x with its last row and column repeated (F.pad does the same, ten times slower in bfloat16)."""
    if right:
        x = torch.cat([x, x[..., -1:].expand(*x.shape[:-1], right)], -1)
    return torch.cat([x, x[..., -1:, :].expand(*x.shape[:-2], down, x.shape[-1])], -2) if down else x
