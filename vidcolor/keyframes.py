"""Stage 2: the frames of a shot worth colouring first.

- Frames that a person gave pictures for are the keyframes; nothing is added to them.
- Otherwise a few frames are looked at, and taken one by one where they show most of what the shot shows and the
  ones taken so far do not: a frame covers another as far as its cells find their like, and fades with distance.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.features import PatchFeatures, correlate
from vidcolor.settings import KeyframeSettings
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame

SIDE = 128
"""Long side of the small pictures that are compared, in pixels."""
CELL = 8
NEAR = 2
"""A cell looks for its like this many cells around: about 12 % of the picture's width."""
LOOKS = 9
"""Frames looked at for each keyframe's worth of the shot."""
FEWEST_LOOKS = 2
MOST_LOOKS = 200
"""Frames looked at in one shot at most; longer shots are looked at more thinly."""
FADE = 4.0
"""A keyframe's worth to another frame falls to 37 % at this many spacings."""
CROWD = 4
"""Extra keyframes keep this part of the spacing from the others."""
LEAST_FADE = 0.05
"""Keyframes whose worth has faded below this are not compared at all: it keeps long shots quick."""
ALIKE = 0.75
"""Correlation of two cells from which they begin to be the same thing."""


def looks_of(frames: FrameRange, spacing: int) -> list[int]:
    """The frames of a shot that are looked at, of its `frames`: those that a step divides, or its ends; in order.

    They hang on the shot's frames alone, so that they can be kept before the shots are known.
    """
    step = step_of(spacing)
    looked = list(range(-(-frames.start // step) * step, frames.stop, step))
    if len(looked) < FEWEST_LOOKS:
        return sorted({frames.start, *looked, frames.stop - 1})
    if len(looked) <= MOST_LOOKS:
        return looked
    return [looked[round(place)] for place in np.linspace(0, len(looked) - 1, MOST_LOOKS)]


def step_of(spacing: int) -> int:
    """Frames from one that is looked at to the next."""
    return max(1, round(spacing / LOOKS))


def choose_keyframes(frames: FrameRange, looks: Sequence[Frame], settings: KeyframeSettings) -> list[int]:
    """The keyframes of a shot, in order; at least one.

    frames  the shot's frames that show one scene in full light
    looks   those among them that `looks_of` names, of any size
    """
    seen = [_cells(look.lightness) for look in looks]
    positions = np.array([look.index for look in looks])
    worth = _coverage([cells for cells, _ in seen], _near(*seen[0][1]), positions, settings.spacing)
    usual = max(1, round(len(frames) / settings.spacing))
    return [looks[i].index for i in sorted(_cover(worth, positions, usual, settings))]


def _cells(lightness: Array) -> tuple[Array, tuple[int, int]]:
    """(C, cells): what each cell of the picture looks like, of unit length; and the rows and columns of cells."""
    scale = SIDE / max(lightness.shape)
    height, width = (max(CELL, round(n * scale)) for n in lightness.shape)
    small = cv2.resize(lightness, (width, height), interpolation=cv2.INTER_AREA)
    rows, columns = -(-height // CELL), -(-width // CELL)
    levels = []
    for level in PatchFeatures((2, 4))(small):
        cells = np.stack([cv2.resize(m, (columns, rows), interpolation=cv2.INTER_AREA).ravel() for m in level])
        cells = cells - cells.mean(0)
        levels.append(cells / (np.linalg.norm(cells, axis=0) + 1e-6))
    return np.concatenate(levels) / np.float32(len(levels) ** 0.5), (rows, columns)


def _coverage(cells: Sequence[Array], near: Array, positions: Array, spacing: int) -> Array:
    """(N, N, cells) of N looked-at frames: how far frame m shows what each cell of frame n shows, 0..1.

    near  (cells, cells) bool: which cells are looked through for which
    """
    count = len(cells)
    fade = np.exp(-np.abs(positions[:, None] - positions[None]) / (FADE * spacing))
    result = np.zeros((count, count, cells[0].shape[1]), np.float32)
    for m in range(count):
        result[m, m] = 1
        for n in range(m + 1, count):
            if fade[m, n] > LEAST_FADE:
                alike = np.where(near, (correlate(cells[m], cells[n]) - ALIKE) / (1 - ALIKE), 0)
                result[m, n] = np.clip(alike.max(0), 0, 1) * fade[m, n]
                result[n, m] = np.clip(alike.max(1), 0, 1) * fade[m, n]
    return result


def _near(rows: int, columns: int) -> Array:
    """(cells, cells) bool: True for two cells that lie within NEAR of each other."""
    y, x = np.divmod(np.arange(rows * columns), columns)
    return np.maximum(np.abs(y[:, None] - y), np.abs(x[:, None] - x)) <= NEAR


def _cover(worth: Array, positions: Array, usual: int, settings: KeyframeSettings) -> list[int]:
    """Frames taken greedily: `usual` of them, then some more while each shows enough that is new.

    Enough: on some looked-at frame, at least the share `news` of its cells.
    """
    spacing, news = settings.spacing, settings.news
    most = max(usual, round(usual * settings.extra))
    covered = np.zeros(worth.shape[1:], np.float32)
    taken: list[int] = []
    while len(taken) < min(most, len(worth)):
        gains = np.maximum(worth - covered, 0)
        total = gains.sum((1, 2))
        total[taken] = -1
        if len(taken) >= usual:
            total[np.abs(positions[:, None] - positions[taken]).min(1) < spacing / CROWD] = -1
        best = int(np.argmax(total))
        if total[best] <= 0 or (len(taken) >= usual and (gains[best] > 0.5).mean(1).max() < news):
            break
        taken.append(best)
        covered = np.maximum(covered, worth[best])
    return taken
