"""Second scene: a harbour. The camera closes in; boats pass behind one another and behind piles; a boat with
a red sail comes in late.

The horizon lies on y = 150; the scene is as wide as the frame and a little more.
"""

from __future__ import annotations

import cv2
import numpy as np

from vidcolor.example.canvas import OVER, Canvas, Sprite, soft_blot
from vidcolor.example.stage import Camera, Pose, blank, daylight, ease, place
from vidcolor.example.texture import Picture, Rgb, cloth, grass, noise, plaster, rgb, sky, wood

HORIZON = 150
LATE = 26
"""Frame of the scene at which the red sail enters."""
TAR, ROPE = rgb("2f2822"), rgb("b39a6c")


def _hull(canvas: Canvas, outline: list[tuple[float, float]], color: Rgb, seed: int) -> None:
    canvas.polygon(outline, wood(canvas.size, color, seed, OVER, plank=4.5))
    (x0, y0), (x1, y1) = outline[0], outline[1]
    canvas.line([(x0, y0), (x1, y1)], 2, rgb("d8ccb0"))
    bottom = max(y for _, y in outline)
    canvas.shade([(x0, bottom - 7), (x1, bottom - 7), (x1, bottom + 1), (x0, bottom + 1)], 0.5, 1.5)


def _trawler() -> Sprite:
    """A fishing boat with a red hull and a white wheelhouse; the pivot is amidships on the waterline."""
    canvas = Canvas(190, 130)
    canvas.line([(72, 100), (72, 8)], 2.6, rgb("6b4a30"))
    canvas.line([(150, 92), (150, 34)], 2.2, rgb("6b4a30"))
    for a, b in (((72, 10), (14, 94)), ((72, 10), (178, 88)), ((150, 36), (72, 34)), ((72, 34), (120, 92))):
        canvas.line([a, b], 0.5, TAR)
    canvas.polygon([(74, 12), (90, 16), (74, 22)], rgb("c0a04c"))
    _hull(canvas, [(6, 92), (186, 84), (170, 118), (24, 119)], rgb("8c3a30"), 3)
    canvas.rect(92, 56, 138, 91, plaster(canvas.size, rgb("d9d2bf"), 4, OVER))
    canvas.rect(88, 51, 142, 57, rgb("4f6a73"))
    for x in (97, 110.5, 124):
        canvas.rect(x, 61, x + 10, 73, rgb("35424a"))
        canvas.polygon([(x, 61), (x + 7, 61), (x + 1, 73), (x, 73)], rgb("8fa3a8"), 0.7)
    canvas.rect(120, 30, 129, 52, rgb("3a3a3a"))
    canvas.rect(120, 34, 129, 40, rgb("a3483c"))
    for x, color in ((34, "b98a4a"), (46, "6c7f5c"), (56, "8f6a48")):
        canvas.rect(x, 82, x + 10, 93, wood(canvas.size, rgb(color), 5, OVER, plank=3))
    canvas.ellipse((24, 88), (10, 6), rgb("7d8a6a"))
    for x in (40, 84, 128, 158):
        canvas.ellipse((x, 103), (4.4, 5.4), rgb("d58a3c"))
        canvas.ellipse((x, 103), (2.1, 2.8), rgb("55302a"))
    canvas.grit(0.07, 6)
    return canvas.sprite((95, 116))


def _sailboat(sail: Rgb, hull: Rgb, seed: int) -> Sprite:
    """A boat under main and fore sail; the pivot is amidships on the waterline."""
    canvas = Canvas(120, 170)
    surface = cloth(canvas.size, sail, seed, OVER, folds=17)
    canvas.line([(62, 148), (62, 6)], 2.2, rgb("7a5a3a"))
    canvas.polygon([(64, 10), (70, 60), (108, 134), (64, 138)], surface)
    canvas.polygon([(60, 18), (46, 80), (12, 136), (59, 140)], surface)
    canvas.shade([(60, 18), (46, 80), (12, 136), (59, 140)], 0.8)
    canvas.shade([(64, 10), (76, 70), (80, 136), (64, 138)], 0.84, 5)
    for y in (48, 82, 112):
        canvas.line([(64, y), (66 + (y - 10) * 0.34, y + 2)], 0.5, (sail[0] * 0.6, sail[1] * 0.6, sail[2] * 0.6))
    canvas.line([(62, 138), (112, 136)], 1.8, rgb("7a5a3a"))
    canvas.line([(62, 8), (10, 138)], 0.5, TAR)
    canvas.ellipse((88, 138), (5, 8), rgb("4c5a6a"), arc=(180, 360))
    canvas.ellipse((88, 128), (3, 3.6), rgb("c09878"))
    canvas.ellipse((88, 125.5), (4, 1.8), rgb("c9b37a"), arc=(180, 360))
    _hull(canvas, [(6, 142), (117, 140), (104, 159), (22, 160)], hull, seed + 1)
    canvas.grit(0.05, seed + 2)
    return canvas.sprite((60, 158))


