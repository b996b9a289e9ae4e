"""The exemplar colorizer: a gray target and a coloured reference in, the target's chroma out.

Axes: B pictures, C channels, H W pixels, h w places of a level.

- Encoder: VGG-19's convolutions, on the target and on the reference, both gray. Colour encoder: another VGG-19, on the
  coloured reference, frozen.
- Super-attention in the skips of the three finest levels: the decoder joins [up, skip, taken].
- Ablations of the publication: ordinary attention at the bottleneck, and no reference at all.
- Ours: a block starts as eq. 4.5 says, its query and key being the features themselves, so that it matches from its
  first step on; chroma is tanh times 110.

Sources: Carrillo 2022b; Carrillo 2024, ch. 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn

from vidcolor.errors import InputError
from vidcolor.research.networks.attention import TEMPERATURE, Regions, Side, SuperAttention
from vidcolor.research.networks.decoder import Decoder
from vidcolor.research.networks.lab import for_imagenet, gray_of, lab_to_rgb
from vidcolor.research.networks.unet import REACH
from vidcolor.research.networks.vgg_encoder import VggConfig, VggEncoder

Block = TypeVar("Block", bound=SuperAttention)


@dataclass(frozen=True, slots=True)
class ExemplarConfig:
    """The defaults are the published network's."""

    attention: Literal["super", "bottleneck", "none"] = "super"
    """Super-attention in the skips; or ordinary attention, place by place, at the coarsest level; or no reference."""
    levels: int = 3
    """Finest levels that have super-attention."""
    vgg: VggConfig = field(default_factory=VggConfig)
    """Both encoders."""
    convolutions: int = 3
    """3x3 convolutions of each level of the decoder."""
    temperature: float = TEMPERATURE
    """Of the attention's softmax."""


@dataclass(frozen=True, slots=True)
class Superpixels:
    """The superpixels of a batch of pictures, finest level first."""

    labels: tuple[Tensor, ...]
    """(B, h, w) int64 of each level; a level's size is the picture's over 2^l, rounded up."""
    counts: tuple[int, ...]
    """Superpixels of each level, the most of any picture."""


class ExemplarNet(nn.Module):
    """The network."""

    def __init__(
        self,
        config: ExemplarConfig,
        encoder: VggEncoder,
        colors: VggEncoder | None,
        blocks: Sequence[SuperAttention],
        decoder: Decoder,
    ) -> None:
        super().__init__()
        self.config, self.encoder, self.colors, self.decoder = config, encoder, colors, decoder
        self.blocks = nn.ModuleList(blocks)

    def forward(
        self, lightness: Tensor, superpixels: Superpixels, reference: Tensor, reference_superpixels: Superpixels
    ) -> Tensor:
        """Chroma a*b* (B, 2, H, W) of the target.

        lightness   (B, 1, H, W) the target's L*
        reference   (B, 3, H', W') CIELAB; it may be of another size than the target
        Refuses superpixels of fewer levels than have attention.
        """
        maps = self.encoder(for_imagenet(gray_of(lightness)))
        if self.colors is None:
            return chroma_of(self.decoder(maps))
        levels = len(self.colors.config.widths)
        looks = self.encoder(for_imagenet(gray_of(reference[:, :1])), levels)
        tones = self.colors(for_imagenet(lab_to_rgb(reference)))
        if self.config.attention == "bottleneck":
            target, other = every_place(maps[-1]), every_place(looks[-1])
            taken = [None] * (len(maps) - 1) + [attended(self.blocks[0], target, other, tones[-1])]
            return chroma_of(self.decoder(maps, taken))
        check_levels(len(self.blocks), superpixels, reference_superpixels)
        taken = [
            attended(block, side(maps, superpixels, k), side(looks, reference_superpixels, k), tones[k])
            for k, block in enumerate(self.blocks)
        ]
        return chroma_of(self.decoder(maps, taken))


def build_exemplar(config: ExemplarConfig = ExemplarConfig()) -> ExemplarNet:
    """The network with random weights."""
    widths = config.vgg.widths
    places = {"super": range(config.levels), "bottleneck": [len(widths) - 1], "none": []}[config.attention]
    encoder = VggEncoder(config.vgg)
    colors = VggEncoder(config.vgg.first(max(places) + 1)).requires_grad_(False) if places else None
    blocks = [matching_block(SuperAttention, widths[k], config.temperature) for k in places]
    taken = [widths[k] if k in places else 0 for k in range(len(widths))]
    decoder = Decoder(widths, 2, taken=taken, convolutions=config.convolutions)
    return ExemplarNet(config, encoder, colors, blocks, decoder)


def matching_block(kind: type[Block], width: int, temperature: float) -> Block:
    """A block whose query and key are the features themselves: it starts as eq. 4.5 of Carrillo 2024."""
    block = kind(width, width, width, width, temperature=temperature)
    for part in (block.query, block.key):
        with torch.no_grad():
            part.weight.copy_(torch.eye(width)[..., None])
    return block


def attended(block: nn.Module, target: Side, reference: Side, colors: Tensor, *regions: Regions | None) -> Tensor:
    """What a block takes, in float32 even under autocast: scores over 0.01 are too much for bfloat16."""
    ours, theirs = (Side(s.features.float(), s.labels, s.count) for s in (target, reference))
    with torch.autocast(colors.device.type, enabled=False):
        return block(ours, theirs, colors.float(), *regions).picture


def chroma_of(answer: Tensor) -> Tensor:
    """a*b* of what the decoder says."""
    return REACH * torch.tanh(answer.float())


def side(maps: Sequence[Tensor], superpixels: Superpixels, level: int) -> Side:
    """A picture's map of a level with its superpixels."""
    return Side(maps[level], superpixels.labels[level], superpixels.counts[level])


def every_place(features: Tensor) -> Side:
    """A map whose every place is a superpixel of its own: super-attention is then ordinary attention."""
    batch, _, height, width = features.shape
    labels = torch.arange(height * width, device=features.device).view(1, height, width)
    return Side(features, labels.expand(batch, -1, -1), height * width)


def check_levels(levels: int, *pictures: Superpixels) -> None:
    """Refuses superpixels of too few levels."""
    for superpixels in pictures:
        if len(superpixels.labels) < levels:
            raise InputError(f"superpixels of {len(superpixels.labels)} levels; the network attends at {levels}")
