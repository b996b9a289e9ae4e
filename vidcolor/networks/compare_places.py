"""Places of a gray frame compared with those of coloured frames, by the features network: whose colours they take.

Axes: c cells of 4 x 4 places, n places of a cell, k cells chosen for each, P planes of what is known of a place.

- Attention in two levels. Cells (16 x 16 pixels) attend to all cells of all coloured frames, and choose the few that
  look most alike; their places (4 x 4 pixels) then attend to the places of those cells alone. The first level costs
  1/256 of attention from place to place, the second does not grow with the number of coloured frames.
- Features were made for all films; what tells colours apart in this shot the keyframes say (tells.py), and places that
  would be coloured otherwise count as less alike.
- What comes back for each pixel is mixed from the places around it whose looked-up lightness is the pixel's own, so
  that edges are the frame's.

Source: Carrillo 2022b (attention between pooled features); the two levels and the way back to pixels are ours.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any, cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.networks.cells import PLACE, SIDE, in_cells, of_each_cell, out_of_cells
from vidcolor.networks.graph import products
from vidcolor.networks.loops import LIKE, NEAR, look_up, mix_places
from vidcolor.networks.tells import Tells, learn, unit
from vidcolor.planes.kinds import full, of, on_device, planes_of
from vidcolor.planes.samples import at_size

CHOSEN = 12
"""Cells looked into for each cell; 16 are 0.01 dB better in the end on the training clips, 8 are 0.02 worse."""
TEMPERATURE = 0.03
"""Of the softmax over cosines of places; from methods tried on the training clips (0.02 and 0.05 are 0.1 to 0.3 dB
worse)."""
CELL_TEMPERATURE = 0.05
"""Of the softmax over cosines of cells, where all are averaged."""
UNKNOWN = 1e-4
"""Least confidence of a coloured place."""
HARDLY, PASSED_OVER = 0.05, -40.0
"""Confidence below which a place is passed over, by this logit: it would be found by itself in a like frame."""
JOINED = (0.65, 0.1, 0.15, 0.1)
"""What the cosines of the features and of the three maps of things count among all. On places that were never trained
on: half and half is better on clean frames by 0.05 dB, and 0.25 worse on aged ones."""
WIDER = 0.76
"""Of joined maps' 1 - cosine, what reads as the features' alone: rules and networks were fitted to that."""
TOLD = 0.25
"""What a cosine of codes (tells.py) counts beside one of looks: with .1, .2 and .3 what is found is .12, .21 and .24 dB
better on 28 training clips, and more is lost where all is near already."""
LATER, MOST_LATER = 15.0, 3.0
"""Frames of time that cost a coloured frame one in the logit, and the most that time costs; worth 0.08 dB with three
keyframes on the training clips. The middle of 10 to 40."""
PLANES = 6
"""What comes back: a*, b*, spread of colour under the attention, likeness, lightness, confidence of the colours."""


Share = Any
"""A number, or on a device a tensor of one"""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A gray frame as the network sees it."""

    maps: tuple[Array, ...]
    """Features at strides 4, 8, 16: (h, w, C)"""
    places: Array
    """(c, n, C) float32: features of each cell's places, and their codes where they were told"""
    cells: Array
    """(c, D) float32: features of the cells, at strides 4 and 8, and what fine things they hold"""
    things: Array
    """(c, T) float32: what coarser things the cells belong to; no columns where that is not known. The square of a
    cell's length is 1 with both."""
    lightness: Array
    """(H, W)"""
    share: Share
    """How much things count, 0..1"""
    told: float = 0.0
    """What codes count that stand behind places and cells"""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of places."""
        return self.maps[0].shape[0], self.maps[0].shape[1]

    @property
    def wider(self) -> Share:
        """What 1 - cosine of its places is multiplied by."""
        return 1 - self.share * (1 - WIDER)


@dataclass(frozen=True, slots=True, eq=False)
class Colored:
    """A coloured frame's cells, with what is known of their places."""

    places: Array
    """(c, n, C)"""
    cells: Array
    """(c, D)"""
    things: Array
    """(c, T)"""
    values: Array
    """(c, n, 6): L*, a*, b*, a*^2 + b*^2, what the place weighs as a logit, its confidence"""


PARTS = ("places", "cells", "things", "values")
"""Of Colored"""


