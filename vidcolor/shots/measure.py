"""Small numbers of each frame, in one pass: all that cuts, dissolves and fades are found from.

- A frame's `change` is the share of its structure that the frame before it does not hold, blocks matched within a
  few pixels, each with a gain and an offset of its own: motion, flicker and fading do not count, another scene does.
- Where a change is large, `jump` is the least change from any of the few frames before to any of the few after:
  a flash or a dirty frame returns to the same scene, so its jump is small.
- `energy` is the contrast across and down at each of 3 scales in each of 4x3 regions. The pictures of two scenes are
  unrelated, so their mixture holds (1-a)^2 of one's energy and a^2 of the other's: the sign of a dissolve that motion
  does not hide. A pan's blur takes energy too, but more along the pan, so the two directions are kept apart.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import loose
from vidcolor.types import Frame

BLOCK = 8
"""Side of a matched block in pixels: a twelfth of the picture's width at the default `side`."""
REACH = 6
"""How far a block is looked for, in pixels: 6 % of the width from one frame to the next is a fast pan."""
NOISE = 2.0
"""Variance in percent squared that is taken for grain after reduction: blocks that have no more say nothing."""
SILENT = 8.0
"""Weight, in blocks, that always says 'no change': two frames without structure do not differ."""
SUSPECT = 0.25
"""Only changes above this are looked at again. Unrelated scenes measure 0.5 to 0.9, a pan 0.1 to 0.4."""
BANDS = 3
REGIONS = (4, 3)
LIGHTNESS_STEPS = np.linspace(0.0, 100.0, 1001)
SIGNAL_STEPS = 100.0 * np.where(
    LIGHTNESS_STEPS > 8.0, ((LIGHTNESS_STEPS + 16.0) / 116.0) ** 3, LIGHTNESS_STEPS * (27.0 / 24389.0)
) ** (1.0 / 2.4)
"""Signal in percent of each L*: the inverse of CIE 1976 lightness, then of BT.1886."""
SMALLEST = 2 * BLOCK
"""A frame narrower than this holds no blocks worth matching; it is enlarged."""


@dataclass(frozen=True, slots=True)
class Measures:
    """One row a frame, float32; `energy` has 72 columns (scale, direction, region), in percent squared."""

    change: Array
    jump: Array
    mean: Array
    spread: Array
    """Mean distance from the median, in percent: nearly 0 for a black, gray or white frame, subtitles or not."""
    energy: Array

    def __len__(self) -> int:
        return len(self.change)


def measuring_size(size: tuple[int, int], side: int) -> tuple[int, int]:
    """(height, width) at which a film of `size` is measured: its long side is `side` pixels."""
    scale = side / max(size)
    return (max(SMALLEST, round(size[0] * scale)), max(SMALLEST, round(size[1] * scale)))


def measure(frames: Iterable[Frame], side: int, odd: int, progress: Callable[[int], None] | None) -> Measures:
    """The measures of all frames, read once in order; only 2 * odd + 2 small pictures are held at a time.

    `odd` is the longest run of frames that may return to the same scene, as a flash does.
    """
    change, jump, rest, energy = array("d"), array("d"), array("d"), array("f")  # a row of objects is twice as large
    window: deque[Blocks] = deque(maxlen=2 * odd + 2)
    for frame in frames:
        picture = reduced(frame.lightness, side)
        blocks = blocks_of(picture)
        change.append(difference(window[-1], blocks) if window else 0.0)
        window.append(blocks)
        rest.extend((float(picture.mean()), float(np.abs(picture - np.median(picture)).mean())))
        energy.frombytes(band_energies(picture).tobytes())
        if len(change) > odd:
            jump.append(_jump(change, window, len(change) - 1 - odd, odd))
        if progress:
            progress(len(change))
    first = len(jump)
    jump.extend(_jump(change, window, at, odd) for at in range(first, len(change)))
    scalars = np.array(rest, np.float32).reshape(-1, 2)
    return Measures(
        change=np.array(change, np.float32),
        jump=np.array(jump, np.float32),
        mean=scalars[:, 0],
        spread=scalars[:, 1],
        energy=np.frombuffer(energy, np.float32).reshape(len(change), 2 * BANDS * REGIONS[0] * REGIONS[1]),
    )


