"""Old film made of clean pictures on a device, many at once: what age.py does to one, with the same damages as often.

A batch's wear hangs on its generators alone. Sizes to which pictures are reduced are the nearest of a few, so that
pictures of one size go together; otherwise draws are as there.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy import ndarray as Array
from numpy.random import Generator
from torch import Tensor
from torch.nn import functional as F

from vidcolor.research.training import age

EVEN = age.EVEN
SIZES = 8
"""Reduced pictures have sides of a multiple of so many pixels."""
LINES, SPECKS = 4, 11
"""Scratches and specks of dust of a picture, at most."""
SOFT = 0.5
"""Pixels by which a line or ellipse of OpenCV's reaches beyond its width, smoothed as it is."""
JPEG = np.array(
    [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29,
     51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120,
     101, 72, 92, 95, 98, 112, 100, 103, 99]
).reshape(8, 8)  # fmt: skip
"""Steps of luma's frequencies at quality 50 (ITU T.81, table K.1)."""


def worn(lightness: Tensor, random: Generator, noise: torch.Generator, same: Array | None = None) -> Tensor:
    """(N, H, W) L* 0..100 of clean pictures as old prints show them; sides are multiples of 8.

    random  draws which damages there are, and how strong
    noise   draws the grain, on the pictures' device
    same    (N,): the picture whose print each one shares; its own where it is its own number
    """
    count = len(lightness)
    same = np.arange(count) if same is None else same
    left = (random.random(count) < age.CLEAN)[same]
    x = lightness.float() / 100
    for chance, damage in age.DAMAGES:
        name = damage.__name__.lstrip("_")
        hit = (random.random(count) < chance)[same] & ~left
        drawn = _DRAWS[name](random, count, (lightness.shape[1], lightness.shape[2]))
        if damage in age.LOOKS:
            drawn = {key: value[same] for key, value in drawn.items()}
        at = np.flatnonzero(hit)
        if len(at):
            where = torch.from_numpy(at).to(x.device)
            x = x.index_copy(0, where, _DAMAGES[name](x[where], {k: v[at] for k, v in drawn.items()}, noise))
    kept = torch.from_numpy(left).to(x.device)[:, None, None]
    return torch.where(kept, lightness.float(), x.clamp(0, 1) * 100)


Drawn = dict[str, Array]


def _of(values: Array, like: Tensor) -> Tensor:
    """(N, 1, 1) on the device."""
    return torch.from_numpy(np.asarray(values, np.float32)).to(like.device)[:, None, None]


def blurred(x: Tensor, sigma: Array) -> Tensor:
    """(N, H, W), each with its own Gaussian."""
    radius = max(1, math.ceil(3.5 * float(sigma.max())))
    at = torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype)
    weights = torch.exp(-0.5 * (at / _of(sigma, x)[:, :, 0]) ** 2)
    weights = weights / weights.sum(1, keepdim=True)
    padded = F.pad(x[None], (radius, radius, radius, radius), mode="reflect")
    rows = F.conv2d(padded, weights[:, None, None, :], groups=len(x))
    return F.conv2d(rows, weights[:, None, :, None], groups=len(x))[0]


def _smaller(x: Tensor, drawn: Drawn, _: torch.Generator) -> Tensor:
    out, size = x.clone(), x.shape[1:]
    sizes = np.stack([np.maximum(SIZES, np.rint(n / drawn["times"] / SIZES) * SIZES) for n in size], 1).astype(int)
    for high, wide in sorted(set(map(tuple, sizes.tolist()))):
        at = torch.from_numpy(np.flatnonzero((sizes == (high, wide)).all(1))).to(x.device)
        small = F.interpolate(x[at][:, None], size=(high, wide), mode="bilinear", antialias=True, align_corners=False)
        out[at] = F.interpolate(small, size=tuple(size), mode="bicubic", align_corners=False)[:, 0]
    return out


def _sharpened(x: Tensor, drawn: Drawn, _: torch.Generator) -> Tensor:
    return x + _of(drawn["amount"], x) * (x - blurred(x, drawn["sigma"]))


def _flattened(x: Tensor, drawn: Drawn, _: torch.Generator) -> Tensor:
    contrast, middle, shift = (_of(drawn[name], x) for name in ("contrast", "middle", "shift"))
    return middle + contrast * (x - 0.5) + shift


def _flickered(x: Tensor, drawn: Drawn, _: torch.Generator) -> Tensor:
    field = torch.from_numpy(drawn["field"].astype(np.float32)).to(x.device)[:, None]
    return x * (1 + F.interpolate(field, size=tuple(x.shape[1:]), mode="bicubic", align_corners=False)[:, 0])


def _grained(x: Tensor, drawn: Drawn, noise: torch.Generator) -> Tensor:
    grain = torch.randn(x.shape, generator=noise, device=x.device)
    coarse = np.flatnonzero(drawn["size"] > 0.35)
    if len(coarse):
        at = torch.from_numpy(coarse).to(x.device)
        soft = blurred(grain[at], drawn["size"][coarse])
        grain[at] = soft / (soft.std((1, 2), keepdim=True, correction=0) + EVEN)
    inside = x.clamp(0, 1)
    return x + _of(drawn["amount"], x) * grain * (0.4 + 2.4 * inside * (1 - inside))


