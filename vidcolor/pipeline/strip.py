"""What a version keeps to be looked at: a strip of its frames above their confidence, and stills of those frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vidcolor.media.jpeg import write_jpeg
from vidcolor.media.store import ChromaReader
from vidcolor.project.versions import STILL, still_name
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Frame
from vidcolor.view import Box, boxed, fitted, heat, shown

COLUMNS = 8
WIDTH = 240
"""Pixels of one picture of the strip."""
GAP = 4
SMALL = 480
"""Width of the stills, in pixels; never more than the chroma's."""


def frames_shown(reach: FrameRange, keys: Sequence[int], boxes: Mapping[int, Box]) -> list[int]:
    """The frames of a shot to look at: its first keyframes, frames evenly between its ends, and those of `boxes`."""
    evenly = {reach.start + (len(reach) - 1) * i // max(1, COLUMNS - 1) for i in range(COLUMNS)}
    return sorted({*keys[:COLUMNS], *evenly, *boxes})


def strip_picture(
    colors: ChromaReader,
    frames: Mapping[int, Frame],
    reach: FrameRange,
    keys: Sequence[int],
    boxes: Mapping[int, Box],
    size: tuple[int, int],
) -> np.ndarray:
    """(3, h, w) 8-bit: colours above confidence, from left to right in time; red is 0, yellow half, white 1.

    colors  the shot's, as they are stored
    frames  by number, those that are shown
    keys    the keyframes
    boxes   frames that would help as keyframes, with a box around what they would make known: left, top, right, bottom
            in pixels of a film of `size` (height, width)
    """
    wanted = frames_shown(reach, keys, boxes)
    columns = [_column(frames[frame], colors.read(frame), boxes.get(frame), size) for frame in wanted]
    gap = np.full((3, columns[0].shape[1], GAP), 255, np.uint8)
    joined = [part for column in columns for part in (column, gap)][:-1]
    return np.concatenate(joined, axis=2)


def write_stills(
    version: Path, colors: ChromaReader, frames: Mapping[int, Frame], wanted: Sequence[int], middle: int
) -> None:
    """Writes small stills of the frames `wanted` into a version's folder, and a large one of the frame `middle`."""
    small = [still_name(frame) for frame in wanted]
    (version / small[0]).parent.mkdir(exist_ok=True)
    for frame, name in zip(wanted, small, strict=True):
        color = colors.read(frame)
        width = min(SMALL, color.confidence.shape[1])
        write_jpeg(version / name, _colored(frames[frame], color, width))
    large = frames[middle]
    write_jpeg(version / STILL, _colored(large, colors.read(middle), large.lightness.shape[1]))


def _colored(frame: Frame, color: ColorFrame, width: int) -> np.ndarray:
    return shown(fitted(frame.lightness[None], width)[0], fitted(color.chroma, width))


def _column(frame: Frame, color: ColorFrame, box: Box | None, film: tuple[int, int]) -> np.ndarray:
    pictures = [_colored(frame, color, WIDTH), heat(fitted(color.confidence[None], WIDTH)[0])]
    if box is not None:
        pictures = [boxed(picture, box, film) for picture in pictures]
    gap = np.full((3, GAP, WIDTH), 255, np.uint8)
    return np.concatenate([pictures[0], gap, pictures[1]], axis=1)
