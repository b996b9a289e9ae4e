"""The network that proposes colours: noise among chroma in, what it takes to get from one to the other out.

Axes: B pictures, h w places of the chroma that is diffused, both divided by COARSEST.

- Chroma alone is diffused, whitened by its mean and deviation over photographs; lightness is a condition.
- What things are (LiteNet's maps) is looked at once a picture and added at three strides of the chroma: 2, 4 and 8.
  So the part that runs at every step is small.
- Hints are planes: whitened chroma where it is given, and how far. Absent ones are zeros.
- It answers v = alpha noise - sigma chroma (Salimans 2022), from which both follow at every noise level.

Sources: Ho 2020 (diffusion), Salimans 2022 (v), Hoogeboom 2023 (the schedule is moved towards noise: neighbours of
chroma are nearly alike, and tell through noise what single values do not).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from vidcolor.networks.layers import Layers, Value
from vidcolor.networks.lite_net import WIDTHS as SEEN

COARSEST = 8
"""Stride of the deepest places, in chroma."""
DETAIL = 4
"""Rows of lightness to a place at stride 2 of the chroma: it comes at twice the chroma's size."""
NOISIER = 3.0
"""Times by which noise outweighs chroma more than by the cosine schedule."""
WAVES = 16
"""Frequencies that tell the network how much noise there is."""
GROUP = 16
"""Channels that are normalised together."""
WIDEST = 2048
HEAD = 32
"""Channels of a head of attention."""
TOLD = 128
"""Channels in which the amount of noise is told."""


@dataclass(frozen=True, slots=True)
class ProposerConfig:
    """What a file of weights says of its network."""

    widths: tuple[int, ...] = (32, 96, 128)
    """Channels at strides 2, 4 and 8 of the chroma; multiples of GROUP, the last of HEAD too"""

    def __post_init__(self) -> None:
        whole = all(type(w) is int and 0 < w <= WIDEST and w % GROUP == 0 for w in self.widths)
        if len(self.widths) != len(SEEN) or not whole or self.widths[-1] % HEAD:
            raise ValueError(f"no network has widths {self.widths!r:.60}")


def looked(net: Layers, config: ProposerConfig, lightness: Value, maps: Sequence[Value]) -> list[Value]:
    """What is known of a picture before any colour, at the three strides.

    lightness  (B, 1, 2h, 2w), L* 0..100
    maps       of things, of the picture at 4h x 4w: unit maps (B, C, h/2, w/2), (B, C, h/4, w/4), (B, C, h/8, w/8)
    """
    even = [m * net.number(math.sqrt(width)) for m, width in zip(maps, SEEN, strict=True)]  # values of about 1
    known = [net.conv(f"seen.{n}", x, w, 1) for n, (x, w) in enumerate(zip(even, config.widths, strict=True))]
    light = net.folded(lightness / net.number(50.0) - net.number(1.0), DETAIL)
    return [known[0] + net.conv("light", light, config.widths[0], 3), *known[1:]]


def proposed(
    net: Layers, config: ProposerConfig, noised: Value, noise: Value, known: Sequence[Value], hints: Value
) -> Value:
    """v (B, 2, h, w) of noised whitened chroma (B, 2, h, w).

    noise  (B, 2 WAVES, 1, 1): how much noise there is, as `waves` tells it
    known  what `looked` answered
    hints  (B, 3, h, w): how far a hint counts, 0..1, and whitened a*b* times that
    """
    widths = config.widths
    told = net.silu(net.linear("noise.2", net.silu(net.linear("noise.0", noise, TOLD)), TOLD))
    x = net.conv("enter", net.folded(net.joined([noised, hints]), 2), widths[0], 3)
    kept: list[Value] = []
    for n, width in enumerate(widths):
        if n:
            x = net.conv(f"down.{n - 1}", x, width, 2, stride=2, pad=0)
        x = _block(net, f"ins.{n}", x + known[n], width, told)
        kept.append(x)
    asked = net.conv("attention.asked", _normed(net, "attention.norm", x, widths[-1]), 3 * widths[-1], 1)
    x = x + net.conv("attention.joined", net.attention(asked, widths[-1] // HEAD), widths[-1], 1)
    for n in reversed(range(len(widths))):
        x = _block(net, f"outs.{n}", x, widths[n], told)
        if n:
            x = kept[n - 1] + net.twice(net.conv(f"up.{n - 1}", x, widths[n - 1], 1), smooth=False)
    return net.unfolded(net.conv("leave", net.silu(_normed(net, "norm", x, widths[0])), 4 * 2, 3), 2)


def _block(net: Layers, name: str, x: Value, width: int, noise: Value) -> Value:
    """Two convolutions added to what came in; the amount of noise scales and shifts between them."""
    told = net.linear(f"{name}.told", noise, 2 * width)
    scale, shift = net.part(told, 0, width), net.part(told, width, 2 * width)
    y = net.conv(f"{name}.first", net.silu(_normed(net, f"{name}.before", x, width)), width, 3)
    y = _normed(net, f"{name}.between", y, width) * (scale + net.number(1.0)) + shift
    return x + net.conv(f"{name}.second", net.silu(y), width, 3)


def _normed(net: Layers, name: str, x: Value, width: int) -> Value:
    return net.norm(name, x, width // GROUP)


def shares(time: Array | float) -> tuple[Array, Array]:
    """How much chroma (alpha) and how much noise (sigma) there is at a time; the sum of their squares is 1."""
    angle = np.arctan(NOISIER * np.tan(np.asarray(time, np.float64) * (math.pi / 2)))
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def waves(time: Array) -> Array:
    """(B, 2 WAVES, 1, 1) float32: times (B,), 1 all noise, 0 none, as the network is told them."""
    angles = np.asarray(time, np.float32)[:, None] * np.exp(np.linspace(0, math.log(100), WAVES, dtype=np.float32))
    return np.concatenate([np.sin(angles), np.cos(angles)], 1)[..., None, None]
