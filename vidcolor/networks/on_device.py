"""The loops of loops.py and origins.py, by PyTorch on any device: many cells, or places, at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

Pair = tuple[Tensor, Tensor]
HELD = 2**26
"""Numbers that are held at most, about, for the cells that are looked up together."""


def look_up(
    places: Pair,
    cells: Pair,
    things: Pair,
    values: Pair,
    chosen: int,
    wider: Tensor | float,
    sharp: tuple[float, float],
    told: float,
) -> tuple[Tensor, Tensor]:
    """What loops.look_up fills: (c, n, 6) and (c, 6).

    places, cells, things  of the frame, and of the coloured ones
    values                 what is known of the coloured ones' places, and of their cells
    sharp                  what cosines of places, and of cells, are multiplied by
    told                   what is taken off the cosines of things
    """
    count, side, width = places[0].shape
    of_places, of_cells = values
    each = chosen * side * (width + 2 * side) + 6 * len(of_cells)
    step = max(1, HELD // each)
    fine, coarse = [], []
    for at in range(0, count, step):
        some = slice(at, at + step)
        of_things = things[0][some] @ things[1].T - told
        cosines = cells[0][some] @ cells[1].T + of_things
        coarse.append(_of_cells(cosines, of_cells, wider, sharp[1]))
        best = cosines.topk(chosen).indices
        del cosines
        of_things = of_things.gather(1, best).repeat_interleave(side, 1)[:, None]
        fine.append(_of_places(places[0][some], places[1][best], of_things, of_places[best], wider, sharp[0]))
    return torch.cat(fine), torch.cat(coarse)


def _of_cells(cosines: Tensor, of_cells: Tensor, wider: Tensor | float, sharp: float) -> Tensor:
    """(c, 6) of cosines (c, their c)."""
    weights = torch.softmax(cosines * sharp + of_cells[:, 4], 1)
    mean = weights @ of_cells
    sure = mean[:, 5:]
    like = sure - wider * (sure - (weights * cosines) @ of_cells[:, 5:])
    return torch.cat([mean[:, :4], like, sure], 1)


def _of_places(
    places: Tensor, there: Tensor, things: Tensor, values: Tensor, wider: Tensor | float, sharp: float
) -> Tensor:
    """(c, n, 6) of places (c, n, C) among those of the cells that were chosen (c, chosen, n, C)."""
    there, values = there.flatten(1, 2), values.flatten(1, 2)
    cosines = places @ there.transpose(1, 2) + things
    weights = torch.softmax(cosines * sharp + values[:, None, :, 4], 2)
    mean, like = weights @ values, (weights * cosines).sum(2, keepdim=True)
    sure = mean[..., 5:]
    return torch.cat([mean[..., :4], (1 - wider * (1 - like)) * sure, sure], 2)


def mix_places(fine: Tensor, lightness: Tensor, side: int, near: float, like: float) -> Tensor:
    """(5, H, W) of places (5, h, w): L*, a*, b*, a*^2 + b*^2 and likeness as loops.mix_places mixes them.

    side  pixels of a place, each way
    """
    (height, width), (rows, columns) = lightness.shape, fine.shape[1:]
    inside = functional.pad(torch.cat([fine, torch.ones_like(fine[:1])]), (1, 1, 1, 1))
    around = torch.stack([inside[:, y : y + rows, x : x + columns] for y in range(3) for x in range(3)], -1)
    around = around.permute(1, 2, 3, 0).flatten(0, 1)  # (places, 9, 6)
    pixels = _in_places(lightness, side, rows, columns)
    at = (torch.arange(side, device=fine.device, dtype=fine.dtype) + 0.5) / side - 0.5
    away = near * (torch.arange(-1, 2, device=fine.device, dtype=fine.dtype) - at[:, None]).square()
    far = (away[:, None, :, None] + away[None, :, None, :]).reshape(side * side, 9)
    off = (pixels[:, :, None] - around[:, None, :, 0]).abs()
    weights = (1 - (far + off / like) / 16).clamp_(min=0)  # (1 - x / 16)^16 is nearly e^-x
    for _ in range(4):
        weights = weights.square_()
    sums = (weights + 1e-8) @ around
    out = sums[..., :5] / sums[..., 5:]
    out = out.reshape(rows, columns, side, side, 5).permute(4, 0, 2, 1, 3)
    return out.reshape(5, rows * side, columns * side)[:, :height, :width]


def _in_places(plane: Tensor, side: int, rows: int, columns: int) -> Tensor:
    """(rows columns, side^2) of a plane, its last row and column repeated."""
    down, right = (n * side - m for n, m in zip((rows, columns), plane.shape, strict=True))
    plane = functional.pad(plane[None, None], (0, right, 0, down), mode="replicate")[0, 0]
    return plane.reshape(rows, side, columns, side).transpose(1, 2).reshape(-1, side * side)


def compare(own: Tensor, other: Tensor, places: Tensor) -> Tensor:
    """(h, w): what origins._compare fills, of maps (h, w, C), and of places among those of the other, as
    planes.on_device.between has them."""
    value = functional.grid_sample(other.permute(2, 0, 1)[None], places[None], align_corners=True)[0]
    square = value.square().sum(0).clamp(min=1e-12)
    return (value * own.permute(2, 0, 1)).sum(0) * square.rsqrt()
