"""What each place of a gray picture looks like, learned: L* alone in, unit features at strides 4, 8 and 16 out.

Axes: B pictures, C channels, H W pixels, h w places of a map (H and W over its stride, rounded up).

- A residual encoder with group norm (figures do not hang on the batch) runs down to stride 16; what it sees there is
  handed up again to strides 8 and 4, so that a fine place knows its surroundings.
- Each map is made for matching: the inner product of two places is their cosine likeness.
- Sizes that 16 does not divide are met by repeating the last row and column, and the maps are cut back.
"""

from __future__ import annotations

from dataclasses import dataclass

from vidcolor.networks.layers import Layers, Value, block

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


def features(net: Layers, config: FeaturesConfig, lightness: Value) -> list[Value]:
    """Unit features at strides 4, 8, 16 of L* (B, 1, H, W): (B, C, h, w) each, h and w rounded up."""
    maps = trunk(net, config, lightness)
    heads = [net.conv(f"heads.{n}", x, c, 1) for n, (x, c) in enumerate(zip(maps, config.outputs, strict=True))]
    return [net.unit(net.wide(head)) for head in heads]


def trunk(net: Layers, config: FeaturesConfig, lightness: Value) -> list[Value]:
    """What the heads see, at strides 4, 8, 16."""
    _, w8, w16 = config.widths
    x = net.grown((lightness - net.number(MIDDLE)) / net.number(SPREAD), STRIDES[-1])
    x = net.conv("stem", x, config.stem, 5, stride=2, bias=False)
    levels, width = [], config.stem
    for stride, wider, blocks in zip(STRIDES, config.widths, config.blocks, strict=True):
        x = net.conv(f"down{stride}.2", normed(net, f"down{stride}.0", x, width), wider, 3, stride=2, bias=False)
        for n in range(blocks):
            x = block(net, f"stage{stride}.{n}", x, wider, GROUP)
        levels.append(x)
        width = wider
    x4, x8, x16 = levels
    x16 = normed(net, f"stage16.{config.blocks[-1]}", x16, w16)
    y8 = x8 + net.twice(net.conv("up8", x16, w8, 1, bias=False))
    y8 = normed(net, "join8.1", block(net, "join8.0", y8, w8, GROUP), w8)
    y4 = net.conv("side4", x4, config.join, 1, bias=False)
    y4 = y4 + net.twice(net.conv("up4", y8, config.join, 1, bias=False))
    y4 = net.conv("join4.2", normed(net, "join4.0", y4, config.join), config.join, 3, bias=False)
    y4 = normed(net, "join4.3", y4, config.join)
    return [net.cut(y, lightness, stride) for y, stride in zip((y4, y8, x16), STRIDES, strict=True)]


def normed(net: Layers, name: str, x: Value, width: int) -> Value:
    """Group norm and ReLU."""
    return net.relu(net.norm(name, x, max(1, width // GROUP)))
