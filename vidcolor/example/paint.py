"""Pieces of painted scenes: textured cut-outs, where they stand, and the camera that sees them.

A surface is (h, w, 3) coded R'G'B' 0..1, a cut-out (h, w, 4) with its alpha premultiplied. Seeded: always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

Picture = np.ndarray
Moves = Callable[[float], tuple[float, float, float]]
SIZE = (360, 640)
"""(height, width) of the film."""
OVER = 4
"""Cut-outs have their edges drawn this much finer, and averaged."""


def noise(size: tuple[int, int], cell: float, seed: int, *, octaves: int = 5, stretch: float = 1.0) -> Picture:
    """(H, W) fractal noise, mean 0, deviation 1; its largest blots are `cell` pixels high, `stretch` times wider."""
    draw, total = np.random.default_rng(seed), np.zeros(size, np.float32)
    for octave in range(octaves):
        step = max(1.0, cell / 2**octave)
        rows, columns = int(size[0] / step) + 3, int(size[1] / (step * stretch)) + 3
        grid = draw.standard_normal((rows, columns), dtype=np.float32)
        full = (round(columns * step * stretch), round(rows * step))
        total += cv2.resize(grid, full, interpolation=cv2.INTER_CUBIC)[: size[0], : size[1]] * np.float32(0.65**octave)
    total = (total - total.mean()) / max(1e-6, float(total.std()))
    return np.clip(total, -2.5, 2.5)


def surface(size: tuple[int, int], codes: str, cell: float, seed: int, *, stretch: float = 1.0) -> Picture:
    """The colours of `codes` (`8a5a44 c0a080`) along fractal noise, with a fine grain of light."""
    palette = np.array([[int(code[k : k + 2], 16) / 255 for k in (0, 2, 4)] for code in codes.split()], np.float32)
    level = np.clip(0.5 + 0.28 * noise(size, cell, seed, stretch=stretch), 0, 1) * (len(palette) - 1)
    low = np.minimum(level.astype(int), max(0, len(palette) - 2))
    share = (level - low)[..., None]
    mixed = palette[low] * (1 - share) + palette[np.minimum(low + 1, len(palette) - 1)] * share
    return np.clip(mixed * (1 + 0.06 * noise(size, 4, seed + 1, octaves=3, stretch=stretch))[..., None], 0.02, 0.96)


def box(x: float, y: float, width: float, height: float) -> list[tuple[float, float]]:
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def oval(x: float, y: float, rx: float, ry: float) -> list[tuple[float, float]]:
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return [(x + rx * np.cos(t), y + ry * np.sin(t)) for t in turns]


def cut(material: Picture, *shapes: Sequence[tuple[float, float]], round_off: float = 0.0) -> Picture:
    """The shapes (corners in pixels) cut out of a surface; `round_off` darkens it to the right, as a body is."""
    height, width = material.shape[:2]
    mask = np.zeros((height * OVER, width * OVER), np.float32)
    for shape in shapes:
        cv2.fillPoly(mask, [np.round(np.asarray(shape, float) * OVER).astype(np.int32)], 1.0)
    alpha = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    light = 1 - round_off * np.abs(np.linspace(0, 1, width, dtype=np.float32) - 0.3)
    return np.dstack([material * (light[:, None] * alpha[..., None]), alpha])


def laid(*pieces: Picture) -> Picture:
    """Cut-outs of one size over each other, the first below."""
    whole = pieces[0].copy()
    for piece in pieces[1:]:
        whole = whole * (1 - piece[..., 3:]) + piece
    return whole


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A cut-out in its scene."""

    image: Picture
    at: tuple[float, float]
    """The scene's point where its pivot stands."""
    pivot: tuple[float, float] = (0, 0)
    """In pixels of the image."""
    depth: float = 1.0
    """1 at the camera's plane; less is farther and moves less."""
    moves: Moves = lambda moment: (0, 0, 0)
    """Moment to pixels right, pixels down, degrees clockwise."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Looks at the scene's point (x, y), enlarged `zoom` times."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Pieces, the farthest first, and a camera that moves: from the first to the second within `lasts` frames."""

    pieces: tuple[Piece, ...]
    cameras: tuple[Camera, Camera]
    lasts: float

    def paint(self, moment: float, camera: Camera | None = None) -> Picture:
        """(H, W, 3) at a moment in frames, from the scene's own camera or another."""
        frame = np.zeros((*SIZE, 3), np.float32)
        for piece, matrix in self.placed(moment, camera):
            _blend(frame, piece.image, matrix)
        return frame

    def placed(self, moment: float, camera: Camera | None = None) -> Iterator[tuple[Piece, Picture]]:
        """Each piece, and the (2, 3) matrix that takes its pixels into the frame."""
        seen = camera or self._camera(moment)
        for piece in self.pieces:
            right, down, turn = piece.moves(moment)
            zoom = 1 + (seen.zoom - 1) * piece.depth
            angle = np.deg2rad(turn)
            linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            stand = np.array([piece.at[0] + right - seen.x * piece.depth, piece.at[1] + down - seen.y * piece.depth])
            offset = np.array(SIZE[::-1]) / 2 + stand * zoom - linear @ np.asarray(piece.pivot, float)
            yield piece, np.hstack([linear, offset[:, None]])

    def _camera(self, moment: float) -> Camera:
        a, b = self.cameras
        t = min(1.0, max(0.0, moment / self.lasts))
        t = t * t * (3 - 2 * t)
        return Camera(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.zoom + (b.zoom - a.zoom) * t)


def _blend(frame: Picture, image: Picture, matrix: Picture) -> None:
    """Lays a cut-out over the part of the frame that it covers; `matrix` (2, 3) takes its pixels there."""
    height, width = image.shape[:2]
    corners = matrix @ np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1]])
    x0, y0 = np.maximum(np.floor(corners.min(1)).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(corners.max(1)).astype(int) + 1, SIZE[::-1])
    if x0 >= x1 or y0 >= y1:
        return
    matrix[:, 2] -= (x0, y0)
    part = cv2.warpAffine(image, matrix, (int(x1 - x0), int(y1 - y0)), flags=cv2.INTER_LINEAR)
    here = frame[y0:y1, x0:x1]
    here *= 1 - part[..., 3:]
    here += part[..., :3]
