"""Pictures for training colorizers: views at full chroma, tones, palettes, regions, and which stills look alike."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array
from numpy.random import Generator

from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.features import LUMA, Features
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.views import View, grid
from vidcolor.superpixels.segment import segment

LOOK_SIDE = 160
"""Long side at which stills are compared, in pixels."""
TILES = 2
"""Parts of a still compared with their like, each way."""
TWIN = 0.985
"""Likeness from which two stills are one picture."""


def viewed(rgb: Array, view: View) -> Array:
    """(3, crop, crop) float32 R'G'B' 0..1 of a view of R'G'B' bytes (H, W, 3)."""
    crop = view.bend.shape[0]
    places = view.of(grid(crop, 1)).astype(np.float32) - 0.5
    seen = cv2.remap(rgb, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.ascontiguousarray(seen.transpose(2, 0, 1)) / np.float32(255)


def viewed_mask(mask: Array, view: View) -> Array:
    """(crop, crop) bool of a view of a mask (H, W)."""
    crop = view.bend.shape[0]
    places = view.of(grid(crop, 1)).astype(np.float32) - 0.5
    return cv2.remap(mask.astype(np.uint8), places[..., 0], places[..., 1], cv2.INTER_NEAREST) > 0


def planes_of(rgb: Array) -> Array:
    """(3, H, W): L* of the luma, as gray film shows it, and a*b*, of R'G'B' 0..1."""
    gray = np.tensordot(LUMA, rgb, 1)
    return np.concatenate([rgb_to_lab(np.stack([gray] * 3))[:1], rgb_to_lab(rgb)[1:]])


def toned(rgb: Array, random: Generator) -> Array:
    """R'G'B' in other tones: gamma, contrast and offset of its L*; hue and colourfulness stay."""
    lab = rgb_to_lab(rgb)
    gamma, contrast, offset = np.exp(random.uniform(-0.35, 0.35)), random.uniform(0.75, 1.2), random.uniform(-6, 6)
    lab[0] = np.clip(50 + contrast * (100 * (lab[0] / 100).clip(0, 1) ** gamma - 50) + offset, 0, 100)
    return np.asarray(np.clip(lab_to_rgb(lab), 0, 1), np.float32)


def palette(random: Generator) -> Array:
    """(2, 2): a map of a*b* that turns hues and changes colourfulness: another person's choice of colours."""
    turn, size = random.uniform(-np.pi, np.pi), random.uniform(0.6, 1.3)
    return np.asarray(size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]), np.float32)


def blob(lightness: Array, random: Generator) -> Array:
    """(H, W) bool: a part of a picture along its edges, a fifteenth to a half of it, as people outline things."""
    labels = segment(lightness, int(random.integers(10, 60)), threads=1)
    count = int(labels.max()) + 1
    ys, xs = np.mgrid[: lightness.shape[0], : lightness.shape[1]]
    pixels = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    middles = np.stack([np.bincount(labels.ravel(), axis.ravel(), count) / pixels for axis in (ys, xs)])
    start = middles[:, random.integers(count)]
    order = np.argsort(np.hypot(*(middles - start[:, None])) * random.uniform(0.7, 1.3, count))
    chosen = order[: max(1, round(count * random.uniform(0.07, 0.5)))]
    return np.asarray(np.isin(labels, chosen))


def look_alikes(files: Sequence[Path], features: Features, file: Path, most: int = 12) -> Array:
    """(N, most) int: of each still the numbers of those that look most alike, best first; kept in `file`.

    Pooled features (stride 16, whole and in tiles) of the gray stills are compared; copies of a still are left out.
    """
    names = np.array(["/".join(f.parts[-2:]) for f in files])
    if file.exists():
        with np.load(file) as kept:
            if np.array_equal(kept["names"], names):
                return np.asarray(kept["nearest"])
    looks = np.stack([look_of(read_rgb(f), features) for f in files])
    nearest = []
    for first in range(0, len(looks), 512):
        alike = looks[first : first + 512] @ looks.T
        alike[alike > TWIN] = -1
        nearest.append(np.argsort(-alike, axis=1)[:, :most])
    beside = file.with_suffix(".part")
    with beside.open("wb") as out:
        np.savez(out, allow_pickle=False, names=names, nearest=np.concatenate(nearest))
    os.replace(beside, file)
    return np.concatenate(nearest)


def look_of(rgb: Array, features: Features) -> Array:
    """(C,) of unit length: what a picture (H, W, 3) of bytes looks like on the whole and in its quarters."""
    scale = LOOK_SIDE / max(rgb.shape[:2])
    size = (max(16, round(rgb.shape[1] * scale)), max(16, round(rgb.shape[0] * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    coarse = features(planes_of(np.ascontiguousarray(small.transpose(2, 0, 1)))[0])[-1]
    whole = coarse.mean((1, 2))
    tiles = [cv2.resize(plane, (TILES, TILES), interpolation=cv2.INTER_AREA).ravel() for plane in coarse]
    parts = [whole / (np.linalg.norm(whole) + 1e-6), np.concatenate(tiles) / (np.linalg.norm(tiles) + 1e-6)]
    look = np.concatenate(parts)
    return np.asarray(look / np.linalg.norm(look), np.float32)
