"""The things on the room's table, and the cat in its window."""

from __future__ import annotations

import numpy as np

from vidcolor.example import plants
from vidcolor.example.canvas import OVER, Canvas, Sprite
from vidcolor.example.texture import cloth, noise, plaster, rgb, toned

BRASS = rgb("b08c4c")


def vase() -> Sprite:
    """A blue vase with red, yellow and violet flowers; the pivot is its foot."""
    canvas = Canvas(170, 220)
    draw = np.random.default_rng(24)
    heads = [(85, 42), (50, 62), (122, 58), (66, 92), (106, 94), (32, 100), (138, 96), (88, 74), (60, 30), (112, 26)]
    for x, y in heads:
        canvas.line([(85, 140), ((85 + x) / 2 + draw.uniform(-5, 5), (y + 140) / 2), (x, y)], 2, rgb("4a5a33"))
    for _ in range(46):
        at = (85 + draw.normal(0, 30), 92 + draw.normal(0, 24))
        green = [rgb("3e4d2c"), rgb("566539"), rgb("75813f")][draw.integers(3)]
        canvas.ellipse(at, (draw.uniform(7, 14), draw.uniform(2.5, 4.5)), green, angle=draw.uniform(-80, 80))
    colors = ("a8453d", "c9a048", "76577c", "b5624a", "d5cbb5")
    for k, (x, y) in enumerate(heads):
        plants.flower(canvas, (x, y), 15 + 4 * (k % 3), rgb(colors[k % len(colors)]), 25 + k)
    glaze = plaster(canvas.size, rgb("44617c"), 26, OVER)
    outline = [
        (72, 132),
        (98, 132),
        (95, 144),
        (116, 166),
        (119, 186),
        (104, 214),
        (66, 214),
        (51, 186),
        (54, 166),
        (75, 144),
    ]
    canvas.polygon(outline, glaze)
    for y, half in ((160, 28), (194, 31)):
        canvas.rect(85 - half, y, 85 + half, y + 3, rgb("cdbf95"))
    canvas.shade([(98, 132), (130, 132), (130, 216), (92, 216), (100, 180)], 0.5, 6)
    canvas.ellipse((68, 172), (4, 13), rgb("a9bccb"), angle=12, opacity=0.7)
    canvas.grit(0.06, 27)
    return canvas.sprite((85, 212))


def lamp() -> Sprite:
    canvas = Canvas(130, 200)
    canvas.polygon(
        [(58, 96), (72, 96), (70, 130), (80, 160), (76, 184), (54, 184), (50, 160), (60, 130)],
        plaster(canvas.size, BRASS, 28, OVER),
    )
    canvas.ellipse((65, 188), (30, 8), rgb("8f7038"))
    canvas.round_off(0.5, left=0.42)
    shade = cloth(canvas.size, rgb("ddc083"), 29, OVER, folds=10)
    canvas.polygon([(38, 10), (92, 10), (124, 98), (6, 98)], shade)
    canvas.polygon([(7, 93), (123, 93), (124, 99), (6, 99)], rgb("8a4a3a"))
    canvas.grit(0.05, 30)
    return canvas.sprite((65, 194))


def bowl() -> Sprite:
    """A bowl of apples, oranges and a pear."""
    canvas = Canvas(150, 92)
    fruits = (
        ("b0492f", 38, 38, 17),
        ("c9822f", 70, 32, 18),
        ("8f9a3f", 104, 38, 17),
        ("a63f38", 88, 46, 16),
        ("c58a38", 52, 48, 16),
    )
    for code, x, y, r in fruits:
        color = rgb(code)
        for ring in range(6):
            tone = 0.62 + 0.09 * ring
            shade = (color[0] * tone, color[1] * tone, color[2] * tone)
            canvas.ellipse((x - ring * 0.9, y - ring * 1.0), (r - ring * 2.2, r - ring * 2.3), shade)
        canvas.ellipse((x - 6, y - 7), (2.6, 1.8), rgb("e8d3b4"))
    canvas.line([(38, 24), (41, 17)], 1.4, rgb("4a3826"))
    canvas.line([(104, 22), (107, 15)], 1.4, rgb("4a3826"))
    glaze = plaster(canvas.size, rgb("c8b998"), 31, OVER)
    canvas.polygon([(10, 48), (140, 48), (124, 74), (98, 84), (52, 84), (26, 74)], glaze)
    canvas.line([(12, 49), (138, 49)], 3, rgb("7f8f6a"))
    canvas.shade([(100, 48), (142, 48), (124, 76), (84, 86)], 0.6, 7)
    canvas.grit(0.07, 32)
    return canvas.sprite((75, 84))


def ball() -> Sprite:
    """A wooden ball in red, cream and blue, 44 across."""
    canvas = Canvas(48, 48)
    for k, color in enumerate([rgb("a8443a"), rgb("d6c69c"), rgb("47668a")] * 2):
        canvas.ellipse((24, 24), (22, 22), color, arc=(60 * k, 60 * k + 60))
        turn = np.deg2rad([60 * k, 60 * k + 60])
        canvas.polygon([(24, 24), *((24 + 22 * float(np.cos(a)), 24 + 22 * float(np.sin(a))) for a in turn)], color)
    canvas.ellipse((24, 24), (4, 4), BRASS)
    canvas.grit(0.1, 33)
    return canvas.sprite((24, 24))


def cat() -> tuple[Sprite, Sprite]:
    """A ginger cat seated, seen from behind, and its tail."""
    canvas = Canvas(70, 100)
    fur = toned(rgb("b5763f"), noise(canvas.size, 5 * OVER, 34, stretch=2.5) * 0.13)
    canvas.ellipse((36, 70), (22, 29), fur)
    canvas.ellipse((36, 34), (15, 14), fur)
    for side in (-1, 1):
        canvas.polygon([(36 + side * 14, 30), (36 + side * 12, 12), (36 + side * 3, 22)], fur)
    for k in range(7):
        canvas.line([(24 - k * 0.7, 50 + 5 * k), (36, 54 + 5 * k), (48 + k * 0.7, 50 + 5 * k)], 1.8, rgb("7d4a26"))
    canvas.round_off(0.4, left=0.2)
    tail = Canvas(26, 60)
    tail.line([(13, 3), (15, 25), (9, 42), (14, 56)], 6, rgb("a2683a"))
    for y in (14, 26, 38, 50):
        tail.line([(8, y), (19, y + 1)], 2, rgb("7d4a26"))
    return canvas.sprite((36, 98)), tail.sprite((13, 3))
