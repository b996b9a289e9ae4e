"""Fourth scene: a hillside. A balloon rises from behind a hill and passes behind poplars; cows graze; cloud
shadows cross the fields; the camera looks up after the balloon.

Farther land stands on sheets of smaller depth, which move less.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vidcolor.example import plants
from vidcolor.example.canvas import OVER, Canvas, Sprite, soft_blot
from vidcolor.example.stage import Camera, Pose, blank, daylight, ease, place
from vidcolor.example.texture import (
    Picture,
    Rgb,
    brick,
    cloth,
    flat,
    grass,
    mixed,
    noise,
    plaster,
    rgb,
    sky,
    tiles,
    toned,
    wood,
)

WIDTH = 900
DUSTY = (rgb("3d4a34"), rgb("55633c"), rgb("788047"), rgb("a09a58"))


def _ridge(canvas: Canvas, height: Callable[[Picture], Picture], surface: Picture) -> None:
    """Land below the line y = height(x)."""
    x = np.arange(0, canvas.width + 6, 6, dtype=float)
    line = list(zip(x.tolist(), height(x).tolist(), strict=True))
    canvas.polygon([(0, canvas.height), *line, (canvas.width, canvas.height)], surface)


def _far() -> Sprite:
    """Blue mountains and pale woods."""
    canvas = Canvas(WIDTH, 150)
    rock = toned(rgb("8497a5"), noise(canvas.size, 30 * OVER, 2, octaves=5, stretch=0.7) * 0.07)
    _ridge(canvas, lambda x: 52 + 22 * np.sin(x / 75) + 11 * np.sin(x / 27 + 1) + 4 * np.sin(x / 9), rock)
    snow = flat(canvas.size, rgb("cfd3cf"))
    weight = (noise(canvas.size, 22 * OVER, 3, octaves=5, stretch=0.6) > 0.5).astype(np.float32)
    weight *= np.clip(1 - np.linspace(0, 2.6, canvas.size[0], dtype=np.float32), 0, 1)[:, None] * 1.2
    canvas.pixels[..., :3] += (snow - canvas.pixels[..., :3]) * np.clip(weight, 0, 0.85)[..., None]
    woods = grass(canvas.size, (rgb("73887c"), rgb("82927a")), 4, OVER)
    _ridge(canvas, lambda x: 112 + 12 * np.sin(x / 120 + 2) + 3 * np.sin(x / 13), woods)
    return canvas.sprite((0, 150))


def _fields() -> Sprite:
    """Fields in strips on a rolling hill: wheat, rape, plough and meadow, with hedges between."""
    canvas = Canvas(WIDTH, 260)

    def top(x: Picture) -> Picture:
        return 58 - 30 * np.exp(-(((x - 250) / 170) ** 2)) - 16 * np.exp(-(((x - 700) / 150) ** 2))

    _ridge(canvas, top, grass(canvas.size, (rgb("7c8650"), rgb("93955c")), 5, OVER))
    crops = ("b59a52", "6f7f45", "8a6a4c", "c2ab5c", "7d8b54", "a58a58", "66763f", "bda060", "7a5d45", "8b9459")
    y = np.arange(canvas.size[0], dtype=np.float32)[:, None] / OVER
    x = np.arange(canvas.size[1], dtype=np.float32)[None] / OVER
    for k, code in enumerate(crops):
        x0, x1 = 20 + k * 88.0, 20 + (k + 1) * 88.0 - 5
        rows = np.sin((x - (x0 - 260) * 0.4 - y * (k % 5 - 2) * 0.5) * (0.9 if k % 2 else 0.6)) * 0.08
        surface = toned(rgb(code), rows + noise(canvas.size, 20 * OVER, 6 + k, octaves=4) * 0.06)
        at = top(np.array([x0 + 20, x1 - 8]))
        canvas.polygon(
            [
                (x0 + 26, float(at[0]) + 9),
                (x1 + 2, float(at[1]) + 9),
                (x1 + 34, 122 + 9 * (k % 2)),
                (x0 - 14 + 30 * (k % 3), 118),
            ],
            surface,
        )
    draw = np.random.default_rng(16)
    bushes = [_bush(size, 20 + k) for k, size in enumerate((5, 5.5, 6, 7, 8, 8.5))]
    for k in range(11):
        x0 = 10 + k * 88.0
        base = float(top(np.array([x0 + 20]))[0]) + 2
        for step in np.linspace(0, 1, 11).tolist():
            bush = bushes[min(5, int(step * 5 + draw.uniform(0, 1)))]
            canvas.paste(bush, round(x0 + 20 - 20 * step + draw.normal(0, 1.6)), round(base + step * (112 - base)))
    _farm(canvas, 455, 96)
    return canvas.sprite((0, 190))


def _bush(size: float, seed: int) -> Canvas:
    canvas = Canvas(round(size * 3.4), round(size * 2.8))
    plants.crown(canvas, (size * 1.7, size * 1.5), (size, size * 0.8), seed, greens=DUSTY, leaf=1.6)
    return canvas


def _farm(canvas: Canvas, x: float, y: float) -> None:
    """A farmhouse with a red roof, a barn, and trees about them."""
    canvas.rect(x, y, x + 58, y + 30, plaster(canvas.size, rgb("d6ccb4"), 30, OVER))
    canvas.polygon(
        [(x - 4, y), (x + 10, y - 20), (x + 48, y - 20), (x + 62, y)], tiles(canvas.size, rgb("9a5140"), 31, OVER)
    )
    canvas.rect(x + 40, y - 28, x + 46, y - 14, brick(canvas.size, (rgb("8c5a46"), rgb("9b6a52")), 32, OVER))
    for k in range(4):
        canvas.rect(x + 6 + 13 * k, y + 6, x + 12 + 13 * k, y + 15, rgb("3f4648"))
    canvas.rect(x + 26, y + 17, x + 33, y + 30, rgb("5f4630"))
    canvas.rect(x + 68, y + 6, x + 116, y + 33, wood(canvas.size, rgb("7d5138"), 33, OVER, plank=4, down=True))
    canvas.polygon([(x + 64, y + 8), (x + 92, y - 14), (x + 120, y + 8)], rgb("5d5a58"))
    canvas.rect(x + 84, y + 15, x + 100, y + 33, rgb("33291f"))
    canvas.shade([(x, y), (x + 58, y), (x + 58, y + 4), (x, y + 4)], 0.6, 1)
    for dx, size in ((-22, 17), (128, 20), (146, 14)):
        canvas.rect(x + dx - 2, y + 12, x + dx + 2, y + 34, plants.BARK)
        plants.crown(canvas, (x + dx, y + 4), (size, size * 1.1), 34 + size, leaf=2.2)


def _meadow() -> Sprite:
    """The near slope with flowers and a path."""
    canvas = Canvas(1000, 230)
    surface = grass(canvas.size, (rgb("5f7238"), rgb("8d9148")), 40, OVER)
    _ridge(canvas, lambda x: 34 - 20 * np.sin(x / 150 + 0.4) + 3 * np.sin(x / 37), surface)
    path = toned(rgb("b39c74"), noise(canvas.size, 9 * OVER, 41) * 0.08)
    middle = [(690, 50), (676, 66), (640, 84), (590, 104), (556, 128), (540, 156), (500, 190), (430, 232)]
    edge = [(x - 3 - 0.16 * (y - 45), y) for x, y in middle] + [(x + 3 + 0.16 * (y - 45), y) for x, y in middle[::-1]]
    canvas.polygon(edge, path)
    draw = np.random.default_rng(42)
    blooms = [rgb("d2bd58"), rgb("d8d2c0"), rgb("b4574a"), rgb("8c7aa0")]
    for _ in range(900):
        y = 60 + 170 * float(draw.random()) ** 0.7
        size = 0.5 + 1.9 * (y - 40) / 190
        at = (float(draw.uniform(0, 1000)), y)
        canvas.line([at, (at[0] + draw.normal(0, 1), y + 5 * size)], 0.5, rgb("4d5f2e"))
        canvas.ellipse(at, (size, size * 0.8), blooms[int(draw.integers(4))])
    return canvas.sprite((0, 230))


def _fence() -> Sprite:
    canvas = Canvas(1000, 90)
    plank = wood(canvas.size, rgb("8d7d69"), 43, OVER)
    for y in (24, 50):
        canvas.polygon([(0, y), (1000, y - 4), (1000, y + 4), (0, y + 8)], plank)
        canvas.shade([(0, y + 6), (1000, y + 2), (1000, y + 5), (0, y + 9)], 0.55)
    post = wood(canvas.size, rgb("7a6a56"), 44, OVER, down=True)
    for x in range(30, 1000, 94):
        canvas.polygon([(x, 10), (x + 5, 5), (x + 11, 10), (x + 12, 90), (x - 1, 90)], post)
        canvas.shade([(x + 7, 6), (x + 13, 10), (x + 13, 90), (x + 7, 90)], 0.6, 1)
    draw = np.random.default_rng(45)
    for _ in range(900):
        foot = float(draw.uniform(0, 1000))
        tall = float(draw.uniform(8, 34))
        green = [rgb("4c5c2c"), rgb("6c7738"), rgb("8f8f4a")][int(draw.integers(3))]
        canvas.polygon([(foot - 1.2, 90), (foot + draw.normal(0, 6), 90 - tall), (foot + 1.2, 90)], green)
    return canvas.sprite((0, 90))


def _cow(patch: Rgb, seed: int) -> Sprite:
    """A cow in white and `patch`, grazing, facing left; the pivot is on the ground."""
    canvas = Canvas(84, 60)
    hide = mixed(rgb("d8cfbd"), patch, (noise(canvas.size, 17 * OVER, seed, octaves=2) > 0.1).astype(np.float32))
    for x in (26, 33, 58, 65):
        canvas.polygon([(x - 3, 34), (x + 3, 34), (x + 2, 56), (x - 2, 56)], hide)
        canvas.rect(x - 2.3, 53, x + 2.3, 57, rgb("2f2925"))
    canvas.polygon([(18, 22), (30, 15), (66, 16), (73, 21), (73, 36), (64, 43), (28, 42), (18, 34)], hide)
    canvas.polygon([(22, 18), (28, 30), (14, 48), (5, 50), (4, 44), (12, 32)], hide)
    canvas.ellipse((7, 48), (3.6, 2.8), rgb("b98f80"))
    canvas.polygon([(13, 34), (20, 28), (18, 34)], patch)
    canvas.line([(73, 20), (77, 34), (76, 44)], 1.4, patch)
    canvas.ellipse((60, 43), (4, 3), rgb("c79f92"))
    canvas.shade([(18, 34), (74, 34), (70, 46), (20, 46)], 0.62, 4)
    canvas.grit(0.07, seed + 1)
    return canvas.sprite((42, 57))


def _balloon() -> Sprite:
    """A hot-air balloon in red, cream and blue gores; the pivot is the middle of the envelope."""
    canvas = Canvas(130, 190)
    gores = [rgb("a5453a"), rgb("d8c79c"), rgb("46668a"), rgb("d8c79c")]
    edges = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 13))
    turn = np.linspace(0, 1, 30)
    profile = np.where(turn < 0.62, np.sqrt(np.clip(1 - ((turn - 0.5) / 0.5) ** 2, 0, 1)), 0.0)
    fall = np.clip((turn - 0.62) / 0.38, 0, 1)
    profile = np.where(turn < 0.62, profile, 0.97 - 0.79 * fall**1.15)
    for k, (a, b) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        left = [(65 + a * 60 * float(w), 4 + 132 * float(t)) for t, w in zip(turn, profile, strict=True)]
        right = [(65 + b * 60 * float(w), 4 + 132 * float(t)) for t, w in zip(turn, profile, strict=True)]
        canvas.polygon(left + right[::-1], cloth(canvas.size, gores[k % 4], 50 + k, OVER))
    band = [
        (65 + s * 60 * float(w), 4 + 132 * float(t))
        for s in (-1, 1)
        for t, w in zip(turn[14:18][::s], profile[14:18][::s], strict=True)
    ]
    canvas.polygon(band, rgb("b58f45"), 0.9)
    canvas.round_off(0.55, left=0.32)
    for x in (54, 61, 69, 76):
        canvas.line([(x, 136), (57 + (x - 54) * 0.75, 160)], 0.7, rgb("3a2f26"))
    canvas.rect(56, 160, 75, 175, wood(canvas.size, rgb("82592f"), 63, OVER, plank=3))
    canvas.ellipse((62, 156), (2.6, 4.6), rgb("4a5568"))
    canvas.ellipse((69, 156), (2.6, 4.6), rgb("8a4038"))
    canvas.ellipse((62, 150), (2, 2.4), rgb("c39b7c"))
    canvas.ellipse((69, 150), (2, 2.4), rgb("c39b7c"))
    canvas.grit(0.05, 64)
    return canvas.sprite((65, 70))


class Hillside:
    """All sprites of the scene; `paint` gives the frame at a moment, `paint_from` from another standpoint."""

    def __init__(self) -> None:
        air = Canvas(760, 330)
        air.cover(sky(air.size, (rgb("7796b0"), rgb("dcd7c2")), rgb("efe6d2"), 70, OVER, cover=-0.2))
        self.sky, self.far, self.fields = air.sprite(opaque=True), _far(), _fields()
        self.meadow, self.fence = _meadow(), _fence()
        self.balloon = _balloon()
        self.cows = (_cow(rgb("7a4a30"), 71), _cow(rgb("3d3531"), 73), _cow(rgb("96623c"), 75))
        self.poplars = (plants.poplar(70, 230, 77), plants.poplar(62, 200, 83))
        self.shadow = soft_blot((190, 34), rgb("2a3320"), 0.42)
        self.foot = soft_blot((34, 6), (0, 0, 0), 0.5)
        self.light = daylight((250, 150), 1.05, 0.2)

    def paint(self, moment: float) -> Picture:
        """The frame at `moment` (frames from the scene's beginning)."""
        t = ease(moment / 72)
        return self.paint_from(Camera(300 + 70 * t, 196 - 46 * t, 1.0), moment)

    def paint_from(self, camera: Camera, moment: float) -> Picture:
        """The frame at `moment` as another camera sees it."""
        frame = blank()
        place(frame, self.sky, -380 - 0.3 * moment, -190, camera, Pose(depth=0.06))
        place(frame, self.far, -400, 62, camera, Pose(depth=0.2))
        place(frame, self.fields, -280, 168, camera, Pose(depth=0.5))
        drift = Pose(depth=0.5)
        place(frame, self.shadow, -120 + 2.3 * moment, 76, camera, drift)
        rise = 250 - 2.9 * moment
        turn = Pose(angle=2.5 * np.sin(moment / 12), depth=0.8, scale=0.95)
        place(frame, self.balloon, 150 + 2.6 * moment, rise, camera, turn)
        place(frame, self.meadow, -120, 430, camera, Pose(depth=0.9))
        for k, (x, y, size) in enumerate(((150, 268, 0.82), (372, 292, 1.05), (590, 272, 0.78))):
            step = x - (0.35 + 0.12 * k) * moment
            stand = Pose(depth=0.95, scale=size, lean=0.02 * np.sin(moment / 9 + k), flip=k == 1)
            place(frame, self.foot, step, y, camera, Pose(depth=0.95, scale=size))
            place(frame, self.cows[k], step, y, camera, stand)
        wind = 0.014 * np.sin(moment / 8)
        for k, x in enumerate((412, 452)):
            place(frame, self.poplars[k], x, 300 + 6 * k, camera, Pose(depth=1.05, lean=wind * (1 + k)))
        place(frame, self.fence, -110, 418, camera, Pose(depth=1.2))
        frame *= self.light
        return frame
