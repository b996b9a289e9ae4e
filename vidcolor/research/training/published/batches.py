"""Pairs side by side as tensors, with the superpixels and regions that the networks want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vidcolor.research.networks.attention import Regions
from vidcolor.research.networks.exemplar import Superpixels
from vidcolor.research.training.published.pairs import Kind, Pair, Pairs, View
from vidcolor.superpixels.levels import Segmented, segment_levels


class Batch(NamedTuple):
    """Pairs side by side."""

    target: Tensor
    """(B, 3, H, W) CIELAB: what goes in is its L*, what should come out its a*b*."""
    reference: Tensor
    """(B, 3, H, W) CIELAB."""
    superpixels: Superpixels
    others: Superpixels
    """The reference's."""
    regions: list[Regions] | None
    """Of each level; none where the pairs have no masks."""

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        ours, theirs = (
            Superpixels(tuple(x.to(device) for x in side.labels), side.counts)
            for side in (self.superpixels, self.others)
        )
        regions = self.regions and [Regions(r.target.to(device), r.reference.to(device)) for r in self.regions]
        return Batch(self.target.to(device), self.reference.to(device), ours, theirs, regions)


def collated(pairs: Sequence[Pair], levels: int) -> Batch:
    """A batch of pairs with the superpixels of so many levels, strides 1, 2, 4 ..."""
    ours, theirs = ([_segmented(pair, view, levels) for pair, view in side] for side in _sides(pairs))
    regions = None
    if levels and any(pair.target.mask is not None for pair in pairs):
        regions = [_regions([s[k] for s in ours], [s[k] for s in theirs]) for k in range(levels)]
    target, reference = (torch.from_numpy(np.stack([view.lab for _, view in side])) for side in _sides(pairs))
    return Batch(target, reference, _superpixels(ours, levels), _superpixels(theirs, levels), regions)


def _sides(pairs: Sequence[Pair]) -> tuple[list[tuple[Pair, View]], list[tuple[Pair, View]]]:
    return [(pair, pair.target) for pair in pairs], [(pair, pair.reference) for pair in pairs]


def _segmented(pair: Pair, view: View, levels: int) -> list[Segmented]:
    """A region needs both its masks: where one is empty there is none."""
    masks = [v.mask for v in (pair.target, pair.reference) if v.mask is not None and v.mask.any()]
    own = [view.mask] if view.mask is not None and len(masks) == 2 else []
    strides = [2**k for k in range(levels)]
    return segment_levels(np.ascontiguousarray(view.lab[0]), strides, own, threads=1)


def _superpixels(pictures: Sequence[Sequence[Segmented]], levels: int) -> Superpixels:
    labels = [torch.from_numpy(np.stack([p[k].labels for p in pictures]).astype(np.int64)) for k in range(levels)]
    return Superpixels(tuple(labels), tuple(int(x.max()) + 1 for x in labels))


def _regions(targets: Sequence[Segmented], references: Sequence[Segmented]) -> Regions:
    """Of one level of a batch: one region a pair, or none."""
    most = [max(s.inside.shape[1] for s in side) for side in (targets, references)]
    region = np.full((len(targets), most[0]), -1, np.int64)
    inside = np.zeros((len(targets), 1, most[1]), np.bool_)
    for k, (target, reference) in enumerate(zip(targets, references, strict=True)):
        region[k, : target.inside.shape[1]] = target.region
        if len(reference.inside):
            inside[k, :, : reference.inside.shape[1]] = reference.inside
    return Regions(torch.from_numpy(region), torch.from_numpy(inside))


def draw_batch(pairs: Pairs, count: int, seed: tuple[int, ...]) -> Batch:
    """So many pairs; sample k is drawn from (*seed, k)."""
    drawn = [pairs.draw(np.random.default_rng([*seed, k])) for k in range(count)]
    return collated(drawn, pairs.choice.levels)


def held_batches(pairs: Pairs, kind: Kind, most: int) -> list[Batch]:
    """A batch of one for each of `most` entries, evenly spread, crops in the middle, with a reference of this kind."""
    rows = [row for row in pairs.rows if {"ranked": row[1].like, "drawn": row[1].same}.get(kind, True)]
    if not rows:
        return []
    spread = sorted({round(k) for k in np.linspace(0, len(rows) - 1, min(most, len(rows)))})
    drawn = [pairs.pair(rows[k][0], rows[k][1], kind, None) for k in spread]
    return [collated([pair], pairs.choice.levels) for pair in drawn]
