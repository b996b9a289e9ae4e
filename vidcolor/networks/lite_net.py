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

from vidcolor.networks.layers import Layers, Value

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


def things(net: Layers, codes: Value) -> list[Value]:
    """Unit maps (B, C, h, w) at strides 8, 16, 32 of a picture's code values (B, 1, H, W), 0..255.

    What a map shows of any picture, its mean over photographs, is taken off: cosines then tell things apart.
    """
    maps = [net.wide(x) - net.buffer(f"mean{n}", WIDTHS[n]) for n, x in enumerate(raw(net, codes))]
    return [net.unit(x) for x in maps]


def raw(net: Layers, codes: Value) -> list[Value]:
    """The maps as the blocks leave them."""
    x = net.grown((codes - net.number(MIDDLE)) / net.number(SPREAD), DEEPEST)
    x = relu6(net, net.conv("stem", x, STEM, 4, stride=2, pad=1))
    maps, inputs = [], STEM
    for number, stage in enumerate(STAGES):
        for n in range(stage.blocks):
            x = inverted(net, f"stages.{number}.{n}", x, inputs, stage, stage.stride if n == 0 else 1)
            inputs = stage.channels
        if stage.map:
            maps.append(net.cut(x, codes, stage.map))
    return maps


def inverted(net: Layers, name: str, x: Value, inputs: int, stage: Stage, stride: int) -> Value:
    """Wider by a 1x1 convolution, each channel by itself, narrow again; added to what came in where sizes agree."""
    inside, size = inputs * stage.wider, stage.size + stride - 1
    y = relu6(net, net.conv(f"{name}.widen", x, inside, 1)) if stage.wider > 1 else x
    y = relu6(net, net.conv(f"{name}.each", y, inside, size, stride=stride, pad=stage.size // 2, groups=inside))
    y = net.conv(f"{name}.narrow", y, stage.channels, 1)
    return y + x if stride == 1 and inputs == stage.channels else y


def relu6(net: Layers, x: Value) -> Value:
    return net.clamp(x, 0.0, MOST)
