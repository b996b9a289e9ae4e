"""A strip for people: frames of a shot in colour, each above a heat map of how far its colours are to be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from vidcolor.color import lab_to_rgb
from vidcolor.media.store import ChromaReader
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Frame

COLUMNS = 8
WIDTH = 240
"""Pixels of one picture of the strip."""
GAP = 4
BOX = (0, 255, 255)
"""Cyan, which the heat map has nowhere."""
LINE = 2
"""Width of a box's line, in pixels."""
Box = tuple[int, int, int, int]


def strip_picture(
    colors: ChromaReader,
    frames: Sequence[Frame],
    reach: FrameRange,
    keys: Sequence[int],
    boxes: Mapping[int, Box],
    size: tuple[int, int],
) -> np.ndarray:
    """(3, h, w) 8-bit: colours above confidence, from left to right in time; red is 0, yellow half, white 1.

    colors  the shot's, as they are stored
    frames  the shot's frames; the first is `reach.start`
    keys    the keyframes; the first few are shown, and frames evenly between the shot's ends
    boxes   frames that would help as keyframes, shown too, with a box around what they would make known: left, top,
            right, bottom in pixels of a film of `size` (height, width)
    """
    evenly = {reach.start + (len(reach) - 1) * i // max(1, COLUMNS - 1) for i in range(COLUMNS)}
    wanted = sorted({*keys[:COLUMNS], *evenly, *boxes})
    columns = [_column(frames[frame - reach.start], colors.read(frame), boxes.get(frame), size) for frame in wanted]
    gap = np.full((3, columns[0].shape[1], GAP), 255, np.uint8)
    joined = [part for column in columns for part in (column, gap)][:-1]
    return np.concatenate(joined, axis=2)


def _column(frame: Frame, color: ColorFrame, box: Box | None, film: tuple[int, int]) -> np.ndarray:
    height, width = color.confidence.shape
    size = (WIDTH, max(1, round(WIDTH * height / width)))
    planes = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (frame.lightness, *color.chroma)]
    rgb = lab_to_rgb(np.stack(planes).astype(np.float32))
    heat = _heat(cv2.resize(color.confidence, size, interpolation=cv2.INTER_AREA))
    gap = np.full((3, GAP, WIDTH), 255, np.uint8)
    pictures = [np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8), heat]
    if box is not None:
        pictures = [_boxed(picture, box, film) for picture in pictures]
    return np.concatenate([pictures[0], gap, pictures[1]], axis=1)


def _boxed(picture: np.ndarray, box: Box, film: tuple[int, int]) -> np.ndarray:
    """The picture (3, h, w) with the outline of a box that is given in pixels of the film."""
    height, width = picture.shape[1:]
    left, right = (round(x * width / film[1]) for x in box[::2])
    top, bottom = (round(y * height / film[0]) for y in box[1::2])
    outline = np.zeros((height, width), bool)
    outline[top:bottom, left:right] = True
    outline[top + LINE : bottom - LINE, left + LINE : right - LINE] = False
    return np.where(outline, np.array(BOX, np.uint8)[:, None, None], picture)


def _heat(confidence: np.ndarray) -> np.ndarray:
    """(3, h, w): the black-body ramp, dark red where confidence is low."""
    level = np.clip(confidence, 0, 1)
    ramp = np.stack([0.25 + level * 1.5, level * 1.5 - 0.5, level * 3 - 2])
    return np.rint(np.clip(ramp, 0, 1) * 255).astype(np.uint8)
