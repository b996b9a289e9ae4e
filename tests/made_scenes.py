"""Makes colour pictures of textured things, and the ways a picture of the same thing may differ."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np

from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.features import LUMA
from vidcolor.types import Frame, Reference

SIZE = (180, 240)
COLORS = ((68, 5, 32), (45, -26, 12), (38, 32, 20), (52, 4, -30))
"""L*a*b* of the four things."""


def cloth(random: np.random.Generator, grain: float, stretch: tuple[float, float], size=SIZE) -> np.ndarray:
    """A texture of about unit deviation: noise of one grain, stretched."""
    noise = random.normal(size=size).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), grain * stretch[0], None, grain * stretch[1])
    return noise / noise.std()


def scene(seed: int, move: tuple[int, int] = (0, 0), size: tuple[int, int] = SIZE) -> np.ndarray:
    """(3, H, W) R'G'B': a wall, a disc, a box and a stripe, each of its own colour and cloth; `move` is the disc's."""
    random = np.random.default_rng(seed)
    height, width = size
    ys, xs = np.mgrid[:height, :width]
    at = random.uniform(0.3, 0.7, (3, 2)) * (width, height)
    disc = np.hypot(xs - at[0, 0] - move[0], ys - at[0, 1] - move[1]) < 0.2 * height
    box = (abs(xs - at[1, 0]) < 0.13 * width) & (abs(ys - at[1, 1]) < 0.2 * height)
    stripe = abs(ys - 0.9 * height) < 0.06 * height
    grains = ((1.0, (1, 1)), (2.0, (3, 1)), (1.2, (1, 4)), (3.0, (1, 1)))
    picture = np.zeros((3, height, width), np.float32)
    for where, color, (grain, stretch) in zip(
        (np.ones(size, bool), stripe, box, disc), random.permutation(COLORS), grains, strict=True
    ):
        painted = np.broadcast_to(np.array(color, np.float32)[:, None, None], picture.shape).copy()
        painted[0] += 7 * cloth(random, grain, stretch, size)
        picture[:, where] = painted[:, where]
    return lab_to_rgb(picture)


def moving_disc(place: int) -> np.ndarray:
    """(240, 320, 3) R'G'B': a red disc on a green wall about as bright; a blue box, a brown floor."""
    y, x = np.mgrid[:240, :320]
    shade = 0.35 + 0.4 * x / 320 + 0.03 * np.sin(x / 5) * np.cos(y / 7)
    colors = np.stack([0.5 * shade, shade, 0.55 * shade], 2)
    colors[160:] = np.array([0.62, 0.5, 0.3]) * (0.7 + 0.25 * np.sin(x / 9)[160:, :, None] ** 2)
    colors[60:140, 230:290] = (0.2, 0.3, 0.7)
    colors[(x - 80 - 2 * place) ** 2 + (y - 100) ** 2 < 38**2] = (0.75, 0.2, 0.18)
    return colors.astype(np.float32)


def gray(rgb: np.ndarray, index: int = 0) -> Frame:
    """The gray film's frame of a colour picture."""
    return Frame(index, rgb_to_lab(np.stack([np.tensordot(LUMA, rgb, 1)] * 3))[0])


def reference(rgb: np.ndarray, name: str = "picture.png") -> Reference:
    lab = rgb_to_lab(np.ascontiguousarray(rgb, np.float32))
    return Reference(name, hashlib.sha256(lab.tobytes()).hexdigest(), lab[0], lab[1:])


def chroma(rgb: np.ndarray) -> np.ndarray:
    return rgb_to_lab(np.ascontiguousarray(rgb, np.float32))[1:]


def redrawn(rgb: np.ndarray, seed: int, pixels: float = 3.0) -> np.ndarray:
    """The picture as a model draws it again: another framing, bent by a few pixels, softer, darker, in JPEG."""
    random = np.random.default_rng(seed)
    height, width = rgb.shape[1:]
    bend = [cv2.GaussianBlur(random.normal(size=(height, width)).astype(np.float32), (0, 0), width / 12) for _ in "xy"]
    bend = [b * pixels / np.abs(b).max() for b in bend]
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    x, y = 0.96 * (xs + bend[0]) + 5, 0.98 * (ys + bend[1]) + 1
    out = np.stack([cv2.remap(p, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT) for p in rgb])
    lab = rgb_to_lab(np.stack([cv2.GaussianBlur(p, (0, 0), 0.7) for p in out]))
    lab[0] = 100 * (lab[0] / 100) ** 1.15
    out = lab_to_rgb(lab).transpose(1, 2, 0)
    packed = cv2.imencode(".jpg", (out * 255 + 0.5).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    return cv2.imdecode(packed, cv2.IMREAD_COLOR).astype(np.float32).transpose(2, 0, 1) / 255


def jpeg_of(colors: np.ndarray, quality: int = 85) -> np.ndarray:
    """(H, W, 3) R'G'B' 0..1 as JPEG leaves it."""
    pixels = np.ascontiguousarray((colors * 255 + 0.5).astype(np.uint8))
    packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(packed, cv2.IMREAD_COLOR).astype(np.float32) / 255


def off(result: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance of two chroma pictures in a*b*."""
    return float(np.hypot(*(result - truth)).mean())


def hidden_disc(frame: int, size: tuple[int, int] = (128, 176)) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) R'G'B' and (H, W) bool: an orange disc on a still green wall, and where it is seen.

    A blue bar passes before it: it hides a part from frame 14 on, all in frames 20 to 22, nothing from frame 29 on.
    """
    height, width = size
    random = np.random.default_rng(3)
    wall, disc, bar = (cv2.GaussianBlur(random.normal(size=size).astype(np.float32), (0, 0), g) for g in (2, 1.2, 1.5))
    y, x = np.mgrid[:height, :width]
    there = np.hypot(x - width / 2, y - height / 2) < 0.15 * height
    left = round(0.034 * width * (frame - 11))
    before = (x >= left) & (x < left + 0.3 * width)
    planes = ((wall, 0.45, 0.06), (disc, 0.6, 0.05), (bar, 0.3, 0.08))
    shade = [(middle + deep * plane / plane.std())[..., None] for plane, middle, deep in planes]
    tints = (0.5, 1.1, 0.6), (1.3, 0.9, 0.4), (0.6, 0.9, 2.0)
    colors = shade[0] * tints[0]
    colors[there] = (shade[1] * tints[1])[there]
    moved = np.roll(shade[2], left, 1)
    colors[before] = (moved * tints[2])[before]
    return np.clip(colors, 0, 1).astype(np.float32), there & ~before
