"""Histogram figures against direct double loops, SciPy and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays

from vidcolor.errors import InputError
from vidcolor.research.metrics.histograms import (
    ab_histogram,
    dhis,
    his,
    jensen_shannon,
    rgb_histograms,
)

LN2 = float(np.log(2))


def lab_picture(seed: int, spread: float = 60.0) -> np.ndarray:
    """(3, 9, 14) CIELAB; some a*b* lie beyond the last bins."""
    draw = np.random.default_rng(seed)
    lab = draw.normal(0, spread, (3, 9, 14)).astype(np.float32)
    lab[1:, 0, 0] = 110, -110
    lab[1:, 0, 1] = 0, 0
    return lab


def slow_histogram(lab: np.ndarray, bins: int = 21) -> np.ndarray:
    """Each bin's share by its tent: 1 in its middle, 0 a bin away."""
    middles = np.linspace(-110, 110, bins)
    width = middles[1] - middles[0]
    out = np.zeros((bins, bins))
    for a, b in np.clip(lab[1:].reshape(2, -1), -110, 110).T.astype(np.float64):
        for k in range(bins):
            for m in range(bins):
                out[k, m] += max(0, 1 - abs(a - middles[k]) / width) * max(0, 1 - abs(b - middles[m]) / width)
    return out.reshape(-1) / lab[0].size


def slow_divergence(first: np.ndarray, second: np.ndarray) -> float:
    """Half the relative entropy of each to their mean, in nats."""
    total = 0.0
    for p, q in zip(first, second, strict=True):
        middle = (p + q) / 2
        total += 0.5 * p * np.log(p / middle) if p else 0
        total += 0.5 * q * np.log(q / middle) if q else 0
    return total


@pytest.mark.parametrize("bins", [21, 5])
def test_ab_histogram_is_bilinear(bins: int) -> None:
    lab = lab_picture(1)
    found = ab_histogram(lab, bins)
    assert found.shape == (bins * bins,)
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, slow_histogram(lab, bins), atol=1e-7)
    np.testing.assert_array_equal(ab_histogram(lab[1:], bins), found)


def test_gray_lies_in_the_middle_bin() -> None:
    lab = np.zeros((3, 4, 4), np.float32)
    lab[0] = 50
    found = ab_histogram(lab)
    assert found.argmax() == 220
    assert found[220] == 1


def test_his_against_a_direct_loop_and_opencv() -> None:
    first, second = ab_histogram(lab_picture(2)), ab_histogram(lab_picture(3, 20))
    direct = sum(2 * (p - q) ** 2 / (p + q) for p, q in zip(first, second, strict=True) if p + q)
    assert his(first, second) == pytest.approx(direct, rel=1e-12)
    opencv = cv2.compareHist(first.astype(np.float32), second.astype(np.float32), cv2.HISTCMP_CHISQR_ALT)
    assert his(first, second) == pytest.approx(opencv, rel=1e-5)
    assert his(first, second) == his(second, first)


def test_his_goes_from_0_to_4() -> None:
    low, high = np.zeros((3, 2, 2)), np.full((3, 2, 2), 77.0)
    assert his(ab_histogram(low), ab_histogram(low)) == 0
    assert his(ab_histogram(low), ab_histogram(high)) == pytest.approx(4)
    truth, reference, result = (ab_histogram(lab_picture(seed)) for seed in (4, 5, 6))
    assert dhis(truth, reference, result) == pytest.approx(abs(his(truth, reference) - his(result, reference)))
    assert dhis(truth, reference, truth) == 0


@settings(max_examples=25)
@given(arrays.arrays(np.uint8, (3, 6, 7)))
def test_rgb_histograms_count_codes(rgb: np.ndarray) -> None:
    true = [np.bincount(plane.reshape(-1), minlength=256) / plane.size for plane in rgb]
    np.testing.assert_array_equal(rgb_histograms(rgb), true)
    np.testing.assert_array_equal(rgb_histograms(rgb.astype(np.float32) / np.float32(255)), true)
    np.testing.assert_array_equal(rgb_histograms(rgb / 255), true)


def test_jensen_shannon_against_scipy_and_a_loop() -> None:
    distance = pytest.importorskip("scipy.spatial.distance")
    draw = np.random.default_rng(7)
    first, second = draw.dirichlet(np.full(256, 0.1), (2, 3))
    first[:, :100], second[:, 50:150] = 0, 0
    first, second = (x / x.sum(1, keepdims=True) for x in (first, second))
    true = [distance.jensenshannon(p, q) ** 2 for p, q in zip(first, second, strict=True)]
    assert jensen_shannon(first, second) == pytest.approx(np.mean(true), rel=1e-9)
    assert jensen_shannon(first[0], second[0]) == pytest.approx(slow_divergence(first[0], second[0]), rel=1e-9)
    assert jensen_shannon(first, first) == 0
    apart = np.eye(4)
    assert jensen_shannon(apart[0], apart[1]) == pytest.approx(LN2), "in nats, as the field's script"


def test_what_is_no_histogram_is_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        ab_histogram(np.zeros((4, 5)))
    lab = lab_picture(8)
    lab[2, 1, 1] = np.nan
    with pytest.raises(InputError, match="not numbers"):
        ab_histogram(lab)
    with pytest.raises(InputError, match="different bins"):
        his(np.zeros(441), np.zeros(400))
    with pytest.raises(InputError, match="different bins"):
        jensen_shannon(np.zeros(256), np.zeros((3, 256)))
