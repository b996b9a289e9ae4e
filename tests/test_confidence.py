"""vidcolor/confidence.py: confidence and expected error, there and back."""

from __future__ import annotations

import numpy as np
import pytest

from vidcolor.confidence import LEAST, confidence_of, error_of


def test_confidence_is_one_half_at_four():
    found = confidence_of(np.array([0.0, 4.0, 400.0]))
    assert found == pytest.approx([1.0, 0.5, 1e-4], abs=1e-6)
    assert found.dtype == np.float32


def test_there_and_back():
    errors = np.array([0.5, 1, 4, 20, 80], np.float32)
    assert error_of(confidence_of(errors)) == pytest.approx(errors, rel=1e-4)


def test_the_least_confidence_has_an_end():
    assert np.isfinite(error_of(np.zeros(3, np.float32))).all()
    assert (error_of(np.zeros(3, np.float32)) == error_of(np.full(3, LEAST, np.float32))).all()
