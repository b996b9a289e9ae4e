"""First scene: a street in the morning. A tram passes behind lamps and a tree; a man in a coat walks.

The houses stand on the line y = 250; the scene runs from x = 0 to x = 1000.
"""

from __future__ import annotations

import numpy as np

from vidcolor.example import plants
from vidcolor.example.canvas import OVER, Canvas, Sprite, soft_blot
from vidcolor.example.figures import Walker
from vidcolor.example.stage import Camera, Pose, blank, daylight, place
from vidcolor.example.texture import Picture, Rgb, brick, cobbles, plaster, rgb, sky, tiles

WIDTH = 1000
FOOT = 250
"""Where the walls meet the pavement."""
CREAM, IRON, GLASS = rgb("d8cbb0"), rgb("2c3431"), rgb("33404a")

HOUSES: tuple[tuple[int, int, str, str, str, str], ...] = (
    # width, height, wall, roof, shutters, door
    (150, 172, "brick", "6d4a3c", "41594a", "5a2e26"),
    (132, 200, "c9a86a", "59453b", "6b7f86", "3f4b3a"),
    (168, 158, "a3ab97", "7a4f3d", "8a4a38", "35424f"),
    (126, 205, "c79a86", "4f4844", "4f6a62", "6a4a2a"),
    (160, 176, "dark", "6a5248", "c4b48e", "2f4a3c"),
    (140, 190, "d3c6a5", "74503f", "4a5d78", "6e2f2c"),
    (150, 165, "8f9fa6", "5b473d", "7d5a3c", "42352c"),
)
AWNINGS: tuple[tuple[Rgb, Rgb], ...] = (
    (rgb("a0453a"), CREAM), (rgb("4f6d58"), CREAM), (rgb("3f5878"), rgb("d9c890")), (rgb("b5823c"), CREAM),
)  # fmt: skip


def _wall(canvas: Canvas, name: str, seed: int) -> Picture:
    if name == "brick":
        return brick(canvas.size, (rgb("8c4c38"), rgb("a4654a")), seed, OVER)
    if name == "dark":
        return brick(canvas.size, (rgb("6d3f35"), rgb("855445")), seed, OVER)
    return plaster(canvas.size, rgb(name), seed, OVER)


def _window(canvas: Canvas, x: float, y: float, size: tuple[float, float], shutter: Rgb, seed: int) -> None:
    """A sash window with stone sill, curtains, the sky in its panes, and louvred shutters."""
    w, h = size
    draw = np.random.default_rng(seed)
    canvas.rect(x - 2.5, y - 3.5, x + w + 2.5, y + h + 2, CREAM)
    canvas.rect(x, y, x + w, y + h, GLASS)
    canvas.polygon([(x, y), (x + w, y), (x + w, y + h * 0.25), (x, y + h * 0.6)], rgb("74868e"), 0.8)
    curtain = [rgb("cfc3a8"), rgb("b98f78"), rgb("b7bba8")][seed % 3]
    open_by = draw.uniform(0.2, 0.45) * w
    canvas.polygon([(x, y), (x + open_by, y), (x + open_by * 0.5, y + h), (x, y + h)], curtain, 0.85)
    canvas.polygon([(x + w, y), (x + w - open_by, y), (x + w - open_by * 0.5, y + h), (x + w, y + h)], curtain, 0.7)
    for bar in (0.36, 0.68):
        canvas.rect(x, y + h * bar - 0.5, x + w, y + h * bar + 0.5, CREAM)
    canvas.rect(x + w / 2 - 0.7, y, x + w / 2 + 0.7, y + h, CREAM)
    canvas.shade([(x, y), (x + w, y), (x + w, y + 3), (x, y + 3)], 0.55)
    canvas.rect(x - 4, y + h + 1.5, x + w + 4, y + h + 4.5, rgb("b3a78f"))
    canvas.shade([(x - 4, y + h + 4.5), (x + w + 4, y + h + 4.5), (x + w, y + h + 9), (x, y + h + 9)], 0.72)
    for side in (x - w * 0.52 - 3, x + w + 3):
        canvas.rect(side, y - 1, side + w * 0.52, y + h + 1, shutter)
        for slat in np.arange(y + 1, y + h - 1, 2.6).tolist():
            dark = (shutter[0] * 0.66, shutter[1] * 0.66, shutter[2] * 0.66)
            canvas.rect(side + 1.4, slat, side + w * 0.52 - 1.4, slat + 1.1, dark)


