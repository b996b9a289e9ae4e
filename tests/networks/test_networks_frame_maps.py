"""networks/frame_maps.py: maps moved along a flow, against maps of the moved picture; and kept as plain arrays."""

from __future__ import annotations

import numpy as np

from vidcolor.networks import features_net, kept_maps
from vidcolor.networks.frame_maps import FrameMaps, arrays_of, frame_maps, maps_of, moved

SIZE = (44, 70)
WIDTHS = ((128, 128, 128), (48, 120, 352))


def maps(seed: int, share: float = 1.0) -> FrameMaps:
    """Unit maps of any picture."""
    random = np.random.default_rng(seed)
    kinds = []
    for widths in WIDTHS:
        shapes = [(-(-SIZE[0] // s), -(-SIZE[1] // s), w) for s, w in zip((4, 8, 16), widths, strict=True)]
        some = [random.standard_normal(shape, np.float32) for shape in shapes]
        kinds.append([m / np.linalg.norm(m, axis=2, keepdims=True) for m in some])
    return frame_maps(*kinds, share)


def planes(given: FrameMaps) -> list[np.ndarray]:
    return [*given.features, *given.things]


def test_where_nothing_moves_they_stay():
    given = maps(1)
    for one, other in zip(planes(given), planes(moved(given, np.zeros((2, *SIZE), np.float32))), strict=True):
        assert np.abs(one - other).max() < 0.01


def test_what_moves_by_whole_places_is_found_at_other_places_and_the_edge_beyond():
    given = maps(2)
    flow = np.zeros((2, *SIZE), np.float32)
    flow[0], flow[1] = 16, -16
    for size, one, other in zip((4, 2, 1) * 2, planes(given), planes(moved(given, flow)), strict=True):
        height, width = one.shape[:2]
        rows, columns = (np.arange(height) - size).clip(0), (np.arange(width) + size).clip(0, width - 1)
        likeness = (one[rows][:, columns] * other).sum(-1)
        assert np.median(likeness) > 0.9, "but for what a size that strides do not divide moves"
        assert np.allclose((other**2).sum(-1), 1, atol=0.02)


def test_half_a_place_lies_between_and_a_flow_beyond_all_bounds_at_the_edge():
    given = maps(5)
    flow = np.zeros((2, *SIZE), np.float32)
    flow[0] = 2 * SIZE[1] / (4 * 18)  # half of a place, where 18 places are 70 pixels wide
    fine = planes(given)[0]
    mean = (fine[:, :-1] + fine[:, 1:]) / 2
    mean /= np.linalg.norm(mean, axis=-1, keepdims=True)
    assert np.abs(planes(moved(given, flow))[0][:, :-1] - mean).max() < 0.01
    flow[:] = np.inf
    for one, other in zip(planes(given), planes(moved(given, flow)), strict=True):
        assert np.abs(one[-1, -1] - other).max() < 0.01


def test_things_that_do_not_count_stay_nothing():
    given = maps(3, share=0.0)
    nothing = FrameMaps(given.features, tuple(np.zeros_like(m) for m in given.things), 0.0)
    there = moved(nothing, np.full((2, *SIZE), 3, np.float32))
    assert there.share == 0
    assert not any(m.any() for m in there.things)


def test_what_is_kept_comes_back_bit_for_bit_and_nothing_else_does():
    given = maps(4, share=0.5)
    arrays = arrays_of(given)
    back = maps_of({name: array.copy() for name, array in arrays.items()}, SIZE, has_things=True)
    assert back is not None
    assert back.share == 0.5
    for one, other in zip((*given.features, *given.things), (*back.features, *back.things), strict=True):
        assert np.array_equal(one, other)
        assert one.strides == other.strides
    assert maps_of(arrays, SIZE, has_things=False) is None
    assert maps_of(arrays, (SIZE[0] + 16, SIZE[1]), has_things=True) is None
    assert maps_of({**arrays, "share": np.array(1.5)}, SIZE, has_things=True) is None
    assert maps_of({k: v for k, v in arrays.items() if k != "things 8"}, SIZE, has_things=True) is None


def test_without_networks_the_same_numbers_are_read():
    assert kept_maps.STRIDES == features_net.STRIDES
    given = maps(6)
    arrays = arrays_of(given)
    assert kept_maps.sound(arrays, SIZE, has_things=True)
    for name, plane in zip(kept_maps.NAMES, planes(given), strict=True):
        assert np.array_equal(kept_maps.numbers(arrays[name]), plane)
