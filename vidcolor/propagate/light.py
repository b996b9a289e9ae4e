"""Light that changed between two pictures of one scene: how much, in each broad part of it.

A lamp switched on, a shutter closed, a fade inside a shot: things stay what they are, and their lightness and their
chroma go with the light. L*, a* and b* go with the cube root of the light; so what a colour is under other light is its
own, times the change of L* + 16.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.planes.kinds import full, of, on_device
from vidcolor.planes.samples import at_size, blurred

CELLS = 24
"""Parts of a picture's long side; what changed is smoothed over an eighth of that."""
CHANGED, WHOLLY = np.float32(0.03), np.float32(0.06)
"""Mean change, as a logarithm of the cube root of light, up to which motion may make it, and from which it is light."""
LEFT, ONE_WAY = (np.float32(0.55), np.float32(0.7)), (np.float32(0.3), np.float32(0.5))
"""Shares of parts' changes that are not broad: up to the first it is light, from the second none is. And shares by
which parts agree on more or on less light: up to the first it is none, from the second it is. Of made lamps and fades
on 30 clips nine in ten leave less than .4 and agree by over .5; where flow is lost, .2 to .8 is left, and parts agree
by .1 to .9."""
SEEN = np.float32(0.02)
"""Trust against which a part's own counts: parts that show nothing of the scene change as the whole of it does."""
MOST = 0.7
"""The most that light changes, as that logarithm: eight times as much light, or as little."""
BLACK, WHITE = np.float32(0.01), np.float32(0.97)
"""L* / 100 beyond which more or less light does not show."""
ROUNDED = 1e-4
"""Above 1, what rounding alone makes of light that did not change."""
DARK, OFFSET = np.float32(0.08), np.float32(0.16)
"""L* / 100 below which L* goes with the light itself, and what makes it a multiple of light's cube root above."""


def root(luma: Array) -> Array:
    """What a* and b* go with as light changes: of L* / 100."""
    return cast(Array, of(luma).where(luma > DARK, luma + OFFSET, luma * ((DARK + OFFSET) / DARK)))


def of_root(value: Array) -> Array:
    """L* / 100, of `root`."""
    dark = value * (DARK / (DARK + OFFSET))
    return cast(Array, of(value).where(value > DARK + OFFSET, value - OFFSET, dark))


def broad(parts: Array) -> Array:
    """A picture's parts, `CELLS` along its long side, smoothed to what is broad."""
    return blurred(parts, CELLS / 8, "doubled")


def lit(luma: Array, change: Array | None) -> Array:
    """A picture's L* / 100 as it would be in the changed light; None: it did not change."""
    return luma if change is None else full(of_root(root(luma) * change))


def tinted(chroma: Array, luma: Array, change: Array | None) -> Array:
    """a* and b* (2, h, w) of colours of L* / 100 `luma` as they would be in the changed light.

    What more light would make brighter than white loses its colour, channel by channel, as film and cameras have it.
    """
    if change is None:
        return chroma
    brighter = of(chroma).concat([lit(luma, change)[None] * np.float32(100), chroma * change])
    if on_device(chroma):  # whether any light is more the processor is not asked
        clipped = rgb_to_lab(lab_to_rgb(brighter))[1:]
        return cast(Array, of(chroma).where(change.max() > 1 + ROUNDED, clipped, brighter[1:]))
    return rgb_to_lab(lab_to_rgb(brighter))[1:] if change.max() > 1 else brighter[1:]


def change_of(target: Array, other: Array, trust: Array) -> Array | None:
    """(h, w): by how much a* and b* of what `other` shows are more in the light of `target`; None: not at all.

    target, other  (h, w) L* / 100 of one scene, pixel on pixel as far as `trust` (h, w), 0..1, says
    """
    xp = of(target)
    trust = trust * ((target > BLACK) & (target < WHITE) & (other > BLACK) & (other < WHITE))
    height, width = target.shape
    scale = min(1.0, CELLS / max(height, width))
    size = (max(4, round(height * scale)), max(4, round(width * scale)))
    seen, here, there = (at_size(plane, size, "area") for plane in (trust, target * trust, other * trust))
    least = xp.maximum(seen, 1e-6)
    parts = xp.log(root(here / least) + np.float32(0.01)) - xp.log(root(there / least) + np.float32(0.01))
    change, weight = broad(parts * seen), broad(seen)
    whole = change.mean() / (weight.mean() + SEEN)
    change = xp.clip((change + SEEN * whole) / (weight + SEEN), -MOST, MOST)
    mean = xp.abs(change).mean()
    if not on_device(target) and mean <= CHANGED:
        return None
    share = _rises(mean, (CHANGED, WHOLLY)) * _like_light(parts, change, seen)
    if not on_device(target) and share <= 0:
        return None
    return full(at_size(xp.exp(share * change), (height, width), "cubic"))


def _like_light(parts: Array, change: Array, seen: Array) -> Array:
    """0..1: how far parts of a picture change as light does, broadly and one way, not as things that move."""
    xp, least = of(parts), 1e-6
    left = (seen * xp.abs(parts - change)).sum() / xp.maximum((seen * xp.abs(parts)).sum(), least)
    one_way = xp.abs((seen * xp.sign(parts)).sum()) / xp.maximum(seen.sum(), least)
    if on_device(parts):
        return (1 - _rises(left, LEFT)) * _rises(one_way, ONE_WAY)
    return np.float32(np.interp(left, LEFT, (1, 0)) * np.interp(one_way, ONE_WAY, (0, 1)))  # type: ignore[return-value]


def _rises(value: Array, bounds: tuple[np.float32, np.float32]) -> Array:
    """0 up to the first bound, 1 from the second: of a plane of no dimensions."""
    return cast(Array, of(value).clip((value - bounds[0]) / (bounds[1] - bounds[0]), 0.0, 1.0))
