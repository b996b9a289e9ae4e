"""propagate/window.py against the formula, written out."""

import numpy as np
import pytest

from vidcolor.propagate.window import attend


def by_formula(target, sources, values, trust, radius, patch, tau):  # type: ignore[no-untyped-def]
    height, width = target.shape
    reach = radius + patch
    wide = np.pad(target.astype(np.float64), patch, mode="edge")
    around = np.pad(sources.astype(np.float64), ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    out = np.zeros((values.shape[1], height, width))
    for y in range(height):
        for x in range(width):
            own = wide[y : y + 2 * patch + 1, x : x + 2 * patch + 1]
            weights, found = [], []
            for s in range(len(sources)):
                for dy in range(-radius, radius + 1):
                    for dx in range(-radius, radius + 1):
                        top, left = y + dy + radius, x + dx + radius
                        other = around[s, top : top + 2 * patch + 1, left : left + 2 * patch + 1]
                        at = np.clip(y + dy, 0, height - 1), np.clip(x + dx, 0, width - 1)
                        weights.append((np.mean((own - other) ** 2), trust[s][at]))
                        found.append(values[s, :, at[0], at[1]])
            distance, believed = np.array(weights).T
            w = (
                np.maximum(0, 1 - (distance - distance.min()) / (16 * tau)) ** 16 * believed
            )  # exp, as the module takes it
            out[:, y, x] = (w[:, None] * np.array(found)).sum(0) / w.sum()
    return out


@pytest.mark.parametrize(("radius", "patch"), [(2, 2), (1, 0), (0, 1), (3, 1)])
def test_the_window_answers_what_the_formula_says(radius: int, patch: int) -> None:
    random = np.random.default_rng(4)
    target, sources = random.random((9, 13), np.float32), random.random((2, 9, 13), np.float32)
    values, trust = random.random((2, 3, 9, 13), np.float32) * 50, random.random((2, 9, 13), np.float32)
    found, confidence, residual = attend(target, sources, values, trust, radius=radius, patch=patch, tau=0.05)
    assert np.abs(found - by_formula(target, sources, values, trust, radius, patch, 0.05)).max() < 0.01
    assert confidence.min() >= 0
    assert confidence.max() <= 1
    assert residual.min() >= 0


def test_a_shift_within_the_window_is_found() -> None:
    picture = np.random.default_rng(1).random((40, 50)).astype(np.float32)
    values = np.stack([picture * 80, -picture * 40])
    moved = [np.roll(a, (2, -1), axis=(-2, -1)) for a in (picture, values)]
    one = np.ones((1, 40, 50), np.float32)
    found, confidence, residual = attend(picture, moved[0][None], moved[1][None], one, radius=2, patch=2, tau=5e-4)
    inside = (slice(5, -5), slice(5, -5))
    assert np.abs(found - values)[:, *inside].max() < 0.1
    assert residual[inside].max() < 1e-5
    assert confidence.min() == pytest.approx(1)


def test_what_is_not_trusted_is_not_taken() -> None:
    flat = np.full((10, 12), 0.5, np.float32)
    values = np.stack([np.full((1, 10, 12), 10, np.float32), np.full((1, 10, 12), -90, np.float32)])
    trust = np.stack([np.ones((10, 12), np.float32), np.full((10, 12), 1e-4, np.float32)])
    found, confidence, _ = attend(flat, np.stack([flat, flat]), values, trust, radius=1, patch=1, tau=5e-4)
    assert found.min() > 9.9
    assert confidence.mean() == pytest.approx(0.5, abs=0.01)


def test_a_channel_of_nothing_changes_no_other() -> None:
    random = np.random.default_rng(5)
    target, sources = random.random((9, 13), np.float32), random.random((2, 9, 13), np.float32)
    values, trust = random.random((2, 3, 9, 13), np.float32) * 50, random.random((2, 9, 13), np.float32)
    whole = attend(target, sources, values, trust, radius=2, patch=2, tau=0.05)
    values[:, 1] = 0
    parted = attend(target, sources, values, trust, radius=2, patch=2, tau=0.05)
    assert np.array_equal(parted[0][[0, 2]], whole[0][[0, 2]])
    assert not parted[0][1].any()
    assert all(np.array_equal(a, b) for a, b in zip(whole[1:], parted[1:], strict=True))
