"""Targets with a reference each, drawn from a list: crops in CIELAB, with masks where wanted.

Every sample hangs on its generator alone: a run that is taken up again sees the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy import ndarray as Array
from numpy.random import Generator

from vidcolor.color import rgb_to_lab
from vidcolor.errors import InputError
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.published.choose import LARGE_SHARE
from vidcolor.research.training.published.lists import Entry, PairList
from vidcolor.research.training.published.prepare import read_mask
from vidcolor.research.training.published.synthetic import bent_places, changed_look, fetched

ROOM = 1.25
"""Shorter side that a picture is read at, over the crop's, at most. Ours, of the colorizers; the U-Net has 1."""
INSIDE = 0.5
"""Share of a pixel that has to lie in a mask."""
Kind = Literal["own", "ranked", "drawn", "changed", "bent"]


@dataclass(frozen=True, slots=True)
class Shares:
    """How often each kind of reference is drawn; together 1."""

    own: float = 0.25
    """The target itself."""
    ranked: float = 0.75
    """One of the nearest by deep features."""
    drawn: float = 0.0
    """One of the same class, chosen at random when the list was made (objects)."""
    changed: float = 0.0
    """The target with another exposure."""
    bent: float = 0.0
    """The target with another exposure, bent by a thin-plate spline."""

    def __post_init__(self) -> None:
        if abs(sum(self.all().values()) - 1) > 1e-6 or min(self.all().values()) < 0:
            raise InputError(f"shares of references {self.all()}: they must be 0 or more and together 1")

    def all(self) -> dict[Kind, float]:
        """By name."""
        return {"own": self.own, "ranked": self.ranked, "drawn": self.drawn, "changed": self.changed, "bent": self.bent}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is drawn from a list."""

    crop: int = 224
    """Pixels a side."""
    table: Literal["scenes", "objects", "both"] = "both"
    """Whole pictures, objects, or either as often as there are of them."""
    ranked: int = 4
    """Nearest that are drawn from."""
    masks: bool = False
    """Whole pictures of large objects, with their masks, instead of the objects cut out."""
    levels: int = 3
    """Levels that need superpixels."""
    shares: Shares = field(default_factory=Shares)
    room: float = ROOM


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A crop of a picture."""

    lab: Array
    """(3, crop, crop) float32"""
    mask: Array | None = None
    """(crop, crop) bool"""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A target and its reference."""

    target: View
    reference: View
    kind: Kind


class Pairs:
    """A source of pairs. Refuses a list that has nothing of what is wanted."""

    def __init__(self, listed: PairList, choice: Choice, *, held: bool = False) -> None:
        """`held`: what is held out alone, otherwise everything but that."""
        self.listed, self.choice = listed, choice
        tables = {"scenes": [listed.scenes], "objects": [listed.objects], "both": [listed.scenes, listed.objects]}
        self.rows = [
            (table, entry)
            for table in tables[choice.table]
            for entry in table
            if entry.held == held and (not choice.masks or (entry.mask and entry.share > LARGE_SHARE))
        ]
        if not self.rows:
            raise InputError(f"{listed.folder}: no {choice.table} to draw from; prepare the set with more pictures")

    def draw(self, random: Generator) -> Pair:
        """One pair; the same for the same state of `random`."""
        table, entry = self.rows[random.integers(len(self.rows))]
        return self.pair(table, entry, self._kind(entry, random), random)

    def pair(self, table: Sequence[Entry], entry: Entry, kind: Kind, random: Generator | None) -> Pair:
        """The pair of an entry with a reference of this kind; without `random` crops are the middle ones."""
        target = self.view(entry, random)
        if kind in ("ranked", "drawn"):
            rows = entry.like[: self.choice.ranked] if kind == "ranked" else entry.same
            other = table[rows[random.integers(len(rows)) if random is not None else 0]]
            return Pair(target, self.view(other, random), kind)
        made = random if random is not None else np.random.default_rng(0)
        reference = target
        if kind in ("changed", "bent"):
            reference = View(changed_look(target.lab, made), target.mask)
        if kind == "bent":
            places = bent_places(target.lab.shape[1:], made)
            mask = None if target.mask is None else fetched(target.mask[None], places)[0] > INSIDE
            reference = View(fetched(reference.lab, places), mask)
        return Pair(target, reference, kind)

    def view(self, entry: Entry, random: Generator | None) -> View:
        """A square crop of the entry's picture, of its object alone, or of the picture with the object's mask."""
        rgb = read_rgb(self.listed.picture(entry))
        mask = None
        if self.choice.masks:
            mask = read_mask(self.listed.mask(entry), (rgb.shape[0], rgb.shape[1]))
        elif entry.box is not None:
            x, y, width, height = entry.box
            rgb = rgb[y : y + height, x : x + width]
            if not rgb.size:
                raise InputError(f"{self.listed.picture(entry)}: smaller than its object's box; prepare the set again")
        return cropped(rgb, mask, self.choice.crop, random, self.choice.room)

    def _kind(self, entry: Entry, random: Generator) -> Kind:
        """Drawn by the shares; without references of its kind an entry gets a bent one."""
        names, shares = zip(*self.choice.shares.all().items(), strict=True)
        kind: Kind = names[random.choice(len(names), p=np.array(shares) / sum(shares))]
        missing = (kind == "ranked" and not entry.like) or (kind == "drawn" and not entry.same)
        return "bent" if missing else kind


def cropped(rgb: Array, mask: Array | None, crop: int, random: Generator | None, room: float = ROOM) -> View:
    """A square crop of R'G'B' bytes (H, W, 3), its shorter side first made the crop's; the middle without `random`.

    With `random` the picture may be larger, by `room` at most, and mirrored. A crop keeps the middle of its mask.
    """
    height, width = rgb.shape[:2]
    scale = crop / min(height, width) * (random.uniform(1, room) if random is not None else 1)
    size = (max(crop, round(height * scale)), max(crop, round(width * scale)))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    rgb = cv2.resize(np.ascontiguousarray(rgb), size[::-1], interpolation=kind)
    share = None if mask is None else cv2.resize(mask.astype(np.float32), size[::-1], interpolation=kind)
    top, left = (_start(length, crop, axis, share, random) for axis, length in enumerate(size))
    window = (slice(top, top + crop), slice(left, left + crop))
    lab = rgb_to_lab(np.ascontiguousarray(rgb[window].transpose(2, 0, 1)) / np.float32(255))
    inside = None if share is None else share[window] >= INSIDE
    if random is not None and random.random() < 0.5:
        lab, inside = lab[..., ::-1], None if inside is None else inside[..., ::-1]
    return View(np.ascontiguousarray(lab), None if inside is None else np.ascontiguousarray(inside))


def _start(length: int, crop: int, axis: int, share: Array | None, random: Generator | None) -> int:
    low, high = 0, length - crop
    if share is not None and share.any():
        middle = round(float(np.median(np.nonzero(share >= min(INSIDE, share.max()))[axis])))
        low, high = max(low, middle - crop + 1), min(high, middle)
    return int(random.integers(low, high + 1)) if random is not None else (low + high) // 2
