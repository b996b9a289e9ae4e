"""The upward half of a U-Net: an encoder's maps in, one map at the size of the finest out.

Axes: B pictures, C channels, h w places of a level.

Sources: Ballester 2022 (4x4 transposed convolutions, skips joined by 1x1 convolutions, two 3x3 convolutions with batch
norm a level); Carrillo 2022b, sec. 3.3 (the attention's map joined beside the skip).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Stage(nn.Sequential):
    """3x3 convolutions, each with batch norm and ReLU."""

    def __init__(self, width: int, convolutions: int) -> None:
        layers: list[nn.Module] = []
        for _ in range(convolutions):
            layers += [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        super().__init__(*layers)


class Decoder(nn.Module):
    """From the coarsest level up: enlarge, join with the skip and what the attention took, convolve."""

    def __init__(
        self, widths: Sequence[int], outputs: int, *, taken: Sequence[int] = (), convolutions: int = 2
    ) -> None:
        """`widths`: the encoder's, finest first. `taken`: channels that the attention adds at each level (0: none)."""
        super().__init__()
        taken = (*taken, *(0 for _ in widths[len(taken) :]))
        levels = range(len(widths) - 1)
        self.bottom = nn.Conv2d(widths[-1] + taken[-1], widths[-1], 1) if taken[-1] else nn.Identity()
        self.ups = nn.ModuleList(nn.ConvTranspose2d(widths[k + 1], widths[k], 4, 2, 1) for k in levels)
        self.joins = nn.ModuleList(nn.Conv2d(2 * widths[k] + taken[k], widths[k], 1) for k in levels)
        self.stages = nn.ModuleList(Stage(widths[k], convolutions) for k in levels)
        self.head = nn.Conv2d(widths[0], outputs, 3, padding=1)

    def forward(self, maps: Sequence[Tensor], taken: Sequence[Tensor | None] = ()) -> Tensor:
        """(B, outputs, H, W), unbounded, of the encoder's maps and what the attention took there, finest first."""
        extras = (*taken, *(None for _ in maps[len(taken) :]))
        x = self.bottom(_joined(maps[-1], extras[-1]))
        for level in reversed(range(len(self.ups))):
            skip = maps[level]
            # An odd side was rounded up on its way down.
            x = self.ups[level](x)[..., : skip.shape[-2], : skip.shape[-1]]
            x = self.stages[level](self.joins[level](_joined(torch.cat([x, skip], 1), extras[level])))
        return self.head(x)


def _joined(x: Tensor, extra: Tensor | None) -> Tensor:
    return x if extra is None else torch.cat([x, extra], 1)
