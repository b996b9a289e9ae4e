"""Third scene: a room with a laid table. A pendulum swings behind flowers, a ball rolls behind a vase, a cat's
tail moves; the camera comes nearer and slides.

The table top begins on y = 236.
"""

from __future__ import annotations

import cv2
import numpy as np

from vidcolor.example import plants, still_life
from vidcolor.example.canvas import OVER, Canvas, Sprite, soft_blot
from vidcolor.example.stage import WARM, Camera, Pose, blank, ease, place
from vidcolor.example.texture import (
    Picture,
    brick,
    cloth,
    grass,
    mixed,
    noise,
    plaster,
    rgb,
    sky,
    toned,
    wood,
)

TABLE = 236
BRASS, WALNUT = rgb("b08c4c"), rgb("5b3d29")


def _wallpaper(size: tuple[int, int]) -> Picture:
    """Dusky green paper with stripes and a small woven flower."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32) / OVER
    stripe = np.clip(np.sin(2 * np.pi * x / 34) * 4, -1, 1) * 0.5 + 0.5
    ground = mixed(rgb("76806b"), rgb("848b72"), stripe)
    cx, cy = (x % 34) - 17, ((y + 20 * (np.floor(x / 34) % 2)) % 40) - 20
    radius, turn = np.hypot(cx, cy), np.arctan2(cy, cx)
    petals = np.clip((6.5 + 2.6 * np.cos(5 * turn) - radius) * 1.5, 0, 1)
    ground = mixed(ground, rgb("a9945f"), petals * 0.7)
    ground = mixed(ground, rgb("8a4f45"), np.clip((2.4 - radius) * 2, 0, 1) * 0.85)
    stem = np.clip(1.2 - np.abs(cx + 3 * np.sin(cy / 4)), 0, 1) * (cy > 7)
    ground = mixed(ground, rgb("565f47"), stem)
    wear = noise(size, 90 * OVER, 2, octaves=5) * 0.05 + noise(size, 2 * OVER, 3, octaves=2) * 0.03
    return toned(ground, wear)


def _wall() -> Sprite:
    canvas = Canvas(820, 330)
    canvas.cover(_wallpaper(canvas.size))
    panel = wood(canvas.size, rgb("6e5138"), 4, OVER, plank=46, down=True)
    canvas.rect(0, 206, 820, 330, panel)
    canvas.rect(0, 201, 820, 208, wood(canvas.size, rgb("82623f"), 5, OVER))
    canvas.shade([(0, 208), (820, 208), (820, 213), (0, 213)], 0.5, 1.5)
    canvas.rect(0, 0, 820, 7, rgb("bdb196"))
    _painting(canvas, 452, 60, 118, 84)
    _painting(canvas, 596, 78, 62, 76)
    _shelf(canvas)
    return canvas.sprite(opaque=True)


def _painting(canvas: Canvas, x: float, y: float, w: float, h: float) -> None:
    """A framed landscape."""
    canvas.shade([(x + 2, y + 4), (x + w + 9, y + 4), (x + w + 9, y + h + 11), (x + 2, y + h + 11)], 0.55, 4)
    canvas.rect(x - 7, y - 7, x + w + 7, y + h + 7, wood(canvas.size, BRASS, 6, OVER))
    canvas.rect(x - 2, y - 2, x + w + 2, y + h + 2, rgb("4a3826"))
    canvas.rect(x, y, x + w, y + h, plaster(canvas.size, rgb("b9bfb0"), 7, OVER))
    meadow = grass(canvas.size, (rgb("66703f"), rgb("93844c")), 8, OVER)
    canvas.polygon(
        [(x, y + h * 0.6), (x + w * 0.4, y + h * 0.45), (x + w, y + h * 0.7), (x + w, y + h), (x, y + h)], meadow
    )
    canvas.polygon([(x, y + h * 0.75), (x + w * 0.5, y + h * 0.72), (x + w * 0.7, y + h), (x, y + h)], rgb("7d93a0"))
    canvas.ellipse((x + w * 0.72, y + h * 0.5), (w * 0.12, h * 0.2), rgb("4b5533"))
    canvas.ellipse((x + w * 0.69, y + h * 0.46), (w * 0.07, h * 0.11), rgb("6f7644"))


def _shelf(canvas: Canvas) -> None:
    """Books and a jug on a board, right of the pictures."""
    draw = np.random.default_rng(9)
    x = 684.0
    spines = [rgb(c) for c in ("7d3a34", "3e5566", "a4854a", "4f6650", "8c6a52", "59425a", "b5a888")]
    for k in range(11):
        wide, tall = draw.uniform(7, 12), draw.uniform(34, 50)
        color = spines[k % len(spines)]
        canvas.rect(x, 150 - tall, x + wide, 150, color)
        canvas.rect(x, 150 - tall * 0.85, x + wide, 150 - tall * 0.8, BRASS)
        canvas.rect(x, 150 - tall * 0.25, x + wide, 150 - tall * 0.21, BRASS)
        canvas.shade(
            [(x + wide * 0.7, 150 - tall), (x + wide, 150 - tall), (x + wide, 150), (x + wide * 0.7, 150)], 0.65
        )
        x += wide + 0.4
    canvas.rect(676, 150, 820, 157, wood(canvas.size, WALNUT, 10, OVER))
    canvas.shade([(676, 157), (820, 157), (820, 168), (676, 168)], 0.6, 4)


def _window() -> Sprite:
    """A window on a garden, with the light that comes in."""
    canvas = Canvas(190, 210)
    canvas.rect(0, 0, 190, 200, wood(canvas.size, rgb("cfc4a8"), 11, OVER, down=True))
    canvas.rect(12, 12, 178, 190, sky(canvas.size, (rgb("b4c4c9"), rgb("e6decb")), rgb("f2ead8"), 12, OVER))
    canvas.rect(12, 128, 178, 190, grass(canvas.size, (rgb("76854c"), rgb("96985a")), 13, OVER))
    canvas.rect(100, 96, 178, 150, brick(canvas.size, (rgb("9c6a54"), rgb("ad8066")), 14, OVER))
    canvas.rect(48, 120, 56, 168, plants.BARK)
    plants.crown(canvas, (52, 104), (36, 40), 15)
    canvas.rect(91, 12, 99, 190, rgb("d5cab0"))
    canvas.rect(12, 84, 178, 90, rgb("d5cab0"))
    for x in (0, 178):
        canvas.rect(x, 0, x + 12, 200, wood(canvas.size, rgb("cfc4a8"), 16, OVER, down=True))
    canvas.rect(0, 0, 190, 12, rgb("c6ba9d"))
    canvas.polygon([(0, 190), (190, 190), (190, 209), (0, 209)], wood(canvas.size, rgb("b9ab8c"), 17, OVER))
    canvas.shade([(0, 205), (190, 205), (190, 210), (0, 210)], 0.6, 1)
    return canvas.sprite((0, 0))


def _curtain() -> Sprite:
    canvas = Canvas(84, 262)
    surface = cloth(canvas.size, rgb("a2564a"), 18, OVER, folds=13)
    canvas.polygon([(0, 0), (76, 0), (70, 90), (44, 150), (40, 172), (58, 262), (0, 262)], surface)
    canvas.polygon([(0, 150), (46, 146), (43, 160), (0, 164)], rgb("b79a58"))
    canvas.shade([(40, 0), (76, 0), (70, 90), (44, 150), (30, 150)], 0.82, 9)
    return canvas.sprite((0, 0))


def _clock() -> tuple[Sprite, Sprite]:
    """A wall clock, and the pendulum that hangs from it."""
    canvas = Canvas(70, 150)
    case = wood(canvas.size, rgb("6b4228"), 19, OVER, down=True)
    canvas.polygon([(6, 24), (35, 2), (64, 24)], case)
    canvas.rect(8, 24, 62, 146, case)
    canvas.rect(17, 76, 53, 140, rgb("2f251e"))
    canvas.ellipse((35, 48), (22, 22), BRASS)
    canvas.ellipse((35, 48), (19, 19), rgb("ddd3b8"))
    for hour in range(12):
        turn = np.pi * hour / 6
        canvas.line(
            [(35 + 14 * np.sin(turn), 48 + 14 * np.cos(turn)), (35 + 17.5 * np.sin(turn), 48 + 17.5 * np.cos(turn))],
            1.2,
            rgb("33291f"),
        )
    canvas.line([(35, 48), (35, 34)], 1.4, rgb("2a2420"))
    canvas.line([(35, 48), (45, 53)], 1.8, rgb("2a2420"))
    canvas.round_off(0.15)
    canvas.grit(0.07, 20)
    bob = Canvas(24, 60)
    bob.rect(11, 0, 13, 46, rgb("a08a5c"))
    bob.ellipse((12, 47), (9, 9), BRASS)
    bob.ellipse((10, 45), (4.5, 4.5), rgb("dcc48a"))
    bob.grit(0.08, 21)
    return canvas.sprite((35, 0)), bob.sprite((12, 0))


def _table() -> Sprite:
    """The table in its checked cloth: top and hanging edge."""
    canvas = Canvas(840, 190)
    y, x = np.mgrid[0 : canvas.size[0], 0 : canvas.size[1]].astype(np.float32) / OVER
    spread = 1 + y * 0.006
    u, v = (x - 420) / spread / 27, 2.6 * np.log1p(y / 32)
    checks = np.clip(np.sin(2 * np.pi * u) * 6, -1, 1) * 0.25 + np.clip(np.sin(2 * np.pi * v) * 6, -1, 1) * 0.25 + 0.5
    surface = mixed(rgb("d2c8b2"), rgb("8c9aa3"), checks)
    surface = toned(
        surface,
        noise(canvas.size, 60 * OVER, 22, stretch=3) * 0.045 + noise(canvas.size, 1.6 * OVER, 23, octaves=2) * 0.04,
    )
    canvas.cover(surface)
    canvas.shade([(0, 0), (840, 0), (840, 10), (0, 10)], 0.78, 5)
    canvas.shade([(560, 0), (840, 0), (840, 190), (640, 190)], 0.72, 40)
    return canvas.sprite(opaque=True)


class Room:
    """All sprites of the scene; `paint` gives the frame at a moment."""

    def __init__(self) -> None:
        self.wall, self.window, self.curtain, self.table = _wall(), _window(), _curtain(), _table()
        (self.clock, self.bob), (self.cat, self.tail) = _clock(), still_life.cat()
        self.vase, self.lamp, self.bowl, self.ball = (
            still_life.vase(),
            still_life.lamp(),
            still_life.bowl(),
            still_life.ball(),
        )
        self.glow = soft_blot((190, 150), (0.30, 0.22, 0.10), 1.0, glow=True)
        self.shadow = soft_blot((52, 11), (0.05, 0.04, 0.05), 0.6)
        self.sheen = soft_blot((22, 22), (0.05, 0.03, 0.02), 0.5)
        y, x = np.mgrid[0:360, 0:640].astype(np.float32)
        beam = np.clip(1 - np.abs((x - 60) - (y - 40) * 1.1) / 260, 0, 1)
        fall = 0.9 + 0.26 * cv2.GaussianBlur(beam, (0, 0), 20) - 0.2 * ((x - 320) / 520) ** 2
        self.light = fall[..., None] * WARM

    def paint(self, moment: float) -> Picture:
        """The frame at `moment` (frames from the scene's beginning)."""
        frame = blank()
        t = ease(moment / 70)
        camera = Camera(300 + 46 * t, 180 + 6 * t, 1.0 + 0.11 * t)
        place(frame, self.wall, -70, -40, camera)
        place(frame, self.window, 22, 6, camera)
        place(frame, self.cat, 150, 200, camera)
        place(frame, self.tail, 168, 192, camera, Pose(angle=-28 + 22 * np.sin(moment / 8)))
        sway = 0.02 * np.sin(moment / 11)
        place(frame, self.curtain, -28, -14, camera, Pose(lean=sway))
        place(frame, self.curtain, 262, -14, camera, Pose(lean=-sway, flip=True))
        place(frame, self.clock, 330, 22, camera)
        place(frame, self.bob, 330, 98, camera, Pose(angle=15 * np.sin(moment / 6.2)))
        place(frame, self.table, -90, TABLE, camera, Pose(depth=1.04))
        near = 1.08
        place(frame, self.shadow, 560, 262, camera, Pose(depth=near, scale=0.8))
        place(frame, self.lamp, 548, 264, camera, Pose(depth=near))
        place(frame, self.glow, 548, 140, camera, Pose(depth=near, opacity=1 + 0.05 * np.sin(moment / 3)))
        roll = 80 + 4.9 * moment
        place(frame, self.shadow, roll + 8, 290, camera, Pose(depth=near, scale=0.55))
        place(frame, self.ball, roll, 268, camera, Pose(angle=float(np.rad2deg(4.9 * moment / 22)), depth=near))
        place(frame, self.sheen, roll + 8, 276, camera, Pose(depth=near))
        front = 1.16
        place(frame, self.shadow, 352, 322, camera, Pose(depth=front))
        place(frame, self.vase, 330, 324, camera, Pose(depth=front, scale=1.05))
        place(frame, self.shadow, 190, 343, camera, Pose(depth=front, scale=1.35))
        place(frame, self.bowl, 170, 346, camera, Pose(depth=front, scale=1.1))
        frame *= self.light
        return frame
