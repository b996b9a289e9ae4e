"""Super-features and super-attention: superpixels of a target look at superpixels of a reference.

Axes: B pictures, C channels, H W pixels, N superpixels of the target, M of the reference, R regions.

- Pixels become super-features by one scatter, and come back by one gather: no loop over the batch or the labels.
- With N and M near 3 sqrt(H W), attention costs time and memory linear in the number of pixels.
- 1x1 convolutions and the mean over a superpixel may change places, so the blocks convolve the super-features.

Sources: Carrillo 2022a (correlation), Carrillo 2022b and Carrillo 2024, ch. 5 and 6 (the blocks).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vidcolor.errors import InputError

TEMPERATURE = 0.01
"""Of the softmax; from the code that the authors of Carrillo 2022b published."""
SMALLEST = 1e-6
"""Least length of a centred super-feature: an even one is like nothing, instead of NaN."""


def pool(features: Tensor, labels: Tensor, count: int) -> Tensor:
    """Super-features: the mean of each feature inside each superpixel.

    features  (B, C, H, W) float
    labels    (B, H, W) int64, below `count`; pixels of negative label are left out
    returns   (B, C, count), the features' dtype, sums in float32 or better; zeros for a label that no pixel has

    Refuses labels of another size than the features'. (Labels of `count` or more are torch's own error.)
    Source: Carrillo 2024, sec. 4.5.1 (the authors' code takes the maximum; we follow the text).
    """
    _check("pool", features, labels)
    slots = _slots(labels, count)
    exact = features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
    flat = exact.flatten(2)
    sums = flat.new_zeros(*flat.shape[:2], count + 1).scatter_add(2, slots.expand_as(flat), flat)
    means = sums[..., :count] / pixels_of(labels, count)[:, None].clamp(min=1).to(flat.dtype)
    return means.to(features.dtype)


def unpool(values: Tensor, labels: Tensor) -> Tensor:
    """Each pixel takes the values of its superpixel: (B, C, H, W); zeros where the label is negative.

    values  (B, C, count)
    labels  (B, H, W) int64, below count
    Source: Carrillo 2024, eq. 5.2.
    """
    if values.ndim != 3 or labels.ndim != 3 or values.shape[0] != labels.shape[0]:
        raise InputError(
            f"unpool: values {tuple(values.shape)}, labels {tuple(labels.shape)}; give (B, C, N), (B, H, W)"
        )
    padded = torch.cat([values, values.new_zeros(*values.shape[:2], 1)], 2)
    slots = _slots(labels, values.shape[2])
    return padded.gather(2, slots.expand(-1, values.shape[1], -1)).unflatten(2, labels.shape[1:])


def pixels_of(labels: Tensor, count: int) -> Tensor:
    """(B, count) int64: how many pixels each superpixel has."""
    slots = _slots(labels, count)[:, 0]
    found = slots.new_zeros(labels.shape[0], count + 1).scatter_add(1, slots, torch.ones_like(slots))
    return found[:, :count]


def correlation(target: Tensor, reference: Tensor) -> Tensor:
    """(B, N, M): correlation over channels of super-features (B, C, N) and (B, C, M), -1..1.

    Source: Carrillo 2022a, eq. 4.5 of Carrillo 2024: each less its mean over channels, over its length.
    """
    return torch.einsum("bcn,bcm->bnm", _centred(target), _centred(reference))


@dataclass(frozen=True, slots=True)
class Attended:
    """What the target took from the reference."""

    picture: Tensor
    """(B, Cv, H, W): at each pixel of the target what its superpixel took; zeros where the label is negative."""
    weights: Tensor
    """(B, N, M): how much of each reference superpixel; rows sum to 1."""


@dataclass(frozen=True, slots=True)
class Side:
    """A picture's features with its superpixels."""

    features: Tensor
    """(B, C, H, W)"""
    labels: Tensor
    """(B, H, W) int64; negative where no superpixel lies"""
    count: int
    """Superpixels, the most of any picture of the batch; labels that a picture does not have get no attention."""


class SuperAttention(nn.Module):
    """softmax(correlation(query, key) / tau) value, from superpixel to superpixel (Carrillo 2022b)."""

    def __init__(self, looks: int, colors: int, inner: int, outer: int, *, temperature: float = TEMPERATURE) -> None:
        """Channels: `looks` of both pictures' features, `colors` of the reference's colour features, `inner` of query
        and key, `outer` of the value, which is what comes out."""
        super().__init__()
        self.query, self.key = (nn.Conv1d(looks, inner, 1, bias=False) for _ in range(2))
        self.value = nn.Conv1d(colors, outer, 1)
        self.temperature = temperature

    def forward(self, target: Side, reference: Side, colors: Tensor) -> Attended:
        """What the target takes of the reference's colour features (B, colors, H', W')."""
        everyone = pixels_of(reference.labels, reference.count)[:, None] > 0
        return self.attend(target, reference, colors, everyone)

    def attend(self, target: Side, reference: Side, colors: Tensor, allowed: Tensor) -> Attended:
        """The same with `allowed` (B, 1 or N, M) bool: which reference superpixels a target superpixel may see."""
        query = self.query(pool(target.features, target.labels, target.count))
        key = self.key(pool(reference.features, reference.labels, reference.count))
        value = self.value(pool(colors, reference.labels, reference.count))
        scores = correlation(query, key) / self.temperature
        weights = scores.masked_fill(~allowed, -torch.inf).softmax(-1)
        taken = torch.einsum("bnm,bcm->bcn", weights.to(value.dtype), value)
        return Attended(unpool(taken, target.labels), weights)


@dataclass(frozen=True, slots=True)
class Regions:
    """Which superpixels of the reference each region of the target takes its colours from."""

    target: Tensor
    """(B, N) int64: the region of each target superpixel; negative for none: it may see the whole reference"""
    reference: Tensor
    """(B, R, M) bool: the reference superpixels of each region"""


class MaskedSuperAttention(SuperAttention):
    """Super-attention within regions; without regions exactly super-attention (Carrillo 2023; 2024, ch. 6).

    Superpixels must be made within the regions (`superpixels.segment` with a mask), so that none lies across an edge.
    A region that has no superpixel in the reference sees the whole reference.
    """

    def forward(self, target: Side, reference: Side, colors: Tensor, regions: Regions | None = None) -> Attended:
        """What the target takes of the reference's colour features (B, colors, H', W')."""
        everyone = pixels_of(reference.labels, reference.count)[:, None] > 0
        if regions is None:
            return self.attend(target, reference, colors, everyone)
        _check_regions(regions, target, reference)
        seen = regions.reference & everyone
        seen = torch.where(seen.any(-1, keepdim=True), seen, everyone)
        choices = torch.cat([seen, everyone], 1)  # The last choice, the whole reference, is for those in no region.
        last = regions.reference.shape[1]
        rows = torch.where(regions.target < 0, last, regions.target)
        allowed = choices.gather(1, rows[..., None].expand(-1, -1, reference.count))
        return self.attend(target, reference, colors, allowed)


def _centred(x: Tensor) -> Tensor:
    """Super-features (B, C, N) less their mean over channels, of unit length, in float32 or better."""
    x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    x = x - x.mean(1, keepdim=True)
    # The root of a sum that may be 0 has no gradient there; the clamp inside does away with that.
    return x * x.square().sum(1, keepdim=True).clamp(min=SMALLEST**2).rsqrt()


def _slots(labels: Tensor, count: int) -> Tensor:
    """(B, 1, H W): each pixel's label, `count` where it is negative."""
    return torch.where(labels < 0, count, labels).flatten(1)[:, None]


def _check(what: str, features: Tensor, labels: Tensor) -> None:
    if features.ndim != 4 or labels.shape != (features.shape[0], *features.shape[2:]):
        raise InputError(
            f"{what}: features {tuple(features.shape)} do not fit labels {tuple(labels.shape)};"
            " give (B, C, H, W) and (B, H, W)"
        )


def _check_regions(regions: Regions, target: Side, reference: Side) -> None:
    batch = target.labels.shape[0]
    fits = regions.target.shape == (batch, target.count) and regions.reference.shape[::2] == (batch, reference.count)
    if not fits or regions.reference.ndim != 3:
        raise InputError(
            f"regions: {tuple(regions.target.shape)} and {tuple(regions.reference.shape)} do not fit {target.count}"
            f" and {reference.count} superpixels of {batch} pictures; give (B, N) and (B, R, M)"
        )
