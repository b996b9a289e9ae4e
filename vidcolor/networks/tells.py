"""What a place's look tells of its colour, learned on the keyframes themselves.

Features tell things of all films apart; which of their differences matter in this shot, its keyframes say. A regression
from looks to the keyframes' colours answers for every place with a code: how near its colour is to each of a palette's.
Places whose codes differ are less alike to the look-up, however alike they look. Of places such as the keyframes do not
show it would say anything: there its word counts less, as the leverage of their looks is larger.

Source: Heckbert 1982 (a palette by cutting the group that varies most); ridge regression and its leverage (Hoaglin and
Welsch 1978); the code is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.networks.graph import products
from vidcolor.planes.kinds import down, full, like, of, on_device

COLORS, VARIED = 16, 1.0
"""Most colours of a palette, and the variance of a*b* below which a group of colours is one."""
NEAR = 4.0
"""Distance in a*b* at which a colour counts e^-1/2 in a code."""
RIDGE = 0.01
"""Of the looks' mean variance, what each coefficient costs."""
KNOWN, FEWEST = 0.5, 64
"""Confidence from which a place is learned from, and the fewest of them."""
SHORT = float(np.float32(1e-12))
"""Least length that is divided by."""
USUAL = 75
"""Percentile of the keyframes' own places' leverage, above which the word of places counts less."""


@dataclass(frozen=True, slots=True, eq=False)
class Tells:
    """The regression: looks (n, C) times `slopes` (k, C), and `level` (k,)."""

    slopes: Array
    level: Array
    mean: Array
    """(C,): the keyframes' looks"""
    root: Array
    """(C, C): a look less the mean times this, squared and summed, is its leverage"""
    usual: float

    def codes(self, places: Array) -> Array:
        """(..., k) float32, of unit length, of looks (..., C)."""
        codes = unit(_products(_rows(places), self.slopes) + self.level)
        return codes.reshape(*places.shape[:-1], codes.shape[1])

    def familiar(self, places: Array) -> Array:
        """(...) float32, 0..1: how far looks (..., C) are such as the keyframes show."""
        counts = self.usual / _leverage(_rows(places) - self.mean, self.root)
        return cast(Array, of(places).minimum(counts, 1.0)).reshape(places.shape[:-1])


def learn(places: Array, colors: Array, confidence: Array) -> Tells | None:
    """From looks (n, C), a*b* (n, 2) and confidence (n,) of keyframes' places; None where they are too few, or of one
    colour.

    Waits for a device: the palette and what is done in float64 are the processor's.
    """
    sure = np.flatnonzero(down(confidence) >= KNOWN)
    if len(sure) < FEWEST:
        return None
    own, xp = like(sure, places), of(places)
    looks, known = places[own], down(colors)[sure].astype(np.float64)
    palette = _palette(known)
    if len(palette) < 2:
        return None
    codes = (
        _codes(colors[own], like(palette.astype(np.float32), places)) if on_device(places) else _codes(known, palette)
    )
    mean, level = full(xp.mean(looks, axis=0)), xp.mean(codes, axis=0)
    apart = looks - mean
    turned = apart.T if on_device(apart) else np.ascontiguousarray(apart.T)
    square = down(_products(turned, turned)).astype(np.float64)
    square[np.diag_indices_from(square)] += RIDGE * np.trace(square) / len(square)
    inverse = np.linalg.inv(square)
    slopes = down(_products(turned, full((codes - level).T))).T @ inverse
    root = like(np.ascontiguousarray(np.linalg.cholesky(inverse).T.astype(np.float32)), places)
    usual = float(np.percentile(down(_leverage(apart, root)), USUAL))
    level = (down(level) - slopes @ down(mean)).astype(np.float32)
    return Tells(like(slopes.astype(np.float32), places), like(level, places), mean, root, usual)


def _leverage(apart: Array, root: Array) -> Array:
    """(n,) of looks less the mean (n, C)."""
    rows = _products(apart, root)
    square = rows.square().sum(1) if on_device(rows) else np.einsum("nc,nc->n", rows, rows)  # type: ignore[attr-defined]
    return cast(Array, of(square).maximum(square, 1e-12))


def _rows(places: Array) -> Array:
    """(n, C) of looks (..., C)."""
    return places.reshape(-1, places.shape[-1])


def _products(a: Array, b: Array) -> Array:
    """graph.products, on a device too."""
    return a @ b.T if on_device(a) else products(np.ascontiguousarray(a), np.ascontiguousarray(b))


def _palette(colors: Array) -> Array:
    """(k, 2): means of the groups that colours (n, 2) are cut into, each time the one that varies most, at its mean."""
    groups, varied = [colors], [colors.var(0)]
    while len(groups) < COLORS:
        worst = int(np.argmax([spread.max() * len(group) for spread, group in zip(varied, groups, strict=True)]))
        if varied[worst].max() < VARIED:
            break
        group, axis = groups.pop(worst), int(np.argmax(varied.pop(worst)))
        below = group[:, axis] <= group[:, axis].mean()
        parts = [group[below], group[~below]]
        groups, varied = groups + parts, varied + [part.var(0) for part in parts]
    return np.array([group.mean(0) for group in groups])


def _codes(colors: Array, palette: Array) -> Array:
    """(n, k) of unit length: how near each colour is to each of the palette's."""
    xp = of(colors)
    away = xp.sum(xp.square(colors[:, None] - palette), axis=2)
    return unit(xp.exp(-away / (2 * NEAR**2)))


def unit(x: Array) -> Array:
    """Rows of unit length."""
    xp = of(x)
    return cast(Array, x / xp.maximum(xp.sqrt(xp.sum(xp.square(x), axis=1, keepdims=True)), SHORT))
