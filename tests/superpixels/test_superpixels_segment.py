"""One frame into superpixels: they tile the picture, are in one piece, and keep to the edges."""

import numpy as np
import pytest
from scipy import ndimage

from vidcolor.errors import InputError
from vidcolor.superpixels.segment import segment, superpixel_count


def blobs(height: int = 96, width: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """A picture of smooth, slightly noisy regions (lightness) and its regions (int)."""
    y, x = np.mgrid[:height, :width]
    region = np.zeros((height, width), int)
    region[(y - 40) ** 2 + (x - 50) ** 2 < 28**2] = 1
    region[(abs(y - 66) < 20) & (abs(x - 96) < 22)] = 2
    region[y > 0.3 * x + 74] = 3
    light = np.array([30.0, 60.0, 80.0, 45.0])[region] + 0.05 * x
    light += np.random.default_rng(5).normal(0, 1.0, light.shape)
    return light.astype(np.float32), region


def in_one_piece(labels: np.ndarray) -> bool:
    boxes = enumerate(ndimage.find_objects(labels + 1))
    return all(ndimage.label(labels[box] == label)[1] == 1 for label, box in boxes)


def test_labels_tile_the_picture_in_one_piece_each() -> None:
    light, _ = blobs()
    labels = segment(light, 120)
    assert labels.dtype == np.int32
    assert labels.shape == light.shape
    sizes = np.bincount(labels.ravel())
    assert labels.min() == 0
    assert 90 <= len(sizes) <= 150
    assert sizes.min() >= light.size / 120 / 4
    assert in_one_piece(labels)


def test_superpixels_do_not_cross_edges() -> None:
    """Truth: the regions the picture was painted from. Squares of the same count lose ten times as much."""
    light, region = blobs()
    labels = segment(light, 120)

    def leaked(labels: np.ndarray) -> float:
        table = np.zeros((labels.max() + 1, 4))
        np.add.at(table, (labels, region), 1)
        return float(1 - table.max(axis=1).sum() / light.size)

    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    squares = y // 10 * 13 + x // 10
    assert leaked(labels) < 0.004
    assert leaked(squares) > 0.03


def test_a_flat_picture_gives_the_grid() -> None:
    labels = segment(np.full((60, 80), 50, np.float32), 48)
    y, x = np.mgrid[:60, :80]
    assert (labels == y // 10 * 8 + x // 10).mean() > 0.98


def test_same_result_for_one_and_two_threads_and_every_time() -> None:
    light, _ = blobs(131, 203)
    once = segment(light, 200, threads=2)
    assert (once == segment(light, 200, threads=1)).all()
    assert (once == segment(light, 200, threads=2)).all()


def test_mask_bounds_the_superpixels() -> None:
    light, region = blobs()
    mask = region == 1
    labels = segment(light, 30, mask=mask)
    assert ((labels >= 0) == mask).all()
    sizes = np.bincount(labels[mask])
    assert 22 <= len(sizes) <= 40
    assert sizes.min() > 0
    assert in_one_piece(labels)
    assert sizes.std() / sizes.mean() < 0.5


def test_every_island_of_a_mask_is_labelled() -> None:
    light, _ = blobs()
    mask = np.zeros(light.shape, bool)
    mask[3, 4] = mask[90:92, 100:103] = mask[20:60, 20:60] = True
    labels = segment(light, 16, mask=mask)
    assert ((labels >= 0) == mask).all()
    assert labels[3, 4] not in labels[20:60, 20:60]


def test_full_mask_is_no_mask() -> None:
    light, _ = blobs()
    assert (segment(light, 64, mask=np.ones(light.shape, bool)) == segment(light, 64)).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (37, 3), (9, 17)])
@pytest.mark.parametrize("count", [1, 5, 1000])
def test_any_size_and_count(shape: tuple[int, int], count: int) -> None:
    light = np.random.default_rng(1).uniform(0, 100, shape).astype(np.float32)
    labels = segment(light, count)
    assert set(np.unique(labels)) == set(range(labels.max() + 1))


def test_refusals_say_what_to_do() -> None:
    light = np.zeros((8, 8), np.float32)
    with pytest.raises(InputError, match="empty"):
        segment(light, 4, mask=np.zeros((8, 8), bool))
    with pytest.raises(InputError, match="does not fit"):
        segment(light, 4, mask=np.ones((8, 9), bool))
    with pytest.raises(InputError, match="one or more"):
        segment(light, 0)
    with pytest.raises(InputError, match="NaN"):
        segment(np.full((8, 8), np.nan, np.float32), 4)
    with pytest.raises(InputError, match="one picture"):
        segment(np.zeros((3, 8, 8), np.float32), 4)


def test_count_follows_the_papers_rule() -> None:
    """3 sqrt(n): Carrillo 2022a; 854 x 480 gives about 1,900, 1920 x 1080 about 4,300."""
    assert superpixel_count((480, 854)) == 1921
    assert superpixel_count((1080, 1920)) == 4320
