"""The masked exemplar colorizer: as `exemplar`, but the colours enter inside the encoder, and regions may be named.

Axes: B pictures, C channels, H W pixels, N and M superpixels, R regions.

- Blocks of masked super-attention at four levels: what the target took is added to its map before the next level sees
  it, so that colours reach every level. The reference runs through the same encoder without.
- The colour encoder is trained with the rest.
- Without regions every block is super-attention exactly.
- Ours: joined by a 1x1 convolution and a sum, which keeps what VGG knows from the first step on.

Sources: Carrillo 2023; Carrillo 2024, ch. 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn

from vidcolor.errors import InputError
from vidcolor.research.networks.attention import TEMPERATURE, MaskedSuperAttention, Regions
from vidcolor.research.networks.decoder import Decoder
from vidcolor.research.networks.exemplar import Superpixels, attended, check_levels, chroma_of, matching_block, side
from vidcolor.research.networks.lab import for_imagenet, gray_of, lab_to_rgb
from vidcolor.research.networks.vgg_encoder import VggConfig, VggEncoder


@dataclass(frozen=True, slots=True)
class MaskedExemplarConfig:
    """The defaults are the published network's."""

    attention: Literal["super", "none"] = "super"
    """Masked super-attention inside the encoder; or no reference."""
    levels: int = 4
    """Finest levels that have it."""
    vgg: VggConfig = field(default_factory=VggConfig)
    """Both encoders."""
    convolutions: int = 3
    """3x3 convolutions of each level of the decoder."""
    temperature: float = TEMPERATURE
    """Of the attention's softmax."""


class MaskedExemplarNet(nn.Module):
    """The network."""

    def __init__(
        self,
        config: MaskedExemplarConfig,
        encoder: VggEncoder,
        colors: VggEncoder | None,
        blocks: Sequence[MaskedSuperAttention],
        decoder: Decoder,
    ) -> None:
        super().__init__()
        self.config, self.encoder, self.colors, self.decoder = config, encoder, colors, decoder
        self.blocks = nn.ModuleList(blocks)
        self.joins = nn.ModuleList(nn.Conv2d(width, width, 1) for width in config.vgg.widths[: len(blocks)])

    def forward(
        self,
        lightness: Tensor,
        superpixels: Superpixels,
        reference: Tensor,
        reference_superpixels: Superpixels,
        regions: Sequence[Regions] | None = None,
    ) -> Tensor:
        """Chroma a*b* (B, 2, H, W) of the target.

        lightness   (B, 1, H, W) the target's L*
        reference   (B, 3, H', W') CIELAB; it may be of another size than the target
        regions     of each level: which superpixels of the reference each region of the target may take from
        Refuses superpixels and regions of fewer levels than have attention.
        """
        tones: list[Tensor] = []
        looks: list[Tensor] = []
        if self.colors is not None:
            check_levels(len(self.blocks), superpixels, reference_superpixels)
            if regions is not None and len(regions) < len(self.blocks):
                raise InputError(f"regions of {len(regions)} levels; the network attends at {len(self.blocks)}")
            looks = self.encoder(for_imagenet(gray_of(reference[:, :1])), len(self.blocks))
            tones = self.colors(for_imagenet(lab_to_rgb(reference)))
        maps: list[Tensor] = []
        x = for_imagenet(gray_of(lightness))
        for k in range(len(self.config.vgg.widths)):
            x = self.encoder.level(k, x)
            if k < len(self.blocks):
                ours, theirs = side([*maps, x], superpixels, k), side(looks, reference_superpixels, k)
                taken = attended(self.blocks[k], ours, theirs, tones[k], regions[k] if regions is not None else None)
                x = x + self.joins[k](taken)
            maps.append(x)
        return chroma_of(self.decoder(maps))


def build_masked_exemplar(config: MaskedExemplarConfig = MaskedExemplarConfig()) -> MaskedExemplarNet:
    """The network with random weights."""
    widths, attends = config.vgg.widths, config.attention == "super"
    encoder, colors = VggEncoder(config.vgg), VggEncoder(config.vgg.first(config.levels)) if attends else None
    blocks = [matching_block(MaskedSuperAttention, w, config.temperature) for w in widths[: config.levels] if attends]
    decoder = Decoder(widths, 2, convolutions=config.convolutions)
    return MaskedExemplarNet(config, encoder, colors, blocks, decoder)
