"""People, made of jointed sprites."""

from __future__ import annotations

import numpy as np

from vidcolor.example.canvas import OVER, Canvas, Point, Sprite
from vidcolor.example.stage import Camera, Pose, place
from vidcolor.example.texture import Picture, Rgb, cloth, rgb

SKIN, SHOE = rgb("c49a7b"), rgb("2a2422")
STEP = 0.27
"""Radians of the walking cycle in one frame."""


def _times(color: Rgb, factor: float) -> Rgb:
    return (color[0] * factor, color[1] * factor, color[2] * factor)


class Walker:
    """A person in a coat and hat, 92 high, walking; facing right as painted."""

    def __init__(self, coat: Rgb, hat: Rgb, scarf: Rgb, skirt: Rgb | None = None) -> None:
        trousers = rgb("3b3a3c") if skirt is None else rgb("b79880")
        self.leg = _leg(trousers, 4.4 if skirt is None else 2.6)
        self.arm = _arm(_times(coat, 0.9))
        self.far_arm = _arm(_times(coat, 0.62))
        self.body = _body(coat, hat, scarf, skirt)

    def place(self, frame: Picture, foot: Point, moment: float, camera: Camera, *, scale: float, facing: int) -> None:
        """Stand the walker with the feet at `foot`; the legs swing with `moment`."""
        swing = np.sin(moment * STEP)
        x, y = foot[0], foot[1] - abs(np.cos(moment * STEP)) * 1.2 * scale
        flip = facing < 0

        def part(sprite: Sprite, dx: float, up: float, angle: float) -> None:
            pose = Pose(angle=angle * facing, scale=scale, flip=flip)
            place(frame, sprite, x + dx * scale * facing, y - up * scale, camera, pose)

        part(self.far_arm, -1, 66, 24 * swing)
        part(self.leg, -0.5, 37, -23 * swing)
        part(self.leg, 0.5, 37, 23 * swing)
        part(self.body, 0, 0, 0.8 * swing)
        part(self.arm, 0, 66, -26 * swing)


def _leg(color: Rgb, half: float) -> Sprite:
    canvas = Canvas(24, 42)
    canvas.polygon([(12 - half, 2), (12 + half, 2), (12 + half * 0.7, 36), (12 - half * 0.8, 36)], color)
    canvas.polygon([(12 - half, 34), (14, 34), (20, 38.5), (20, 40), (12 - half, 40)], SHOE)
    canvas.grit(0.12, 2)
    return canvas.sprite((12, 3))


def _arm(color: Rgb) -> Sprite:
    canvas = Canvas(18, 38)
    canvas.polygon([(5, 2), (13, 2), (13, 17), (14.5, 29), (9.5, 30), (5.5, 17)], color)
    canvas.ellipse((12, 31.5), (2.8, 3.4), SKIN)
    canvas.grit(0.12, 3)
    return canvas.sprite((9, 3))


def _body(coat: Rgb, hat: Rgb, scarf: Rgb, skirt: Rgb | None) -> Sprite:
    """Coat, head and hat; the pivot is on the ground below."""
    canvas = Canvas(44, 96)
    if skirt is not None:
        canvas.polygon([(14, 50), (30, 50), (34, 76), (10, 76)], cloth(canvas.size, skirt, 5, OVER, folds=5))
    hem = 70 if skirt is None else 62
    surface = cloth(canvas.size, coat, 4, OVER, folds=9)
    canvas.polygon([(13, 30), (18, 26), (26, 26), (31, 30), (31, 46), (35, hem), (10, hem), (13, 46)], surface)
    canvas.line([(25, 30), (26, hem)], 0.8, _times(coat, 0.5))
    canvas.line([(13, 48), (31, 48)], 1.4, _times(coat, 0.55))
    canvas.polygon([(17, 24), (27, 24), (28, 30), (16, 30)], scarf)
    canvas.polygon([(18, 28), (22, 28), (20, 42), (16, 42)], _times(scarf, 0.85))
    canvas.rect(20, 20, 25, 26, _times(SKIN, 0.8))
    canvas.ellipse((23, 16), (6, 7.5), SKIN)
    canvas.ellipse((29, 17), (1.6, 1.5), SKIN)
    canvas.ellipse((19, 15), (3.5, 6.5), _times(hat, 0.7))
    canvas.ellipse((23, 11), (11, 2.3), hat)
    canvas.polygon([(16, 11), (17, 4), (28, 4), (30, 11)], hat)
    canvas.rect(16, 8.6, 30, 10.6, _times(hat, 0.55))
    canvas.round_off(0.3, left=0.65)
    canvas.grit(0.07, 6)
    return canvas.sprite((22, 92))
