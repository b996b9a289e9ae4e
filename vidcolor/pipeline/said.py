"""What a person has said of a frame's colours, as what proposes takes it: hints, and parts that take from a picture.

Two corrections may speak of one place. The later one counts there, but not over one less than half as large: who says
that a coat is blue and then that the wall is green has not said that the coat is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

from vidcolor.features import PatchFeatures
from vidcolor.networks.proposer_hints import Shown
from vidcolor.pipeline.layers import change_of, chroma_of
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.painter import Painter
from vidcolor.pipeline.sights import by_features
from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Hint, Neutral, Paint, Region
from vidcolor.state.film import Film

POINT = 0.01
"""Radius of a point of colour, as a share of the frame's shorter side."""
KINDS = (Paint, Hint, Neutral, Region)
LARGER = 2.0
"""Times as large as an earlier one from which a later one gives way to it."""
ANOTHER = 2.0
"""Difference in a*b* from which two say other things."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said, each place by one correction."""

    hints: Array | None
    """(3, H, W): how far a colour is given, 0..1, and its a*b*; None where none is"""
    regions: tuple[Shown, ...]
    """Pictures that parts of the frame take from"""
    settled: tuple[str, ...]
    """`0002-hint-r1-000134 counts over 0001-paint-r1-000134 where both speak`"""


@dataclass(eq=False, slots=True)
class _Layer:
    name: str
    share: Array
    """(H, W): how far it counts, 0..1"""
    chroma: Array | None
    """a*b*, (2, 1, 1) or (2, H, W); None where a picture says it"""
    shown: Shown | None

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.share))


def corrections_said(film: Film, frame: int, *, by_pictures: bool) -> list[Correction]:
    """What a person has said of the frame's colours here and there, in order.

    by_pictures  also where it says so by a picture
    """
    return [
        c
        for c in film.plan.corrections
        if c.frame == frame and isinstance(c.said, KINDS) and (c.is_layer or (by_pictures and "picture" in c.files))
    ]


def said_of(film: Film, corrections: Sequence[Correction], size: tuple[int, int]) -> Said:
    """What these corrections say of a frame of this size (H, W)."""
    if not corrections:
        return Said(None, (), ())
    features = PatchFeatures()
    library = Library(film.project, features)
    painter = Painter(library, film.plan.hashes, by_features(features), film.settings.correct, film.plan.reel.size)
    stack: list[_Layer] = []
    settled = []
    for layer in (_layer(film, correction, painter, library, size) for correction in corrections):
        others = [other for other in stack if _differ(other, layer)]
        above = [other for other in others if LARGER * other.area < layer.area]
        settled += [_counts(other, layer) if other in above else _counts(layer, other) for other in others]
        stack.insert(min(map(stack.index, above), default=len(stack)), layer)
    return _laid(stack, size, tuple(settled))


def _laid(stack: Sequence[_Layer], size: tuple[int, int], settled: tuple[str, ...]) -> Said:
    """Layers from the lowest up, as one: what lies above has the place for itself."""
    share, chroma = np.zeros(size, np.float32), np.zeros((2, *size), np.float32)
    regions: list[tuple[Shown, Array]] = []
    for layer in stack:
        there = layer.share > 0
        regions = [(shown, np.where(there, 0, here)) for shown, here in regions]
        if layer.shown is not None:
            share = np.where(there, 0, share)
            regions.append((layer.shown, layer.share))
        elif layer.chroma is not None:
            chroma = np.where(there, layer.chroma, chroma)
            share = np.maximum(share, layer.share)
    hints = np.concatenate([share[None], chroma]).astype(np.float32) if share.any() else None
    return Said(hints, tuple(shown._replace(here=here) for shown, here in regions if here.any()), settled)


def _differ(one: _Layer, other: _Layer) -> bool:
    """Whether both speak of some place, and not of the same colour."""
    both = (one.share > 0) & (other.share > 0)
    if not both.any():
        return False
    if one.chroma is None or other.chroma is None:
        return True
    off = np.broadcast_to(one.chroma - other.chroma, (2, *both.shape))[:, both]
    return float(np.hypot(*off).mean()) > ANOTHER


def _counts(one: _Layer, other: _Layer) -> str:
    return f"{one.name} counts over {other.name} where both speak"


def _layer(film: Film, correction: Correction, painter: Painter, library: Library, size: tuple[int, int]) -> _Layer:
    said, files = correction.said, correction.files
    at = getattr(said, "at", None)
    if at is not None:
        ys, xs = np.mgrid[: size[0], : size[1]]
        near = np.hypot(xs - at[0], ys - at[1]) <= max(1.0, POINT * min(size))
        colors = chroma_of(said.color) if isinstance(said, Hint) else np.zeros((2, 1, 1), np.float32)
        return _Layer(correction.name, near.astype(np.float32), colors, None)
    if isinstance(said, Paint):
        colors, share = painter.paint(correction, size)
        return _Layer(correction.name, share, colors, None)
    if "picture" in files:
        hashes = film.plan.hashes
        picture = library.picture(files["picture"], hashes[files["picture"]])
        part = None
        if "part" in files:
            part = library.mask(files["part"], hashes[files["part"]], picture.lightness.shape).astype(np.float32)
        share = painter.mask(correction, size)
        return _Layer(correction.name, share, None, Shown(picture.lightness, picture.chroma, share, part))
    found = painter.layer_at(correction, size)
    assert found is not None, "a mask is there"
    change = change_of(correction, None)
    return _Layer(correction.name, found[1], np.asarray(change(np.zeros((2, *size), np.float32))), None)
