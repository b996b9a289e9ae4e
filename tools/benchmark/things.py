"""Things that corrections are said of, and where they are later: pieces of the example's scenes, points of clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

from benchmark.clips import Clip
from vidcolor.color import rgb_to_lab
from vidcolor.example.facts import ExampleShot
from vidcolor.example.film import Film, picture_of
from vidcolor.example.paint import Picture, Piece
from vidcolor.features import LUMA, lightness_of
from vidcolor.planes.samples import fetch
from vidcolor.propagate.runs import chroma_size, reduced
from vidcolor.settings import Settings
from vidcolor.timeline import FrameRange
from vidcolor.types import Frame, working_size

SAID, AFTER = 4, (10, 25, 50)
"""The frame that is corrected, and frames on from there."""
MASKED = 40
"""Frames that masks are followed over."""
LONG = SAID + max(AFTER) + 1
LEAST_AREA = 0.004
"""Share of the picture from which a piece is corrected."""
MOST_AREA, MOST_THINGS = 0.2, 3
"""The same from which it is ground or sky; and the pieces of a scene, those that are seen most after 25 frames."""
PLACES = 200
"""Places of a piece that are followed, at most."""
SCENES = ("street", "harbour", "room", "hillside", "clockwork")
OUTLINED = ("davis_tennis", "sam2_02_cups")
HIGH, DISC, BESIDE = 256, 12, 4
"""Height of the clips that POINTS are of; radius of the disc painted there; how far off four more places lie."""
POINTS = {
    "davis_tennis": {
        "shirt": ((190, 102), (138, 112), (178, 125), (208, 98)),
        "shorts": ((190, 138), (155, 138), (180, 150), (190, 146)),
        "banner": ((102, 80), (158, 80), (402, 74), (348, 78)),
    },
    "sam2_02_cups": {
        "sweater": ((240, 60), (240, 61), (262, 62), (243, 30)),
        "cup": ((232, 146), (232, 148), (97, 128), (238, 150)),
        "right cup": ((325, 148), (325, 150), (370, 138), (178, 123)),
    },
    "camel": {
        "body": ((255, 90), (255, 95), (253, 84), (262, 96)),
        "hump": ((200, 75), (199, 89), (202, 72), (220, 83)),
        "hedge": ((200, 25), (172, 31), (134, 21), (89, 35)),
    },
    "fresco_music": {
        "face": ((170, 110), (171, 102), (163, 104), (152, 100)),
        "headphones": ((248, 118), (250, 112), (248, 98), (239, 86)),
        "shirt": ((215, 225), (222, 221), (228, 223), (227, 208)),
    },
}
"""Things that stay in the picture, and where: x and y in frame SAID and so many frames on as AFTER says. Followed by
Lucas-Kanade there and back to within a pixel and a half, or by eye where that loses them; all looked at."""
OUTLINES = {
    "shirt": "173,83 199,82 207,90 211,103 203,105 196,117 186,118 180,112 176,101 166,101 160,98 166,90",
    "shorts": "182,129 213,125 215,140 213,153 199,151 198,147 181,146",
    "banner": "0,0 171,0 171,58 152,62 152,97 0,98",
    "sweater": "178,0 345,0 325,18 318,50 310,90 300,137 256,137 252,105 213,105 209,137 155,137 170,80 177,30",
    "cup": "214,107 222,104 248,104 253,108 258,145 262,180 250,190 216,190 203,180 208,145",
    "right cup": "310,107 318,104 344,104 349,108 352,145 354,180 342,190 308,190 296,180 302,145",
}
"""What is painted in frame SAID where a disc would be a part of something even; by hand, of the first two clips."""


@dataclass(frozen=True, eq=False)
class Thing:
    """What is corrected in frame SAID, and where it is later."""

    name: str
    mask: Array
    """(h, w) 0..1"""
    places: Array
    """(2, n): x and y in frame SAID, of chroma"""
    later: dict[int, tuple[Array, Array]]
    """By frames on: places (2, n), and which of them are seen (n,)"""
    masks: Sequence[Array] | None = None
    """(h, w) bool of the frames on from SAID, where they are known"""

    @property
    def point(self) -> tuple[int, int]:
        """x and y of its most inner pixel, or of what was picked"""
        if self.masks is None:
            return round(float(self.places[0, 0])), round(float(self.places[1, 0]))
        inside = cv2.distanceTransform((self.mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
        y, x = np.unravel_index(int(inside.argmax()), inside.shape)
        return int(x), int(y)


class Alone(Film):
    """A scene as a shot of its own: no fade, no dissolve."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.shot = ExampleShot(name, FrameRange(0, LONG), "cut", "exact")

    def colors(self, frame: int) -> Picture:
        return self._shot(self.shot, frame)

    def placed(self, frame: int) -> list[tuple[Piece, Picture]]:
        return list(self.scene(self.shot.scene).placed(float(frame)))


