"""What networks are made of: the operations that a network's definition asks for.

A definition (features_net.py, lite_net.py, weighing_net.py, proposer_net.py) is a function of these alone. graph.py
has them as nodes of a graph, for use on the processor; layers_on_device.py as PyTorch has them, for use on a device and
for training. So what is trained is what runs. Weights are asked for by their names in the file.

Axes of every value: B pictures, C channels, h w places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Value = Any
"""A value on its way through a network: it is added, subtracted, multiplied and divided by others of its kind, and by
what `number` answers."""


class Layers(Protocol):
    """The operations, with the weights of one network."""

    def number(self, value: float) -> Any:
        """The number, as values are multiplied by it."""
        ...

    def buffer(self, name: str, width: int) -> Value:
        """(1, width, 1, 1): a vector among the weights that is not learned."""
        ...

    def conv(
        self,
        name: str,
        x: Value,
        outputs: int,
        size: int,
        *,
        stride: int = 1,
        pad: int | None = None,
        groups: int = 1,
        bias: bool = True,
    ) -> Value:
        """A convolution of size x size; `pad` zeros around, as many as keep the places if none are told."""
        ...

    def linear(self, name: str, x: Value, outputs: int, *, bias: bool = True) -> Value:
        """Every place's channels, weighed by a matrix."""
        ...

    def norm(self, name: str, x: Value, groups: int) -> Value:
        """Group norm."""
        ...

    def relu(self, x: Value) -> Value: ...

    def silu(self, x: Value) -> Value: ...

    def clamp(self, x: Value, least: float, most: float) -> Value: ...

    def log(self, x: Value) -> Value: ...

    def exp(self, x: Value) -> Value: ...

    def below(self, x: Value, bound: float) -> Value:
        """1 where x is below, else 0."""
        ...

    def total(self, x: Value) -> Value:
        """(B, 1, h, w): the sum over channels."""
        ...

    def softmax(self, x: Value) -> Value:
        """Over channels."""
        ...

    def unit(self, x: Value) -> Value:
        """Every place's channels to unit length."""
        ...

    def wide(self, x: Value) -> Value:
        """In float32 from here on."""
        ...

    def joined(self, parts: Sequence[Value]) -> Value:
        """Channels one behind the other."""
        ...

    def part(self, x: Value, first: int, behind: int) -> Value:
        """The channels from `first` to before `behind`."""
        ...

    def twice(self, x: Value, *, smooth: bool = True) -> Value:
        """Twice as many places each way: bilinear, or each one repeated."""
        ...

    def grown(self, x: Value, multiple: int) -> Value:
        """The last row and column repeated until `multiple` divides both sides."""
        ...

    def grown_to(self, x: Value, other: Value) -> Value:
        """The same until there are as many places as in another value."""
        ...

    def cut(self, x: Value, other: Value, stride: int = 1) -> Value:
        """As many places as those of another value over `stride`, rounded up."""
        ...

    def folded(self, x: Value, side: int) -> Value:
        """(B, C side^2, h / side, w / side): places of side x side put behind each other, a channel's together."""
        ...

    def unfolded(self, x: Value, side: int) -> Value:
        """The way back."""
        ...

    def attention(self, x: Value, heads: int) -> Value:
        """(B, C, h, w) of (B, 3 C, h, w): queries, keys and values; every place looks at all others."""
        ...


def block(net: Layers, name: str, x: Value, width: int, group: int) -> Value:
    """x + two 3x3 convolutions of it, each after group norm and ReLU (He 2016, identity mappings)."""
    groups = max(1, width // group)
    y = net.conv(f"{name}.conv1", net.relu(net.norm(f"{name}.norm1", x, groups)), width, 3, bias=False)
    return net.conv(f"{name}.conv2", net.relu(net.norm(f"{name}.norm2", y, groups)), width, 3, bias=False) + x
