"""Trees, bushes and flowers, leaf by leaf."""

from __future__ import annotations

import numpy as np

from vidcolor.example.canvas import Canvas, Point, Sprite
from vidcolor.example.texture import Rgb, rgb

BARK = rgb("4a3c30")
GREENS = (rgb("2c3a22"), rgb("48592e"), rgb("6f7d3c"), rgb("98a052"))
"""Leaves from the shadow to the light."""


def crown(
    canvas: Canvas, center: Point, radii: Point, seed: int, *, greens: tuple[Rgb, ...] = GREENS, leaf: float = 3.2
) -> None:
    """A tree's crown: clusters of leaves, the shaded ones first, the lit ones above and to the left."""
    draw = np.random.default_rng(seed)
    count = max(int(min(26, 6 + 0.7 * min(radii))), int(radii[0] * radii[1] / 150))
    clusters = draw.uniform(-1, 1, (count * 3, 2))
    clusters = clusters[(clusters**2).sum(1) < 1][:count] * 0.86
    clusters = clusters[np.argsort(clusters[:, 1])]
    for cx, cy in clusters.tolist():
        spread = 0.2 * min(radii) + 4
        x, y = center[0] + cx * radii[0], center[1] + cy * radii[1]
        canvas.ellipse((x, y + spread * 0.15), (spread * 1.15, spread * 0.95), greens[0])
        for level, color in enumerate(greens):
            reach = 1.0 - 0.17 * level
            for dx, dy, turn, size in draw.normal(0, 1, (10 + int(1.6 * spread), 4)).tolist():
                at = (
                    x + (0.5 * dx * reach - 0.16 * level) * spread,
                    y + (0.42 * dy * reach - 0.2 * level) * spread,
                )
                tone = 1 + 0.1 * size - 0.18 * max(0.0, cy)
                shade = (color[0] * tone, color[1] * tone, color[2] * tone)
                canvas.ellipse(at, (leaf * (0.7 + 0.15 * abs(size)), leaf * 0.45), shade, angle=turn * 60)


def tree(width: int, height: int, seed: int, *, greens: tuple[Rgb, ...] = GREENS, trunk: float = 0.45) -> Sprite:
    """A broad tree; its pivot is the foot of the trunk. `trunk`: how much of its height is bare."""
    canvas = Canvas(width, height)
    foot, thick = (width / 2, float(height)), width * 0.045 + 2
    fork = height * (1 - trunk)
    canvas.polygon(
        [
            (foot[0] - thick * 1.5, height), (foot[0] - thick, fork), (foot[0] - thick * 0.8, fork * 0.5),
            (foot[0] + thick * 0.8, fork * 0.5), (foot[0] + thick, fork), (foot[0] + thick * 1.6, height),
        ],
        BARK,
    )  # fmt: skip
    for side, rise in ((-1, 0.55), (1, 0.4), (-1, 0.25)):
        end = (foot[0] + side * width * 0.3, fork * rise)
        canvas.line([(foot[0], fork * (rise + 0.4)), end], thick * 0.8, BARK)
    canvas.grit(0.16, seed, 3)
    canvas.round_off(0.25, left=0.4)
    crown(canvas, (foot[0], fork * 0.55), (width * 0.46, fork * 0.5), seed, greens=greens)
    return canvas.sprite(foot)


def poplar(width: int, height: int, seed: int, *, greens: tuple[Rgb, ...] = GREENS) -> Sprite:
    """A tall narrow tree; its pivot is its foot."""
    canvas = Canvas(width, height)
    canvas.rect(width * 0.44, height * 0.7, width * 0.56, height, BARK)
    for part, wide in enumerate((0.1, 0.17, 0.23, 0.28, 0.3, 0.3, 0.22)):
        center = (width / 2, height * (0.1 + 0.117 * part))
        crown(canvas, center, (width * wide, height * 0.12), seed + part, greens=greens, leaf=2.6)
    return canvas.sprite((width / 2, float(height)))


def flower(canvas: Canvas, center: Point, size: float, color: Rgb, seed: int) -> None:
    """A blossom of round petals in three tones about a dark heart."""
    draw = np.random.default_rng(seed)
    for ring, (reach, tone) in enumerate(((1.0, 0.62), (0.78, 0.85), (0.5, 1.08))):
        petals = 9 - 2 * ring
        for k in range(petals):
            turn = 2 * np.pi * (k + 0.5 * ring) / petals + draw.normal(0, 0.1)
            at = (
                center[0] + np.cos(turn) * size * reach * 0.62,
                center[1] + np.sin(turn) * size * reach * 0.55,
            )
            light = tone * (1 + 0.14 * draw.normal() - 0.1 * np.sin(turn))
            shade = (color[0] * light, color[1] * light, color[2] * light)
            canvas.ellipse(at, (size * 0.42, size * 0.27), shade, angle=float(np.rad2deg(turn)))
    heart = (color[0] * 0.4, color[1] * 0.34, color[2] * 0.3)
    canvas.ellipse(center, (size * 0.18, size * 0.16), heart)
