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

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import loose
from vidcolor.networks.graph import products
from vidcolor.networks.tells import Tells, learn, unit

PLACE, SIDE = 4, 4
"""Pixels of a place, and places of a cell, each way."""
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
NEAR, LIKE = 0.78, 6.0
"""Weights among the places around a pixel: 1 / (2 deviation^2) in places, and lightness difference of one e-fold."""


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
    share: float
    """How much things count, 0..1"""
    told: float = 0.0
    """What codes count that stand behind places and cells"""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of places."""
        return self.maps[0].shape[0], self.maps[0].shape[1]

    @property
    def wider(self) -> float:
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


def see(lightness: Array, maps: Sequence[Array], things: Sequence[Array] = (), share: float = 1.0) -> Seen:
    """A frame's cells, from its features at strides 4, 8 and 16; and from what things are there at the same, if that
    is known, and how much that counts, 0..1 (things.py). Frames that are compared have things both, or neither."""
    places = _in_cells(maps[0])
    fine, coarse = unit(places.mean(1)), unit(_of_each_cell(maps[1], 2))
    cells = np.concatenate([fine, coarse], 1) / np.float32(2**0.5)
    deep = cells[:, :0]
    if things:
        counts = [1 - share * (1 - JOINED[0]), *(share * part for part in JOINED[1:])]
        of_features, *shares = (np.float32(count**0.5) for count in counts)
        small = _in_cells(things[0])
        pooled = [small.mean(1), *(_of_each_cell(m, 2 >> n) for n, m in enumerate(things[1:]))]
        fine, *rest = (part * unit(x) for part, x in zip(shares, pooled, strict=True))
        places = np.concatenate([of_features * places, shares[0] * small], 2)
        cells, deep = np.concatenate([of_features * cells, fine], 1), np.concatenate(rest, 1)
    return Seen(tuple(maps), places, cells, deep, lightness, share if things else 0.0)


def with_colors(seen: Seen, chroma: Array, confidence: Array) -> Colored:
    """A coloured frame; chroma (2, H, W), confidence (H, W) 0..1: colours of little confidence are little looked at."""
    size = seen.size[::-1]
    planes = np.concatenate([seen.lightness[None], chroma, np.square(chroma).sum(0)[None]]) * confidence
    small = np.stack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in [*planes, confidence]])
    known = np.maximum(small[4], np.float32(UNKNOWN))
    logit = np.where(known < HARDLY, np.float32(PASSED_OVER), np.log(known))
    values = np.concatenate([small[:4] / known, logit[None], np.exp(logit)[None]])
    return Colored(seen.places, seen.cells, seen.things, _in_cells(values.transpose(1, 2, 0)))


def gathered(frames: Sequence[Colored], away: Sequence[int]) -> Colored:
    """Several coloured frames as one, those nearer in time preferred.

    away  how far each is, in frames
    """
    if len(frames) == 1:
        return frames[0]
    values = []
    for frame, distance in zip(frames, away, strict=True):
        nearer = frame.values.copy()
        nearer[..., 4] -= min(distance / LATER, MOST_LATER)
        values.append(nearer)
    parts = ("places", "cells", "things")
    places, cells, things = (np.concatenate([getattr(f, part) for f in frames]) for part in parts)
    return Colored(places, cells, things, np.concatenate(values))


def learned(frames: Sequence[Colored]) -> Tells | None:
    """What looks tell of colours in these coloured frames."""
    if not frames:
        return None
    places, values = (np.concatenate([getattr(f, part) for f in frames]) for part in ("places", "values"))
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
    codes = tells.codes(places)
    means, rest = unit(codes.mean(1)), np.ones(codes.shape[:2], np.float32)
    if counts is not None:
        codes, means, rest = codes * counts[..., None], means * counts.mean(1, keepdims=True), 1 - counts
    share = np.float32(TOLD**0.5)
    parts = (places, share * codes, share * rest[..., None])
    return np.concatenate(parts, 2), np.concatenate([cells, share * means, share * rest.mean(1, keepdims=True)], 1)


def compare(seen: Seen, colored: Colored, *, chosen: int = CHOSEN) -> tuple[Array, Array]:
    """What is found for each pixel by its place, and by its cell alone: (PLANES, H, W) float32 each."""
    count, places = seen.places.shape[:2]
    fine, by_cell = np.empty((count, places, PLANES), np.float32), np.empty((count, PLANES), np.float32)
    cells = products(seen.cells, colored.cells)
    things = products(seen.things, colored.things) if seen.things.shape[1] else np.zeros_like(cells)
    things -= np.float32(seen.told)  # codes that agree leave likeness as it was
    cells += things
    chosen, wider = min(chosen, len(colored.cells)), np.float32(seen.wider)
    values = (colored.values, _of_cells(colored.values))
    sharp = (np.float32(1 / TEMPERATURE), np.float32(1 / CELL_TEMPERATURE))
    _look_up(seen.places, colored.places, cells, things, *values, chosen, wider, *sharp, fine, by_cell)
    height, width = seen.size
    rows, columns = (-(-n // SIDE) for n in (height, width))
    coarse = by_cell.T.reshape(-1, rows, columns)
    size = seen.lightness.shape[::-1]
    scaled = _enlarged(coarse, SIDE * PLACE, size)
    return _on_pixels(_out_of_cells(fine, height, width), seen.lightness), _finished(scaled)


def _of_cells(values: Array) -> Array:
    """(c, 6): L*, a*, b*, a*^2 + b*^2, the logarithm of what the cell weighs, its confidence."""
    share = np.exp(values[..., 4:5])
    sure = np.maximum(share.mean(1), np.float32(1e-15))
    return np.concatenate([(values[..., :4] * share).mean(1) / sure, np.log(sure), values[..., 5].mean(1)[:, None]], 1)


@loose()
def _look_up(places, their_places, cells, things, values, of_cells, chosen, wider, sharp, cell_sharp, fine, coarse):  # type: ignore[no-untyped-def]
    """Cell by cell: `coarse` (c, 6) is the mean of all cells of theirs under the attention of cells, `fine` (c, n, 6)
    what each place finds in the places of the cells that are `chosen`.

    cells, things  (c, their c): cosines of cells, with what coarser things there are, and what of that is of things

    What weighs less than e^-16 of the most is passed over: it would not change a digit.
    """
    count, side, channels = places.shape
    others = cells.shape[1]
    zero, one = np.float32(0), np.float32(1)
    faint, lowest = np.float32(-16), np.float32(-1e30)
    best, best_alike = np.empty(chosen, np.int64), np.empty(chosen, np.float32)
    cosines = np.empty((side, chosen * side), np.float32)
    for c in range(count):
        top = lowest
        for n in range(chosen):
            best_alike[n] = lowest
        for m in range(others):
            cosine = cells[c, m]
            top = max(top, cosine * cell_sharp + of_cells[m, 4])
            if cosine > best_alike[chosen - 1]:
                at = chosen - 1
                while at > 0 and cosine > best_alike[at - 1]:
                    best[at], best_alike[at] = best[at - 1], best_alike[at - 1]
                    at -= 1
                best[at], best_alike[at] = m, cosine
        total, light, a, b, square, like, sure = zero, zero, zero, zero, zero, zero, zero
        for m in range(others):
            logit = cells[c, m] * cell_sharp + of_cells[m, 4] - top
            if logit > faint:
                weight, of = np.exp(logit), of_cells[m]
                total += weight
                light += weight * of[0]
                a += weight * of[1]
                b += weight * of[2]
                square += weight * of[3]
                like += weight * of[5] * (one - wider * (one - cells[c, m]))
                sure += weight * of[5]
        share, out = one / total, coarse[c]
        out[0], out[1], out[2], out[3], out[4], out[5] = (
            light * share,
            a * share,
            b * share,
            square * share,
            like * share,
            sure * share,
        )
        for j in range(chosen):
            for q in range(side):
                there, column, thing = their_places[best[j], q], j * side + q, things[c, best[j]]
                for n in range(0, side, 4):
                    x0, x1, x2, x3 = places[c, n], places[c, n + 1], places[c, n + 2], places[c, n + 3]
                    s0, s1, s2, s3 = zero, zero, zero, zero
                    for k in range(channels):
                        value = there[k]
                        s0 += x0[k] * value
                        s1 += x1[k] * value
                        s2 += x2[k] * value
                        s3 += x3[k] * value
                    cosines[n, column], cosines[n + 1, column] = s0 + thing, s1 + thing
                    cosines[n + 2, column], cosines[n + 3, column] = s2 + thing, s3 + thing
        for n in range(side):
            top = lowest
            for j in range(chosen):
                for q in range(side):
                    top = max(top, cosines[n, j * side + q] * sharp + values[best[j], q, 4])
            total, light, a, b, square, like, sure = zero, zero, zero, zero, zero, zero, zero
            for j in range(chosen):
                for q in range(side):
                    cosine, of = cosines[n, j * side + q], values[best[j], q]
                    logit = cosine * sharp + of[4] - top
                    if logit > faint:
                        weight = np.exp(logit)
                        total += weight
                        light += weight * of[0]
                        a += weight * of[1]
                        b += weight * of[2]
                        square += weight * of[3]
                        like += weight * cosine
                        sure += weight * of[5]
            share, out = one / total, fine[c, n]
            out[0], out[1], out[2], out[3] = light * share, a * share, b * share, square * share
            out[4], out[5] = (one - wider * (one - like * share)) * sure * share, sure * share


def _padded(x: Array, multiple: int) -> Array:
    """(h, w, C), the last row and column repeated until `multiple` divides both sides."""
    down, right = -x.shape[0] % multiple, -x.shape[1] % multiple
    return np.pad(x, ((0, down), (0, right), (0, 0)), mode="edge") if down or right else x


def _in_cells(x: Array) -> Array:
    """(h, w, C) as (c, n, C) float32."""
    x = _padded(x, SIDE)
    height, width, channels = x.shape
    cut = x.reshape(height // SIDE, SIDE, width // SIDE, SIDE, channels).transpose(0, 2, 1, 3, 4)
    return cut.reshape(-1, SIDE * SIDE, channels).astype(np.float32)


def _of_each_cell(x: Array, side: int) -> Array:
    """(c, C) float32: means of (h, w, C) over cells of so many places each way."""
    x = _padded(x, side)
    height, width, channels = x.shape
    cut = x.reshape(height // side, side, width // side, side, channels)
    return cut.mean((1, 3), dtype=np.float32).reshape(-1, channels)


def _out_of_cells(x: Array, height: int, width: int) -> Array:
    """(c, n, P) as (P, height, width)."""
    rows, columns = -(-height // SIDE), -(-width // SIDE)
    cut = x.reshape(rows, columns, SIDE, SIDE, -1).transpose(4, 0, 2, 1, 3)
    return cut.reshape(-1, rows * SIDE, columns * SIDE)[:, :height, :width]


def _enlarged(planes: Array, stride: int, size: tuple[int, int]) -> Array:
    """Planes at a stride as planes of `size` (width, height), smooth."""
    height, width = (n * stride for n in planes.shape[1:])
    whole = [cv2.resize(p, (width, height), interpolation=cv2.INTER_LINEAR) for p in planes]
    return np.stack(whole)[:, : size[1], : size[0]]


def _finished(planes: Array) -> Array:
    """L*, a*, b*, a*^2 + b*^2, likeness and confidence as the PLANES that come back."""
    light, a, b, square, alike, sure = planes
    spread = np.sqrt(np.maximum(square - a * a - b * b, 0))
    return np.stack([a, b, spread, alike, light, sure]).astype(np.float32)


def _on_pixels(fine: Array, lightness: Array) -> Array:
    """(PLANES, H, W), of places' L*, a*, b*, a*^2 + b*^2, likeness and confidence (6, h, w)."""
    out = np.empty((PLANES, *lightness.shape), np.float32)
    _mix_places(np.ascontiguousarray(fine[:-1].transpose(1, 2, 0)), np.ascontiguousarray(lightness, np.float32), out)
    out[-1] = _enlarged(fine[-1:], PLACE, lightness.shape[::-1])[0]
    return out


