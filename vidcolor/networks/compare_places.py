"""Places of a gray frame compared with those of coloured frames, by the features network: whose colours they take.

Axes: c cells of 4 x 4 places, n places of a cell, k cells chosen for each, P planes of what is known of a place.

- Attention in two levels. Cells (16 x 16 pixels) attend to all cells of all coloured frames, and choose the few that
  look most alike; their places (4 x 4 pixels) then attend to the places of those cells alone. The first level costs
  1/256 of attention from place to place, the second does not grow with the number of coloured frames.
- What comes back for each pixel is mixed from the places around it whose looked-up lightness is the pixel's own, so
  that edges are the frame's.

Source: Carrillo 2022b (attention between pooled features); the two levels and the way back to pixels are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor
from torch.nn import functional as F

from vidcolor.compiled import loose

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

    maps: tuple[Tensor, ...]
    """Features at strides 4, 8, 16: (1, C, h, w), in networks' type."""
    places: Tensor
    """(c, n, C): features of each cell's places"""
    cells: Tensor
    """(c, D) float32: features of the cells, at strides 4 and 8, and what fine things they hold"""
    things: Tensor
    """(c, T) float32: what coarser things the cells belong to; no columns where that is not known. The square of a
    cell's length is 1 with both."""
    lightness: Array
    """(H, W)"""
    share: float
    """How much things count, 0..1"""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of places."""
        return self.maps[0].shape[-2], self.maps[0].shape[-1]

    @property
    def wider(self) -> float:
        """What 1 - cosine of its places is multiplied by."""
        return 1 - self.share * (1 - WIDER)


@dataclass(frozen=True, slots=True, eq=False)
class Colored:
    """A coloured frame's cells, with what is known of their places."""

    places: Tensor
    """(c, n, C)"""
    cells: Tensor
    """(c, D)"""
    things: Tensor
    """(c, T)"""
    values: Tensor
    """(c, n, 6): L*, a*, b*, a*^2 + b*^2, what the place weighs as a logit, its confidence"""


def see(lightness: Array, maps: Sequence[Tensor], things: Sequence[Tensor] = (), share: float = 1.0) -> Seen:
    """A frame's cells, from its features at strides 4, 8 and 16; and from what things are there at the same, if that
    is known, and how much that counts, 0..1 (things.py). Frames that are compared have things both, or neither."""
    places = _in_cells(maps[0])
    fine = F.normalize(places.float().mean(1), dim=1)
    coarse = F.normalize(_of_each_cell(maps[1].float(), 2), dim=1)
    cells = torch.cat([fine, coarse], 1) / 2**0.5
    deep = cells[:, :0]
    if things:
        counts = [1 - share * (1 - JOINED[0]), *(share * part for part in JOINED[1:])]
        of_features, *shares = (count**0.5 for count in counts)
        small = _in_cells(things[0])
        pooled = [small.float().mean(1), *(_of_each_cell(m.float(), 2 >> n) for n, m in enumerate(things[1:]))]
        fine, *rest = (part * F.normalize(x, dim=1) for part, x in zip(shares, pooled, strict=True))
        places = torch.cat([of_features * places, shares[0] * small.to(places.dtype)], 2)
        cells, deep = torch.cat([of_features * cells, fine], 1), torch.cat(rest, 1)
    return Seen(tuple(maps), places, cells, deep, lightness, share if things else 0.0)


def with_colors(seen: Seen, chroma: Array, confidence: Array) -> Colored:
    """A coloured frame; chroma (2, H, W), confidence (H, W) 0..1: colours of little confidence are little looked at."""
    size = seen.size[::-1]
    planes = np.concatenate([seen.lightness[None], chroma, np.square(chroma).sum(0)[None]]) * confidence
    small = np.stack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in [*planes, confidence]])
    known = np.maximum(small[4], np.float32(UNKNOWN))
    logit = np.where(known < HARDLY, np.float32(PASSED_OVER), np.log(known))
    values = np.concatenate([small[:4] / known, logit[None], np.exp(logit)[None]])
    return Colored(seen.places, seen.cells, seen.things, _in_cells(torch.from_numpy(values.astype(np.float32))[None]))


