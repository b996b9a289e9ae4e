"""Fifth scene: inside a tower clock. Toothed wheels turn behind one another and behind bars; a red bob swings."""

from __future__ import annotations

import cv2
import numpy as np

from vidcolor.example.canvas import OVER, Canvas, Sprite, soft_blot
from vidcolor.example.stage import WARM, Camera, Pose, blank, place
from vidcolor.example.texture import Picture, Rgb, noise, plaster, rgb, toned, wood

BRASS, COPPER, STEEL, IRON = rgb("ad8744"), rgb("a0613f"), rgb("838a8c"), rgb("3c3f42")
TEETH_A_FRAME = 0.27
"""Well under half a tooth, so that no wheel seems to turn backwards."""


def _metal(size: tuple[int, int], color: Rgb, seed: int) -> Picture:
    """Turned metal: rings about the middle, two bright sectors, stains."""
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j].astype(np.float32)
    radius, turn = np.hypot(x, y), np.arctan2(y, x)
    rings = noise((1, 2000), 5, seed, octaves=3)[0][np.clip(radius * 1200, 0, 1999).astype(int)]
    stains = noise(size, 26 * OVER, seed + 1, octaves=5)
    return toned(color, 0.06 * rings + 0.16 * np.cos(2 * turn + 0.8) + 0.08 * stains)


def _wheel(teeth: int, radius: float, color: Rgb, spokes: int, seed: int) -> Sprite:
    """A toothed wheel; the pivot is its axle."""
    half = int(radius + 9)
    canvas = Canvas(2 * half, 2 * half)
    surface = _metal(canvas.size, color, seed)
    points = []
    for tooth in range(teeth):
        for part, reach in ((-0.27, -4.5), (-0.13, 5), (0.13, 5), (0.27, -4.5)):
            turn = 2 * np.pi * (tooth + part) / teeth
            points.append(
                (half + (radius + reach) * float(np.cos(turn)), half + (radius + reach) * float(np.sin(turn)))
            )
    canvas.polygon(points, surface)
    inner, hub = radius * 0.76, max(9.0, radius * 0.2)
    canvas.ellipse((half, half), (inner + 2.5, inner + 2.5), surface * np.float32(0.62))
    hole = canvas.pixels.copy()
    y, x = np.mgrid[0 : canvas.size[0], 0 : canvas.size[1]].astype(np.float32) / OVER - half
    hole[np.hypot(x, y) < inner] = 0
    canvas.pixels = hole
    wide = radius * 0.075 + 2.5
    for spoke in range(spokes):
        turn = 2 * np.pi * spoke / spokes
        along, side = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        corners = [
            along * hub + side * wide * 1.5,
            along * (inner + 3) + side * wide,
            along * (inner + 3) - side * wide,
            along * hub - side * wide * 1.5,
        ]
        canvas.polygon([(half + float(c[0]), half + float(c[1])) for c in corners], surface)
    canvas.ellipse((half, half), (hub * 1.5, hub * 1.5), surface * np.float32(1.12))
    canvas.ellipse((half, half), (hub, hub), surface * np.float32(0.72))
    canvas.ellipse((half, half), (hub * 0.45, hub * 0.45), IRON)
    canvas.ellipse((half, half), (hub * 0.2, hub * 0.2), rgb("c9b88a"))
    for rivet in range(spokes * 2):
        turn = np.pi * (rivet + 0.5) / spokes
        at = (half + float(np.cos(turn)) * radius * 0.87, half + float(np.sin(turn)) * radius * 0.87)
        canvas.ellipse(at, (2.4, 2.4), (color[0] * 0.5, color[1] * 0.5, color[2] * 0.5))
        canvas.ellipse((at[0] - 0.5, at[1] - 0.6), (1.5, 1.5), (color[0] * 1.2, color[1] * 1.2, color[2] * 1.2))
    canvas.grit(0.06, seed + 2)
    return canvas.sprite((half, half))


def _back() -> Sprite:
    """The chamber's wall of planks and a painted iron plate with bolts."""
    canvas = Canvas(800, 480)
    canvas.cover(wood(canvas.size, rgb("4d3a2c"), 3, OVER, plank=38, down=True))
    plate = plaster(canvas.size, rgb("3f5350"), 4, OVER)
    rust = np.clip(noise(canvas.size, 40 * OVER, 5, octaves=5) - 0.7, 0, 1)[..., None]
    plate = plate + (np.array(rgb("7a4c34"), np.float32) - plate) * rust
    canvas.polygon([(110, 60), (640, 40), (700, 130), (700, 400), (600, 440), (90, 420)], plate)
    for x, y in ((128, 78), (380, 66), (630, 60), (682, 260), (590, 424), (340, 414), (108, 404), (100, 240)):
        canvas.shade([(x - 4, y - 2), (x + 10, y - 2), (x + 10, y + 11), (x - 4, y + 11)], 0.6, 3)
        canvas.ellipse((x, y), (7, 7), rgb("5f6563"))
        canvas.ellipse((x - 1.5, y - 2), (4.5, 4), rgb("8b918c"))
    return canvas.sprite((400, 240), opaque=True)


