"""Colours settled onto edges. The truth: two even halves of known colour, and a picture that is a little off."""

import numpy as np
import pytest

from vidcolor.colorize.align import local_contrast
from vidcolor.colorize.settle import attend, smooth


def halves(edge: int, left: float, right: float) -> np.ndarray:
    picture = np.full((40, 60), left, np.float32)
    picture[:, edge:] = right
    return picture


def test_colours_move_to_the_guides_edge() -> None:
    """The colour's edge is 3 pixels off; distrusted there, it settles on the lightness's edge."""
    guide = halves(30, 30, 70)
    colors = np.stack([halves(33, 20, -20), halves(33, -10, 10)])
    trust = np.ones((40, 60), np.float32)
    trust[:, 28:36] = 0.01
    settled, _ = smooth(colors, trust, guide, 6.0, 2.0)
    assert np.abs(settled[0] - halves(30, 20, -20)).max() < 2


def test_what_is_trusted_fills_what_is_not() -> None:
    trust = np.zeros((40, 60), np.float32)
    trust[5, 5] = 1
    trust[5, 55] = 1
    colors = np.zeros((2, 40, 60), np.float32)
    colors[:, 5, 5] = 30
    colors[:, 5, 55] = -30
    settled, reached = smooth(colors, trust, halves(30, 20, 80), 60.0, 2.0)
    assert settled[:, 20, 10] == pytest.approx(30, abs=3)
    assert settled[:, 20, 50] == pytest.approx(-30, abs=3)
    assert reached[10, 10] > reached[39, 29]


def test_even_colours_stay() -> None:
    random = np.random.default_rng(0)
    guide = random.uniform(0, 100, (33, 47)).astype(np.float32)
    trust = random.uniform(0, 1, (33, 47)).astype(np.float32)
    settled, reached = smooth(np.full((2, 33, 47), 12.5, np.float32), trust, guide, 20.0, 3.0)
    assert np.allclose(settled, 12.5, atol=1e-3)
    assert reached.min() >= 0
    assert reached.max() <= 1 + 1e-5


def test_attention_finds_the_texture_it_looks_for() -> None:
    """The places are 2 pixels off; the patches say so."""
    random = np.random.default_rng(1)
    picture = random.uniform(0, 100, (50, 70)).astype(np.float32)
    chroma = random.uniform(-40, 40, (2, 50, 70)).astype(np.float32)
    contrast = local_contrast(picture)
    ys, xs = np.mgrid[:50, :70].astype(np.float32)
    found = attend(contrast, contrast, chroma, np.stack([xs + 2, ys - 1]), 3, 20.0)
    inside = np.s_[:, 6:-6, 6:-6]
    assert np.abs(found - chroma)[inside].mean() < 1


def test_places_outside_the_picture_are_its_edge() -> None:
    contrast = np.zeros((20, 20), np.float32)
    chroma = np.ones((2, 20, 20), np.float32)
    points = np.full((2, 20, 20), -1e9, np.float32)
    points[0] = 1e9
    assert np.allclose(attend(contrast, contrast, chroma, points, 3, 20.0), 1)
