"""The sums of by_superpixel.py, by PyTorch on any device. Superpixels themselves are tracked on the processor.

A label's pixels are added up row by row of a table of their places: in the same order every time, which a device's own
way of adding to many places at once is not.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.propagate import by_superpixel as own


def table_of(slots: Array, count: int) -> Array:
    """(count, most) int64: the places of each label's pixels in the flattened frame; behind them, one past its last."""
    flat = slots.ravel()
    sizes = np.bincount(flat, minlength=count)
    order = np.argsort(flat, kind="stable")
    table = np.full((count, int(sizes.max(initial=1))), flat.size, np.int64)
    first = np.cumsum(sizes) - sizes
    table[flat[order], np.arange(flat.size) - first[flat[order]]] = order
    return table


def fit(sums: Tensor) -> Tensor:
    """(N, 8) models of (N, 9) sums, as by_superpixel._fit has them."""
    weight = sums[:, 0]
    some = weight > 1e-9
    mean = sums[:, 1:] / torch.where(some, weight, 1.0)[:, None]
    light, a, b = mean[:, 0], mean[:, 2], mean[:, 3]
    variance = (mean[:, 1] - light * light).clamp(min=0)
    slopes = [(mean[:, n] - light * c) / (variance + own.RIDGE) for n, c in ((4, a), (5, b))]
    spread = mean[:, 6] - a * a - b * b
    left = spread - (slopes[0].square() + slopes[1].square()) * (variance + 2 * own.RIDGE)
    models = torch.stack([light, a, b, *slopes, left.clamp(min=0).sqrt(), variance.sqrt(), mean[:, 7]], 1)
    strange = models.new_zeros(8)
    strange[7] = own.STRANGER
    return torch.where(some[:, None], models, strange)


def recall(slots: Tensor, luma: Tensor, models: Tensor) -> tuple[Tensor, Tensor]:
    """Chroma (2, h, w) and expected error (h, w) as remembered; slots (h, w) int64."""
    light, a, b, slope_a, slope_b, misfit, deviation, doubt = models.T[:, slots]
    off, width = luma - light, deviation + own.GRAIN
    within = torch.maximum(torch.minimum(off, own.REACH * width), -own.REACH * width)
    error = own.LEAST + own.MISFIT * misfit + own.DOUBT * (doubt - own.SURE).clamp(min=0)
    error = error + own.STRANGE * (off - within).abs() / width
    return torch.stack([a + slope_a * within, b + slope_b * within]), error


def learn(slots: Tensor, table: Tensor, luma: Tensor, chroma: Tensor, error: Tensor, models: Tensor) -> Tensor:
    """(N, 9): what a frame adds to the sums; see by_superpixel._learn."""
    light, a, b, slope_a, slope_b, misfit, _, doubt = models.T[:, slots]
    off = luma - light
    apart = (chroma[0] - a - slope_a * off).square() + (chroma[1] - b - slope_b * off).square()
    width = own.OUTLIER * misfit.clamp(min=own.NOISE) * (doubt / error).clamp(min=1).square()
    outlier = 1 / (1 + (apart / width.square()).square())
    weight = error**-4 * torch.where(doubt < own.STRANGER, outlier, 1.0)
    of_colors = [chroma[0], chroma[1], luma * chroma[0], luma * chroma[1], chroma.square().sum(0)]
    planes = torch.stack([torch.ones_like(luma), luma, luma * luma, *of_colors, error]) * weight
    flat = torch.cat([planes.flatten(1), planes.new_zeros((len(planes), 1))], 1)
    return torch.stack([plane[table].sum(1) for plane in flat], 1)
