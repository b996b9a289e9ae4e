"""Eq. 4.6 to 4.9, fast, against their direct form in float64."""

import numpy as np
import pytest

from vidcolor.colorize.spread import PIXEL, SpreadRule, reach_of, spread
from vidcolor.errors import InputError
from vidcolor.superpixels.segment import segment

PUBLISHED = SpreadRule(10, 0.1, 0.1)
RULES = pytest.mark.parametrize("rule", [PUBLISHED, SpreadRule(10, 0.1, 2), SpreadRule(2, 2, 2)], ids=str)
KINDS = pytest.mark.parametrize("kinds", [1, 3])


def picture(kinds: int, size: tuple[int, int] = (45, 60)) -> np.ndarray:
    """(K, H, W): a slope, a disc and grain."""
    random = np.random.default_rng(kinds)
    ys, xs = np.mgrid[: size[0], : size[1]]
    disc = np.hypot(ys - 20, xs - 30) < 12
    planes = [30 + 0.5 * xs + 25 * disc, 20 * disc - 0.2 * ys, 10 - 30 * disc][:kinds]
    return (np.stack(planes) + random.normal(size=(kinds, *size))).astype(np.float32)


def direct(target, labels, attention, colors, rule) -> np.ndarray:
    """(C, H, W): W(p, j) of eq. 4.7 written out for every pixel and every superpixel of the reference."""
    height, width = labels.shape
    ys, xs = np.mgrid[:height, :width]
    v = np.concatenate([np.stack([xs, ys]), target]).astype(np.float64).reshape(2 + len(target), -1)
    exponents = []
    for i in range(labels.max() + 1):
        own = v[:, labels.ravel() == i]
        off = own - own.mean(1, keepdims=True)
        cov = off @ off.T / own.shape[1]
        sigma = np.zeros((len(v), len(v)))
        sigma[:2, :2] = rule.near**2 * (cov[:2, :2] + PIXEL * np.eye(2))
        sigma[2:, 2:] = rule.like**2 * (cov[2:, 2:] + rule.grain**2 * np.eye(len(target)))
        away = v - own.mean(1, keepdims=True)
        exponents.append((away * np.linalg.solve(sigma, away)).sum(0))
    q = np.stack(exponents)
    d = np.exp(q.min(0) - q)  # eq. 4.8; a common factor falls out of eq. 4.6
    w = np.einsum("ip,ij->pj", d, attention)  # eq. 4.7
    made = (w @ colors.T) / w.sum(1, keepdims=True)  # eq. 4.6
    return made.T.reshape(-1, height, width)


@KINDS
@RULES
def test_fast_form_gives_the_published_equations(kinds: int, rule: SpreadRule) -> None:
    """To 0.1 in the worst pixel (of colours that lie 120 apart), to 0.001 in the mean."""
    target = picture(kinds)
    labels = segment(target[0], 60)
    random = np.random.default_rng(9)
    attention = random.random((labels.max() + 1, 40)) ** 8
    attention /= attention.sum(1, keepdims=True)
    colors = random.uniform(-60, 60, (2, 40))
    values = (colors @ attention.T).astype(np.float32)
    made = spread(target, reach_of(target, labels, rule), values)
    off = np.abs(made - direct(target, labels, attention, colors, rule))
    assert off.max() < 0.1
    assert off.mean() < 1e-3


@KINDS
def test_equal_values_come_out_everywhere(kinds: int) -> None:
    target = picture(kinds)
    labels = segment(target[0], 40)
    values = np.full((2, labels.max() + 1), 7, np.float32)
    assert np.allclose(spread(target, reach_of(target, labels, PUBLISHED), values), 7, atol=1e-4)


def test_colours_stay_between_the_superpixels_own() -> None:
    target = picture(3)
    labels = segment(target[0], 50)
    values = np.random.default_rng(1).uniform(-50, 50, (2, labels.max() + 1)).astype(np.float32)
    made = spread(target, reach_of(target, labels, PUBLISHED), values)
    assert values.min() - 1e-3 <= made.min()
    assert made.max() <= values.max() + 1e-3


def test_even_superpixels_have_a_reach() -> None:
    """No variance at all: without the grain, it would be divided by."""
    target = np.zeros((1, 30, 40), np.float32)
    target[:, :, 20:] = 80
    labels = segment(target[0], 20)
    dark = np.array([target[0][labels == i].mean() < 40 for i in range(labels.max() + 1)])
    made = spread(target, reach_of(target, labels, PUBLISHED), dark[None].astype(np.float32))
    assert np.array_equal(made[0] > 0.5, target[0] < 40)


def test_values_that_do_not_fit_are_refused() -> None:
    target = picture(1)
    labels = segment(target[0], 20)
    with pytest.raises(InputError, match="spread"):
        spread(target, reach_of(target, labels, PUBLISHED), np.zeros((2, labels.max()), np.float32))
