"""Gradients given back, against a dense direct solve of the same energy."""

import numpy as np
import pytest

from vidcolor.colorize.regrain import RegrainRule, regrain
from vidcolor.errors import InputError

PUBLISHED = RegrainRule(30, 10, 51.2, 1e-3)
RULES = pytest.mark.parametrize("rule", [PUBLISHED, RegrainRule(1, 10, 51.2, 0.03), RegrainRule(30, 0, 0.1, 0.1)])


def picture(seed: int, size: tuple[int, int]) -> np.ndarray:
    """(3, H, W) L*a*b*: even areas with edges between them, and grain in one half."""
    random = np.random.default_rng(seed)
    blocks = random.uniform(0, 80, (3, 3, 4))
    planes = np.stack([np.kron(b, np.ones((-(-size[0] // 3), -(-size[1] // 4))))[: size[0], : size[1]] for b in blocks])
    planes[:, :, size[1] // 2 :] += random.normal(size=planes[:, :, size[1] // 2 :].shape)
    return planes.astype(np.float32)


def solved(own: np.ndarray, colors: np.ndarray, guide: np.ndarray, rule: RegrainRule) -> np.ndarray:
    """The minimum of the energy by its definition: one dense float64 system for all planes."""
    height, width = own.shape[1:]
    values = guide.astype(np.float64) / 100
    matrix, drive = np.zeros((height * width, height * width)), np.zeros((len(own), height * width))
    for y in range(height):
        for x in range(width):
            here, slopes = y * width + x, [0.0]
            for v, u in ((y, x + 1), (y + 1, x)):
                if v < height and u < width:
                    there = v * width + u
                    slopes.append(float(np.linalg.norm(values[:, v, u] - values[:, y, x])))
                    phi = rule.smooth / (1 + rule.edge * slopes[-1])
                    for a, b, sign in ((here, there, 1), (there, here, -1)):
                        matrix[a, a] += phi
                        matrix[a, b] -= phi
                        drive[:, a] += phi * sign * (own[:, y, x].astype(float) - own[:, v, u])
            psi = min(1.0, max(rule.least, rule.steep * float(np.linalg.norm(slopes))))
            matrix[here, here] += psi
            drive[:, here] += psi * colors[:, y, x]
    return np.linalg.solve(matrix, drive.T).T.reshape(own.shape)


@RULES
@pytest.mark.parametrize("size", [(24, 32), (17, 23), (1, 9), (2, 2)])
def test_the_energys_minimum_is_found(rule: RegrainRule, size: tuple[int, int]) -> None:
    own, colors = picture(1, size), picture(2, size)
    made = regrain(own, colors, rule)
    assert np.abs(made - solved(own, colors, own, rule)).max() < 0.01


@RULES
def test_a_gray_picture_guides_planes_it_has_not(rule: RegrainRule) -> None:
    guide, colors = picture(3, (20, 30))[:1], picture(4, (20, 30))[1:]
    made = regrain(np.zeros_like(colors), colors, rule, guide)
    assert np.abs(made - solved(np.zeros_like(colors), colors, guide, rule)).max() < 0.01


def test_its_own_colours_come_back_unchanged() -> None:
    own = picture(5, (40, 50))
    assert np.abs(regrain(own, own, PUBLISHED) - own).max() < 1e-4


def test_another_tint_leaves_the_grain() -> None:
    """Colours that differ from the picture's by a constant are reached whole, with every gradient."""
    own = picture(6, (48, 64))
    tint = np.array([5, -20, 30], np.float32)[:, None, None]
    assert np.abs(regrain(own, own + tint, PUBLISHED) - own - tint).max() < 0.05


def test_noise_in_even_areas_goes() -> None:
    own = picture(7, (48, 64))
    own[:, :, 32:] = own[:, :, 31:32]
    noise = np.random.default_rng(7).normal(size=own.shape).astype(np.float32) * 10
    assert np.abs(regrain(own, own + noise, PUBLISHED) - own).mean() < 0.2 * np.abs(noise).mean()


def test_an_even_picture_has_an_answer() -> None:
    own, colors = np.full((3, 16, 16), 50, np.float32), picture(8, (16, 16))
    made = regrain(own, colors, PUBLISHED)
    assert np.isfinite(made).all()
    assert np.abs(made.mean((1, 2)) - colors.mean((1, 2))).max() < 0.1


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="regrain"):
        regrain(picture(1, (8, 8)), picture(1, (8, 9)), PUBLISHED)