def gathered(frames: Sequence[Colored], away: Sequence[int]) -> Colored:
    """Several coloured frames as one, those nearer in time preferred.

    away  how far each is, in frames
    """
    if len(frames) == 1:
        return frames[0]
    values = []
    for frame, distance in zip(frames, away, strict=True):
        nearer = frame.values.clone()
        nearer[..., 4] -= min(distance / LATER, MOST_LATER)
        values.append(nearer)
    places, cells, things = (torch.cat([getattr(f, part) for f in frames]) for part in ("places", "cells", "things"))
    return Colored(places, cells, things, torch.cat(values))


def compare(seen: Seen, colored: Colored, *, chosen: int = CHOSEN) -> tuple[Array, Array]:
    """What is found for each pixel by its place, and by its cell alone: (PLANES, H, W) float32 each."""
    things = seen.things @ colored.things.t()
    cells = seen.cells @ colored.cells.t() + things
    by_cell = _averaged(cells, colored, seen.wider)
    nearest = cells.topk(min(chosen, cells.shape[1]), 1).indices
    values = _of_cells(colored.values, nearest)
    cosine = torch.bmm(seen.places, _of_cells(colored.places, nearest).transpose(1, 2)).float()
    cosine += things.gather(1, nearest).repeat_interleave(SIDE * SIDE, 1)[:, None]
    weights = (cosine / TEMPERATURE + values[:, None, :, 4]).softmax(-1)
    found = torch.bmm(weights, values)
    alike = 1 - seen.wider * (1 - torch.einsum("cnk,cnk->cn", weights, cosine))
    likeness = alike[..., None] * found[..., 5:]
    height, width = seen.size
    fine = _out_of_cells(torch.cat([found[..., :4], likeness, found[..., 5:]], -1), height, width)
    rows, columns = (-(-n // SIDE) for n in (height, width))
    coarse = by_cell.t().reshape(-1, rows, columns).numpy()
    size = seen.lightness.shape[::-1]
    scaled = _enlarged(coarse, SIDE * PLACE, size)
    return _on_pixels(fine.numpy(), seen.lightness), _finished(scaled)


def _of_cells(x: Tensor, chosen: Tensor) -> Tensor:
    """(c, k n, C): of cells (m, n, C), those chosen (c, k); whole rows at once, six times faster than by index."""
    return x.flatten(1).index_select(0, chosen.flatten()).reshape(len(chosen), -1, x.shape[2])


def _averaged(cosine: Tensor, colored: Colored, wider: float = 1.0) -> Tensor:
    """(c, 6): L*, a*, b*, a*^2 + b*^2, likeness and confidence under the attention of cells."""
    share = colored.values[..., 4:5].exp()
    sure = share.mean(1).clamp(min=1e-15)
    values = (colored.values[..., :4] * share).mean(1) / sure
    weights = (cosine / CELL_TEMPERATURE + sure.log().t()).softmax(-1)
    known = colored.values[..., 5].mean(1)
    likeness = (weights * (1 - wider * (1 - cosine)) * known).sum(-1, keepdim=True)
    return torch.cat([weights @ values, likeness, weights @ known[:, None]], 1)


def _padded(x: Tensor, multiple: int) -> Tensor:
    down, right = -x.shape[-2] % multiple, -x.shape[-1] % multiple
    return F.pad(x, (0, right, 0, down), mode="replicate") if down or right else x


def _in_cells(x: Tensor) -> Tensor:
    """(1, C, h, w) as (c, n, C)."""
    x = _padded(x, SIDE)[0]
    channels, height, width = x.shape
    cut = x.reshape(channels, height // SIDE, SIDE, width // SIDE, SIDE)
    return cut.permute(1, 3, 2, 4, 0).reshape(-1, SIDE * SIDE, channels).contiguous()


def _of_each_cell(x: Tensor, side: int) -> Tensor:
    """(c, C): means of (1, C, h, w) over cells of so many places each way."""
    return F.avg_pool2d(_padded(x, side), side)[0].flatten(1).t()


def _out_of_cells(x: Tensor, height: int, width: int) -> Tensor:
    """(c, n, P) as (P, height, width)."""
    rows, columns = -(-height // SIDE), -(-width // SIDE)
    cut = x.reshape(rows, columns, SIDE, SIDE, -1).permute(4, 0, 2, 1, 3)
    return cut.reshape(-1, rows * SIDE, columns * SIDE)[:, :height, :width].contiguous()


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