def clip_of(film: Alone, settings: Settings) -> Clip:
    """The scene as film and as true colours."""
    frames, labs = [], []
    for n in range(LONG):
        rgb = np.ascontiguousarray(np.moveaxis(picture_of(film.planes(n)), 2, 0), np.float32)
        size = working_size(rgb.shape[1:], settings.propagate.chroma_side)
        frames.append(Frame(n, reduced(lightness_of(np.tensordot(LUMA, rgb, 1).astype(np.float32)), size)))
        labs.append(np.stack([reduced(plane, chroma_size(size)) for plane in rgb_to_lab(rgb)]))
    return Clip(film.shot.scene, tuple(frames), tuple(labs))


def owners(film: Alone, frame: int) -> tuple[Array, list[Picture]]:
    """(H, W): which piece is seen in each pixel, -1 none; and the pieces' matrices."""
    found, matrices = np.full(film.colors(0).shape[:2], -1, np.int16), []
    for n, (piece, matrix) in enumerate(film.placed(frame)):
        alpha = cv2.warpAffine(np.ascontiguousarray(piece.image[..., 3]), matrix, found.shape[::-1])
        found[alpha > 0.5] = n
        matrices.append(matrix)
    return found, matrices


def things_of(film: Alone, size: tuple[int, int]) -> list[Thing]:
    """The scene's pieces as they move: places lie a pixel of chroma inside."""
    seen = {n: owners(film, SAID + n) for n in range(max(AFTER) + 1)}
    own, matrices = seen[0]
    scale = size[1] / own.shape[1]
    inner, found = np.ones((3, 3), np.uint8), list[Thing]()
    for number in range(int(own.max()) + 1):
        mask = reduced((own == number).astype(np.float32), size)
        deep = cv2.erode((mask > 0.99).astype(np.uint8), inner, borderValue=0)
        ys, xs = np.nonzero(deep)
        if not LEAST_AREA <= mask.mean() <= MOST_AREA or not len(xs):
            continue
        kept = np.unique(np.linspace(0, len(xs) - 1, PLACES).round().astype(int))
        places = np.stack([xs[kept], ys[kept]]).astype(np.float32)
        full = (places + 0.5) / scale - 0.5
        linear, offset = matrices[number][:, :2], matrices[number][:, 2:]
        local = np.linalg.inv(linear) @ (full - offset)
        later = {}
        for n in AFTER:
            there, moved = seen[n]
            now = moved[number][:, :2] @ local + moved[number][:, 2:]
            at = (now + 0.5) * scale - 0.5
            clear = cv2.erode((reduced((there == number).astype(np.float32), size) > 0.99).astype(np.uint8), inner)
            later[n] = at.astype(np.float32), fetch(clear.astype(np.float32), at[:, None].astype(np.float32))[0] > 0.99
            inside = (at[0] >= 0) & (at[1] >= 0) & (at[0] <= size[1] - 1) & (at[1] <= size[0] - 1)
            later[n] = later[n][0], later[n][1] & inside
        masks = [reduced((seen[n][0] == number).astype(np.float32), size) > 0.5 for n in range(MASKED + 1)]
        found.append(Thing(f"{film.shot.scene} {number}", mask, places, later, masks))

    found.sort(key=lambda thing: -float(thing.later[25][1].mean() * thing.mask.sum()))
    return found[:MOST_THINGS]


def points_of(name: str, clip: Clip) -> list[Thing]:
    """Discs around the points picked in a clip."""
    size, things = clip.labs[0].shape[1:], []
    scale = size[0] / HIGH
    ys, xs = np.mgrid[: size[0], : size[1]]
    for thing, spots in POINTS[name].items():
        x, y = (np.array(spots[0]) + 0.5) * scale - 0.5
        mask = np.clip(DISC * scale + 0.5 - np.hypot(xs - x, ys - y), 0, 1).astype(np.float32)
        if name in OUTLINED:
            full = np.zeros((HIGH, round(HIGH * size[1] / size[0])), np.float32)
            corners = np.array([pair.split(",") for pair in OUTLINES[thing].split()], np.int32)
            mask = reduced(cv2.fillPoly(full, [corners], 1.0), size)
        around = np.array([(0, 0), (-BESIDE, 0), (BESIDE, 0), (0, -BESIDE), (0, BESIDE)], np.float32)
        at = [(((np.array(spot) + around + 0.5) * scale - 0.5).T).astype(np.float32) for spot in spots]
        later = {n: (places, np.ones(len(around), np.bool_)) for n, places in zip(AFTER, at[1:], strict=True)}
        things.append(Thing(f"{name} {thing}", mask, at[0], later))
    return things
