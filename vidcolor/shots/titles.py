"""Title cards: intertitles and credits, text alone on a plain ground; they stay gray.

Letters are strokes of one thickness on a ground of one level. A card's strokes stand in rows: each row a band of much
the same height, whose middle is crossed by stroke and gap in quick turn. Grass, fences and lights have strokes too,
but not rows with clear ground between them.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from vidcolor.shots.transitions import runs_of

SIDE = 320
"""Long side at which frames are looked at, in pixels."""
STEP = 9.0
"""L* by which a stroke stands out, at least; and where strokes are stronger, this part of the strongest."""
PART = 0.35
FEWEST, MOST = 0.004, 0.30
"""Share of the picture that strokes cover."""
CLEAR = 0.004
"""Strokes on a line between two rows of text at most, as a share of the width."""
LOW, HIGH = 0.02, 0.2
"""Height of a row, as a share of the picture's."""
CROSSINGS = (0.25, 3.5)
"""Strokes a row's middle crosses, in a length of the row's height."""
LETTERS = 5
"""Strokes that a card's rows cross in all, at least."""
EDGE = 8
"""A frame around the text lies in the outer part of its own box: one in so many of its sides."""
IN_ROWS = 0.85
"""Share of the strokes that stand in rows."""
MOSTLY = 0.6
"""Share of a shot's frames that are title cards, at least."""
PLAIN = 0.024
"""Change from pixel to pixel of a plain ground, as a share of the strokes' contrast and in the median."""

LEVEL = 0.3
"""How far nine tenths of it may lie off its median, as a share of the same."""
OPEN = 0.4
"""Share of the picture that is ground, away from the strokes, at least."""


def is_card(lightness: np.ndarray) -> bool:
    """Whether a picture, (H, W) L*, is a title card."""
    scale = SIDE / max(lightness.shape)
    size = (max(1, round(lightness.shape[1] * scale)), max(1, round(lightness.shape[0] * scale)))
    shown = cv2.resize(
        lightness.astype(np.float32), size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    ground = float(np.median(shown))
    return any(_has_rows(strength) for strength in (shown - ground, ground - shown))


def _has_rows(above: np.ndarray) -> bool:
    """Whether what stands out of the ground stands in rows of text."""
    strength = float(np.percentile(above, 99.5))
    if strength < STEP:
        return False
    strokes = above > max(STEP, PART * strength)
    share = float(strokes.mean())
    if not FEWEST <= share <= MOST or not _is_plain(above, strokes, strength):
        return False
    strokes = _without_frame(strokes)
    height, width = strokes.shape
    in_rows, letters = 0, 0
    for top, bottom in runs_of(strokes.sum(axis=1) > CLEAR * width):
        row = strokes[top:bottom]
        if not LOW * height <= bottom - top <= HIGH * height:
            continue
        left, right = _ends(row)
        middle = row[len(row) // 4 : -(len(row) // 4) or None, left:right]
        count = float(np.median((np.diff(middle.astype(np.int8), axis=1) == 1).sum(axis=1)))
        if CROSSINGS[0] <= count * (bottom - top) / max(1, right - left) <= CROSSINGS[1]:
            in_rows += int(row.sum())
            letters += round(count)
    return letters >= LETTERS and in_rows >= IN_ROWS * strokes.sum()


def _without_frame(strokes: np.ndarray) -> np.ndarray:
    """The strokes but for a thin line around the text."""
    height, width = strokes.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strokes.astype(np.uint8), connectivity=8)
    kept = np.ones(count, bool)
    for label in range(1, count):
        wide, high = int(stats[label, cv2.CC_STAT_WIDTH]), int(stats[label, cv2.CC_STAT_HEIGHT])
        if wide > width / 2 and high > height / 2:
            left, top = int(stats[label, cv2.CC_STAT_LEFT]), int(stats[label, cv2.CC_STAT_TOP])
            inside = labels[
                top + high // EDGE : top + high - high // EDGE, left + wide // EDGE : left + wide - wide // EDGE
            ]
            kept[label] = bool((inside == label).any())
    return np.asarray(strokes & kept[labels])


def _is_plain(above: np.ndarray, strokes: np.ndarray, strength: float) -> bool:
    """Whether the ground, away from the strokes, has no texture beside them."""
    around = cv2.dilate(strokes.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ground = ~around
    if ground.mean() < OPEN:
        return False
    change = np.abs(np.diff(above, axis=1))[ground[:, 1:] & ground[:, :-1]]
    level = np.abs(above[ground])
    return bool(np.median(change) <= PLAIN * strength and np.percentile(level, 90) <= LEVEL * strength)


def _ends(row: np.ndarray) -> tuple[int, int]:
    columns = np.flatnonzero(row.any(axis=0))
    return int(columns[0]), int(columns[-1]) + 1


def is_title(frames: Sequence[np.ndarray]) -> bool:
    """Whether a shot is a title, going by some of its frames, (H, W) L* each: most of them are title cards."""
    return sum(is_card(frame) for frame in frames) > len(frames) * MOSTLY
