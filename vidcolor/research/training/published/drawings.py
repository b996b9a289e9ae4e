"""What Diffusart is told of a picture: its lines, found in one of two ways, and scribbles in its own colours.

Source: Carrillo 2024, ch. 7.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy import ndarray as Array
from numpy.random import Generator

from vidcolor.research.networks.lines import EXTRACTORS, gray_of

FINDS = tuple(EXTRACTORS.values())
"""Drawn from evenly."""
COUNT, THICKNESS, LENGTH, SIDE = (4, 25), (1, 4), (5, 30), 256
"""Of scribbles, least and most: how many, and pixels of a picture of this side. Smaller pictures have smaller ones: one
that crosses half a picture is in the mean colour of many things, which tells of none."""
WAYS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Directions: along a row, down a column, and both diagonals."""
WHITE, MOST_WHITE = 0.95, 0.6
"""From where a pixel is white, and the share of white under a scribble from which it is refused."""
TRIES = 4
"""Of a scribble that is refused, before it is left out."""


def lines_of(rgb: Array, random: Generator) -> Array:
    """(1, H, W), -1..1: lines of R'G'B' (3, H, W), 0..1."""
    return 2 * FINDS[random.integers(len(FINDS))](gray_of(rgb))[None] - 1


def scribbles_of(rgb: Array, random: Generator) -> Array:
    """(4, H, W): straight strokes in the mean colour under each, -1..1, zeros elsewhere; and 1 where they are."""
    made = np.zeros((4, *rgb.shape[1:]), np.float32)
    white = rgb.min(0) >= WHITE
    for _ in range(int(random.integers(COUNT[0], COUNT[1] + 1))):
        for _ in range(TRIES):
            under = stroke(rgb.shape[1:], random)
            if white[under].mean() <= MOST_WHITE:
                made[:3, under] = 2 * rgb[:, under].mean(1, keepdims=True) - 1
                made[3, under] = 1
                break
    return made


def stroke(size: tuple[int, ...], random: Generator) -> Array:
    """(H, W) bool: one straight stroke that begins within the picture."""
    down, across = WAYS[random.integers(len(WAYS))]
    drawn = [int(random.integers(least, most + 1)) for least, most in (LENGTH, THICKNESS)]
    length, thick = (max(1, round(n * min(size) / SIDE)) for n in drawn)
    y, x = (int(random.integers(n)) for n in size)
    plane = np.zeros(size, np.uint8)
    end = (x + across * (length - 1), y + down * (length - 1))
    cv2.line(plane, (x, y), end, 1, thick)
    return np.asarray(plane > 0)
