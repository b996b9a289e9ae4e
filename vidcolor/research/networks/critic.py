"""The critic of a Wasserstein GAN: how real each part of a coloured picture looks, and the penalty that keeps it fair.

Axes: B pictures, K channels of a space, H W pixels.

- Patches are judged, not the whole (Isola 2017). No norm over the batch: the penalty is one for each picture.

Source: Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017; as ch. 3 of Carrillo 2024 uses it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAK = 0.2
"""Slope of the leaky ReLU below 0 (Isola 2017)."""
DEPTH = 3
"""Halvings of the picture."""


class Critic(nn.Module):
    """The network."""

    def __init__(self, channels: int, width: int = 64) -> None:
        """`channels`: of the colours, beside the gray; `width`: channels at half the size, doubled at every further."""
        super().__init__()
        layers: list[nn.Module] = []
        inputs = channels + 1
        for level in range(DEPTH):
            layers += [nn.Conv2d(inputs, width << level, 4, 2, 1), nn.LeakyReLU(LEAK)]
            inputs = width << level
        self.layers = nn.Sequential(*layers, nn.Conv2d(inputs, 1, 3, padding=1))

    def forward(self, gray: Tensor, colors: Tensor) -> Tensor:
        """(B,): how real a gray picture (B, 1, H, W), 0..1, with these colours (B, K, H, W), -1..1, looks."""
        return self.layers(torch.cat([2 * gray - 1, colors], 1)).mean((1, 2, 3))


def build_critic(channels: int, width: int = 64) -> Critic:
    """The critic with random weights."""
    return Critic(channels, width)


def gradient_penalty(critic: Critic, gray: Tensor, real: Tensor, made: Tensor, shares: Tensor) -> Tensor:
    """Mean of (|gradient| - 1)^2 at mixtures of real and made colours (B, K, H, W); shares (B,) of the real ones.

    Source: Gulrajani 2017, eq. 3.
    """
    mixed = torch.lerp(made, real, shares[:, None, None, None]).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(gray, mixed).sum(), mixed, create_graph=True)
    return (slope.flatten(1).square().sum(1).clamp(min=1e-12).sqrt() - 1).square().mean()