def see(lightness: Array, maps: Sequence[Array], things: Sequence[Array] = (), share: Share = 1.0) -> Seen:
    """A frame's cells, from its features at strides 4, 8 and 16; and from what things are there at the same, if that
    is known, and how much that counts, 0..1 (things.py). Frames that are compared have things both, or neither."""
    places, xp = in_cells(maps[0]), of(lightness)
    fine, coarse = unit(xp.mean(places, axis=1)), unit(of_each_cell(maps[1], 2))
    cells = xp.concat([fine, coarse], axis=1) / 2**0.5
    deep = cells[:, :0]
    if things:
        counts = [1 - share * (1 - JOINED[0]), *(share * part for part in JOINED[1:])]
        of_features, *shares = (count**0.5 for count in counts)
        small = in_cells(things[0])
        pooled = [xp.mean(small, axis=1), *(of_each_cell(m, 2 >> n) for n, m in enumerate(things[1:]))]
        fine, *rest = (part * unit(x) for part, x in zip(shares, pooled, strict=True))
        places = xp.concat([of_features * places, shares[0] * small], axis=2)
        cells, deep = xp.concat([of_features * cells, fine], axis=1), xp.concat(rest, axis=1)
    return Seen(tuple(maps), places, cells, deep, lightness, share if things else 0.0)


def with_colors(seen: Seen, chroma: Array, confidence: Array) -> Colored:
    """A coloured frame; chroma (2, H, W), confidence (H, W) 0..1: colours of little confidence are little looked at."""
    xp = of(chroma)
    planes = xp.concat([seen.lightness[None], chroma, xp.sum(xp.square(chroma), axis=0)[None]]) * confidence
    small = at_size(xp.concat([planes, confidence[None]]), seen.size, "area")
    known = xp.maximum(small[4], UNKNOWN)
    logit = xp.where(known < HARDLY, PASSED_OVER, xp.log(known))
    values = xp.concat([small[:4] / known, logit[None], xp.exp(logit)[None]])
    return Colored(seen.places, seen.cells, seen.things, in_cells(xp.permute_dims(values, (1, 2, 0))))


class Together(list[Colored]):
    """Coloured frames that lie behind one another in memory, as they are looked into."""

    def __init__(self, frames: Sequence[Colored]) -> None:
        self.whole = _joined(frames)
        ends = accumulate((len(frame.cells) for frame in frames), initial=0)
        parts = [slice(*both) for both in pairwise(ends)]
        super().__init__(Colored(*(getattr(self.whole, name)[part] for name in PARTS)) for part in parts)


def gathered(frames: Sequence[Colored], away: Sequence[int]) -> Colored:
    """Several coloured frames as one, those nearer in time preferred.

    away  how far each is, in frames
    """
    if len(frames) == 1:
        return frames[0]
    whole = frames.whole if isinstance(frames, Together) else _joined(frames)
    xp, values = of(whole.values), []
    for known, distance in zip((frame.values for frame in frames), away, strict=True):
        nearer = known[..., 4:5] - min(distance / LATER, MOST_LATER)
        values.append(xp.concat([known[..., :4], nearer, known[..., 5:]], axis=2))
    return replace(whole, values=xp.concat(values))


def _joined(frames: Sequence[Colored]) -> Colored:
    if len(frames) == 1:
        return frames[0]
    xp = of(frames[0].values)
    return Colored(*(xp.concat([getattr(frame, name) for frame in frames]) for name in PARTS))


def learned(frames: Sequence[Colored]) -> Tells | None:
    """What looks tell of colours in these coloured frames."""
    if not frames:
        return None
    xp = of(frames[0].values)
    places, values = (xp.concat([getattr(f, part) for f in frames]) for part in ("places", "values"))
    flat = values.reshape(-1, values.shape[-1])
    return learn(places.reshape(len(flat), -1), flat[:, 1:3], flat[:, 5])


def told(seen: Seen, tells: Tells) -> Seen:
    """The frame with codes behind what its places and cells look like, to be compared with such alone."""
    places, cells = _coded(seen.places, seen.cells, tells, tells.familiar(seen.places))
    return replace(seen, places=places, cells=cells, told=TOLD)


def told_colored(colored: Colored, tells: Tells) -> Colored:
    """The same of a coloured frame."""
    places, cells = _coded(colored.places, colored.cells, tells, None)
    return replace(colored, places=places, cells=cells)


def _coded(places: Array, cells: Array, tells: Tells, counts: Array | None) -> tuple[Array, Array]:
    """Places and cells with their codes. Where a place's code `counts` (c, n) less than wholly, the rest goes to all
    places of coloured frames (None: this is one) alike."""
    codes, xp = tells.codes(places), of(places)
    means, rest = unit(xp.mean(codes, axis=1)), planes_of(codes.shape[:2], 1.0, codes)
    if counts is not None:
        codes, means = codes * counts[..., None], means * xp.mean(counts, axis=1, keepdims=True)
        rest = 1 - counts
    share = TOLD**0.5
    parts = (places, share * codes, share * rest[..., None])
    of_rest = share * xp.mean(rest, axis=1, keepdims=True)
    return xp.concat(parts, axis=2), xp.concat([cells, share * means, of_rest], axis=1)


