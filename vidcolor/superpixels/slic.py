"""Nearest centres and their update: the inner loop of SLIC, shared by still and temporal superpixels.

- Pixels gather: the picture is cut into tiles of 16 x 8 pixels, each tile has the list of the centres near it, and
  every pixel of the tile takes the nearest of the list. Tiles are independent, so bands of them can run at the same
  time, and the result is the same for any number of threads.
- The reach of a centre is a square rounded out to whole tiles, a little more than Achanta's 2S x 2S: a pixel is never
  given to a farther centre because the nearest lay one pixel outside the square.
- Within a tile |v - c|^2 differs from a linear function of the pixel only by a term that all centres share, so a centre
  costs three multiply-adds a pixel.

Source: R. Achanta et al., SLIC superpixels compared to state-of-the-art superpixel methods, TPAMI 2012.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vidcolor.compiled import loose, strict

if TYPE_CHECKING:
    from numpy import ndarray as Array

UNASSIGNED = -1
"""Label of a pixel that no centre reaches."""
OUTSIDE = -2
"""Expected label of a pixel outside the mask: it takes no part."""
FRESH = -3
"""Expected label of a pixel where only new centres are at home."""

TILE_WIDTH = 16
TILE_HEIGHT = 8
_TILE = TILE_WIDTH * TILE_HEIGHT
_BANDS = 2
"""Sums are always made in two bands, so that their rounding does not depend on the number of threads."""
_SIDE_BY_SIDE = 4
_FORBIDDEN = np.float32(1e6)
"""Added to the squared distance of a carried centre in a FRESH pixel: it is taken only where no new centre reaches."""
_FAR = np.float32(1e30)


class Tiles(NamedTuple):
    """The centres near each tile: those of tile t are items[starts[t] : starts[t + 1]]."""

    starts: Array
    items: Array


class Prior(NamedTuple):
    """What is known of the labels beforehand. An `expected` of shape (0, 0) says: nothing."""

    expected: Array
    """(H, W) int32: the label a pixel is expected to have, UNASSIGNED, OUTSIDE or FRESH."""
    penalty: np.float32
    """Squared distance added for each centre that is not the expected one."""
    carried: int
    """Centres from this index on are new: they are at home in FRESH pixels."""


NO_PRIOR = Prior(np.empty((0, 0), np.int32), np.float32(0), 0)


def near_tiles(centres: Array, reach: float, height: int, width: int) -> Tiles:
    """The centres near each tile, each list in order of centre, so that the lowest label wins a tie."""
    down, across = -(-height // TILE_HEIGHT), -(-width // TILE_WIDTH)
    y, x = centres[:, 0].astype(np.float64), centres[:, 1].astype(np.float64)
    box = np.empty((len(centres), 4), np.int32)
    box[:, 0] = np.maximum(y - reach, 0) // TILE_HEIGHT
    box[:, 1] = np.where(y >= 0, np.minimum(down - 1, (y + reach) // TILE_HEIGHT), -1)
    box[:, 2] = np.maximum(x - reach, 0) // TILE_WIDTH
    box[:, 3] = np.minimum(across - 1, (x + reach) // TILE_WIDTH)
    sides = np.maximum(box[:, 1::2] - box[:, ::2] + 1, 0)
    starts, items = np.zeros(down * across + 1, np.int32), np.empty(int(np.sum(sides[:, 0] * sides[:, 1])), np.int32)
    _list_centres(box, across, starts, items)
    return Tiles(starts, items)


@strict()
def _list_centres(box: Array, across: int, starts: Array, items: Array) -> None:
    """Fills the arrays of `Tiles`; `box` holds of each centre the first and last row, and column, of tiles near it."""
    tiles = starts.shape[0] - 1
    for turn in range(2):  # counts, then lists
        for c in range(box.shape[0]):
            for row in range(box[c, 0], box[c, 1] + 1):
                for column in range(box[c, 2], box[c, 3] + 1):
                    tile = row * across + column
                    if turn:
                        items[starts[tile]] = c
                    starts[tile] += 1
        if turn == 0:
            before = 0
            for tile in range(tiles):
                before, starts[tile] = before + starts[tile], before
    for tile in range(tiles, 0, -1):
        starts[tile] = starts[tile - 1]
    starts[0] = 0


@loose()
def _assign(
    lightness: Array,
    centres: Array,
    tiles: Tiles,
    prior: Prior,
    weight: np.float32,
    rows: tuple[int, int],
    labels: Array,
) -> None:
    """Writes the nearest centre of each pixel of tile rows rows[0] .. rows[1] - 1 into `labels`."""
    height, width = lightness.shape
    across = (width + TILE_WIDTH - 1) // TILE_WIDTH
    known = prior.expected.shape[0] > 0
    value, best = np.zeros(_TILE, np.float32), np.empty(_TILE, np.float32)
    px, py = np.empty(_TILE, np.float32), np.empty(_TILE, np.float32)
    who, home = np.empty(_TILE, np.int32), np.empty(_TILE, np.int32)
    for i in range(_TILE):
        px[i], py[i] = i % TILE_WIDTH, i // TILE_WIDTH
    for tile in range(rows[0] * across, rows[1] * across):
        y0, x0 = tile // across * TILE_HEIGHT, tile % across * TILE_WIDTH
        tall, wide = min(TILE_HEIGHT, height - y0), min(TILE_WIDTH, width - x0)
        for y in range(tall):
            for x in range(wide):
                value[y * TILE_WIDTH + x] = lightness[y0 + y, x0 + x]
                if known:
                    home[y * TILE_WIDTH + x] = prior.expected[y0 + y, x0 + x]
        for i in range(_TILE):
            best[i], who[i] = _FAR, UNASSIGNED
        for item in range(tiles.starts[tile], tiles.starts[tile + 1]):
            c = tiles.items[item]
            cy, cx, cl = centres[c, 0] - np.float32(y0), centres[c, 1] - np.float32(x0), centres[c, 2]
            by, bx, bl = np.float32(-2) * weight * cy, np.float32(-2) * weight * cx, np.float32(-2) * cl
            base = cl * cl + weight * (cy * cy + cx * cx)
            if known:
                away, own = base + prior.penalty, c if c < prior.carried else FRESH
                fresh = base if own == FRESH else base + _FORBIDDEN
                for i in range(_TILE):
                    at = fresh if home[i] == FRESH else (base if home[i] == own else away)
                    d = bl * value[i] + bx * px[i] + by * py[i] + at
                    if d < best[i]:
                        best[i], who[i] = d, c
            else:
                for i in range(_TILE):
                    d = bl * value[i] + bx * px[i] + by * py[i] + base
                    if d < best[i]:
                        best[i], who[i] = d, c
        for y in range(tall):
            for x in range(wide):
                i = y * TILE_WIDTH + x
                labels[y0 + y, x0 + x] = OUTSIDE if known and home[i] == OUTSIDE else who[i]


@strict()
def _sum_up(lightness: Array, labels: Array, rows: tuple[int, int], sums: Array) -> None:
    """Adds count, y, x and lightness of the pixels of tile rows rows[0] .. rows[1] - 1 to sums[label, row % 4].

    Four rows go side by side, each to its own sums: neighbours mostly share a label, and would wait for each other.
    """
    height = labels.shape[0]
    for y0 in range(rows[0] * TILE_HEIGHT, min(rows[1] * TILE_HEIGHT, height), _SIDE_BY_SIDE):
        for x in range(labels.shape[1]):
            for r in range(_SIDE_BY_SIDE):
                if y0 + r < height:
                    label = labels[y0 + r, x]
                    if label >= 0:
                        sums[label, r, 0] += 1.0
                        sums[label, r, 1] += np.float64(y0 + r)
                        sums[label, r, 2] += np.float64(x)
                        sums[label, r, 3] += lightness[y0 + r, x]


def _in_bands(work: Callable[[int, tuple[int, int]], Any], height: int, pool: ThreadPoolExecutor | None) -> None:
    """Calls work(band, tile rows) for the two bands; at the same time if there is a pool."""
    down = -(-height // TILE_HEIGHT)
    bands = [(i, (down * i // _BANDS, down * (i + 1) // _BANDS)) for i in range(_BANDS)]
    if pool is None:
        for band in bands:
            work(*band)
        return
    ahead = [pool.submit(work, *band) for band in bands[1:]]
    work(*bands[0])
    for job in ahead:
        job.result()


def mean_centres(
    lightness: Array, labels: Array, count: int, pool: ThreadPoolExecutor | None = None
) -> tuple[Array, Array]:
    """The mean (y, x, lightness) of each label, (count, 3) float32, and its pixel count, (count,) int64.

    A label that no pixel has gets a centre with negative y: such a centre takes no further part.
    """
    sums = np.zeros((_BANDS, count, _SIDE_BY_SIDE, 4))
    _in_bands(lambda band, rows: _sum_up(lightness, labels, rows, sums[band]), labels.shape[0], pool)
    total = sums.sum(axis=(0, 2))
    means = total[:, 1:] / np.maximum(total[:, :1], 1)
    means[total[:, 0] == 0] = -1
    return means.astype(np.float32), total[:, 0].astype(np.int64)


def iterate(
    lightness: Array,
    centres: Array,
    *,
    step: float,
    compactness: float,
    iterations: int,
    prior: Prior = NO_PRIOR,
    reach: float = 1.0,
    pool: ThreadPoolExecutor | None = None,
) -> Array:
    """Labels (H, W) int32 after so many rounds of assigning and, between them, moving the centres.

    Distance (squared): (L - L_c)^2 + (compactness / step)^2 |position - position_c|^2, Achanta eq. 1 with L* alone.
    `reach` is in steps. Pixels no centre reaches are UNASSIGNED, those outside the mask OUTSIDE. Not yet connected.
    """
    height, width = lightness.shape
    labels = np.empty((height, width), np.int32)
    weight = np.float32((compactness / step) ** 2)
    for turn in range(iterations):
        if turn:
            centres, _ = mean_centres(lightness, labels, len(centres), pool)
        tiles = near_tiles(centres, reach * step, height, width)
        moved = centres
        _in_bands(
            lambda _, rows: _assign(lightness, moved, tiles, prior, weight, rows, labels),  # noqa: B023
            height,
            pool,
        )
    return labels