@loose()
def _mix_places(fine, lightness, out):  # type: ignore[no-untyped-def]
    rows, columns, _ = fine.shape
    height, width = lightness.shape
    half, place, one = np.float32(0.5), np.float32(PLACE), np.float32(1)
    near, like, least = np.float32(NEAR), one / np.float32(LIKE), np.float32(1e-8)
    zero, part = np.float32(0), one / np.float32(16)  # (1 - x / 16)^16 is nearly e^-x, and faster
    for y in range(height):
        middle_y = (np.float32(y) + half) / place - half
        row = min(max(int(np.rint(middle_y)), 0), rows - 1)
        for x in range(width):
            middle_x = (np.float32(x) + half) / place - half
            column = min(max(int(np.rint(middle_x)), 0), columns - 1)
            weight, light, a, b, square, alike = zero, zero, zero, zero, zero, zero
            for i in range(max(row - 1, 0), min(row + 2, rows)):
                down = near * (np.float32(i) - middle_y) ** 2
                for j in range(max(column - 1, 0), min(column + 2, columns)):
                    at = fine[i, j]
                    far = down + near * (np.float32(j) - middle_x) ** 2
                    w = max(one - (far + abs(at[0] - lightness[y, x]) * like) * part, zero)
                    w = w * w
                    w = w * w
                    w = w * w
                    w = w * w + least
                    weight += w
                    light += w * at[0]
                    a += w * at[1]
                    b += w * at[2]
                    square += w * at[3]
                    alike += w * at[4]
            share = one / weight
            a, b = a * share, b * share
            out[0, y, x], out[1, y, x] = a, b
            out[2, y, x] = np.sqrt(max(square * share - a * a - b * b, zero))
            out[3, y, x], out[4, y, x] = alike * share, light * share