def _shop(canvas: Canvas, x: float, width: float, door: Rgb, which: int) -> None:
    """Ground floor: a door, a shop window with goods, a signboard, a striped awning and its shadow."""
    draw = np.random.default_rng(40 + which)
    top = FOOT - 58
    canvas.rect(x + 8, top + 6, x + width - 8, FOOT, (door[0] * 0.8, door[1] * 0.8, door[2] * 0.8))
    left, right = x + 14, x + width - 46
    canvas.rect(left, top + 16, right, FOOT - 12, GLASS)
    for item in np.arange(left + 5, right - 4, 7.5).tolist():
        tall = draw.uniform(6, 17)
        goods = [rgb("b5764a"), rgb("a89a5c"), rgb("8f4a44"), rgb("c9bd9a"), rgb("5d7a6a")][draw.integers(5)]
        canvas.ellipse((item, FOOT - 13 - tall / 2), (3.6, tall / 2), goods)
        canvas.ellipse((item - 1, FOOT - 14 - tall * 0.65), (1.2, tall * 0.16), (0.85, 0.82, 0.72))
    canvas.polygon(
        [(left, top + 16), (left + 22, top + 16), (left + 2, FOOT - 12), (left, FOOT - 12)], rgb("9db0b5"), 0.5
    )
    canvas.rect((left + right) / 2 - 0.8, top + 16, (left + right) / 2 + 0.8, FOOT - 12, CREAM)
    d0, d1 = x + width - 38, x + width - 15
    canvas.rect(d0 - 2, top + 12, d1 + 2, FOOT, CREAM)
    canvas.rect(d0, top + 14, d1, FOOT, door)
    canvas.rect(d0 + 4, top + 18, d1 - 4, top + 34, GLASS)
    canvas.rect(d0 + 4, top + 39, d1 - 4, FOOT - 4, (door[0] * 0.7, door[1] * 0.7, door[2] * 0.7))
    canvas.ellipse((d1 - 2.5, top + 38), (1.1, 1.1), rgb("c9a95a"))
    canvas.rect(x + 10, top - 6, x + width - 10, top + 6, rgb("3a3029"))
    for letter in np.arange(x + 20, x + width - 22, 6.5).tolist():
        canvas.rect(letter, top - 2.6, letter + draw.uniform(1.5, 4.2), top + 2.8, rgb("c2a566"))
    stripe, other = AWNINGS[which % len(AWNINGS)]
    edges = np.linspace(x + 11, right + 6, 12)
    for k, (a, b) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        color = stripe if k % 2 else other
        canvas.polygon([(a, top + 6), (b, top + 6), (b + 2, top + 22), (a - 2, top + 22)], color)
        canvas.ellipse(((a + b) / 2, top + 22), ((b - a) / 2 + 1.5, 3), color, arc=(0, 180))
    canvas.shade([(left, top + 23), (right + 6, top + 23), (right, top + 38), (left, top + 36)], 0.5, 2)


def _house(which: int) -> Canvas:
    """One house with its roof, 8 pixels of air on either side."""
    width, height, wall, roof, shutter, door = HOUSES[which]
    canvas = Canvas(width + 16, FOOT + 4)
    x, top = 8, FOOT - height
    for chimney in (0.22, 0.72):
        c = x + width * chimney
        canvas.rect(c, top - 46, c + 15, top, rgb("7c4a3a"))
        canvas.rect(c - 2, top - 48, c + 17, top - 44, rgb("6a5a4c"))
    roofing = tiles(canvas.size, rgb(roof), 10 + which, OVER)
    canvas.polygon([(x - 3, top), (x + 14, top - 36), (x + width - 14, top - 36), (x + width + 3, top)], roofing)
    for part in (0.3, 0.66):
        d = x + width * part
        canvas.polygon([(d - 13, top - 6), (d, top - 30), (d + 13, top - 6)], rgb("8a7f6e"))
        canvas.rect(d - 6, top - 19, d + 6, top - 6, GLASS)
        canvas.rect(d - 0.6, top - 19, d + 0.6, top - 6, CREAM)
    canvas.rect(x, top, x + width, FOOT, _wall(canvas, wall, 20 + which))
    canvas.rect(x, top - 3, x + width, top + 3, rgb("b7aa90"))
    canvas.shade([(x, top + 3), (x + width, top + 3), (x + width, top + 13), (x, top + 13)], 0.6, 2)
    floors = max(2, round((height - 62) / 52))
    for floor in range(floors):
        y = top + 17 + floor * (height - 70) / floors
        for k in range(3):
            _window(canvas, x + width * (0.2 + 0.3 * k) - 8, y, (16, 27), rgb(shutter), which * 9 + floor * 3 + k)
    _shop(canvas, x, width, rgb(door), which)
    canvas.rect(x + width - 2.2, top, x + width, FOOT, rgb("5f5a50"))
    canvas.shade([(x, top), (x + 40, top), (x + 12, FOOT), (x, FOOT)], 0.74, 4)
    return canvas


