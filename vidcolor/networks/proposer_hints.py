"""How far a hint speaks for places beside its own: a hint means its thing, and the proposer is told so.

Axes: h w places of the chroma that is diffused, C channels.

Of 250 photographs, how far chroma lies from a place's falls with how unlike the other place looks: SLOPES, fitted to
it. A place takes its colour from the hints that it is like, and counts it as far as the nearest of them speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.networks.graph import products

LIGHT, FAR = 0.04, 0.2
"""Unlikeness of one L*, and of places as far apart as the short side is long."""
SEEN = (0.94, 0.24, 1.54)
"""Unlikeness of things at strides 8, 16 and 32 of the picture that have nothing in common."""
LEAST = 0.1
"""exp(-unlikeness) from which a hint speaks: there chroma is a third nearer to its colour than to the mean one."""
SHARP, SHARPER = 4.0, 40.0
"""Power by which hints that are more alike win over others, and pictures."""
SAME, OTHER = 1.0, 1.5
"""Unlikeness up to which a place is what it is most like in another picture, and from which it is not. Frames 20 apart
of ten clips: of the second's places half are within .7 of one of the first, and nine in ten within 1.3; mirrored .86
and 1.36. Of three frames of other clips, one in twenty is within 1.45."""
MOST = 64
"""Places of hints that speak for others; of more, as many evenly spread over them."""


class Shown(NamedTuple):
    """A picture in colour that a frame may take colours from."""

    lightness: Array
    """(H', W'), L*"""
    chroma: Array
    """(2, H', W'), a*b*; (K, 2, H', W'): as each of the K proposals that are asked for sees it"""
    here: Array | None = None
    """(H, W): how far a place of the frame takes from it, 0..1, and from no other; None: what looks alike does"""
    part: Array | None = None
    """(H', W'): 1 where it may be taken from; None: anywhere"""


class ShownSmall(NamedTuple):
    """The same at the size that is diffused: (h', w'), `here` (h, w), chroma always K; and its maps of things."""

    lightness: Array
    chroma: Array
    here: Array | None
    part: Array | None
    maps: Sequence[Array]


def refuse_other_shapes(lightness: Array, hints: Array | None) -> None:
    """Refuses lightness that is not (H, W), and hints that are not (3, H, W) of the same size."""
    if lightness.ndim != 2 or (hints is not None and hints.shape != (3, *lightness.shape)):
        raise InputError("proposals for arrays of other shapes: lightness is (H, W), hints are (3, H, W)")


def spoken(share: Array, chroma: Array, lightness: Array, maps: Sequence[Array]) -> tuple[Array, Array]:
    """How far a colour is told at each place (h, w), 0..1, and which (2, h, w).

    share, chroma  (h, w) and (2, h, w): where hints are, and their a*b*
    lightness      (h, w), L*
    maps           of things, of the picture at 4h x 4w: unit maps (h/2, w/2, C), (h/4, w/4, C), (h/8, w/8, C)
    What hints are laid on keeps their colour and share; without hints the answer is zeros.
    """
    given = np.flatnonzero(share > 0)
    if not len(given):
        return np.zeros_like(share), np.zeros_like(chroma)
    if len(given) > MOST:
        given = given[np.rint(np.linspace(0, len(given) - 1, MOST)).astype(np.int64)]
    size = (share.shape[0], share.shape[1])
    alike = np.exp(-_unlike(given, lightness, maps, size)) * share.ravel()[given, None, None]
    weights = alike**SHARP
    colors = np.einsum("nhw,cn->chw", weights, chroma.reshape(2, -1)[:, given]) / np.maximum(weights.sum(0), 1e-12)
    told = np.maximum((alike.max(0) - LEAST) / (1 - LEAST), 0)
    own = share > 0
    return np.where(own, share, told), np.where(own, chroma, np.where(told > 0, colors, 0))


def _unlike(given: Array, lightness: Array, maps: Sequence[Array], size: tuple[int, int]) -> Array:
    """(n, h, w) of the places that are given, by their number, to all others."""
    rows, columns = given // size[1], given % size[1]
    unlike = LIGHT * np.abs(lightness[None] - lightness[rows, columns][:, None, None])
    down = np.arange(size[0], dtype=np.float32)[None, :, None] - rows.astype(np.float32)[:, None, None]
    across = np.arange(size[1], dtype=np.float32)[None, None] - columns.astype(np.float32)[:, None, None]
    unlike = unlike + np.float32(FAR / min(size)) * np.hypot(down, across)
    every = _units(maps, size)
    alike = products(every[rows // 2, columns // 2], every.reshape(-1, every.shape[2]))
    alike = _resized(alike.reshape(-1, *every.shape[:2]), size)
    return np.maximum(unlike + np.float32(sum(SEEN)) - alike, 0)


def recalled(lightness: Array, maps: Sequence[Array], others: Sequence[ShownSmall]) -> tuple[Array, Array]:
    """The same of what other pictures show, (h, w) and (K, 2, h, w): each place takes the colour of what it is most
    like there.

    lightness, maps  of this picture, as above
    Where a picture has a place for itself, the place is told of it whatever it looks like. Of other pictures that are
    as like, it takes what lies between. (The mean of all places that are like it would be grayer than any of them.)
    """
    size = (lightness.shape[0], lightness.shape[1])
    here, light = _units(maps, size), _halved(lightness[None]).ravel()
    here = here.reshape(-1, here.shape[2])
    none = np.zeros(size, np.float32)
    owned = [_halved((none if one.here is None else one.here)[None]).ravel() for one in others]
    found = [_nearest(here, light, one) for one in others]
    least = np.min([np.where(one.here is None, off, np.inf) for one, (off, _) in zip(others, found, strict=True)], 0)
    free = (1 - np.max(owned, 0)) * np.isfinite(least)
    told = np.clip((OTHER - least) / (OTHER - SAME), 0, 1) * free
    sums, colors = np.zeros((2, len(light)), np.float32), np.zeros((2, 1, 2, len(light)), np.float32)
    for one, own, (off, color) in zip(others, owned, found, strict=True):
        whose = int(one.here is None)
        counts = np.exp(-SHARPER * (off - least)) if whose else own
        sums[whose] += counts
        colors = colors + np.stack([counts * color * (whose == n) for n in (0, 1)])
    share = np.stack([np.minimum(sums[0], 1), free]).astype(np.float32)
    means = colors / np.maximum(sums, 1e-12)[:, None, None]
    mixed = (share[:, None, None] * means).sum(0) / np.maximum(share.sum(0), 1e-12)
    planes = np.concatenate([np.maximum(told, share[0])[None], mixed.reshape(-1, len(light))]).astype(np.float32)
    large = _resized(planes.reshape(-1, size[0] // 2, size[1] // 2), size)
    return large[0], large[1:].reshape(-1, 2, *size)


def _nearest(here: Array, light: Array, one: ShownSmall) -> tuple[Array, Array]:
    """How unlike each place (N, C) is to what it is most like in a picture, (N,), and the colour there, (K, 2, N)."""
    there = _units(one.maps, one.lightness.shape)
    unlike = LIGHT * np.abs(light[:, None] - _halved(one.lightness[None]).ravel())
    unlike += np.float32(sum(SEEN)) - products(here, there.reshape(-1, there.shape[2]))
    if one.part is not None:
        unlike[:, _halved(one.part[None]).ravel() == 0] = np.inf
    places = unlike.argmin(1)
    least = np.maximum(np.take_along_axis(unlike, places[:, None], 1)[:, 0], 0)
    colors = _halved(one.chroma.reshape(-1, *one.lightness.shape)).reshape(-1, 2, there.shape[0] * there.shape[1])
    return least, colors[..., places]


def _units(maps: Sequence[Array], size: tuple[int, ...]) -> Array:
    """(h/2, w/2, C): how things look; the product of two places is how alike they are, at most the sum of SEEN."""
    parts = []
    for unit, slope in zip(maps, SEEN, strict=True):
        there = _resized(unit.transpose(2, 0, 1), (size[0] // 2, size[1] // 2)).transpose(1, 2, 0)
        length = np.sqrt(np.square(there).sum(2, keepdims=True))
        parts.append(np.float32(slope**0.5) * there / np.maximum(length, np.float32(1e-12)))
    return np.ascontiguousarray(np.concatenate(parts, 2))


def _resized(planes: Array, size: tuple[int, int]) -> Array:
    """(N, *size) of (N, h, w), bilinear."""
    if planes.shape[1:] == size:
        return planes
    planes = np.ascontiguousarray(planes, np.float32)
    return np.stack([cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in planes])


def smoothed(planes: Array) -> Array:
    """Planes (N, h, w) without what recalled pictures do not tell: they tell one colour of two by two places."""
    return _resized(_halved(planes), (planes.shape[1], planes.shape[2]))


def _halved(planes: Array) -> Array:
    """(N, h/2, w/2) of (N, h, w)."""
    count, height, width = planes.shape
    return planes.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4), dtype=np.float32)