def reduced(lightness: Array, side: int) -> Array:
    """The signal of a frame, 0..100, at measuring size.

    Films are faded, mixed and flicker in their signal (BT.1886: light to the power 1/2.4), not in L*, whose dark end
    is bent; there alone a fade is a ramp.
    """
    height, width = measuring_size(lightness.shape, side)
    picture: Array = np.asarray(lightness, np.float32)
    if picture.shape != (height, width):
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return _signal(picture, SIGNAL_STEPS)


@loose()
def _signal(lightness: Any, steps: Any) -> Any:  # pragma: no cover
    """By straight lines between `steps`, which are even from L* 0 to 100; ten times faster than `np.interp`."""
    out = np.empty(lightness.shape, np.float32)
    scale = (len(steps) - 1) / 100.0
    for y in range(lightness.shape[0]):
        for x in range(lightness.shape[1]):
            place = min(max(lightness[y, x] * scale, 0.0), 100.0 * scale)
            step = min(int(place), len(steps) - 2)
            out[y, x] = steps[step] + (place - step) * (steps[step + 1] - steps[step])
    return out


def _jump(change: array[float], window: deque[Blocks], at: int, odd: int) -> float:
    """Least change from any of `odd` + 1 frames before `at` to any of `odd` + 1 from it on; 0 if unsuspected."""
    least = change[at]
    if least < SUSPECT:
        return 0.0
    base = len(change) - len(window)
    for before in range(at - 1, at - 2 - odd, -1):
        for after in range(at, min(at + odd + 1, len(change))):
            if before < base or (before == at - 1 and after == at):
                continue
            least = min(least, difference(window[before - base], window[after - base]))
            if least < SUSPECT:
                return 0.0
    return least


@dataclass(frozen=True, slots=True)
class Blocks:
    """One picture made ready to be matched with others."""

    picture: Array
    sharpness: Array
    """Of the block that begins at each pixel: 1 / (sum of squared distances from its mean + that of grain)."""
    centred: Array
    """The picture's blocks, each less its mean."""
    powers: Array
    """(rows, columns): of each block, the sum of squared distances from its mean."""


def blocks_of(picture: Array) -> Blocks:
    """`picture`: (H, W) float32, at least a block each way."""
    return Blocks(picture, *_blocks(picture, NOISE))


def difference(before: Blocks, after: Blocks) -> float:
    """Share of two pictures' structure that the other does not hold, 0..1; neither gain nor small motion counts."""
    missing, weight = _unexplained(before.picture, before.sharpness, after.centred, after.powers, REACH, NOISE)
    back, weight_back = _unexplained(after.picture, after.sharpness, before.centred, before.powers, REACH, NOISE)
    return (missing + back) / (weight + weight_back + SILENT)