def _houses() -> Sprite:
    """The row of houses, one sprite."""
    canvas = Canvas(WIDTH, FOOT + 4)
    x = -8
    for which, house in enumerate(HOUSES):
        canvas.paste(_house(which), x, 0)
        x += house[0]
    return canvas.sprite((0, FOOT))


def _ground() -> Sprite:
    canvas = Canvas(WIDTH, 140)
    canvas.cover(cobbles(canvas.size, rgb("857b6e"), 5, OVER))
    canvas.rect(0, 0, WIDTH, 17, plaster(canvas.size, rgb("a69c8c"), 6, OVER))
    for slab in range(0, WIDTH, 26):
        canvas.line([(slab, 0), (slab - 9, 16)], 0.5, rgb("776e62"))
    canvas.rect(0, 16, WIDTH, 20.5, plaster(canvas.size, rgb("bdb19b"), 7, OVER))
    canvas.rect(0, 20.5, WIDTH, 22.5, rgb("4b453f"))
    for rail in (39.0, 52.0):
        canvas.rect(0, rail, WIDTH, rail + 2.2, rgb("4a4744"))
        canvas.rect(0, rail + 0.3, WIDTH, rail + 1.2, rgb("a9aaa5"))
    canvas.shade([(0, 0), (WIDTH, 0), (WIDTH, 9), (0, 9)], 0.7, 4)
    return canvas.sprite(opaque=True)


def _tram() -> Sprite:
    """A tramcar in green and cream, 250 by 92; its pivot is where the middle of it meets the rail."""
    canvas = Canvas(250, 104)
    canvas.line([(125, 14), (104, 2), (146, 2)], 1.5, IRON)
    canvas.polygon([(6, 26), (22, 13), (228, 13), (244, 26)], rgb("8d8672"))
    canvas.polygon(
        [(4, 30), (9, 24), (241, 24), (246, 30), (246, 86), (4, 86)], plaster(canvas.size, rgb("d2c298"), 31, OVER)
    )
    canvas.polygon([(4, 60), (246, 60), (244, 90), (6, 90)], plaster(canvas.size, rgb("3f6650"), 32, OVER))
    canvas.rect(4, 58, 246, 60.5, rgb("b08d4a"))
    canvas.rect(4, 85, 246, 87, rgb("b08d4a"))
    for k in range(8):
        x = 38 + k * 22.3
        canvas.rect(x, 32, x + 18, 54, rgb("5a3d2a"))
        canvas.rect(x + 1.5, 33.5, x + 16.5, 52.5, rgb("435058"))
        canvas.polygon([(x + 1.5, 33.5), (x + 12, 33.5), (x + 4, 52.5), (x + 1.5, 52.5)], rgb("8c9da2"), 0.75)
        if k in (1, 2, 4, 6):
            coat = [rgb("6b4a3a"), rgb("4a5568"), rgb("7a3f3a")][k % 3]
            canvas.ellipse((x + 10, 51), (5.5, 8), coat, arc=(180, 360))
            canvas.ellipse((x + 10, 41.5), (3.1, 3.9), rgb("c09a7c"))
            canvas.ellipse((x + 10, 38.7), (3.9, 1.9), rgb("3a302a"), arc=(180, 360))
    for x in (10, 219):
        canvas.rect(x, 30, x + 20, 84, rgb("5a3d2a"))
        canvas.rect(x + 2, 32, x + 18, 56, rgb("435058"))
        canvas.polygon([(x + 2, 32), (x + 11, 32), (x + 4, 56), (x + 2, 56)], rgb("8c9da2"), 0.7)
        canvas.rect(x + 2.5, 62, x + 17.5, 81, rgb("35573f"))
    canvas.rect(96, 15.5, 154, 23, rgb("34302b"))
    for letter in range(9):
        canvas.rect(100 + letter * 5.8, 17.4, 103.6 + letter * 5.8, 21.2, rgb("d4bb78"))
    canvas.polygon([(28, 90), (222, 90), (214, 97), (36, 97)], rgb("2e2b29"))
    for x in (58, 84, 166, 192):
        canvas.ellipse((x, 95), (8, 8), rgb("1f1e1d"))
        canvas.ellipse((x, 95), (5.6, 5.6), rgb("55524d"))
        canvas.ellipse((x, 95), (2, 2), rgb("1f1e1d"))
    canvas.ellipse((247, 74), (3, 4.5), rgb("e2d6ac"))
    canvas.shade([(4, 24), (246, 24), (246, 31), (4, 31)], 0.62, 1.5)
    canvas.grit(0.06, 33)
    return canvas.sprite((125, 102))


