"""A picture's own gradients given back to its transferred colours.

- The result J minimises, over pixels p and neighbours q,

      sum_p psi_p |J_p - t_p|^2  +  sum_pq phi_pq |(J_p - J_q) - (I_p - I_q)|^2

  I the picture, t its transferred colours: where I is even, J is even; at its edges, t counts.
- Solved for U = J - I, which is smooth: conjugate gradients, with one V-cycle over ever smaller grids as the
  preconditioner. So the answer is the minimum itself (to TOLERANCE), not what a fixed number of rounds leaves.

Source: F. Pitie, A. Kokaram, R. Dahyot, Automated colour grading using colour distribution transfer, CVIU 2007 (and
their paper of 2005): energy and weights. They relax it a fixed number of rounds at each scale.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import INNER, strict
from vidcolor.errors import InputError

TOLERANCE = 1e-5
"""Residual, against the right side's, at which the solver stops: within 0.01 of a direct solve in the tests."""
MOST_ROUNDS = 200
"""Ten to twenty are usual."""
COARSEST = 4
"""Side from which a grid is not made smaller."""
LAST_SWEEPS = 20
STIFFNESS = 0.5
"""Of a coarse grid's links: its steps are twice as long. Blocks of constant value alone would be twice too stiff."""


@dataclass(frozen=True, slots=True)
class RegrainRule:
    """The weights. Differences are of the picture's values over 100: about 0..1."""

    smooth: float
    """phi between equal neighbours."""
    edge: float
    """phi = smooth / (1 + edge |difference|)."""
    steep: float
    """psi = min(1, steep |gradient|)."""
    least: float
    """psi is never less: an even picture would have no answer."""


class _Grid(NamedTuple):
    """The system on one grid: psi, and phi to the right and down, all (H, W) float64; the last are 0."""

    data: Array
    right: Array
    down: Array


def regrain(picture: Array, colors: Array, rule: RegrainRule, guide: Array | None = None) -> Array:
    """(C, H, W) float32: the colours with the picture's own gradients.

    picture  (C, H, W): the planes whose gradients are given back (zeros for chroma that a gray picture has not)
    colors   (C, H, W): transferred
    guide    (K, H, W): what the weights are read from, in L*a*b* units; the picture itself if None
    """
    guide = picture if guide is None else guide
    if picture.shape != colors.shape or guide.shape[1:] != colors.shape[1:] or colors.ndim != 3:
        raise InputError(f"regrain: picture {picture.shape}, colours {colors.shape}, guide {guide.shape} do not fit")
    grids = _grids(weights(guide, rule))
    with ThreadPoolExecutor(2) as pool:
        moved = pool.map(
            lambda pair: _solve(grids, grids[0].data * (pair[1].astype(np.float64) - pair[0])),
            zip(picture, colors, strict=True),
        )
        return np.stack([plane + change for plane, change in zip(picture, moved, strict=True)]).astype(np.float32)


def weights(guide: Array, rule: RegrainRule) -> tuple[Array, Array, Array]:
    """psi, phi to the right, phi down: (H, W) float64 each, 0 beyond the edge."""
    values = guide.astype(np.float64) / 100
    across = np.sqrt(((values[:, :, 1:] - values[:, :, :-1]) ** 2).sum(0))
    below = np.sqrt(((values[:, 1:] - values[:, :-1]) ** 2).sum(0))
    across, below = np.pad(across, ((0, 0), (0, 1))), np.pad(below, ((0, 1), (0, 0)))
    data = np.clip(rule.steep * np.hypot(across, below), rule.least, 1)
    right, down = rule.smooth / (1 + rule.edge * across), rule.smooth / (1 + rule.edge * below)
    right[:, -1], down[-1] = 0, 0
    return data, right, down


def _grids(finest: tuple[Array, Array, Array]) -> list[_Grid]:
    grids = [_Grid(*finest)]
    while max(grids[-1].data.shape) > COARSEST:
        data, right, down = grids[-1]
        size = tuple(n + n % 2 for n in data.shape)
        padded = [np.pad(p, [(0, s - n) for s, n in zip(size, p.shape, strict=True)]) for p in (data, right, down)]
        data, right, down = padded
        sums = data[::2] + data[1::2]
        beside, under = right[::2, 1::2] + right[1::2, 1::2], down[1::2, ::2] + down[1::2, 1::2]
        grids.append(_Grid(sums[:, ::2] + sums[:, 1::2], STIFFNESS * beside, STIFFNESS * under))
    return grids


