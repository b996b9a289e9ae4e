"""Our own networks as modules of PyTorch, to be trained: their weights by the names in the files, and how they begin.

What is done with the weights stands in networks/: features_net.py, lite_net.py, weighing_net.py, proposer_net.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vidcolor.networks import features_net, lite_net, proposer_net, weighing_net
from vidcolor.networks.features_net import FeaturesConfig
from vidcolor.networks.layers_on_device import Layers
from vidcolor.networks.lite_net import STAGES, STEM, WIDTHS, Stage
from vidcolor.networks.proposer_net import DETAIL, GROUP, TOLD, WAVES, ProposerConfig
from vidcolor.networks.weighing_net import LATE, Answer, WeighingConfig
from vidcolor.research.networks.layers import Block, conv, norm

SHIPPED = FeaturesConfig()


class FeaturesNet(nn.Module):
    """The encoder: `forward` answers the three maps."""

    def __init__(self, config: FeaturesConfig = SHIPPED) -> None:
        super().__init__()
        self.config = config
        w4, w8, w16 = config.widths
        empty = nn.Identity  # where an operation without weights stands: names count them
        self.stem = conv(1, config.stem, size=5)
        self.down4 = nn.Sequential(norm(config.stem), empty(), conv(config.stem, w4))
        self.stage4 = nn.Sequential(*(Block(w4) for _ in range(config.blocks[0])))
        self.down8 = nn.Sequential(norm(w4), empty(), conv(w4, w8))
        self.stage8 = nn.Sequential(*(Block(w8) for _ in range(config.blocks[1])))
        self.down16 = nn.Sequential(norm(w8), empty(), conv(w8, w16))
        self.stage16 = nn.Sequential(*(Block(w16) for _ in range(config.blocks[2])), norm(w16))
        self.up8 = conv(w16, w8, size=1)
        self.join8 = nn.Sequential(Block(w8), norm(w8))
        self.up4, self.side4 = conv(w8, config.join, size=1), conv(w4, config.join, size=1)
        self.join4 = nn.Sequential(norm(config.join), empty(), conv(config.join, config.join), norm(config.join))
        widths = (config.join, w8, w16)
        self.heads = nn.ModuleList(nn.Conv2d(i, o, 1) for i, o in zip(widths, config.outputs, strict=True))

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """Unit features at strides 4, 8, 16 of L* (B, 1, H, W): (B, C, h, w) each, h and w rounded up."""
        return features_net.features(Layers(self), self.config, _innermost(lightness))

    def trunk(self, lightness: Tensor) -> list[Tensor]:
        """What the heads see, at strides 4, 8, 16."""
        return features_net.trunk(Layers(self), self.config, _innermost(lightness))


class Inverted(nn.Module):
    """The weights of one block of EfficientNet-Lite."""

    def __init__(self, inputs: int, stage: Stage, stride: int) -> None:
        super().__init__()
        inside = inputs * stage.wider
        self.widen = conv(inputs, inside, size=1, bias=True) if stage.wider > 1 else None
        self.each = nn.Conv2d(inside, inside, stage.size + stride - 1, groups=inside)
        self.narrow = conv(inside, stage.channels, size=1, bias=True)


class LiteNet(nn.Module):
    """What knows things; `forward` answers three maps."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(1, STEM, size=4, bias=True)
        self.stages = nn.ModuleList()
        inputs = STEM
        for stage in STAGES:
            blocks = []
            for n in range(stage.blocks):
                blocks.append(Inverted(inputs, stage, stage.stride if n == 0 else 1))
                inputs = stage.channels
            self.stages.append(nn.Sequential(*blocks))
        for number, width in enumerate(WIDTHS):
            self.register_buffer(f"mean{number}", torch.zeros(width))

    def forward(self, codes: Tensor) -> list[Tensor]:
        """Unit maps (B, C, h, w) at strides 8, 16, 32 of a picture's code values (B, 1, H, W), 0..255."""
        return lite_net.things(Layers(self), codes)

    def raw(self, codes: Tensor) -> list[Tensor]:
        """The maps as the blocks leave them."""
        return lite_net.raw(Layers(self), codes)


class Late(nn.Module):
    """What changes what a network says of each pixel by claims, which it did not hear; at first by nothing."""

    def __init__(self, planes: int, said: int, claims: int) -> None:
        super().__init__()
        self.planes, self.said = nn.Linear(planes, LATE), nn.Linear(said, LATE, bias=False)
        self.claims, self.out = nn.Linear(claims, LATE, bias=False), nn.Linear(LATE, said)
        for weight in self.out.parameters():
            nn.init.zeros_(weight)


