"""Scenes made of stills: things cut out of some move over others, so that much is covered and uncovered.

Clips whose colours are known are few; what a cut-out hides and shows is known exactly, and there are thousands of
stills. Things are people (pictures with masks) and pieces of any still; each goes its own way, turns, grows and sways,
while a camera moves over the scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array
from numpy.random import Generator

SIZE, FRAMES = (192, 256), 11
"""Rows and columns of a scene, and its frames."""
SWAY = 0.04
"""How far parts of a thing sway, in its heights, at most."""
SOFT = 0.8
"""Deviation of the softness of a thing's edge, in pixels."""
PIECE = (160, 160)
"""Rows and columns of a piece of a still."""


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A picture (H, W, 3) 0..255 and how far each pixel covers, (H, W) 0..1."""

    rgb: Array
    cover: Array


def piece_of(rgb: Array, random: Generator) -> Thing:
    """A round piece of a still, of uneven outline."""
    height, width = PIECE
    scale = max(height / rgb.shape[0], width / rgb.shape[1], 1.0) * np.exp(random.uniform(0, 0.4))
    rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    y, x = (int(random.integers(n - m + 1)) for n, m in zip(rgb.shape[:2], PIECE, strict=True))
    around = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radius = np.full(48, 0.36)
    for wave in range(2, 6):
        radius += random.normal(0, 0.12 / wave) * np.cos(wave * around + random.uniform(0, 2 * np.pi))
    outline = 0.5 + np.clip(radius, 0.1, 0.48)[:, None] * np.stack([np.cos(around), np.sin(around)], 1)
    cover = np.zeros(PIECE, np.uint8)
    cv2.fillPoly(cover, [(outline * (width, height)).astype(np.int32)], 255)
    return Thing(rgb[y : y + height, x : x + width], cover / np.float32(255))


def play(still: Array, things: Sequence[Thing], random: Generator) -> list[Array]:
    """FRAMES pictures (*SIZE, 3) uint8: a camera over `still` (H, W, 3) uint8, and the things before it."""
    frames = [frame.astype(np.float32) for frame in _camera(still, random)]
    for thing in things:
        for frame, (rgb, cover) in zip(frames, _walk(thing, random), strict=True):
            frame += cover[..., None] * (rgb - frame)
    return [np.clip(frame + np.float32(0.5), 0, 255).astype(np.uint8) for frame in frames]


def _camera(still: Array, random: Generator) -> list[Array]:
    high, wide = SIZE
    scale = max(high / still.shape[0], wide / still.shape[1]) * np.exp(random.uniform(0, 0.4, 2))
    room = np.array(still.shape[1::-1]) / 2 - np.array([wide, high]) / 2 / scale.min()
    ends = np.array(still.shape[1::-1]) / 2 + random.uniform(-1, 1, (2, 2)) * np.maximum(room, 0)
    turns = np.deg2rad(random.uniform(-3, 3, 2))
    return [shown(still, *now, cv2.BORDER_REFLECT) for now in _between(ends, scale, turns)]


def _walk(thing: Thing, random: Generator) -> list[tuple[Array, Array]]:
    """For each frame, the thing on the frame's pixels and its cover."""
    high, wide = SIZE
    share = random.uniform(0.45, 1.05)
    scale = share * high / thing.cover.shape[0] * np.exp(random.uniform(-0.2, 0.2, 2))
    # The middle of the frame as the thing's own place: where the thing must be seen from to stand at `places`.
    places = random.uniform(0.05, 0.95, (2, 2)) * (wide, high)
    middle = np.array(thing.cover.shape[::-1]) / 2
    ends = middle - (places - np.array([wide, high]) / 2) / scale[:, None]
    turns = np.deg2rad(random.uniform(-12, 12, 2))
    planes = np.dstack([thing.rgb.astype(np.float32), cv2.GaussianBlur(thing.cover, (0, 0), SOFT)])
    reach = SWAY * thing.cover.shape[0] * random.random()
    sways = random.normal(0, 1, (2, 5, 4, 2))
    grid = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) for n in thing.cover.shape[::-1])))
    out = []
    for n, now in enumerate(_between(ends, scale, turns)):
        phase = 2 * np.pi * n / FRAMES
        bent = reach * (np.sin(phase) * sways[0] + (np.cos(phase) - 1) * sways[1])
        off = cv2.resize(bent.astype(np.float32), thing.cover.shape[::-1], interpolation=cv2.INTER_CUBIC)
        swayed = cv2.remap(planes, grid[0] + off[..., 0], grid[1] + off[..., 1], cv2.INTER_LINEAR)
        out.append(
            (shown(swayed[..., :3], *now, cv2.BORDER_REPLICATE), shown(swayed[..., 3], *now, cv2.BORDER_CONSTANT))
        )
    return out


def _between(ends: Array, scale: Array, turns: Array) -> list[tuple[Array, float, float]]:
    """Middle, scale and turn of each frame."""
    shares = np.linspace(0, 1, FRAMES)
    return [
        (ends[0] + s * (ends[1] - ends[0]), scale[0] + s * (scale[1] - scale[0]), turns[0] + s * (turns[1] - turns[0]))
        for s in shares
    ]


def shown(picture: Array, middle: Array, scale: float, turn: float, border: int, size: tuple[int, int] = SIZE) -> Array:
    """Rows and columns `size` of a picture around `middle` (x, y), turned by `turn` radians; `border` is cv2's."""
    spin = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = np.array(size[::-1]) / 2 - spin @ middle
    return cv2.warpAffine(
        picture, np.hstack([spin, shift[:, None]]), size[::-1], flags=cv2.INTER_LINEAR, borderMode=border
    )