def _solve(grids: list[_Grid], wanted: Array) -> Array:
    """U with A U = wanted."""
    answer, rest = np.zeros_like(wanted), wanted.copy()
    stop = TOLERANCE**2 * _product(wanted, wanted)
    step, turned = np.zeros_like(wanted), np.empty_like(wanted)
    before = 1.0
    for _ in range(MOST_ROUNDS):
        if _product(rest, rest) <= stop:
            break
        better = _v_cycle(grids, rest)
        now = _product(rest, better)
        step = better + now / before * step
        _apply(*grids[0], step, turned)
        length = now / _product(step, turned)
        answer += length * step
        rest -= length * turned
        before = now
    return answer


def _v_cycle(grids: list[_Grid], rest: Array, level: int = 0) -> Array:
    """About A^-1 rest. Symmetric: what is relaxed red first on the way down is relaxed black first on the way up."""
    grid = grids[level]
    answer = np.zeros_like(rest)
    if level == len(grids) - 1:
        for _ in range(LAST_SWEEPS):
            _relax(*grid, rest, answer, 0)
            _relax(*grid, rest, answer, 1)
        for _ in range(LAST_SWEEPS):
            _relax(*grid, rest, answer, 1)
            _relax(*grid, rest, answer, 0)
        return answer
    _relax(*grid, rest, answer, 0)
    _relax(*grid, rest, answer, 1)
    coarse = np.zeros(grids[level + 1].data.shape)
    _restrict(*grid, rest, answer, coarse)
    change = _v_cycle(grids, coarse, level + 1)
    answer += np.repeat(np.repeat(change, 2, 0), 2, 1)[: rest.shape[0], : rest.shape[1]]
    _relax(*grid, rest, answer, 1)
    _relax(*grid, rest, answer, 0)
    return answer


@strict()
def _product(a, b):  # type: ignore[no-untyped-def]
    """The inner product. A loop of ours, not BLAS: that one answers other last digits with other numbers of threads."""
    total = 0.0
    for y in range(a.shape[0]):
        for x in range(a.shape[1]):
            total += a[y, x] * b[y, x]
    return total


@strict(**INNER)
def _around(data, right, down, values, y, x):  # type: ignore[no-untyped-def]
    """The sum of the links of a pixel, and of its neighbours' values by them."""
    height, width = data.shape
    links, total = 0.0, 0.0
    if x + 1 < width:
        links += right[y, x]
        total += right[y, x] * values[y, x + 1]
    if x > 0:
        links += right[y, x - 1]
        total += right[y, x - 1] * values[y, x - 1]
    if y + 1 < height:
        links += down[y, x]
        total += down[y, x] * values[y + 1, x]
    if y > 0:
        links += down[y - 1, x]
        total += down[y - 1, x] * values[y - 1, x]
    return links, total


@strict()
def _relax(data, right, down, wanted, values, color):  # type: ignore[no-untyped-def]
    """Solves each pixel of one colour of the chessboard by its neighbours, in place."""
    for y in range(data.shape[0]):
        for x in range((y + color) % 2, data.shape[1], 2):
            links, total = _around(data, right, down, values, y, x)
            values[y, x] = (wanted[y, x] + total) / (data[y, x] + links)


@strict()
def _apply(data, right, down, values, out):  # type: ignore[no-untyped-def]
    for y in range(data.shape[0]):
        for x in range(data.shape[1]):
            links, total = _around(data, right, down, values, y, x)
            out[y, x] = (data[y, x] + links) * values[y, x] - total


@strict()
def _restrict(data, right, down, wanted, values, coarse):  # type: ignore[no-untyped-def]
    """Adds the residual of each 2x2 block to its coarse pixel."""
    for y in range(data.shape[0]):
        for x in range(data.shape[1]):
            links, total = _around(data, right, down, values, y, x)
            coarse[y // 2, x // 2] += wanted[y, x] + total - (data[y, x] + links) * values[y, x]