def _rower() -> Sprite:
    """A rowing boat with a man in a yellow oilskin."""
    canvas = Canvas(96, 64)
    canvas.polygon([(38, 46), (40, 22), (48, 17), (56, 22), (60, 46)], rgb("c59a3a"))
    canvas.line([(54, 26), (70, 38)], 4.5, rgb("a9822f"))
    canvas.ellipse((49, 13), (4.2, 5), rgb("bf967a"))
    canvas.ellipse((49, 10), (7, 3.6), rgb("b28a30"), arc=(180, 360))
    _hull(canvas, [(3, 40), (93, 39), (80, 57), (16, 57)], rgb("3f5f6b"), 8)
    canvas.line([(70, 38), (90, 56)], 1.6, rgb("a9865a"))
    canvas.round_off(0.2)
    canvas.grit(0.08, 9)
    return canvas.sprite((48, 56))


def _headland() -> Sprite:
    """Hills, cottages and a lighthouse on the far shore."""
    canvas = Canvas(760, 150)
    x = np.arange(0, 761, 8)
    draw = np.random.default_rng(11)
    far = 112 - 14 * np.sin(x / 95 + 1) - 7 * np.sin(x / 41)
    points = [(0.0, 150.0), *zip(x.tolist(), far.tolist(), strict=True), (760.0, 150.0)]
    canvas.polygon(points, grass(canvas.size, (rgb("7d8f92"), rgb("8b9a94")), 12, OVER))
    near = 138 - 42 * np.exp(-(((x - 130) / 130) ** 2)) - 16 * np.exp(-(((x - 640) / 120) ** 2))
    points = [(0.0, 150.0), *zip(x.tolist(), near.tolist(), strict=True), (760.0, 150.0)]
    canvas.polygon(points, grass(canvas.size, (rgb("66754c"), rgb("8a8a58")), 13, OVER))
    rocks = noise((1, 761), 13, 14)[0]
    points = [
        (0, 150.0),
        *((float(k), 143 + 2.6 * float(rocks[k]) - 9 * np.exp(-(((k - 130) / 120) ** 2))) for k in range(0, 761, 3)),
        (760, 150),
    ]
    canvas.polygon(points, plaster(canvas.size, rgb("7b7065"), 15, OVER))
    for k in range(9):
        hx, hy = 210 + k * 27 + draw.uniform(-4, 4), 128 + draw.uniform(-5, 4)
        wall = [rgb("d3c8b0"), rgb("c3b08f"), rgb("b9a7a0")][k % 3]
        canvas.rect(hx, hy, hx + 17, hy + 12, wall)
        canvas.polygon(
            [(hx - 2, hy), (hx + 4, hy - 8), (hx + 13, hy - 8), (hx + 19, hy)],
            rgb("96513f") if k % 2 else rgb("5f5c60"),
        )
        canvas.rect(hx + 3, hy + 3, hx + 6, hy + 7, rgb("453f3a"))
        canvas.rect(hx + 10, hy + 3, hx + 13, hy + 7, rgb("453f3a"))
    for k in range(6):
        y0, y1 = 30 + k * 12, 42 + k * 12
        color = rgb("a9463a") if k % 2 else rgb("ddd5c3")
        w0, w1 = 6.5 + k * 0.75, 7.25 + k * 0.75
        canvas.polygon([(130 - w0, y0), (130 + w0, y0), (130 + w1, y1), (130 - w1, y1)], color)
    canvas.shade([(132, 30), (142, 30), (144, 102), (134, 102)], 0.72, 2)
    canvas.rect(120, 27, 140, 31, TAR)
    canvas.rect(124.5, 15, 135.5, 27, rgb("d9c47c"))
    canvas.line([(130, 15), (130, 27)], 1, TAR)
    canvas.polygon([(122, 15), (130, 6), (138, 15)], rgb("8c3f36"))
    canvas.grit(0.05, 16)
    return canvas.sprite((0, 148))


