"""What the features are taught: the teachers' features, the right place, and the colour that a match carries.

Axes: B pairs, C channels, h w places of a map, Q places of the target drawn for the loss, K places of the reference.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

CARRY_TEMPERATURE = 0.03
"""Of the softmax that carries chroma and has to pick the right place; the same as in use."""
CHROMA_SCALE = 10.0
"""a*b* error that counts as 1."""
SHARP = 1.0
"""a*b* error below which the carried colour's loss is quadratic."""


def cosine_loss(guess: Tensor, truth: Tensor) -> Tensor:
    """1 - the mean cosine of (B, C, h, w) against unit features."""
    return 1 - (F.normalize(guess.float(), dim=1) * truth.float()).sum(1).mean()


def likeness(reference: Tensor, target: Tensor, drawn: Tensor) -> Tensor:
    """(B, Q, K): cosines, over the temperature, of the target's drawn places (B, Q) and all the reference's.

    reference, target (B, C, h, w) of unit length
    """
    queries = target.flatten(2).gather(2, drawn[:, None].expand(-1, target.shape[1], -1))
    return torch.einsum("bcq,bck->bqk", queries / CARRY_TEMPERATURE, reference.flatten(2))


def place_loss(alike: Tensor, place: Tensor, size: int, known: Tensor) -> Tensor:
    """Cross-entropy of picking the right place, shared among the four places around it (InfoNCE, van den Oord 2018).

    alike   (B, Q, K) of `likeness`, K = size^2
    place   (B, Q, 2): x, y in places of the reference
    known   (B, Q): where it counts
    """
    log = F.log_softmax(alike, -1)
    place = place.clamp(0, size - 1)
    corner = place.floor().clamp(max=size - 2)
    right = place - corner
    loss = torch.zeros_like(log[..., 0])
    for dx in (0, 1):
        for dy in (0, 1):
            x, y = corner[..., 0] + dx, corner[..., 1] + dy
            share = (right[..., 0] if dx else 1 - right[..., 0]) * (right[..., 1] if dy else 1 - right[..., 1])
            loss = loss - share * log.gather(-1, (y * size + x).long()[..., None])[..., 0]
    weight = known.float()
    return (loss * weight).sum() / weight.sum().clamp(min=1)


def carry_loss(alike: Tensor, reference: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """How far the chroma that the matches carry lies from the true one, smooth L1 of the distance.

    alike (B, Q, K); reference (B, 2, K) its chroma; truth (B, Q, 2); known (B, Q) where it counts
    """
    carried = alike.softmax(-1) @ reference.transpose(1, 2)
    far = ((carried - truth).square().sum(-1) + SHARP**2).sqrt() - SHARP
    weight = known.float()
    return (far * weight).sum() / weight.sum().clamp(min=1) / CHROMA_SCALE
