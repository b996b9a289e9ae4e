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
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

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


class Block(nn.Module):
    """Two convolutions added to what came in; the amount of noise scales and shifts between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.GroupNorm(width // GROUP, width), nn.GroupNorm(width // GROUP, width)
        self.first, self.second = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.told = nn.Linear(TOLD, 2 * width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """(B, width, h, w), (B, TOLD) -> (B, width, h, w)."""
        scale, shift = self.told(noise)[..., None, None].chunk(2, 1)
        y = self.first(F.silu(self.before(x)))
        return x + self.second(F.silu(self.between(y) * (1 + scale) + shift))


class Attention(nn.Module):
    """Every place looks at all others, so that a picture's colours agree."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(width // GROUP, width)
        self.asked, self.joined = nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)
        self.heads = width // HEAD
        nn.init.zeros_(self.joined.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, h, w) -> the same shape."""
        count, width, rows, columns = x.shape
        parts = self.asked(self.norm(x)).reshape(count, 3, self.heads, width // self.heads, rows * columns)
        query, key, value = parts.transpose(-1, -2).unbind(1)
        seen = F.scaled_dot_product_attention(query, key, value)
        return x + self.joined(seen.transpose(-1, -2).reshape(count, width, rows, columns))


class ProposerNet(nn.Module):
    """The network: `look` once a picture, `forward` at every step."""

    def __init__(self, config: ProposerConfig) -> None:
        super().__init__()
        self.config = config
        fine, middle, coarse = config.widths
        self.seen = nn.ModuleList(nn.Conv2d(n, w, 1) for n, w in zip(SEEN, config.widths, strict=True))
        self.light = nn.Conv2d(DETAIL * DETAIL, fine, 3, padding=1)
        self.noise = nn.Sequential(nn.Linear(2 * WAVES, TOLD), nn.SiLU(), nn.Linear(TOLD, TOLD), nn.SiLU())
        self.enter = nn.Conv2d(4 * (2 + 3), fine, 3, padding=1)
        self.down = nn.ModuleList([nn.Conv2d(fine, middle, 2, 2), nn.Conv2d(middle, coarse, 2, 2)])
        self.ins = nn.ModuleList(Block(w) for w in config.widths)
        self.attention = Attention(coarse)
        self.outs = nn.ModuleList(Block(w) for w in config.widths)
        self.up = nn.ModuleList([nn.Conv2d(middle, fine, 1), nn.Conv2d(coarse, middle, 1)])
        self.norm, self.leave = nn.GroupNorm(fine // GROUP, fine), nn.Conv2d(fine, 4 * 2, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("spread", torch.ones(2))

    def white(self, chroma: Tensor) -> Tensor:
        """a*b* (B, 2, h, w) by their mean and deviation over photographs."""
        return (chroma - self.get_buffer("mean")[:, None, None]) / self.get_buffer("spread")[:, None, None]

    def chroma(self, white: Tensor) -> Tensor:
        """The way back."""
        return white * self.get_buffer("spread")[:, None, None] + self.get_buffer("mean")[:, None, None]

    def look(self, lightness: Tensor, maps: list[Tensor]) -> list[Tensor]:
        """What is known of a picture before any colour, at the three strides.

        lightness  (B, 1, 2h, 2w), L* 0..100
        maps       LiteNet's of the picture at 4h x 4w: unit maps (B, C, h/2, w/2), (B, C, h/4, w/4), (B, C, h/8, w/8)
        """
        fine, *others = (conv(_even(m)) for conv, m in zip(self.seen, maps, strict=True))
        return [fine + self.light(F.pixel_unshuffle(lightness / 50 - 1, DETAIL)), *others]

    def forward(self, noised: Tensor, time: Tensor, known: list[Tensor], hints: Tensor) -> Tensor:
        """v (B, 2, h, w) of noised whitened chroma (B, 2, h, w).

        time   (B,): 1 all noise, 0 none
        known  what `look` answered
        hints  (B, 3, h, w): how far a hint counts, 0..1, and whitened a*b* times that
        """
        noise = self.noise(_waves(time).to(noised.dtype))
        x = self.enter(F.pixel_unshuffle(torch.cat([noised, hints], 1), 2))
        kept = []
        for number, (block, more) in enumerate(zip(self.ins, known, strict=True)):
            x = block((self.down[number - 1](x) if number else x) + more, noise)
            kept.append(x)
        x = self.attention(x)
        for number in (2, 1, 0):
            x = self.outs[number](x, noise)
            if number:
                x = kept[number - 1] + F.interpolate(self.up[number - 1](x), scale_factor=2.0)
        return F.pixel_shuffle(self.leave(F.silu(self.norm(x))), 2)


def _even(unit: Tensor) -> Tensor:
    """A unit map with values of about 1."""
    return unit * math.sqrt(unit.shape[1])


def shares(time: Tensor) -> tuple[Tensor, Tensor]:
    """How much chroma (alpha) and how much noise (sigma) there is at a time; the sum of their squares is 1."""
    angle = torch.atan(NOISIER * torch.tan(time.double() * (math.pi / 2)))
    return torch.cos(angle).to(time.dtype), torch.sin(angle).to(time.dtype)


def _waves(time: Tensor) -> Tensor:
    angles = time[:, None] * torch.exp(torch.linspace(0, math.log(100), WAVES, device=time.device))
    return torch.cat([angles.sin(), angles.cos()], 1)