def compare(seen: Seen, colored: Colored, *, chosen: int = CHOSEN) -> tuple[Array, Array]:
    """What is found for each pixel by its place, and by its cell alone: (PLANES, H, W) float32 each."""
    chosen, xp = min(chosen, len(colored.cells)), of(seen.lightness)
    fine, by_cell = (_found_there if on_device(seen.lightness) else _found)(seen, colored, chosen)
    height, width = seen.size
    rows, columns = (-(-n // SIDE) for n in (height, width))
    coarse = xp.reshape(by_cell.T, (-1, rows, columns))
    scaled = _enlarged(coarse, SIDE * PLACE, seen.lightness.shape)
    return _on_pixels(out_of_cells(fine, height, width), seen.lightness), _finished(scaled)


def _found(seen: Seen, colored: Colored, chosen: int) -> tuple[Array, Array]:
    """What places find, (c, n, 6), and what cells do, (c, 6): L*, a*, b*, a*^2 + b*^2, likeness and confidence."""
    count, places = seen.places.shape[:2]
    fine, by_cell = np.empty((count, places, PLANES), np.float32), np.empty((count, PLANES), np.float32)
    cells = products(seen.cells, colored.cells)
    things = products(seen.things, colored.things) if seen.things.shape[1] else np.zeros_like(cells)
    things -= np.float32(seen.told)  # codes that agree leave likeness as it was
    cells += things
    values = (colored.values, _of_cells(colored.values))
    sharp = (np.float32(1 / TEMPERATURE), np.float32(1 / CELL_TEMPERATURE))
    wider = np.float32(seen.wider)
    look_up(seen.places, colored.places, cells, things, *values, chosen, wider, *sharp, fine, by_cell)
    return fine, by_cell


def _found_there(seen: Seen, colored: Colored, chosen: int) -> tuple[Array, Array]:
    """The same on a device."""
    cells, things = (seen.cells, colored.cells), (seen.things, colored.things)
    of_cells, sharp = _of_cells(colored.values), (1 / TEMPERATURE, 1 / CELL_TEMPERATURE)
    looked_up: tuple[Array, Array] = _there().look_up(
        (seen.places, colored.places), cells, things, (colored.values, of_cells), chosen, seen.wider, sharp, seen.told
    )
    return looked_up


def _of_cells(values: Array) -> Array:
    """(c, 6): L*, a*, b*, a*^2 + b*^2, the logarithm of what the cell weighs, its confidence."""
    xp = of(values)
    share = xp.exp(values[..., 4:5])
    sure = xp.maximum(xp.mean(share, axis=1), 1e-15)
    mean = xp.mean(values[..., :4] * share, axis=1) / sure
    return cast(Array, xp.concat([mean, xp.log(sure), xp.mean(values[..., 5], axis=1)[:, None]], axis=1))


def _there() -> Any:
    """What a device does, brought in where there is one: it loads PyTorch."""
    return importlib.import_module("vidcolor.networks.on_device")


def _enlarged(planes: Array, stride: int, size: tuple[int, ...]) -> Array:
    """Planes at a stride as planes of `size` (height, width), smooth."""
    whole = at_size(planes, (planes.shape[1] * stride, planes.shape[2] * stride), "linear")
    return whole[:, : size[0], : size[1]]


def _finished(planes: Array) -> Array:
    """L*, a*, b*, a*^2 + b*^2, likeness and confidence as the PLANES that come back."""
    xp, (light, a, b, square, alike, sure) = of(planes), planes
    spread = xp.sqrt(xp.maximum(square - a * a - b * b, 0.0))
    return full(xp.stack([a, b, spread, alike, light, sure]))


def _on_pixels(fine: Array, lightness: Array) -> Array:
    """(PLANES, H, W), of places' L*, a*, b*, a*^2 + b*^2, likeness and confidence (6, h, w)."""
    sure = _enlarged(fine[-1:], PLACE, lightness.shape)
    if on_device(fine):
        return _finished(of(fine).concat([_there().mix_places(fine[:-1], lightness, PLACE, NEAR, LIKE), sure]))
    out = np.empty((PLANES, *lightness.shape), np.float32)
    mix_places(np.ascontiguousarray(fine[:-1].transpose(1, 2, 0)), np.ascontiguousarray(lightness, np.float32), out)
    out[-1] = sure[0]
    return out
