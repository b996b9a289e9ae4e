"""Superpixels within regions and at several levels."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.errors import InputError
from vidcolor.superpixels.levels import segment_levels, segment_regions
from vidcolor.superpixels.segment import segment, superpixel_count

SIZE = (61, 83)


@pytest.fixture
def lightness():
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] / 9.0
    return (50 + 30 * np.sin(x) * np.cos(y)).astype(np.float32)


@pytest.fixture
def masks():
    """A box, and a disc that overlaps it."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return [(y > 10) & (y < 40) & (x > 8) & (x < 44), (y - 35) ** 2 + (x - 50) ** 2 < 14**2]


def test_without_regions_they_are_plain_superpixels(lightness):
    found = segment_regions(lightness, [], 40)
    assert np.array_equal(found.labels, segment(lightness, 40))
    assert found.inside.shape == (0, found.labels.max() + 1)
    assert (found.region == -1).all()


def test_no_superpixel_lies_across_an_edge(lightness, masks):
    found = segment_regions(lightness, masks, 60)
    count = found.inside.shape[1]
    assert sorted(np.unique(found.labels)) == list(range(count))
    assert 40 <= count <= 80
    for region, mask in enumerate(masks):
        assert np.array_equal(found.inside[region][found.labels], mask)
    both = masks[0] & masks[1]
    assert both.any()
    on_top = np.select([masks[1], masks[0]], [1, 0], -1)
    assert np.array_equal(found.region[found.labels], on_top)


def test_each_level_has_the_size_and_the_number_of_its_map(lightness):
    strides = (1, 4, 8, 16)
    for stride, level in zip(strides, segment_levels(lightness, strides), strict=True):
        size = tuple(-(-n // stride) for n in SIZE)
        assert level.labels.shape == size
        assert level.inside.shape[1] == pytest.approx(superpixel_count(size), rel=0.35)


def test_a_small_region_is_kept_at_every_level(lightness):
    dot = np.zeros(SIZE, np.bool_)
    dot[30:33, 40:42] = True
    for level in segment_levels(lightness, (1, 4, 16), [dot]):
        assert level.inside.sum() >= 1


def test_an_empty_region_is_nowhere(lightness):
    for level in segment_levels(lightness, (1, 8), [np.zeros(SIZE, np.bool_)]):
        assert not level.inside.any()
        assert level.labels.min() == 0


def test_refusals(lightness):
    with pytest.raises(InputError, match="region 0: mask float64"):
        segment_regions(lightness, [np.zeros(SIZE)], 10)
    with pytest.raises(InputError, match="region 0"):
        segment_levels(lightness, (4,), [np.zeros((3, 3), np.bool_)])
    with pytest.raises(InputError, match="63 regions"):
        segment_regions(lightness, [np.zeros(SIZE, np.bool_)] * 63, 10)
