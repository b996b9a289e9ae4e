"""Superpixels for super-attention: within regions, and once more at the size of each map of features.

- A picture with regions is segmented part by part, so that no superpixel lies across a region's edge (maskSLIC,
  Irving 2016; Carrillo 2023). Regions may overlap: what lies in two is a part of its own.
- Each level's labels are made anew on the picture reduced to that level's size, not cut from finer ones
  (Carrillo 2022a), so each level has 3 sqrt(n) superpixels of its n pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vidcolor.errors import InputError
from vidcolor.superpixels.segment import segment, superpixel_count

if TYPE_CHECKING:
    from numpy import ndarray as Array

MOST_REGIONS = 62
"""Regions of one picture: which of them a pixel lies in is a bit each of an int64."""
HALF = 0.5
"""Share of a coarse pixel that has to lie in a region."""


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """The superpixels of one level, and the regions they lie in."""

    labels: Array
    """(h, w) int32, contiguous from 0"""
    inside: Array
    """(R, N) bool: whether superpixel n lies in region r"""

    @property
    def region(self) -> Array:
        """(N,) int64: the last region that each superpixel lies in, as later ones lie on top; -1 for none."""
        count, found = self.inside.shape
        numbers = np.where(self.inside, np.arange(count)[:, None], -1)
        return np.max(numbers, axis=0, initial=-1) if count else np.full(found, -1)


def segment_regions(lightness: Array, masks: Sequence[Array], count: int, *, threads: int = 2) -> Segmented:
    """Superpixels of a picture, none across the edge of a region.

    lightness  (H, W) float32, L* 0..100
    masks      (H, W) bool each; may overlap; none: plain superpixels
    count      superpixels wanted in all; every part of the picture gets its share, and at least one

    Refuses masks of another size or type, and more than 62 of them.
    """
    _check(lightness, masks)
    if not masks:
        labels = segment(lightness, count, threads=threads)
        return Segmented(labels, np.zeros((0, int(labels.max()) + 1), np.bool_))
    code = np.zeros(lightness.shape, np.int64)
    for bit, mask in enumerate(masks):
        code |= mask.astype(np.int64) << bit
    labels, members, found = np.full(lightness.shape, -1, np.int32), [], 0
    for part in np.unique(code):
        within = code == part
        share = max(1, round(count * np.count_nonzero(within) / within.size))
        own = segment(lightness, share, mask=within, threads=threads)
        labels[within] = own[within] + found
        number = int(own.max()) + 1
        members.append(np.repeat([[bool(part >> bit & 1)] for bit in range(len(masks))], number, axis=1))
        found += number
    return Segmented(labels, np.concatenate(members, axis=1))


def segment_levels(
    lightness: Array,
    strides: Sequence[int],
    masks: Sequence[Array] = (),
    *,
    density: float = 3.0,
    threads: int = 2,
) -> list[Segmented]:
    """The superpixels of each level: of the picture reduced by each stride, its size rounded up.

    density  superpixels are density * sqrt(n) of a level's n pixels

    A region keeps at least one pixel of each level, however small it is: else its colours would be lost there.
    """
    _check(lightness, masks)
    levels = []
    for stride in strides:
        size = (-(-lightness.shape[0] // stride), -(-lightness.shape[1] // stride))
        light = _reduced(lightness, size)
        covered = [_reduced(mask.astype(np.float32), size) for mask in masks]
        kept = [(share >= HALF) | (share == share.max()) & (share > 0) for share in covered]
        levels.append(segment_regions(light, kept, superpixel_count(size, density), threads=threads))
    return levels


def _reduced(picture: Array, size: tuple[int, int]) -> Array:
    return np.asarray(cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _check(lightness: Array, masks: Sequence[Array]) -> None:
    if len(masks) > MOST_REGIONS:
        raise InputError(f"{len(masks)} regions in one picture; {MOST_REGIONS} are the most, join some")
    for number, mask in enumerate(masks):
        if mask.shape != lightness.shape or mask.dtype != np.bool_:
            raise InputError(
                f"region {number}: mask {mask.dtype} {mask.shape} for lightness {lightness.shape}; give bool"
            )
