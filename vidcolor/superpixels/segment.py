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
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from vidcolor.compiled import exact
from vidcolor.errors import InputError
from vidcolor.superpixels.connect import find_parts, own_parts, paint
from vidcolor.superpixels.slic import OUTSIDE, UNASSIGNED, Prior, iterate, mean_centres

if TYPE_CHECKING:
    from numpy import ndarray as Array

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
    lightness = np.require(lightness, np.float32, ["C", "W"])  # what may not be written would be compiled for anew
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
    used = np.bincount(owners) > 0
    return paint(runs, (np.cumsum(used) - 1).astype(np.int32)[owners], UNASSIGNED, lightness.shape[1])


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
    seeds, _ = seeds_within(expected, UNASSIGNED, step, 1)
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


def seeds_within(region: Array, wanted: int, step: float, least: float) -> tuple[Array, Array]:
    """Seeds (n, 2) int32 y, x, about one for each step x step pixels where `region` has the value `wanted`.

    region   (H, W) int32
    returns  the seeds, and (H, W) int32 that is -1 where there was nothing to seed

    Connected parts of fewer than `least` pixels get no seed; every other part gets at least one.
    """
    parted = np.where(region == wanted, np.int32(0), np.int32(OUTSIDE))
    runs, parts = find_parts(parted, np.zeros(region.shape, np.float32))
    owner = np.where(parts.size >= least, np.arange(len(parts.size)), UNASSIGNED).astype(np.int32)
    if not (owner >= 0).any():
        return np.empty((0, 2), np.int32), parted
    seeded = paint(runs, owner, UNASSIGNED, region.shape[1])
    count = len(owner)
    tally = _Tally(*(np.full(count, start, np.int32) for start in (0, 0, -1, 0, 0)))
    group, kept = np.full(region.shape, -1, np.int32), np.zeros(region.size + count, np.bool_)
    groups = _gather(seeded, float(step), tally, group, kept)
    seeds = np.zeros((groups, 2), np.int32)
    _place(group, np.zeros((groups, 3)), np.full(groups, np.inf), seeds)
    return seeds[kept[:groups]], seeded


class _Tally(NamedTuple):
    """What `_gather` knows of each part, (parts,) int32 each."""

    here: Array
    """Pixels in this cell."""
    target: Array
    """The group that its pixels in this cell go to."""
    rest: Array
    """The group that gathers from cell to cell, -1 if none is open."""
    held: Array
    """Pixels in that group."""
    seeded: Array
    """Not 0 if the part has a group that is wanted."""


@exact()
def _place(group: Array, middle: Array, near: Array, seeds: Array) -> None:
    """Fills `seeds` with the pixel of each group nearest to the group's middle."""
    for y in range(group.shape[0]):
        for x in range(group.shape[1]):
            if group[y, x] >= 0:
                middle[group[y, x], 0] += 1.0
                middle[group[y, x], 1] += y
                middle[group[y, x], 2] += x
    for y in range(group.shape[0]):
        for x in range(group.shape[1]):
            g = group[y, x]
            if g >= 0:
                away = (y - middle[g, 1] / middle[g, 0]) ** 2 + (x - middle[g, 2] / middle[g, 0]) ** 2
                if away < near[g]:
                    near[g] = away
                    seeds[g, 0], seeds[g, 1] = y, x


@exact()
def _gather(parts: Array, step: float, tally: _Tally, group: Array, wanted: Array) -> int:
    """Fills the groups (H, W) int32 of about step x step pixels, and which are to have a seed; the number of groups.

    What a part has in one cell of the grid is a group if that is half a cell; what it has in less full cells is
    gathered from cell to cell until it makes a whole one, so that a thin strip gets its share. What is left over at
    the end counts only if the part has nothing else.
    """
    here, target, rest, held, seeded = tally
    height, width = parts.shape
    down, across = max(1, round(height / step)), max(1, round(width / step))
    groups = 0
    for cell in range(down * across):
        top, bottom = cell // across * height // down, (cell // across + 1) * height // down
        left, right = cell % across * width // across, (cell % across + 1) * width // across
        for y in range(top, bottom):
            for x in range(left, right):
                if parts[y, x] >= 0:
                    here[parts[y, x]] += 1
        for y in range(top, bottom):
            for x in range(left, right):
                part = parts[y, x]
                if part < 0:
                    continue
                if here[part] > 0:
                    if 2 * here[part] >= step * step:
                        target[part], wanted[groups], seeded[part] = groups, True, 1
                        groups += 1
                    else:
                        if rest[part] < 0:
                            rest[part], held[part] = groups, 0
                            groups += 1
                        target[part] = rest[part]
                        held[part] += here[part]
                        if held[part] >= step * step:
                            wanted[rest[part]], seeded[part], rest[part] = True, 1, -1
                    here[part] = 0
                group[y, x] = target[part]
    for part in range(rest.shape[0]):
        if rest[part] >= 0 and seeded[part] == 0:
            wanted[rest[part]] = True
    return groups