@loose()
def _unexplained(
    source: Any, sharpness: Any, centred: Any, powers: Any, reach: int, noise: float
) -> tuple[float, float]:  # pragma: no cover
    """(sum of weight x unexplained share, sum of weights) over the blocks of `centred`, matched in `source`.

    A row of blocks is multiplied at once, all its lines: the inner loop is a vector, and as long for every shift, for
    `source` has a margin. Lines are cut out of one long array: twice cut, that took as long as the multiplying.
    """
    height, width = source.shape
    rows, columns = powers.shape
    floor = np.float32(noise * BLOCK * BLOCK)
    used, pitch = columns * BLOCK, width + 2 * reach
    padded = np.zeros((height, pitch), np.float32)
    for y in range(height):
        for x in range(width):
            padded[y, reach + x] = source[y, x]
    lines, mine = padded.ravel(), centred.ravel()
    products = np.empty(used, np.float32)
    best = np.empty(columns, np.float32)
    missing: Any = 0.0
    total: Any = 0.0
    for row in range(rows):
        top = row * BLOCK
        for column in range(columns):
            best[column] = 0
        b0, b1, b2, b3 = (
            mine[top * used :],
            mine[(top + 1) * used :],
            mine[(top + 2) * used :],
            mine[(top + 3) * used :],
        )
        at = (top + 4) * used
        b4, b5, b6, b7 = mine[at:], mine[at + used :], mine[at + 2 * used :], mine[at + 3 * used :]
        for y in range(max(0, top - reach), min(height - BLOCK, top + reach) + 1):
            for shift in range(-reach, reach + 1):
                at = y * pitch + reach + shift
                s0, s1, s2, s3 = lines[at:], lines[at + pitch :], lines[at + 2 * pitch :], lines[at + 3 * pitch :]
                at += 4 * pitch
                s4, s5, s6, s7 = lines[at:], lines[at + pitch :], lines[at + 2 * pitch :], lines[at + 3 * pitch :]
                for x in range(used):
                    upper = s0[x] * b0[x] + s1[x] * b1[x] + s2[x] * b2[x] + s3[x] * b3[x]
                    products[x] = upper + s4[x] * b4[x] + s5[x] * b5[x] + s6[x] * b6[x] + s7[x] * b7[x]
                for column in range(columns):
                    left = column * BLOCK + shift
                    if 0 <= left <= width - BLOCK:
                        product = np.float32(0)
                        for i in range(BLOCK):
                            product += products[column * BLOCK + i]
                        if product > 0:
                            best[column] = max(best[column], product * product * sharpness[y, left])
        for column in range(columns):
            power = powers[row, column]
            weight = power / (power + floor)
            # A block that is found again unchanged reaches weight squared, not 1: the grain's share is no change.
            missing += weight * max(0.0, 1.0 - best[column] / (power + floor) / (weight * weight + 1e-6))
            total += weight
    return missing, total


@loose()
def _blocks(picture: Any, noise: float) -> tuple[Any, Any, Any]:  # pragma: no cover
    """The other fields of `Blocks`."""
    height, width = picture.shape
    count = np.float32(BLOCK * BLOCK)
    floor = np.float32(noise) * count
    sharpness = np.empty((height - BLOCK + 1, width - BLOCK + 1), np.float32)
    sums, squares = np.empty(width, np.float32), np.empty(width, np.float32)
    for y in range(sharpness.shape[0]):
        for x in range(width):
            sums[x], squares[x] = 0, 0
        for j in range(BLOCK):
            line = picture[y + j]
            for x in range(width):
                sums[x] += line[x]
                squares[x] += line[x] * line[x]
        for x in range(sharpness.shape[1]):
            total, square = np.float32(0), np.float32(0)
            for i in range(BLOCK):
                total += sums[x + i]
                square += squares[x + i]
            sharpness[y, x] = 1 / (max(np.float32(0), square - total * total / count) + floor)
    rows, columns = height // BLOCK, width // BLOCK
    centred = np.empty((rows * BLOCK, columns * BLOCK), np.float32)
    powers = np.empty((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            block = picture[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
            mean, power = np.float32(0), np.float32(0)
            for j in range(BLOCK):
                for i in range(BLOCK):
                    mean += block[j, i]
            mean /= count
            for j in range(BLOCK):
                for i in range(BLOCK):
                    value = block[j, i] - mean
                    centred[row * BLOCK + j, column * BLOCK + i] = value
                    power += value * value
            powers[row, column] = power
    return sharpness, centred, powers


def band_energies(picture: Array) -> Array:
    """Mean square of the differences across and down, at each of BANDS scales in each region, (BANDS * 2 * 12,)."""
    rows = []
    for _ in range(BANDS):
        for axis in (1, 0):
            detail = np.diff(picture, axis=axis)
            rows.append(cv2.resize(detail * detail, REGIONS, interpolation=cv2.INTER_AREA).ravel())
        height, width = picture.shape
        picture = cv2.resize(picture, (max(2, width // 2), max(2, height // 2)), interpolation=cv2.INTER_AREA)
    return np.concatenate(rows)
