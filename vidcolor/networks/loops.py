"""The loops of compare_places.py, compiled; on_device.py has the same by PyTorch.

Axes: c cells, n places of a cell.
"""

from __future__ import annotations

import numpy as np

from vidcolor.compiled import loose
from vidcolor.networks.cells import PLACE

NEAR, LIKE = 0.78, 6.0
"""Weights among the places around a pixel: 1 / (2 deviation^2) in places, and lightness difference of one e-fold."""


@loose()
def look_up(places, their_places, cells, things, values, of_cells, chosen, wider, sharp, cell_sharp, fine, coarse):  # type: ignore[no-untyped-def]
    """Cell by cell: `coarse` (c, 6) is the mean of all cells of theirs under the attention of cells, `fine` (c, n, 6)
    what each place finds in the places of the cells that are `chosen`.

    cells, things  (c, their c): cosines of cells, with what coarser things there are, and what of that is of things

    What weighs less than e^-16 of the most is passed over: it would not change a digit.
    """
    count, side, channels = places.shape
    others = cells.shape[1]
    zero, one = np.float32(0), np.float32(1)
    faint, lowest = np.float32(-16), np.float32(-1e30)
    best, best_alike = np.empty(chosen, np.int64), np.empty(chosen, np.float32)
    cosines = np.empty((side, chosen * side), np.float32)
    for c in range(count):
        top = lowest
        for n in range(chosen):
            best_alike[n] = lowest
        for m in range(others):
            cosine = cells[c, m]
            top = max(top, cosine * cell_sharp + of_cells[m, 4])
            if cosine > best_alike[chosen - 1]:
                at = chosen - 1
                while at > 0 and cosine > best_alike[at - 1]:
                    best[at], best_alike[at] = best[at - 1], best_alike[at - 1]
                    at -= 1
                best[at], best_alike[at] = m, cosine
        total, light, a, b, square, like, sure = zero, zero, zero, zero, zero, zero, zero
        for m in range(others):
            logit = cells[c, m] * cell_sharp + of_cells[m, 4] - top
            if logit > faint:
                weight, of = np.exp(logit), of_cells[m]
                total += weight
                light += weight * of[0]
                a += weight * of[1]
                b += weight * of[2]
                square += weight * of[3]
                like += weight * of[5] * (one - wider * (one - cells[c, m]))
                sure += weight * of[5]
        share, out = one / total, coarse[c]
        out[0], out[1], out[2], out[3], out[4], out[5] = (
            light * share,
            a * share,
            b * share,
            square * share,
            like * share,
            sure * share,
        )
        for j in range(chosen):
            for q in range(side):
                there, column, thing = their_places[best[j], q], j * side + q, things[c, best[j]]
                for n in range(0, side, 4):
                    x0, x1, x2, x3 = places[c, n], places[c, n + 1], places[c, n + 2], places[c, n + 3]
                    s0, s1, s2, s3 = zero, zero, zero, zero
                    for k in range(channels):
                        value = there[k]
                        s0 += x0[k] * value
                        s1 += x1[k] * value
                        s2 += x2[k] * value
                        s3 += x3[k] * value
                    cosines[n, column], cosines[n + 1, column] = s0 + thing, s1 + thing
                    cosines[n + 2, column], cosines[n + 3, column] = s2 + thing, s3 + thing
        for n in range(side):
            top = lowest
            for j in range(chosen):
                for q in range(side):
                    top = max(top, cosines[n, j * side + q] * sharp + values[best[j], q, 4])
            total, light, a, b, square, like, sure = zero, zero, zero, zero, zero, zero, zero
            for j in range(chosen):
                for q in range(side):
                    cosine, of = cosines[n, j * side + q], values[best[j], q]
                    logit = cosine * sharp + of[4] - top
                    if logit > faint:
                        weight = np.exp(logit)
                        total += weight
                        light += weight * of[0]
                        a += weight * of[1]
                        b += weight * of[2]
                        square += weight * of[3]
                        like += weight * cosine
                        sure += weight * of[5]
            share, out = one / total, fine[c, n]
            out[0], out[1], out[2], out[3] = light * share, a * share, b * share, square * share
            out[4], out[5] = (one - wider * (one - like * share)) * sure * share, sure * share


@loose()
def mix_places(fine, lightness, out):  # type: ignore[no-untyped-def]
    """Pixel by pixel: `out` (5 and more, H, W) is the mean of the places around (h, w, 5), L*, a*, b*, a*^2 + b*^2 and
    likeness, by how near they are, and how like in lightness (H, W); as a*, b*, their spread, likeness and L*."""
    rows, columns, _ = fine.shape
    height, width = lightness.shape
    half, place, one = np.float32(0.5), np.float32(PLACE), np.float32(1)
    near, like, least = np.float32(NEAR), one / np.float32(LIKE), np.float32(1e-8)
    zero, part = np.float32(0), one / np.float32(16)  # (1 - x / 16)^16 is nearly e^-x, and faster
    for y in range(height):
        middle_y = (np.float32(y) + half) / place - half
        row = min(max(int(np.rint(middle_y)), 0), rows - 1)
        for x in range(width):
            middle_x = (np.float32(x) + half) / place - half
            column = min(max(int(np.rint(middle_x)), 0), columns - 1)
            weight, light, a, b, square, alike = zero, zero, zero, zero, zero, zero
            for i in range(max(row - 1, 0), min(row + 2, rows)):
                down = near * (np.float32(i) - middle_y) ** 2
                for j in range(max(column - 1, 0), min(column + 2, columns)):
                    at = fine[i, j]
                    far = down + near * (np.float32(j) - middle_x) ** 2
                    w = max(one - (far + abs(at[0] - lightness[y, x]) * like) * part, zero)
                    w = w * w
                    w = w * w
                    w = w * w
                    w = w * w + least
                    weight += w
                    light += w * at[0]
                    a += w * at[1]
                    b += w * at[2]
                    square += w * at[3]
                    alike += w * at[4]
            share = one / weight
            a, b = a * share, b * share
            out[0, y, x], out[1, y, x] = a, b
            out[2, y, x] = np.sqrt(max(square * share - a * a - b * b, zero))
            out[3, y, x], out[4, y, x] = alike * share, light * share
