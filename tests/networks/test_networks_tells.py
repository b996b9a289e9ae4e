"""networks/tells.py: what looks tell of colours is learned from the places of keyframes alone."""

from __future__ import annotations

import numpy as np

from vidcolor.networks.tells import COLORS, KNOWN, NEAR, Tells, _palette, learn

GREEN, GRAY = (-30.0, 30.0), (0.0, 0.0)


def scene(seed: int, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Looks (n, 8) of unit length and their a*b*: what is green differs by one small difference alone, and all else
    of the looks differs much and says nothing."""
    rng = np.random.default_rng(seed)
    looks = rng.normal(0, 1, (count, 8)).astype(np.float32)
    green = rng.random(count) < 0.5
    looks[:, 0] = np.where(green, 0.4, -0.4)
    looks /= np.sqrt(np.square(looks).sum(1, keepdims=True))
    colors = np.where(green[:, None], GREEN, GRAY) + rng.normal(0, 0.5, (count, 2))
    return looks.astype(np.float32), colors.astype(np.float32)


def told(tells: Tells | None) -> Tells:
    assert tells is not None
    return tells


def test_codes_tell_places_apart_that_look_alike_but_for_what_matters():
    looks, colors = scene(1)
    tells = told(learn(looks, colors, np.ones(len(looks), np.float32)))
    others, truth = scene(2)
    green = truth[:, 0] < -15
    codes, known = tells.codes(others), tells.codes(looks)
    np.testing.assert_allclose(np.square(codes).sum(1), 1, atol=1e-5)
    alike, of_green = codes @ known.T, colors[:, 0] < -15
    right = np.where(green, alike[:, of_green].mean(1) > alike[:, ~of_green].mean(1),
                     alike[:, ~of_green].mean(1) > alike[:, of_green].mean(1))  # fmt: skip
    assert right.mean() > 0.9
    looked = others @ looks.T
    nearest = lambda similarity: (of_green[similarity.argmax(1)] == green).mean()  # noqa: E731
    assert nearest(looked + 0.25 * alike) > nearest(looked) + 0.05, "and places find their colour sooner"


def test_what_keyframes_never_showed_is_less_familiar():
    looks, colors = scene(7)
    looks[:, 7] = 0  # nothing in the keyframes looks so
    tells = told(learn(looks, colors, np.ones(len(looks), np.float32)))
    others, _ = scene(8)
    others[:, 7] = 0
    assert np.median(tells.familiar(others)) > 0.9
    others[:, 7] = 1
    assert tells.familiar(others).max() < 0.2


def test_codes_keep_the_shape_of_places():
    looks, colors = scene(3)
    tells = told(learn(looks, colors, np.ones(len(looks), np.float32)))
    cut = looks.reshape(25, 16, 8)
    np.testing.assert_array_equal(tells.codes(cut).reshape(len(looks), -1), tells.codes(looks))
    np.testing.assert_array_equal(tells.familiar(cut).ravel(), tells.familiar(looks))


def test_unknown_places_teach_nothing():
    looks, colors = scene(4)
    confidence = np.where(np.arange(len(looks)) < 200, 1, KNOWN - 0.1).astype(np.float32)
    wrong = np.where(confidence[:, None] == 1, colors, 90).astype(np.float32)
    some, all_right = told(learn(looks, wrong, confidence)), told(learn(looks, colors, confidence))
    np.testing.assert_array_equal(some.slopes, all_right.slopes)


def test_one_colour_or_few_places_tell_nothing():
    looks, colors = scene(5)
    ones = np.ones(len(looks), np.float32)
    assert learn(looks, np.full_like(colors, 20), ones) is None
    assert learn(looks, colors, ones * 0.1) is None
    assert learn(looks[:20], colors[:20], ones[:20]) is None


def test_a_palette_has_each_colour_once():
    rng = np.random.default_rng(6)
    means = np.array([(40.0, 0.0), (-40, 0), (0, 60), (10, -50)])
    colors = np.repeat(means, 50, axis=0) + rng.normal(0, 0.2, (200, 2))
    palette = _palette(colors)
    assert len(palette) == 4
    away = np.sqrt(np.square(palette[:, None] - means).sum(2))
    assert (away.min(0) < 1).all()
    many = _palette(rng.normal(0, 40, (4000, 2)))
    assert len(many) == COLORS
    apart = np.sqrt(np.square(many[:, None] - many).sum(2)) + 1e9 * np.eye(COLORS)
    assert apart.min() > NEAR
