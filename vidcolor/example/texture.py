"""Procedural surfaces: noise, brick, tiles, planks, cobbles, cloth. All are (H, W, 3) float32 of coded R'G'B' 0..1.

Everything is seeded: the same call gives the same picture.
"""

from __future__ import annotations

import cv2
import numpy as np

Picture = np.ndarray
Rgb = tuple[float, float, float]

NOISE_LIMIT = 2.5
"""Noise is clipped at this many standard deviations, so that no speck leaves the palette."""

COARSE = 4
"""Noise whose finest blots are this many pixels wide is made at half size: nobody sees a difference."""


def rgb(code: str) -> Rgb:
    """`8a5a44` as three numbers 0..1."""
    return (int(code[0:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:6], 16) / 255)


def noise(size: tuple[int, int], cell: float, seed: int, *, octaves: int = 4, stretch: float = 1.0) -> Picture:
    """(H, W) fractal noise of mean 0 and deviation 1. `cell`: pixels of its largest blots, `stretch` times
    wider than high.
    """
    height, width = size
    if cell / 2 ** (octaves - 1) >= COARSE and min(size) >= 2:
        half = noise((-(-height // 2), -(-width // 2)), cell / 2, seed, octaves=octaves, stretch=stretch)
        return cv2.resize(half, (width, height), interpolation=cv2.INTER_LINEAR)
    draw = np.random.default_rng(seed)
    total = np.zeros(size, np.float32)
    for octave in range(octaves):
        step = max(1.0, cell / 2**octave)
        rows, columns = int(height / step) + 3, int(width / (step * stretch)) + 3
        grid = draw.standard_normal((rows, columns), dtype=np.float32)
        full = (round(columns * step * stretch), round(rows * step))
        blots = cv2.resize(grid, full, interpolation=cv2.INTER_CUBIC)[:height, :width]
        total += blots * np.float32(0.6**octave)
    total -= total.mean()
    total /= max(1e-6, float(total.std()))
    return np.clip(total, -NOISE_LIMIT, NOISE_LIMIT)


def flat(size: tuple[int, int], color: Rgb) -> Picture:
    """One colour all over."""
    return np.broadcast_to(np.array(color, np.float32), (*size, 3)).copy()


def toned(color: Rgb | Picture, tone: Picture) -> Picture:
    """`color` made lighter and darker: times 1 + tone."""
    base = np.asarray(color, np.float32)
    return base * (1 + tone[..., None])


def mixed(one: Rgb | Picture, other: Rgb | Picture, weight: Picture) -> Picture:
    """`one` where weight is 0, `other` where it is 1."""
    w = weight[..., None].astype(np.float32)
    return np.asarray(one, np.float32) * (1 - w) + np.asarray(other, np.float32) * w


def ramp(size: tuple[int, int], *, down: bool = True) -> Picture:
    """0 at the top (or left) to 1 at the bottom (or right)."""
    height, width = size
    line = np.linspace(0, 1, height if down else width, dtype=np.float32)
    return np.broadcast_to(line[:, None] if down else line[None], size).copy()


def plaster(size: tuple[int, int], color: Rgb, seed: int, over: int) -> Picture:
    """A rendered wall: broad stains, fine grit, a little dirt rising from the foot."""
    stains = noise(size, 60 * over, seed, octaves=5) * 0.045
    grit = noise(size, 2.2 * over, seed + 1, octaves=2) * 0.035
    foot = np.clip(ramp(size) - 0.75, 0, 1) * -0.45
    return toned(color, stains + grit + foot)


def brick(size: tuple[int, int], colors: tuple[Rgb, Rgb], seed: int, over: int) -> Picture:
    """Brickwork of two burnt colours in light mortar."""
    wide, high, joint = 11.0 * over, 4.6 * over, 0.85 * over
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    row = np.floor(y / high).astype(int)
    shifted = x + (row % 2) * wide / 2
    column = np.floor(shifted / wide).astype(int)
    tones = np.random.default_rng(seed).standard_normal((64, 64), dtype=np.float32)
    tone = tones[row % 64, column % 64]
    across, up = shifted % wide, y % high
    edge = np.minimum(np.minimum(across, wide - across), np.minimum(up, high - up))
    mortar = np.clip(1.3 - edge / joint, 0, 1)
    stone = mixed(colors[0], colors[1], np.clip(0.5 + tone * 0.4, 0, 1))
    stone = toned(stone, 0.07 * noise(size, 50 * over, seed + 1) + 0.05 * noise(size, 2 * over, seed + 2))
    return mixed(stone, rgb("a89a86"), mortar * 0.75)


def tiles(size: tuple[int, int], color: Rgb, seed: int, over: int) -> Picture:
    """A tiled roof: rows of rounded tiles, each with its own tone and a shadow below its edge."""
    wide, high = 5.5 * over, 5.0 * over
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    row = np.floor(y / high).astype(int)
    shifted = x + (row % 2) * wide / 2
    column = np.floor(shifted / wide).astype(int)
    tone = np.random.default_rng(seed).standard_normal((97, 97), dtype=np.float32)[row % 97, column % 97]
    bulge = np.sin(np.pi * (shifted % wide) / wide)
    shadow = np.clip(1 - (y % high) / (0.35 * high), 0, 1)
    weather = noise(size, 40 * over, seed + 1) * 0.07
    return toned(color, 0.09 * tone + 0.16 * (bulge - 0.6) - 0.3 * shadow + weather)


def cobbles(size: tuple[int, int], color: Rgb, seed: int, over: int) -> Picture:
    """Setts seen from a standing man's height: rows grow towards the foot of the picture."""
    out = flat(size, (0.2, 0.185, 0.17))
    draw = np.random.default_rng(seed)
    top, step, row = 0.0, 3.2 * over, 0
    while top < size[0]:
        y0, y1 = int(top), min(size[0], int(top + step))
        if y1 > y0:
            wide = step * 1.9
            x = np.arange(size[1], dtype=np.float32) + (row % 2) * wide / 2 + draw.uniform(0, wide / 4)
            tone = draw.standard_normal(size[1] // int(wide) + 4, dtype=np.float32)
            column = np.floor(x / wide).astype(int)
            across = (2 * (x % wide) / wide - 1)[None]
            up = (2 * (np.arange(y0, y1, dtype=np.float32) - top) / step - 1)[:, None]
            stone = np.clip((1.0 - across**4 - up**4) * 2.5, 0, 1)
            light = 0.13 * tone[column][None] - 0.16 * up - 0.08 * across
            body = toned(color, light)
            out[y0:y1] = mixed(out[y0:y1], body, stone)
        top, step, row = top + step, step * 1.075, row + 1
    return toned(out, 0.05 * noise(size, 70 * over, seed + 3) + 0.05 * noise(size, 2 * over, seed + 4))


def wood(size: tuple[int, int], color: Rgb, seed: int, over: int, *, plank: float = 0, down: bool = False) -> Picture:
    """Wood with its grain along the width (or the height), and joints every `plank` frame pixels."""
    if down:
        return wood((size[1], size[0]), color, seed, over, plank=plank).transpose(1, 0, 2).copy()
    fibre = noise(size, 2.2 * over, seed, octaves=3, stretch=26)
    knots = noise(size, 14 * over, seed + 1, octaves=3, stretch=7)
    rings = np.sin(knots * 7 + fibre) * 0.055
    tone = rings + fibre * 0.06 + noise(size, 50 * over, seed + 2, stretch=3) * 0.05
    if plank:
        y = np.arange(size[0], dtype=np.float32)[:, None] / over
        row = np.floor(y / plank).astype(int)
        each = np.random.default_rng(seed).standard_normal(512).astype(np.float32)[row % 512]
        tone = tone + 0.06 * each - 0.45 * np.clip(1 - (y % plank) / 0.9, 0, 1)
    return toned(color, tone)


def cloth(size: tuple[int, int], color: Rgb, seed: int, over: int, *, folds: float = 0) -> Picture:
    """Woven cloth; `folds`: frame pixels from fold to fold of a hanging, 0 for none."""
    weave = noise(size, 1.6 * over, seed, octaves=2) * 0.03 + noise(size, 40 * over, seed + 1) * 0.04
    if folds:
        x = np.arange(size[1], dtype=np.float32)[None] / over
        drift = noise(size, 90 * over, seed + 2, octaves=2, stretch=0.4) * folds * 0.2
        phase = 2 * np.pi * (x + drift) / folds
        weave = weave + 0.17 * np.sin(phase) + 0.07 * np.sin(2.3 * phase + 1)
    return toned(color, weave)


def grass(size: tuple[int, int], colors: tuple[Rgb, Rgb], seed: int, over: int) -> Picture:
    """Meadow: patches of two greens, upright blades, small flowers of light."""
    patches = np.clip(0.5 + 0.33 * noise(size, 46 * over, seed, stretch=2.6), 0, 1)
    blades = noise(size, 3.4 * over, seed + 1, octaves=3, stretch=0.35) * 0.09
    tufts = noise(size, 11 * over, seed + 2, octaves=3, stretch=1.6) * 0.08
    return toned(mixed(colors[0], colors[1], patches), blades + tufts)


def sky(
    size: tuple[int, int], colors: tuple[Rgb, Rgb], cloud: Rgb, seed: int, over: int, *, cover: float = 0.0
) -> Picture:
    """Sky from `colors[0]` above to `colors[1]` at the foot, with lit and shaded clouds."""
    base = mixed(colors[0], colors[1], ramp(size) ** 1.3)
    field = noise(size, 75 * over, seed, octaves=6, stretch=2.2)
    shade = cv2.GaussianBlur(field, (0, 0), 7 * over)
    above = shade[np.maximum(np.arange(size[0]) - 6 * over, 0)]
    body = np.clip((field + cover) * 0.8, 0, 1)
    body = body * body * (3 - 2 * body)
    light = np.clip(0.5 + (shade - above) * 0.8, 0, 1)
    lit = mixed(toned(cloud, np.full(size, -0.2, np.float32)), cloud, light)
    return mixed(base, lit, body * (1 - 0.35 * ramp(size)))
