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
SHARP = 4.0
"""Power by which hints that are more alike win over others."""
MOST = 64
"""Places of hints that speak for others; of more, as many evenly spread over them."""


class Shown(NamedTuple):
    """A picture in colour that a frame may take colours from."""

    lightness: Array
    """(H', W'), L*"""
    chroma: Array
    """(2, H', W'), a*b*"""
    here: Array | None = None
    """(H, W): how far a place of the frame takes from it, 0..1, and from no other; None: what looks alike does"""
    part: Array | None = None
    """(H', W'): 1 where it may be taken from; None: anywhere"""


class ShownSmall(NamedTuple):
    """The same at the size that is diffused: (h', w'), `here` (h, w); and the picture's maps of things."""

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
    """The same of what other pictures show: each place takes the colours of what looks like it there.

    lightness, maps  of this picture, as above
    Where a picture has a place for itself, the place is told of it whatever it looks like.
    """
    size = (lightness.shape[0], lightness.shape[1])
    here, light = _units(maps, size), _halved(lightness[None]).ravel()
    here = here.reshape(-1, here.shape[2])
    none = np.zeros(size, np.float32)
    owned = [_halved((none if one.here is None else one.here)[None]).ravel() for one in others]
    free = 1 - np.max(owned, 0)
    most, sums, colors = (np.zeros(shape, np.float32) for shape in (len(light), len(light), (len(light), 2)))
    for one, own in zip(others, owned, strict=True):
        there = _units(one.maps, (one.chroma.shape[1], one.chroma.shape[2]))
        unlike = LIGHT * np.abs(light[:, None] - _halved(one.lightness[None]).ravel())
        unlike += np.float32(sum(SEEN)) - products(here, there.reshape(-1, there.shape[2]))
        if one.part is not None:
            unlike[:, _halved(one.part[None]).ravel() == 0] = np.inf
        least = np.float32(0) if one.here is None else unlike.min(1, keepdims=True)
        alike = np.exp(-np.maximum(unlike - least, 0))
        weights = alike**SHARP
        told = own if one.here is not None else np.maximum((alike.max(1) - LEAST) / (1 - LEAST), 0) * free
        counts = own if one.here is not None else free
        most, sums = np.maximum(most, told), sums + counts * weights.sum(1)
        colors = colors + counts[:, None] * products(weights, _halved(one.chroma).reshape(2, -1))
    planes = np.concatenate([most[None], colors.T / np.maximum(sums, 1e-12)]).astype(np.float32)
    found = _resized(planes.reshape(3, size[0] // 2, size[1] // 2), size)
    return found[0], found[1:]


def _units(maps: Sequence[Array], size: tuple[int, int]) -> Array:
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


def _halved(planes: Array) -> Array:
    """(N, h/2, w/2) of (N, h, w)."""
    count, height, width = planes.shape
    return planes.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4), dtype=np.float32)