def _quay() -> Sprite:
    """The stone quay in front, with a bollard, barrels, crates and a lobster pot."""
    canvas = Canvas(330, 170)
    stone = plaster(canvas.size, rgb("8d8273"), 17, OVER)
    canvas.polygon([(0, 84), (262, 96), (300, 118), (306, 170), (0, 170)], stone)
    canvas.polygon([(0, 110), (294, 122), (300, 118), (306, 170), (0, 170)], stone * np.float32(0.66))
    for x in (44, 98, 150, 205, 254):
        canvas.line([(x, 86), (x - 18, 111)], 0.9, rgb("5a5148"))
        canvas.line([(x + 12, 112), (x + 13, 138)], 0.9, rgb("3d372f"))
    canvas.line([(0, 138), (303, 144)], 0.9, rgb("3d372f"))
    canvas.rect(40, 44, 84, 92, wood(canvas.size, rgb("9a7648"), 18, OVER, plank=9))
    canvas.rect(30, 62, 62, 96, wood(canvas.size, rgb("7d6a58"), 19, OVER, plank=8))
    canvas.polygon(
        [(106, 46), (138, 46), (142, 71), (138, 97), (106, 97), (102, 71)],
        wood(canvas.size, rgb("75492f"), 20, OVER, plank=6, down=True),
    )
    for y in (51, 88):
        canvas.line([(104, y), (140, y)], 3, rgb("3a3a3c"))
    canvas.shade([(126, 46), (142, 46), (144, 97), (128, 97)], 0.6, 4)
    canvas.polygon([(204, 104), (208, 70), (230, 70), (234, 104)], rgb("34383a"))
    canvas.ellipse((219, 70), (17, 8), rgb("43494b"))
    canvas.ellipse((217, 67.5), (12, 4), rgb("5f6769"))
    for ring in range(4):
        canvas.ellipse((219, 84 + 4 * ring), (13.5, 4.6), ROPE, arc=(0, 180))
        canvas.ellipse((219, 82.6 + 4 * ring), (13.5, 4.4), rgb("43403a"), arc=(0, 180))
    canvas.ellipse((168, 84), (22, 15), rgb("6d7450"))
    for k in range(-3, 4):
        canvas.line([(168 + k * 6.5, 71), (168 + k * 7.6, 98)], 0.8, rgb("3b3f2c"))
        canvas.line([(147, 84 + k * 4), (189, 84 + k * 4)], 0.8, rgb("3b3f2c"))
    canvas.grit(0.08, 21)
    canvas.shade([(0, 92), (240, 102), (240, 110), (0, 100)], 0.75, 4)
    return canvas.sprite((0, 170))


def _piles() -> Sprite:
    """Two tarred mooring piles standing in the water, tied together."""
    canvas = Canvas(74, 250)
    for x, top in ((8, 18), (40, 2)):
        canvas.polygon(
            [(x, top + 3), (x + 4, top), (x + 18, top), (x + 22, top + 3), (x + 23, 250), (x - 1, 250)],
            wood(canvas.size, rgb("66513f"), 22 + x, OVER, down=True),
        )
        canvas.ellipse((x + 11, top + 2), (10.5, 3), rgb("a48f72"))
        canvas.shade([(x + 14, top + 2), (x + 24, top + 2), (x + 24, 250), (x + 14, 250)], 0.55, 3)
        canvas.shade([(x - 2, 205), (x + 24, 205), (x + 24, 250), (x - 2, 250)], 0.55, 8)
    for ring in range(5):
        canvas.line([(7, 70 + 3.4 * ring), (63, 66 + 3.4 * ring)], 2.2, ROPE if ring % 2 else rgb("957f56"))
    canvas.grit(0.08, 23)
    return canvas.sprite((36, 250))