def _scratched(x: Tensor, drawn: Drawn, _: torch.Generator) -> Tensor:
    height, width = x.shape[1:]
    rows = torch.arange(height, device=x.device)[None, :, None]
    columns = torch.arange(width, device=x.device)[None, None, :]
    for k in range(LINES):
        first, thick, drift, light, top, bottom, strength = (_of(drawn["lines"][:, k, j], x) for j in range(7))
        there = (rows - top) / (bottom - top)
        cover = (thick / 2 + SOFT + 0.5 - (columns - first - drift * there).abs()).clamp(0, 1)
        cover = cover * ((there >= 0) & (there <= 1)) * _of(drawn["count"] > k, x)
        x = x + strength * cover * (light - x)
    return x


def _dusty(x: Tensor, drawn: Drawn, _: torch.Generator) -> Tensor:
    height, width = x.shape[1:]
    rows = torch.arange(height, device=x.device)[None, :, None]
    columns = torch.arange(width, device=x.device)[None, None, :]
    for k in range(SPECKS):
        across, down, angle, light = (_of(drawn["specks"][:, k, j], x) for j in (0, 1, 4, 5))
        long, short = (_of(drawn["specks"][:, k, j] + SOFT, x) for j in (2, 3))
        u = (columns - across) * angle.cos() + (rows - down) * angle.sin()
        v = (rows - down) * angle.cos() - (columns - across) * angle.sin()
        reach = ((u / long) ** 2 + (v / short) ** 2).sqrt()
        cover = ((1 - reach) * torch.minimum(long, short) + 0.5).clamp(0, 1) * _of(drawn["count"] > k, x)
        x = x + cover * (light - x)
    return x


def _compressed(x: Tensor, drawn: Drawn, _: torch.Generator) -> Tensor:
    """What JPEG keeps of a gray picture: blocks of 8, their frequencies rounded to steps."""
    count, height, width = x.shape
    quality = drawn["quality"]
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    steps = np.clip((JPEG * scale[:, None, None] + 50) // 100, 1, 255).astype(np.float32)
    table = torch.from_numpy(steps).to(x.device)[:, None, None]
    turn = _cosines().to(x)
    codes = (x.clamp(0, 1) * 255).round() - 128
    blocks = codes.reshape(count, height // 8, 8, width // 8, 8).transpose(2, 3)
    kept = torch.round(turn @ blocks @ turn.T / table) * table
    back = (turn.T @ kept @ turn).transpose(2, 3).reshape(count, height, width)
    return (back + 128).round().clamp(0, 255) / 255


def _cosines() -> Tensor:
    """(8, 8): the orthonormal cosine transform."""
    k, n = np.mgrid[:8, :8]
    rows = np.cos(np.pi * (2 * n + 1) * k / 16) / 2
    rows[0] /= np.sqrt(2)
    return torch.from_numpy(rows.astype(np.float32))


def _draw_lines(random: Generator, count: int, size: tuple[int, int]) -> Drawn:
    height, width = size
    shape = (count, LINES)
    ends = np.sort(random.uniform(-0.3, 1.3, (*shape, 2)), -1) * height
    first, drift, strength = (
        random.uniform(0, width, shape),
        random.uniform(-4, 4, shape),
        random.uniform(0.3, 1, shape),
    )
    thick, light = random.integers(1, 3, shape), random.integers(0, 2, shape)
    columns = [first, thick, drift, light, ends[..., 0], ends[..., 1] + EVEN, strength]
    return {"lines": np.stack(columns, -1), "count": random.integers(1, LINES + 1, count)}


def _draw_specks(random: Generator, count: int, size: tuple[int, int]) -> Drawn:
    shape = (count, SPECKS)
    axes = random.integers(1, 4, (*shape, 2))
    columns = [random.uniform(0, size[1], shape), random.uniform(0, size[0], shape), axes[..., 0], axes[..., 1],
               random.uniform(0, np.pi, shape), random.choice([0.02, 0.98], shape)]  # fmt: skip
    return {"specks": np.stack(columns, -1), "count": random.integers(1, SPECKS + 1, count)}


def _uniform(**ranges: tuple[float, float]) -> Callable[[Generator, int, tuple[int, int]], Drawn]:
    return lambda random, count, _: {name: random.uniform(*ends, count) for name, ends in ranges.items()}


_DRAWS: dict[str, Callable[[Generator, int, tuple[int, int]], Drawn]] = {
    "smaller": _uniform(times=(1.2, 2.5)),
    "blurred": _uniform(sigma=(0.4, 1.6)),
    "sharpened": _uniform(amount=(0.3, 1.2), sigma=(0.8, 2.0)),
    "exposed": _uniform(power=(-0.5, 0.5)),
    "flattened": _uniform(contrast=(0.55, 1.25), middle=(0.35, 0.6), shift=(-0.05, 0.05)),
    "flickered": lambda random, count, _: {
        "field": random.normal(0, 1, (count, 3, 4)) * random.uniform(0.03, 0.12, (count, 1, 1))
    },
    "grained": _uniform(size=(0, 1.2), amount=(0.008, 0.07)),
    "scratched": _draw_lines,
    "dusty": _draw_specks,
    "compressed": lambda random, count, _: {"quality": random.integers(12, 75, count)},
}
_DAMAGES: dict[str, Callable[[Tensor, Drawn, torch.Generator], Tensor]] = {
    "smaller": _smaller,
    "blurred": lambda x, drawn, _: blurred(x, drawn["sigma"]),
    "sharpened": _sharpened,
    "exposed": lambda x, drawn, _: x.clamp(0, 1) ** _of(np.exp(drawn["power"]), x),
    "flattened": _flattened,
    "flickered": _flickered,
    "grained": _grained,
    "scratched": _scratched,
    "dusty": _dusty,
    "compressed": _compressed,
}
