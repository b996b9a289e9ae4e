"""Superpixels of one frame: SLIC on lightness, whole or within a mask.

- Seeds lie on a grid (whole picture), or at the middle of what the mask leaves of each grid cell (maskSLIC); then
  rounds of `slic.iterate`; then `connect` makes every superpixel one piece.
- Achanta moves seeds off edges by a 3 x 3 search. Ours starts a seed at its cell's mean lightness instead, which a
  single noisy pixel cannot mislead.

Sources: Achanta 2012 (SLIC); B. Irving, maskSLIC: regional superpixel generation, arXiv 1606.09518, 2016. Irving
places seeds one by one, farthest first; ours by grid cell, with two rounds by position alone to even them out:
near as even, and linear in pixels.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numba import njit

from vidcolor.errors import InputError
from vidcolor.superpixels.connect import find_parts, own_parts, paint
from vidcolor.superpixels.slic import NO_PRIOR, OUTSIDE, UNASSIGNED, Prior, iterate, mean_centres

if TYPE_CHECKING:
    from numpy import ndarray as Array  # noqa: N812

LEAST_PART = 0.25
"""A piece smaller than this share of S^2 is joined to a neighbour (Achanta's code: a quarter)."""
_BY_POSITION = 1e4
"""Compactness at which lightness no longer counts."""
_EVEN_ROUNDS = 2
_EVEN_REACH = 2.0
"""In steps: the first seeds of a mask lie less evenly than a grid."""
_LAST_ROUNDS = 1
_COARSE_STEP = 10.0
"""Below this grid step, in pixels, half size would leave too few pixels to a superpixel."""


def superpixel_count(size: tuple[int, int], density: float = 3.0) -> int:
    """Number of superpixels for a picture of n pixels: density * sqrt(n), Carrillo 2022a (density 3)."""
    return max(1, round(density * math.sqrt(size[0] * size[1])))


def segment(
    lightness: Array,
    count: int,
    *,
    mask: Array | None = None,
    compactness: float = 10.0,
    iterations: int = 5,
    threads: int = 2,
) -> Array:
    """Labels (H, W) int32, contiguous 0 .. n - 1 with n near `count`; -1 outside the mask.

    lightness    (H, W) float32, L* 0..100
    count        superpixels wanted, in the whole picture or in the mask
    mask         (H, W) bool: superpixels are made within it only
    compactness  L* difference that weighs as much as one grid step of distance (m of SLIC)
    threads      1 or 2; the result is the same

    Every superpixel is 4-connected and, unless the mask has smaller islands, has at least S^2 / 4 pixels.
    Refuses other shapes, a count below 1, NaN, and an empty mask.
    """
    _check(lightness, count, mask)
    lightness = np.ascontiguousarray(lightness, np.float32)
    with ThreadPoolExecutor(1) if threads > 1 else nullcontext() as pool:
        rule = {"compactness": compactness, "iterations": iterations, "pool": pool}
        if mask is None or mask.all():
            step = math.sqrt(lightness.size / count)
            labels, seeds = _whole(lightness, count, step, rule)
        else:
            step = math.sqrt(np.count_nonzero(mask) / count)
            labels, seeds = _within(lightness, mask, step, rule)
    least = LEAST_PART * step * step
    runs, parts = find_parts(labels, lightness)
    owners = own_parts(runs, parts, lightness.shape[1], seeds, least, least)
    _, owners = np.unique(owners, return_inverse=True)
    return paint(runs, owners.astype(np.int32), UNASSIGNED, lightness.shape[1])


def _whole(lightness: Array, count: int, step: float, rule: dict[str, Any]) -> tuple[Array, int]:
    """Labels not yet connected, and the number of seeds.

    All rounds but the last are made at half size: a quarter of the work, and less noise to mislead them.
    """
    early = rule["iterations"] - _LAST_ROUNDS
    if early < 1 or step < _COARSE_STEP:
        centres = grid_centres(lightness, count)
        return iterate(lightness, centres, step=step, **rule), len(centres)
    height, width = lightness.shape[0] // 2, lightness.shape[1] // 2
    half = cv2.resize(lightness[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    centres = grid_centres(half, count)
    labels = iterate(half, centres, step=step / 2, **{**rule, "iterations": early})
    centres, _ = mean_centres(half, labels, len(centres), rule["pool"])
    centres[centres[:, 0] >= 0, :2] = centres[centres[:, 0] >= 0, :2] * 2 + 0.5
    return iterate(lightness, centres, step=step, **{**rule, "iterations": _LAST_ROUNDS}), len(centres)


def _within(lightness: Array, mask: Array, step: float, rule: dict[str, Any]) -> tuple[Array, int]:
    """Labels not yet connected, OUTSIDE where the mask is not, and the number of seeds."""
    expected = np.where(mask, np.int32(UNASSIGNED), np.int32(OUTSIDE))
    prior = Prior(expected, np.float32(0), 0)
    seeds = seeds_within(expected, step, 1)
    light = lightness[seeds[:, 0], seeds[:, 1]]
    centres = np.concatenate([seeds.astype(np.float32), light[:, None]], axis=1)
    even = {**rule, "compactness": _BY_POSITION, "iterations": _EVEN_ROUNDS}
    labels = iterate(lightness, centres, step=step, prior=prior, reach=_EVEN_REACH, **even)
    centres, _ = mean_centres(lightness, labels, len(seeds), rule["pool"])
    return iterate(lightness, centres, step=step, prior=prior, **rule), len(seeds)


def _check(lightness: Array, count: int, mask: Array | None) -> None:
    if lightness.ndim != 2 or not lightness.size:
        raise InputError(f"segment: lightness of shape {lightness.shape}; give one picture (H, W)")
    if count < 1:
        raise InputError(f"segment: {count} superpixels asked for; ask for one or more")
    if not np.isfinite(lightness).all():
        raise InputError("segment: lightness holds NaN or infinity; give L* 0..100")
    if mask is None:
        return
    if mask.shape != lightness.shape or mask.dtype != np.bool_:
        raise InputError(f"segment: mask {mask.dtype} {mask.shape} does not fit lightness {lightness.shape}; give bool")
    if not mask.any():
        raise InputError("segment: the mask is empty; leave the region out instead")


def grid_centres(lightness: Array, count: int) -> Array:
    """(n, 3) float32 y, x, lightness of a grid of about `count` cells; the lightness is the cell's mean."""
    height, width = lightness.shape
    down = min(height, max(1, round(math.sqrt(count * height / width))))
    across = min(width, max(1, round(count / down)))
    y, x = (np.arange(down) + 0.5) * height / down - 0.5, (np.arange(across) + 0.5) * width / across - 0.5
    light = cv2.resize(lightness, (across, down), interpolation=cv2.INTER_AREA)
    return np.stack([np.repeat(y, across), np.tile(x, down), light.ravel()], axis=1).astype(np.float32)


def seeds_within(region: Array, step: float, least: float) -> Array:
    """(n, 2) int32 y, x of seeds, about one for each step x step pixels of a region.

    region  (H, W) int32: OUTSIDE where it is not, one other number where it is
    Connected parts of fewer than `least` pixels get none; every other part gets at least one.
    """
    runs, parts = find_parts(region, np.zeros(region.shape, np.float32))
    owner = np.where(parts.size >= least, np.arange(len(parts.size)), -1).astype(np.int32)
    return _place(paint(runs, owner, -1, region.shape[1]), len(owner), float(step))


@njit(cache=True, nogil=True)
def _place(parts: Array, count: int, step: float) -> Array:
    """Seeds for pixels of part >= 0: per grid cell that is half full, then per part that got none."""
    height, width = parts.shape
    down, across = max(1, round(height / step)), max(1, round(width / step))
    cells = down * across
    # One place for each cell, then one for each part; a pixel counts for its cell and for its part.
    middle, near = np.zeros((cells + count, 3)), np.full(cells + count, np.inf)
    seeds, wanted = np.zeros((cells + count, 2), np.int32), np.zeros(cells + count, np.bool_)
    for y in range(height):
        for x in range(width):
            if parts[y, x] >= 0:
                for place in (y * down // height * across + x * across // width, cells + parts[y, x]):
                    middle[place, 0] += 1.0
                    middle[place, 1] += y
                    middle[place, 2] += x
    for y in range(height):
        for x in range(width):
            if parts[y, x] >= 0:
                for place in (y * down // height * across + x * across // width, cells + parts[y, x]):
                    n = middle[place, 0]
                    away = (y - middle[place, 1] / n) ** 2 + (x - middle[place, 2] / n) ** 2
                    if away < near[place]:
                        near[place] = away
                        seeds[place, 0], seeds[place, 1] = y, x
    seeded = np.zeros(count, np.bool_)
    for cell in range(cells):
        if 2 * middle[cell, 0] >= step * step:
            wanted[cell] = True
            seeded[parts[seeds[cell, 0], seeds[cell, 1]]] = True
    for part in range(count):
        wanted[cells + part] = not seeded[part] and middle[cells + part, 0] > 0
    return seeds[wanted]
