"""Which pictures a target may take its colours from: the published choice of reference pairs.

- Ch. 5: whole scenes, and objects that cover more than a tenth of their picture, each ranked among its kind by the L2
  distance of deep features; the four nearest.
- Ch. 6, objects: of those that cover more than 30 % of their picture, three of the same class, drawn at random.
- Ours: what is held out is nobody's reference; a picture is no reference of an object of its own; features are cut to
  4 x 4 places, so that 100,000 pictures fit into memory.

Sources: Carrillo 2022b; Carrillo 2024, ch. 5 and 6.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from torch.nn import functional as F

from vidcolor.color import rgb_to_lab
from vidcolor.research.training.published.lists import Entry

LEAST_SHARE, LARGE_SHARE = 0.1, 0.3
"""Of its picture that an object covers at least: of ch. 5, and of ch. 6."""
NEAREST, DRAWN = 4, 3
"""References of each entry: ranked, and of the same class at random."""
SEEN = 224
"""Pixels a side at which pictures are ranked."""
PLACES = 4
"""Places a side that features are cut to."""
STRIP = 512
"""Entries ranked together."""

Look = Callable[[Array], Array]
"""Deep features (C, h, w) of R'G'B' bytes (SEEN, SEEN, 3)."""


def is_held(picture: str, one_in: int) -> bool:
    """Whether a picture is held out, by its name alone."""
    return zlib.crc32(picture.encode()) % one_in == 0


def look_at(rgb: Array, box: tuple[int, int, int, int] | None, look: Look) -> Array:
    """(C * 16,) float32: the features of a picture (H, W, 3), or of what is in the box."""
    if box is not None:
        x, y, width, height = box
        rgb = rgb[y : y + height, x : x + width]
    seen = cv2.resize(rgb, (SEEN, SEEN), interpolation=cv2.INTER_AREA)
    maps = look(np.ascontiguousarray(seen))
    cut = F.adaptive_avg_pool2d(torch.from_numpy(np.asarray(maps, np.float32)), PLACES)
    return np.asarray(cut.flatten().numpy())


def lightness_of(rgb: Array) -> Array:
    """(H, W) L* of R'G'B' bytes (H, W, 3)."""
    return rgb_to_lab(np.ascontiguousarray(rgb.transpose(2, 0, 1)) / np.float32(255))[0]


def ranked(entries: Sequence[Entry], features: Array) -> list[Entry]:
    """The entries with their nearest, of those of one class, by the L2 distance of features (n, D)."""
    groups = defaultdict(list)
    for row, entry in enumerate(entries):
        groups[entry.name].append(row)
    out = list(entries)
    for rows in groups.values():
        offered = [row for row in rows if not entries[row].held]
        keys = features[offered]
        lengths = np.einsum("nd,nd->n", keys, keys)
        own = max(Counter(entries[row].picture for row in rows).values())
        count = min(NEAREST + own, len(offered))
        for start in range(0, len(rows), STRIP):
            strip = rows[start : start + STRIP]
            far = lengths - 2 * features[strip] @ keys.T
            for row, distances in zip(strip, far, strict=True):
                near = np.argpartition(distances, count - 1)[:count] if count else np.arange(0)
                order = [offered[k] for k in sorted(near, key=distances.__getitem__)]
                like = [k for k in order if entries[k].picture != entries[row].picture][:NEAREST]
                out[row] = replace(out[row], like=tuple(like))
    return out


def drawn(objects: Sequence[Entry], seed: int) -> list[Entry]:
    """The objects, the large ones with three large ones of their class at random, fewer where there are fewer."""
    large = defaultdict(list)
    for row, entry in enumerate(objects):
        if entry.share > LARGE_SHARE and not entry.held:
            large[entry.name].append(row)
    out = []
    for row, entry in enumerate(objects):
        others = [k for k in large[entry.name] if objects[k].picture != entry.picture]
        if entry.share > LARGE_SHARE and others:
            order = np.random.default_rng([seed, row]).permutation(len(others))[:DRAWN]
            entry = replace(entry, same=tuple(others[k] for k in order))
        out.append(entry)
    return out