def _bars() -> Sprite:
    """The frame of the movement: two iron pillars, a cross bar with a brass nameplate."""
    canvas = Canvas(760, 440)
    pillar = toned(rgb("4a4d4f"), noise(canvas.size, 3 * OVER, 6, octaves=3) * 0.09)
    for x in (150, 590):
        canvas.rect(x, 0, x + 26, 440, pillar)
        canvas.shade([(x + 15, 0), (x + 28, 0), (x + 28, 440), (x + 15, 440)], 0.5, 4)
        canvas.rect(x + 4, 0, x + 7, 440, rgb("80868a"), 0.6)
        for y in (70, 200, 330):
            canvas.rect(x - 4, y, x + 30, y + 11, rgb("8f6d3a"))
            canvas.shade([(x - 4, y + 7), (x + 30, y + 7), (x + 30, y + 13), (x - 4, y + 13)], 0.6, 1.5)
    canvas.rect(0, 288, 760, 310, pillar)
    canvas.shade([(0, 303), (760, 303), (760, 312), (0, 312)], 0.5, 2)
    canvas.rect(300, 284, 440, 316, _metal(canvas.size, BRASS, 7))
    for k in range(15):
        canvas.rect(312 + k * 8, 295, 312 + k * 8 + (5 if k % 4 else 2), 305, rgb("4c3a20"))
    canvas.grit(0.06, 8)
    return canvas.sprite((380, 220))


def _bob() -> Sprite:
    """A pendulum: a long rod and a bob in red enamel."""
    canvas = Canvas(90, 330)
    canvas.rect(42.5, 0, 47.5, 260, rgb("9a8f78"))
    canvas.rect(42.5, 0, 44, 260, rgb("c5bda4"))
    canvas.ellipse((45, 280), (40, 40), _metal(canvas.size, BRASS, 9))
    enamel = plaster(canvas.size, rgb("8f352e"), 10, OVER)
    canvas.ellipse((45, 280), (33, 33), enamel)
    canvas.ellipse((33, 266), (10, 7), rgb("c98a7a"), angle=-40, opacity=0.7)
    canvas.ellipse((45, 280), (7, 7), BRASS)
    canvas.grit(0.06, 11)
    return canvas.sprite((45, 0))


class Clockwork:
    """All sprites of the scene; `paint` gives the frame at a moment."""

    def __init__(self) -> None:
        self.back, self.bars, self.bob = _back(), _bars(), _bob()
        # (teeth, x, y, first turn): wheels of one pitch; those that mesh turn against one another.
        pitch = 2.35
        self.wheels = [
            (_wheel(54, 54 * pitch, BRASS, 6, 20), 54, 255.0, 210.0, 1),
            (_wheel(22, 22 * pitch, COPPER, 4, 30), 22, 255.0 + 76 * pitch * 0.93, 210.0 - 76 * pitch * 0.37, -1),
            (_wheel(34, 34 * pitch, STEEL, 5, 40), 34, 540.0, 268.0, 1),
            (_wheel(16, 16 * pitch, BRASS, 3, 50), 16, 120.0, 120.0, -1),
            (_wheel(26, 26 * pitch, COPPER, 5, 60), 26, 420.0, 330.0, -1),
        ]
        self.shadow = soft_blot((150, 150), (0, 0, 0), 0.75)
        y, x = np.mgrid[0:360, 0:640].astype(np.float32)
        shaft = np.clip(1.2 - np.abs((x - 420) + (y - 180) * 0.8) / 190, 0, 1)
        self.light = (0.7 + 0.5 * cv2.GaussianBlur(shaft, (0, 0), 16))[..., None] * WARM

    def paint(self, moment: float) -> Picture:
        """The frame at `moment` (frames from the scene's beginning)."""
        frame = blank()
        camera = Camera(322 + 0.5 * moment, 190 + 0.7 * moment, 1.02 + 0.0012 * moment)
        place(frame, self.back, 330, 200, camera, Pose(depth=0.9))
        for order in (3, 2, 0, 1, 4):
            wheel, teeth, x, y, way = self.wheels[order]
            size = teeth / 54
            place(frame, self.shadow, x + 12, y + 16, camera, Pose(scale=size))
            place(frame, wheel, x, y, camera, Pose(angle=way * TEETH_A_FRAME * moment * 360 / teeth))
            if order == 2:
                swing = Pose(angle=17 * float(np.sin(moment / 7.0)))
                place(frame, self.bob, 470, -40, camera, swing)
        place(frame, self.bars, 340, 190, camera, Pose(depth=1.12))
        frame *= self.light
        return frame