class WeighingNet(nn.Module):
    """What weighs guesses; `forward` answers chroma, expected error and the guesses' weights."""

    def __init__(self, config: WeighingConfig) -> None:
        super().__init__()
        self.config = config
        planes = 3 + len(config.slots) * (3 + config.signals)
        self.stem = conv(planes, config.full)
        if config.widths:
            self._see_below(config)
        self.head = nn.Sequential(nn.Identity(), conv((1 + bool(config.widths)) * config.full, 2 * config.full))
        self.out = nn.Conv2d(2 * config.full, len(config.slots) + 4, 3)
        nn.init.zeros_(self.out.weight)
        if self.out.bias is not None:
            nn.init.zeros_(self.out.bias)
        if config.claims:
            self.late = Late(planes, len(config.slots) + 4, config.claims)

    def _see_below(self, config: WeighingConfig) -> None:
        """A U-Net below full size."""
        w2, *deep = widths = config.widths
        empty = nn.Identity
        self.down2 = nn.Sequential(empty(), conv(config.full, w2))
        self.first = Block(w2)
        self.downs = nn.ModuleList(
            nn.Sequential(norm(i), empty(), conv(i, o)) for i, o in zip(widths, deep, strict=False)
        )
        self.looks = nn.ModuleList(conv(i, o, size=1) for i, o in zip(config.features, deep, strict=True))
        self.stages = nn.ModuleList(nn.Sequential(Block(w), Block(w)) for w in deep)
        self.ups = nn.ModuleList(conv(o, i, size=1) for i, o in zip(widths, deep, strict=False))
        self.joins = nn.ModuleList(Block(w) for w in widths[:-1])
        self.last = nn.Sequential(norm(w2), empty(), conv(w2, config.full, size=1))

    def forward(
        self,
        lightness: Tensor,
        features: Sequence[Tensor],
        evidence: Tensor,
        error: Tensor,
        claims: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Chroma (B, 2, H, W), its expected error (B, H, W) in a*b*, weights (B, S + 1, H, W), the own colour last.

        What goes in is weighing_net.weighed's, but that evidence is (B, S, 2 + signals, H, W).
        Refuses another number of slots, signals or claims.
        """
        answer = self.answer(lightness, features, evidence, error, claims)
        return answer.chroma, answer.error, answer.weights

    def answer(
        self,
        lightness: Tensor,
        features: Sequence[Tensor],
        evidence: Tensor,
        error: Tensor,
        claims: Tensor | None = None,
    ) -> Answer:
        """The same, with what training looks at beside it."""
        said = None if claims is None else tuple(claims.shape[1:])
        weighing_net.refuse_others(self.config, tuple(evidence.shape[1:]), said)
        planes = evidence.flatten(1, 2)
        answer = weighing_net.weighed(Layers(self), self.config, lightness, features, planes, error, claims)
        return Answer(answer.chroma, answer.error[:, 0], answer.weights, answer.own, answer.rule)


class Conditioned(nn.Module):
    """The weights of a block that the amount of noise scales and shifts."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = norm(width, GROUP), norm(width, GROUP)
        self.first, self.second = conv(width, width, bias=True), conv(width, width, bias=True)
        self.told = nn.Linear(TOLD, 2 * width)
        nn.init.zeros_(self.second.weight)


class Attention(nn.Module):
    """The weights by which every place looks at all others, so that a picture's colours agree."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = norm(width, GROUP)
        self.asked, self.joined = nn.Conv2d(width, 3 * width, 1), nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.joined.weight)


class ProposerNet(nn.Module):
    """What proposes: `look` once a picture, `forward` at every step."""

    def __init__(self, config: ProposerConfig) -> None:
        super().__init__()
        self.config = config
        fine, middle, coarse = config.widths
        empty = nn.Identity
        self.seen = nn.ModuleList(nn.Conv2d(n, w, 1) for n, w in zip(WIDTHS, config.widths, strict=True))
        self.light = conv(DETAIL * DETAIL, fine, bias=True)
        self.noise = nn.Sequential(nn.Linear(2 * WAVES, TOLD), empty(), nn.Linear(TOLD, TOLD))
        self.enter = conv(4 * (2 + 3), fine, bias=True)
        self.down = nn.ModuleList([nn.Conv2d(fine, middle, 2), nn.Conv2d(middle, coarse, 2)])
        self.ins = nn.ModuleList(Conditioned(w) for w in config.widths)
        self.attention = Attention(coarse)
        self.outs = nn.ModuleList(Conditioned(w) for w in config.widths)
        self.up = nn.ModuleList([nn.Conv2d(middle, fine, 1), nn.Conv2d(coarse, middle, 1)])
        self.norm, self.leave = norm(fine, GROUP), conv(fine, 4 * 2, bias=True)
        nn.init.zeros_(self.leave.weight)
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("spread", torch.ones(2))

    def white(self, chroma: Tensor) -> Tensor:
        """a*b* (B, 2, h, w) by their mean and deviation over photographs."""
        return (chroma - self.get_buffer("mean")[:, None, None]) / self.get_buffer("spread")[:, None, None]

    def look(self, lightness: Tensor, maps: Sequence[Tensor]) -> list[Tensor]:
        """What is known of a picture before any colour: see proposer_net.looked."""
        return proposer_net.looked(Layers(self), self.config, lightness, maps)

    def forward(self, noised: Tensor, time: Tensor, known: Sequence[Tensor], hints: Tensor) -> Tensor:
        """v (B, 2, h, w) at the times (B,), 1 all noise, 0 none; the rest is proposer_net.proposed's."""
        told = torch.from_numpy(proposer_net.waves(time.cpu().numpy())).to(noised.device, noised.dtype)
        return proposer_net.proposed(Layers(self), self.config, noised, told, known, hints)


def _innermost(x: Tensor) -> Tensor:
    """With channels innermost, as convolutions on the CPU want it."""
    return x.contiguous(memory_format=torch.channels_last)