def _lamp() -> Sprite:
    """A street lamp of cast iron, 215 high; its pivot is its foot."""
    canvas = Canvas(60, 216)
    canvas.rect(26.5, 62, 33.5, 216, IRON)
    canvas.polygon([(20, 216), (23, 190), (37, 190), (40, 216)], IRON)
    for y in (62, 105, 188):
        canvas.rect(23.5, y, 36.5, y + 4, rgb("3c4743"))
    canvas.rect(28, 62, 29.6, 216, rgb("5d6b65"))
    canvas.line([(12, 72), (48, 72)], 2.4, IRON)
    canvas.polygon([(20, 22), (40, 22), (36, 60), (24, 60)], rgb("d9cda0"))
    canvas.polygon([(20, 22), (28, 22), (27, 60), (24, 60)], rgb("efe6c2"))
    for x in (20, 30, 39):
        canvas.line([(x, 22), (30 + (x - 30) * 0.6, 60)], 1.4, IRON)
    canvas.polygon([(15, 22), (30, 6), (45, 22)], rgb("3c4743"))
    canvas.ellipse((30, 5), (2.6, 4), IRON)
    canvas.grit(0.09, 34)
    return canvas.sprite((30, 215))


def _skyline() -> Sprite:
    """Hazy roofs and a church behind the houses."""
    canvas = Canvas(900, 200)
    draw = np.random.default_rng(35)
    for k in range(34):
        x, tall = k * 27.0, draw.uniform(45, 95)
        tone = draw.uniform(0.9, 1.1)
        wall, roof = rgb("a3a3a0"), rgb("93867f")
        canvas.rect(x, 200 - tall, x + 27, 200, (wall[0] * tone, wall[1] * tone, wall[2] * tone))
        canvas.polygon([(x - 2, 200 - tall), (x + 13, 184 - tall), (x + 29, 200 - tall)], roof)
    canvas.rect(392, 60, 428, 200, rgb("9c9a95"))
    canvas.polygon([(388, 62), (410, 2), (432, 62)], rgb("83918c"))
    canvas.ellipse((410, 84), (9, 9), rgb("c3bfae"))
    canvas.grit(0.05, 36, 6)
    return canvas.sprite((0, 200))


class Street:
    """All sprites of the scene; `paint` gives the frame at a moment."""

    def __init__(self) -> None:
        air = Canvas(760, 230)
        air.cover(sky(air.size, (rgb("86a0b2"), rgb("d9d2c0")), rgb("eee5d3"), 1, OVER, cover=-0.1))
        self.sky = air.sprite(opaque=True)
        self.skyline, self.houses, self.ground = _skyline(), _houses(), _ground()
        self.tram, self.lamp = _tram(), _lamp()
        self.tree = plants.tree(250, 330, 41, trunk=0.4)
        self.man = Walker(coat=rgb("6e5238"), hat=rgb("3d332b"), scarf=rgb("9a3f38"))
        self.woman = Walker(coat=rgb("8e3b3f"), hat=rgb("5c2a30"), scarf=rgb("d3c3a0"), skirt=rgb("4b4a55"))
        self.shadow = soft_blot((140, 13), (0, 0, 0), 0.62)
        self.small_shadow = soft_blot((24, 6), (0, 0, 0), 0.5)
        self.light = daylight((260, 150), 1.06, 0.26)

    def paint(self, moment: float) -> Picture:
        """The frame at `moment` (frames from the scene's beginning, which may be fractional)."""
        frame = blank()
        pan = 330 + 3.6 * moment
        camera = Camera(pan, 180 + 2.0 * np.sin(moment / 14))
        place(frame, self.sky, -350 - 0.25 * moment, -175, camera, Pose(depth=0.05))
        place(frame, self.skyline, -230, 20 + 81, camera, Pose(depth=0.45))
        place(frame, self.houses, 0, FOOT, camera)
        place(frame, self.ground, 0, FOOT, camera)
        stroll = 655 - 1.25 * moment
        place(frame, self.small_shadow, stroll + 4, FOOT + 13, camera)
        self.woman.place(frame, (stroll, FOOT + 13), moment, camera, scale=0.86, facing=-1)
        rail = FOOT + 54
        ride = 110 + 6.6 * moment
        place(frame, self.shadow, ride, rail + 1, camera)
        jolt = 0.5 * np.sin(moment * 0.9)
        place(frame, self.tram, ride, rail + jolt, camera, Pose(scale=1.18))
        walk = 395 + 2.35 * moment
        place(frame, self.small_shadow, walk, FOOT + 81, camera)
        self.man.place(frame, (walk, FOOT + 80), moment, camera, scale=1.22, facing=1)
        near = Pose(depth=1.25, scale=1.25)
        for x in (330, 610, 890):
            place(frame, self.lamp, x, 372, camera, near)
        sway = Pose(depth=1.3, lean=0.012 * np.sin(moment / 9))
        place(frame, self.tree, 770, 392, camera, sway)
        frame *= self.light
        return frame
