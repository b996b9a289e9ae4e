"""Regions that superpixels join to: two textured halves are each whole before they are one."""

from __future__ import annotations

import numpy as np

from vidcolor.superpixels.merge import joined_at, merge

SIDE = 12


def grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, areas and edges of SIDE x SIDE squares: two halves that differ by less than their own texture does."""
    random = np.random.default_rng(1)
    light = random.normal(0, 1, (SIDE, SIDE)) + 1.5 * (np.arange(SIDE) >= SIDE // 2)
    kind = np.broadcast_to(2.0 * (np.arange(SIDE) >= SIDE // 2), (SIDE, SIDE))
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    edges = [(number[:, 1:], number[:, :-1]), (number[1:], number[:-1])]
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()]) for a, b in edges], 1)
    return np.stack([light.ravel(), kind.ravel()], 1), np.full(SIDE * SIDE, 36.0), pairs


def test_halves_are_whole_before_they_are_one():
    means, areas, edges = grid()
    regions = merge(means, areas, edges)
    assert len(regions.parents) == 2 * len(areas) - 1
    parts = np.flatnonzero(regions.parents >= 0)
    assert (regions.heights[regions.parents[parts]] >= regions.heights[parts]).all()
    joined = joined_at(regions, np.array([0]), len(areas)).reshape(SIDE, SIDE)
    assert joined[0, 0] == 0
    assert joined[:, : SIDE // 2].max() < joined[:, SIDE // 2 :].min()


def test_several_seeds_have_what_joins_any_of_them_and_islands_none():
    means, areas, edges = grid()
    apart = edges[:, (edges[0] % SIDE >= SIDE // 2) == (edges[1] % SIDE >= SIDE // 2)]
    regions, last = merge(means, areas, apart), SIDE * SIDE - 1
    one, other, both = (joined_at(regions, np.array(seeds), len(areas)) for seeds in ([0], [last], [0, last]))
    assert np.isinf(one[last])
    assert (both == np.minimum(one, other)).all()
