"""Training-free features. The truth is in what they must not see: exposure, contrast, where in the picture."""

import numpy as np
import pytest
from made_scenes import gray, reference, scene

from vidcolor.color import rgb_to_lab
from vidcolor.errors import InputError
from vidcolor.features import PatchFeatures, correlate, gray_of


def test_a_map_for_each_stride() -> None:
    maps = PatchFeatures((2, 4, 8))(gray(scene(1, size=(101, 150))).lightness)
    assert [m.shape[1:] for m in maps] == [(51, 75), (26, 38), (13, 19)]
    assert all(m.dtype == np.float32 and np.isfinite(m).all() for m in maps)


def test_exposure_and_contrast_are_not_seen() -> None:
    lightness = gray(scene(2)).lightness
    features = PatchFeatures()
    for one, other in zip(features(lightness), features(lightness * 0.6 + 12), strict=True):
        assert np.abs(one - other).max() < 0.02


def test_the_same_thing_elsewhere_looks_the_same() -> None:
    """A thing moved by 24 pixels has the features it had, away from the edges."""
    lightness = gray(scene(3)).lightness
    moved = np.roll(lightness, 24, axis=1)
    for stride, one, other in zip((2, 4), *(PatchFeatures((2, 4))(p) for p in (lightness, moved)), strict=True):
        inside = slice(60 // stride, -60 // stride)
        shifted = np.roll(one, 24 // stride, axis=2)
        assert np.abs(shifted - other)[:, inside, inside].max() < 0.03


def test_directions_are_told_apart() -> None:
    waves = np.broadcast_to(50 + 30 * np.sin(np.arange(96) / 2.0), (96, 96)).astype(np.float32)
    across, along = PatchFeatures((2,))(waves)[0], PatchFeatures((2,))(np.ascontiguousarray(waves.T))[0]
    middle = np.s_[:, 20:28, 20:28]
    a, b = (x[middle].mean((1, 2)) for x in (across, along))
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert cosine < 0.7


def test_small_and_even_pictures_have_features() -> None:
    for picture in (np.full((1, 1), 50, np.float32), np.full((3, 200), 0, np.float32)):
        assert all(np.isfinite(m).all() for m in PatchFeatures()(picture))


def test_other_shapes_are_refused() -> None:
    with pytest.raises(InputError, match=r"\(3, 8, 8\)"):
        PatchFeatures()(np.zeros((3, 8, 8), np.float32))


@pytest.mark.parametrize("channels", [1, 4, 7, 78])
def test_correlate_adds_channels_in_their_order(channels: int) -> None:
    """The order of single-precision sums is fixed, so results are the same bits on every machine."""
    rng = np.random.default_rng(channels)
    a, b = (rng.standard_normal((channels, n)).astype(np.float32) for n in (13, 600))
    total = np.zeros((13, 600), np.float32)
    for c in range(channels):
        total += a[c][:, None] * b[c]
    assert np.array_equal(correlate(a, b), total)


def test_correlate_is_the_matrix_of_inner_products() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(7, 33)).astype(np.float32), random.normal(size=(7, 1100)).astype(np.float32)
    assert np.allclose(correlate(a, b), a.astype(np.float64).T @ b.astype(np.float64), atol=1e-5)


def test_gray_of_a_picture_is_what_gray_film_shows() -> None:
    """By luma: pure blue, of L* 32, has luma 0.0722, which is L* 5.7 or so on gray film."""
    blue = np.zeros((3, 4, 4), np.float32)
    blue[2] = 1
    expected = rgb_to_lab(np.full((3, 4, 4), 0.0722, np.float32))[0, 0, 0]
    assert gray_of(reference(blue)) == pytest.approx(np.full((4, 4), expected), abs=0.05)
    picture = scene(4)
    assert np.abs(gray_of(reference(picture)) - gray(picture).lightness).max() < 0.05
