"""propagate/held.py: what the network weighed stays near what was surely carried; no stains in even areas."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.propagate.blend import of_carried, surely_carried
from vidcolor.propagate.held import held_near, standing_alone

SIZE = (64, 96)
GREEN, ORANGE = (-20.0, 10.0), (20.0, 30.0)
ISLAND = np.s_[24:40, 36:60]


def plain(color: tuple[float, float]) -> np.ndarray:
    return np.broadcast_to(np.float32(color)[:, None, None], (2, *SIZE)).copy()


def stained() -> np.ndarray:
    chroma = plain(GREEN)
    chroma[:, *ISLAND] = plain(ORANGE)[:, *ISLAND]
    return chroma


def test_a_surely_carried_colour_is_moved_a_little_and_a_lost_one_anywhere():
    size = (3, 4)
    ruled, said = np.zeros((2, *size), np.float32), np.zeros((2, *size), np.float32)
    said[0] = 30
    sure, lost = (of_carried(ruled, np.full(size, c, np.float32), 5) for c in (1.0, 1e-4))
    assert np.allclose(held_near(said, ruled, surely_carried([sure])[1])[0], 3)
    assert np.array_equal(held_near(said, ruled, surely_carried([lost])[1]), said)
    assert np.allclose(held_near(said / 20, ruled, surely_carried([sure])[1]), said / 20), "small corrections pass"


def test_a_stain_in_an_even_area_is_held_and_a_thing_with_an_edge_is_not():
    even, edged = (np.full(SIZE, 0.5, np.float32) for _ in range(2))
    edged[ISLAND] = 0.7
    green, said = plain(GREEN), stained()
    unsure = np.full(SIZE, 0.8, np.float32)
    stain, thing = (held_near(said, green, unsure, standing_alone(said, green, green, luma)) for luma in (even, edged))
    inner = np.s_[:, 28:36, 42:54]
    assert np.hypot(*(stain - green)[inner]).max() < 5
    assert np.hypot(*(thing - green)[inner]).min() > 20
    assert np.hypot(*(held_near(said, green, unsure) - green)[inner]).min() > 20, "by sureness alone it would pass"


@pytest.mark.parametrize("what", ["all of it is another colour", "what is remembered is another colour"])
def test_only_what_both_carriers_know_in_most_of_an_area_holds(what):
    even, green = np.full(SIZE, 0.5, np.float32), plain(GREEN)
    said = plain(ORANGE) if what.startswith("all") else stained()
    remembered = green if what.startswith("all") else stained()
    alone = standing_alone(said, green, remembered, even)
    assert alone[ISLAND].max() < 0.01
    assert np.allclose(held_near(said, green, np.zeros(SIZE, np.float32), alone), said)


def test_sizes_that_nothing_divides_and_the_smallest_are_taken():
    for size in ((1, 1), (3, 2), (45, 61)):
        green, luma = np.zeros((2, *size), np.float32), np.full(size, 0.5, np.float32)
        alone = standing_alone(green + 1, green, green, luma)
        assert alone.shape == size
        assert alone.dtype == np.float32
        assert 0 <= alone.min() <= alone.max() <= 1
