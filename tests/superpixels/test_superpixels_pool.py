"""Pooling against direct loops in float64, there and back, and neighbours against brute force."""

import cv2
import numpy as np
import pytest

from vidcolor.errors import InputError
from vidcolor.superpixels.pool import pool, pool_enlarged, unpool


@pytest.fixture
def labels() -> np.ndarray:
    values = np.random.default_rng(3).integers(-1, 20, (37, 53)).astype(np.int32)
    values[values == 7] = 8
    return values


def test_pool_is_the_mean(labels: np.ndarray) -> None:
    """Truth: a direct loop in float64."""
    features = np.random.default_rng(4).normal(50, 20, (5, *labels.shape)).astype(np.float32)
    truth = np.zeros((5, 21))
    for label in range(21):
        if (labels == label).any():
            truth[:, label] = features[:, labels == label].astype(np.float64).mean(axis=1)
    result = pool(features, labels, 21)
    assert result.dtype == np.float32
    assert result.shape == (5, 21)
    np.testing.assert_allclose(result, truth, rtol=1e-6)
    assert (result[:, [7, 20]] == 0).all()


def test_pool_loses_nothing_in_a_large_superpixel() -> None:
    """A float32 sum of two million values of 100 would be wrong by parts in a thousand."""
    features = np.full((1, 1500, 1400), 100.1, np.float32)
    assert pool(features, np.zeros((1500, 1400), np.int32), 1)[0, 0] == np.float32(100.1)


@pytest.mark.parametrize("size", [(37, 53), (19, 27), (10, 7), (1, 1)])
def test_pooling_what_is_enlarged_needs_no_enlarging(labels: np.ndarray, size: tuple[int, int]) -> None:
    maps = np.random.default_rng(5).normal(0, 1, (6, *size)).astype(np.float32)
    large = np.stack([cv2.resize(plane, labels.shape[::-1], interpolation=cv2.INTER_LINEAR) for plane in maps])
    found = pool_enlarged(maps, labels, 21)
    assert found.shape == (6, 21)
    np.testing.assert_allclose(found, pool(large, labels, 21), atol=1e-5)
    with pytest.raises(InputError, match="no smaller picture"):
        pool_enlarged(np.zeros((6, 38, 10), np.float32), labels, 21)


def test_there_and_back(labels: np.ndarray) -> None:
    values = np.random.default_rng(6).normal(size=(3, 20)).astype(np.float32)
    values[:, 7] = 0
    picture = unpool(values, labels)
    assert picture.shape == (3, *labels.shape)
    assert (picture[:, labels < 0] == 0).all()
    for label in (0, 19):
        assert (picture[:, labels == label] == values[:, label : label + 1]).all()
    np.testing.assert_allclose(pool(picture, labels, 20), values, rtol=1e-6)


def test_strided_and_other_types_are_taken(labels: np.ndarray) -> None:
    features = np.random.default_rng(4).normal(size=(*labels.shape, 2))
    direct = pool(np.ascontiguousarray(features.transpose(2, 0, 1)).astype(np.float32), labels, 20)
    assert (pool(features.transpose(2, 0, 1), labels.astype(np.int64), 20) == direct).all()


def test_refusals(labels: np.ndarray) -> None:
    with pytest.raises(InputError, match="do not fit"):
        pool(np.zeros((2, 3, 4), np.float32), labels, 20)
    with pytest.raises(InputError, match="only 5"):
        pool(np.zeros((2, *labels.shape), np.float32), labels, 5)
    with pytest.raises(InputError, match="only 5"):
        unpool(np.zeros((2, 5), np.float32), labels)
    with pytest.raises(InputError, match="unpool"):
        unpool(np.zeros(5, np.float32), labels)
