"""What the published networks are taught with: differences of colours, of their histograms, and a critic's word.

Axes: B pictures, K channels, H W pixels, Q bins a side.

Sources: Carrillo 2022b and 2024, ch. 5, 6 and app. B; Ballester 2022.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.research.metrics.histograms import AB_END, BINS
from vidcolor.research.networks.unet import REACH

EMPTY = 1e-5
"""Added to the sum of two bins (eq. B.1)."""


def smooth_l1(chroma: Tensor, truth: Tensor) -> Tensor:
    """Smooth L1 of a*b* (B, 2, H, W) in units of what the network says as 1: quadratic up to there."""
    return F.smooth_l1_loss(chroma / REACH, truth / REACH)


def soft_histogram(chroma: Tensor, bins: int = BINS) -> Tensor:
    """(B, Q Q): shares of the pixels by a*b*, as `metrics.histograms.ab_histogram`, but with gradients."""
    middles = torch.linspace(-AB_END, AB_END, bins, device=chroma.device)
    width = 2 * AB_END / (bins - 1)
    flat = chroma.float().flatten(2).clamp(-AB_END, AB_END)
    near = (1 - (flat[..., None] - middles).abs() / width).clamp(min=0)
    return torch.einsum("bna,bnc->bac", near[:, 0], near[:, 1]).flatten(1) / flat.shape[2]


def histogram_loss(chroma: Tensor, reference: Tensor) -> Tensor:
    """Symmetric chi-square of the histograms of the result's and of the reference's a*b*: 0 to 4.

    Source: Carrillo 2024, eq. B.1.
    """
    found, wanted = soft_histogram(chroma), soft_histogram(reference)
    return (2 * (found - wanted).square() / (found + wanted + EMPTY)).sum(1).mean()


def critic_loss(real: Tensor, made: Tensor) -> Tensor:
    """What the critic makes small: its word (B,) on made pictures less that on real ones (Gulrajani 2017)."""
    return made.mean() - real.mean()