def _sea() -> Sprite:
    """Water from the horizon to the foot: waves grow as they come near."""
    canvas = Canvas(760, 230)
    height, width = canvas.size
    depth = np.linspace(0.03, 1, height, dtype=np.float32)[:, None]
    near = noise((900, 1600), 22, 24, octaves=5, stretch=3.2)
    x = np.broadcast_to(
        (np.arange(width, dtype=np.float32)[None] - width / 2) * 0.24 / (0.16 + depth) + 800, canvas.size
    )
    y = np.broadcast_to(880 * (1.16 * depth / (0.16 + depth)) ** 1.0, canvas.size)
    waves = cv2.remap(
        near,
        np.ascontiguousarray(x),
        np.ascontiguousarray(y, dtype=np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    water = (
        np.array(rgb("93a5a6"), np.float32) * (1 - depth[..., None])
        + np.array(rgb("3f5f66"), np.float32) * depth[..., None]
    )
    tone = waves * (0.03 + 0.13 * depth)
    canvas.cover(water * (1 + tone[..., None]))
    crest = np.clip(waves - 1.1, 0, 1)[..., None] * np.float32(0.55)
    canvas.pixels[..., :3] += (np.array(rgb("c9d2c8"), np.float32) - canvas.pixels[..., :3]) * crest
    return canvas.sprite(opaque=True)


def _glints(seed: int, cell: float, light: Rgb) -> Sprite:
    """Small lights on the water; two sheets of them drifting apart make it move."""
    size = (230, 1000)
    depth = np.linspace(0.1, 1, size[0], dtype=np.float32)[:, None]
    field = noise(size, cell, seed, octaves=2, stretch=4.5)
    weight = np.clip(field - 1.15 + 0.25 * depth, 0, 0.6) * (0.35 + 0.65 * depth)
    image = np.dstack([weight * c for c in light] + [weight]).astype(np.float32)
    return Sprite(image, (0, 0), 1.0)


def _gull() -> Sprite:
    canvas = Canvas(44, 22)
    canvas.polygon([(2, 4), (12, 6), (21, 14), (17, 15), (9, 9)], rgb("d8d6cc"))
    canvas.polygon([(42, 4), (32, 6), (23, 14), (27, 15), (35, 9)], rgb("b9b8b2"))
    canvas.ellipse((22, 15), (7, 2.8), rgb("e6e3d8"))
    canvas.polygon([(2, 4), (7, 4.6), (6, 6.5)], rgb("46484a"))
    canvas.polygon([(42, 4), (37, 4.6), (38, 6.5)], rgb("46484a"))
    canvas.line([(29, 15), (32, 15.6)], 1.2, rgb("cf9a3c"))
    return canvas.sprite((22, 14))


class Harbour:
    """All sprites of the scene; `paint` gives the frame at a moment."""

    def __init__(self) -> None:
        air = Canvas(760, 190)
        air.cover(sky(air.size, (rgb("7f9bb0"), rgb("e2d3b6")), rgb("f1e6d0"), 9, OVER, cover=0.05))
        self.sky, self.headland, self.sea = air.sprite(opaque=True), _headland(), _sea()
        self.glints = (_glints(25, 6, rgb("e9e4cc")), _glints(26, 9, rgb("a9bcb8")))
        self.trawler, self.rower = _trawler(), _rower()
        self.white = _sailboat(rgb("d9cfb4"), rgb("3c556b"), 27)
        self.red = _sailboat(rgb("a24a35"), rgb("c7b68c"), 31)
        self.quay, self.piles, self.gull = _quay(), _piles(), _gull()
        self.shadow = soft_blot((80, 9), rgb("2b4148"), 0.6)
        self.light = daylight((400, 160), 1.05, 0.22)

    def paint(self, moment: float) -> Picture:
        """The frame at `moment` (frames from the scene's beginning)."""
        frame = blank()
        t = ease(moment / 66)
        camera = Camera(320 + 24 * t, 180 - 10 * t, 1 + 0.16 * t)
        place(frame, self.sky, -60 - 0.35 * moment + 24 * t, -10, camera, Pose(depth=1))
        place(frame, self.sea, -60, HORIZON - 2, camera)
        place(frame, self.headland, -60, HORIZON + 1, camera)
        place(frame, self.glints[0], -150 + 0.9 * moment, HORIZON, camera)
        self._boat(frame, self.white, 520 - 1.5 * moment, 186, 0.62, moment, camera)
        self._boat(frame, self.trawler, 90 + 3.2 * moment, 226, 0.98, moment + 9, camera)
        if moment >= LATE:
            self._boat(frame, self.red, 700 - 5.4 * (moment - LATE), 262, 1.02, moment + 4, camera)
        self._boat(frame, self.rower, 300 - 0.9 * moment, 292, 1.05, moment + 15, camera)
        place(frame, self.glints[1], -120 - 1.1 * moment, HORIZON + 1.5 * np.sin(moment / 6), camera)
        for k, (x, y, size) in enumerate(((210, 62, 0.7), (300, 40, 0.55), (395, 84, 0.9))):
            flap = np.sin(moment * 0.55 + 2 * k)
            pose = Pose(scale=size, squash=0.55 + 0.65 * flap, angle=-6)
            place(frame, self.gull, x + (1.5 + 0.4 * k) * moment, y - 0.35 * moment, camera, pose)
        place(frame, self.piles, 520, 392, camera, Pose(depth=1.12))
        place(frame, self.quay, 20, 402, camera, Pose(depth=1.18, scale=1.08))
        frame *= self.light
        return frame

    def _boat(
        self, frame: Picture, boat: Sprite, x: float, y: float, scale: float, moment: float, camera: Camera
    ) -> None:
        """A boat rocking on the water above its broken reflection."""
        rock, heave = 1.6 * np.sin(moment / 7.5), 1.3 * np.sin(moment / 6)
        mirror = Pose(-rock, scale, -0.5, opacity=0.33, lean=0.05 * np.sin(moment / 4))
        place(frame, boat, x, y + 1, camera, mirror)
        place(frame, self.shadow, x, y + 1, camera, Pose(scale=scale))
        place(frame, boat, x, y + heave, camera, Pose(rock, scale))
