"""The inner loops of local attention: patch distances over every shift of a window, and their softmax.

All shifts of one row are held at once, so that every loop runs along x over contiguous values (they vectorise), and
vertical patch sums are carried from row to row. Sources are warped to the target beforehand, so a shift is the same for
every pixel.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import strict
from vidcolor.planes.kinds import on_device

DECAY = 16
"""exp(-z) is taken as (1 - z/16)^16, zero from z = 16 on: four multiplications, and nothing in the picture can tell."""
NOTHING = np.float32(1e-12)


@strict()
def _attend(target, sources, values, trust, penalty, patch, tau, scratch, out, confidence, residual):  # type: ignore[no-untyped-def]
    """scratch  columns and distance of every shift, zeros; least and weight; sums and weights

    One function, as a loop that another takes in is compiled twice; the rows that stay the same are cut out first.
    """
    channels, height, width = out.shape
    count, side = penalty.shape[0], penalty.shape[1]
    wide, lines = width + 2 * patch, 2 * patch + 1
    area = np.float32(lines**2)
    scale = np.float32(1 / (DECAY * tau)) / area
    columns, distance, rows, sums = scratch
    least, weight = rows
    plain, trusted = sums[channels], sums[channels + 1]
    for y in range(height):
        for x in range(width):
            least[x] = np.float32(1e9)
        k = 0
        for s in range(count):
            for dy in range(side):
                for dx in range(side):
                    column, row = columns[k], distance[k]
                    for j in range(0 if y == 0 else lines - 1, lines):
                        mine, theirs = target[y + j], sources[s, y + j + dy, dx : dx + wide]
                        if y == 0:
                            for x in range(wide):
                                new = mine[x] - theirs[x]
                                column[x] += new * new
                        else:
                            old_mine, old_theirs = target[y - 1], sources[s, y - 1 + dy, dx : dx + wide]
                            for x in range(wide):
                                new = mine[x] - theirs[x]
                                old = old_mine[x] - old_theirs[x]
                                column[x] += new * new - old * old
                    start = penalty[s, dy, dx]
                    for x in range(width):
                        row[x] = start
                    for j in range(lines):
                        part = column[j : j + width]
                        for x in range(width):
                            row[x] += part[x]
                    for x in range(width):
                        least[x] = min(least[x], row[x])
                    k += 1
        for c in range(channels + 2):
            total = sums[c]
            for x in range(width):
                total[x] = 0
        k = 0
        for s in range(count):
            for dy in range(side):
                for dx in range(side):
                    row, believed = distance[k], trust[s, y + dy, dx : dx + width]
                    for x in range(width):
                        z = max(np.float32(0), np.float32(1) - (row[x] - least[x]) * scale)
                        z = z * z
                        z = z * z
                        z = z * z
                        z = z * z
                        plain[x] += z
                        z = z * believed[x]
                        trusted[x] += z
                        weight[x] = z
                    for c in range(channels):
                        value, total = values[s, c, y + dy, dx : dx + width], sums[c]
                        for x in range(width):
                            total[x] += weight[x] * value[x]
                    k += 1
        for x in range(width):
            inverse = np.float32(1) / (trusted[x] + NOTHING)
            for c in range(channels):
                out[c, y, x] = sums[c, x] * inverse
            confidence[y, x] = trusted[x] / (plain[x] + NOTHING)
            residual[y, x] = least[x] / area


def attend(
    target: Array, sources: Array, values: Array, trust: Array, *, radius: int, patch: int, tau: float
) -> tuple[Array, Array, Array]:
    """Values looked up by local attention: the softmax over all sources and all shifts of a window.

    target   (h, w) luma 0..1
    sources  (S, h, w) luma of the sources, warped to the target
    values   (S, C, h, w) what is looked up; trust (S, h, w) 0..1 multiplies the weights
    returns  (C, h, w) values; (h, w) mean trust under the weights; (h, w) the least mean squared patch difference

    Weights are softmax(-|patch(x) - patch(y)|^2 / tau) over the (2 radius + 1)^2 window, patches of (2 patch + 1)^2.
    Channels that hold nothing but 0 give 0, and are not worked out.
    """
    if on_device(target):
        from vidcolor.propagate.on_device import attend as attend_there  # loads PyTorch

        return attend_there(target, sources, values, trust, radius=radius, patch=patch, tau=tau)  # type: ignore
    some = np.asarray(values.any(axis=(0, 2, 3)))
    values = values if some.all() else values[:, some]
    channels, (height, width) = values.shape[1], target.shape
    margin = ((0, 0), (radius + patch, radius + patch), (radius + patch, radius + patch))
    around = ((0, 0), (radius, radius), (radius, radius))
    out = np.empty((channels, height, width), np.float32)
    confidence, residual = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    shifts = len(sources) * (2 * radius + 1) ** 2
    scratch = ((shifts, width + 2 * patch), (shifts, width), (2, width), (channels + 2, width))
    _attend(
        np.pad(target, patch, mode="edge"),
        np.pad(sources, margin, mode="edge"),
        np.pad(values, ((0, 0), *around), mode="edge"),
        np.pad(trust, around, mode="edge"),
        np.zeros((len(sources), 2 * radius + 1, 2 * radius + 1), np.float32),
        patch,
        np.float32(tau),
        tuple(np.zeros(size, np.float32) for size in scratch),
        out,
        confidence,
        residual,
    )
    if some.all():
        return out, confidence, residual
    planes = np.zeros((len(some), height, width), np.float32)
    planes[some] = out
    return planes, confidence, residual
