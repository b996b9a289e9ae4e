"""The U-Net that diffusion models are published with: noise among a picture in, the noise out.

Axes: B pictures, C channels, H W pixels, both divided by 2 for each level but the first.

- Each level down: `blocks` residual blocks, then half size; up: one block more, each joined to what the way down kept.
- How much noise there is scales and shifts every block; attention stands behind the blocks of some levels.
- `Down` is the way down alone: Diffusart's encoder of conditions is another of it.

Sources: Ho 2020; Dhariwal 2021 (guided diffusion: the sizes that Palette names); Saharia 2022 (the amount of noise is
told as gamma, not as a step's number).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidcolor.checked import within
from vidcolor.errors import InputError

GROUPS = 32
"""Groups of a normalisation, where channels allow."""
MOST_LEVELS, MOST_TIMES = 8, 64
"""Levels, and multiples of the width, of any network."""


@dataclass(frozen=True, slots=True)
class DenoiserConfig:
    """The defaults are those of Palette's unofficial code at 256 pixels: 63 M parameters with 6 channels in."""

    inputs: Annotated[int, within(1, 64)] = 6
    outputs: Annotated[int, within(1, 64)] = 3
    width: Annotated[int, within(2, 1024)] = 64
    """Channels of the first level"""
    multiples: tuple[int, ...] = (1, 2, 4, 8)
    """Of the width, for each level"""
    blocks: Annotated[int, within(1, 8)] = 2
    """Residual blocks of a level on the way down"""
    attention: tuple[int, ...] = (8,)
    """Strides of the levels that have attention"""
    head: Annotated[int, within(1, 1024)] = 32
    """Channels of a head of attention"""
    dropout: Annotated[float, within(0.0, 1.0)] = 0.2
    context: Annotated[int, within(0, 65536)] = 0
    """Channels of what the deepest level attends to; 0: nothing"""

    def __post_init__(self) -> None:
        if not (1 <= len(self.multiples) <= MOST_LEVELS and all(1 <= m <= MOST_TIMES for m in self.multiples)):
            raise InputError(f"multiples of 1 to {MOST_LEVELS} levels are needed, each from 1 to {MOST_TIMES}")
        if self.width % 2 or any(wide % self.heads(wide) for wide in self.widths):
            raise InputError(f"width {self.width}: must be even, and each level's divided by its heads of {self.head}")

    def heads(self, width: int) -> int:
        """Of attention among so many channels."""
        return max(1, width // self.head)

    @property
    def coarsest(self) -> int:
        """What the sides of pictures are divided by."""
        return int(2 ** (len(self.multiples) - 1))

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level."""
        return tuple(self.width * m for m in self.multiples)

    @property
    def told(self) -> int:
        """Channels in which the amount of noise is told."""
        return 4 * self.width


def norm(width: int) -> nn.GroupNorm:
    """Normalisation in groups."""
    return nn.GroupNorm(math.gcd(GROUPS, width), width)


class Block(nn.Module):
    """Two convolutions beside a way past them; the amount of noise scales and shifts between."""

    def __init__(self, inputs: int, outputs: int, told: int, dropout: float) -> None:
        super().__init__()
        self.before, self.between = norm(inputs), norm(outputs)
        self.first, self.second = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.told, self.drop = nn.Linear(told, 2 * outputs), nn.Dropout(dropout)
        self.past = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """(B, inputs, H, W), (B, told) -> (B, outputs, H, W)."""
        scale, shift = self.told(F.silu(noise))[..., None, None].chunk(2, 1)
        y = self.between(self.first(F.silu(self.before(x)))) * (1 + scale) + shift
        return self.past(x) + self.second(self.drop(F.silu(y)))


class Attention(nn.Module):
    """Each place looks at all others, or at those of a context."""

    def __init__(self, width: int, heads: int, context: int = 0) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.asked = norm(width), nn.Conv2d(width, width, 1)
        self.seen = nn.Conv2d(context or width, 2 * width, 1)
        self.joined = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.joined.weight)
        nn.init.zeros_(self.joined.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, width, h, w), (B, context, h', w') -> (B, width, h, w)."""
        y = self.norm(x)
        query = self._split(self.asked(y))
        key, value = (self._split(part) for part in self.seen(y if context is None else context).chunk(2, 1))
        found = F.scaled_dot_product_attention(query, key, value).transpose(-1, -2)
        return x + self.joined(found.reshape(x.shape))

    def _split(self, x: Tensor) -> Tensor:
        """(B, width, h, w) -> (B, heads, h w, width / heads)."""
        return x.reshape(x.shape[0], self.heads, x.shape[1] // self.heads, -1).transpose(-1, -2)


class Level(nn.Module):
    """A residual block, and attention where there is some."""

    def __init__(self, inputs: int, outputs: int, config: DenoiserConfig, stride: int) -> None:
        super().__init__()
        self.block = Block(inputs, outputs, config.told, config.dropout)
        self.attention = Attention(outputs, config.heads(outputs)) if stride in config.attention else None

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        x = self.block(x, noise)
        return x if self.attention is None else self.attention(x)


class Down(nn.Module):
    """The way down."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.enter = nn.Conv2d(config.inputs, config.width, 3, padding=1)
        self.levels, self.halves, self.kept = nn.ModuleList(), nn.ModuleList(), [config.width]
        width = config.width
        for number, wide in enumerate(config.widths):
            parts = []
            for _ in range(config.blocks):
                parts.append(Level(width, wide, config, 2**number))
                width = wide
                self.kept.append(wide)
            self.levels.append(nn.ModuleList(parts))
            if number + 1 < len(config.widths):
                self.halves.append(nn.Conv2d(wide, wide, 3, 2, 1))
                self.kept.append(wide)

    def forward(self, x: Tensor, noise: Tensor) -> list[Tensor]:
        """All that the way up is joined to, in order; the last is the deepest."""
        kept = [self.enter(x)]
        for number, parts in enumerate(self.levels):
            for part in parts:  # type: ignore[attr-defined]
                kept.append(part(kept[-1], noise))
            if number < len(self.halves):
                kept.append(self.halves[number](kept[-1]))
        return kept


class Denoiser(nn.Module):
    """The network."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        self.noise = Told(config)
        self.down = Down(config)
        deepest = config.widths[-1]
        self.middle = nn.ModuleList(Block(deepest, deepest, config.told, config.dropout) for _ in range(2))
        self.attention = Attention(deepest, config.heads(deepest))
        self.context = Attention(deepest, config.heads(deepest), config.context) if config.context else None
        self.ups, self.doubles, kept, width = nn.ModuleList(), nn.ModuleList(), [*self.down.kept], deepest
        for number, wide in reversed([*enumerate(config.widths)]):
            parts = []
            for _ in range(config.blocks + 1):
                parts.append(Level(width + kept.pop(), wide, config, 2**number))
                width = wide
            self.ups.append(nn.ModuleList(parts))
            if number:
                self.doubles.append(nn.Conv2d(wide, wide, 3, padding=1))
        assert not kept, "all that the way down kept is joined"
        self.norm, self.leave = norm(width), nn.Conv2d(width, config.outputs, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, level: Tensor, context: Tensor | None = None) -> Tensor:
        """The noise (B, outputs, H, W) in x (B, inputs, H, W).

        level    (B,): gamma, the share of the picture's variance, 0..1
        context  (B, context, h, w) that the deepest level attends to
        """
        noise = self.noise(level)
        kept = self.down(x, noise)
        y = self.middle[0](kept[-1], noise)
        y = self.attention(y)
        if self.context is not None:
            y = self.context(y, context)
        y = self.middle[1](y, noise)
        for number, parts in enumerate(self.ups):
            for part in parts:  # type: ignore[attr-defined]
                y = part(torch.cat([y, kept.pop()], 1), noise)
            if number < len(self.doubles):
                y = self.doubles[number](F.interpolate(y, scale_factor=2.0))
        return self.leave(F.silu(self.norm(y)))


class Told(nn.Module):
    """How much noise there is, as waves of many lengths."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.width = config.width
        self.parts = nn.Sequential(nn.Linear(config.width, config.told), nn.SiLU(), nn.Linear(config.told, config.told))

    def forward(self, level: Tensor) -> Tensor:
        """(B,) -> (B, told)."""
        lengths = torch.exp(-math.log(10_000) * torch.arange(self.width // 2, device=level.device) / (self.width // 2))
        angles = 1000 * level.float()[:, None] * lengths
        return self.parts(torch.cat([angles.cos(), angles.sin()], 1))
