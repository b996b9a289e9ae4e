"""Where sprites stand, and the camera that looks at them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidcolor.example.canvas import Sprite
from vidcolor.example.texture import Picture

SIZE = (360, 640)
"""(height, width) of the film."""
WARM = np.array([1.02, 1.0, 0.955], np.float32)
"""The tint of its light."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Looks at the scene's point (x, y), enlarged `zoom` times."""

    x: float
    y: float
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Pose:
    """How a sprite stands: turned clockwise, scaled, leaning, partly seen, near or far."""

    angle: float = 0.0
    """degrees"""
    scale: float = 1.0
    squash: float = 1.0
    """Height against width; -1 mirrors downwards."""
    lean: float = 0.0
    """How far x moves for one unit of y: a tree in the wind."""
    opacity: float = 1.0
    depth: float = 1.0
    """1 at the camera's plane; less is farther and moves less, more is nearer."""
    flip: bool = False


STILL = Pose()


def place(frame: Picture, sprite: Sprite, x: float, y: float, camera: Camera, pose: Pose = STILL) -> None:
    """Put the sprite's pivot at the scene's point (x, y), over what `frame` (H, W, 3) shows already."""
    matrix = _to_frame(sprite, x, y, camera, pose)
    height, width = sprite.image.shape[:2]
    corners = matrix @ np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1]], float)
    x0, y0 = np.maximum(0, np.floor(corners.min(1)).astype(int) - 1)
    x1, y1 = np.minimum(frame.shape[1::-1], np.ceil(corners.max(1)).astype(int) + 1)
    if x0 >= x1 or y0 >= y1 or pose.opacity <= 0:
        return
    matrix[:, 2] -= (x0, y0)
    border = cv2.BORDER_REPLICATE if sprite.opaque else cv2.BORDER_CONSTANT
    patch = cv2.warpAffine(
        sprite.image, matrix, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR, borderMode=border
    )
    if pose.opacity != 1:
        patch = patch * np.float32(pose.opacity)
    region = frame[y0:y1, x0:x1]
    if sprite.opaque:
        region[...] = patch[..., :3]
    else:
        keep = 1 - patch[..., 3]
        for channel in range(3):
            region[..., channel] *= keep
            region[..., channel] += patch[..., channel]


def _to_frame(sprite: Sprite, x: float, y: float, camera: Camera, pose: Pose) -> Picture:
    """(2, 3): texels of the sprite to pixels of the frame."""
    turn = np.deg2rad(pose.angle)
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    lean = np.array([[1, pose.lean], [0, 1]])
    size = np.diag([-pose.scale if pose.flip else pose.scale, pose.scale * pose.squash])
    zoom = 1 + (camera.zoom - 1) * pose.depth
    linear = zoom * rotate @ lean @ size / sprite.density
    seen_x, seen_y = x - camera.x * pose.depth, y - camera.y * pose.depth
    center = np.array([SIZE[1] / 2 + seen_x * zoom, SIZE[0] / 2 + seen_y * zoom])
    offset = center - linear @ (np.asarray(sprite.pivot) * sprite.density)
    return np.hstack([linear, offset[:, None]])


def daylight(center: tuple[float, float], brightest: float, fall: float) -> Picture:
    """(H, W, 3) warm light: `brightest` at `center`, less by `fall` towards the far corners."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32)
    away = ((x - center[0]) / 520) ** 2 + ((y - center[1]) / 320) ** 2
    return (brightest - fall * away)[..., None] * WARM


def blank() -> Picture:
    """A black frame (H, W, 3)."""
    return np.zeros((*SIZE, 3), np.float32)


def ease(position: float) -> float:
    """0..1 to 0..1, starting and stopping gently; held outside."""
    t = min(1.0, max(0.0, position))
    return t * t * (3 - 2 * t)
