"""Corrections of colour made into layers of their frames: pictures are read, points and strokes spread over things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.colorize.by_hint import Place, see, spread
from vidcolor.confidence import error_of
from vidcolor.media.read import resized
from vidcolor.pipeline.layers import AsLight, Change, Layer, change_of, chroma_of, how_other, one_color, spread_out
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.sights import Sees
from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Hint, Neutral, Paint, Scribble
from vidcolor.settings import CorrectSettings
from vidcolor.types import ColorFrame, Frame

STROKE = 0.5
"""Share from which a pixel of a scribble is part of a stroke."""
LEAST = 1e-6
MISLEADS, TELLS = 0.45, 0.65
"""Confidence at a point up to which the colours around it say nothing of its thing, and from which they tell it."""
IN_LIGHT, IN_ANY = 0.2, 0.4
"""Confidence at a point up to which a colour counts for what is as light as the point alone (layers.AsLight), and from
which for its thing in any light. With .45 and .65 true hints bring no more, and people's reach a third less at .5."""
SURE_OTHER, UNSURE_OTHER = (10.0, 20.0), (15.0, 30.0)
"""Distance in a*b* up to which a colour is what is there, put right, and from which it is another that the whole thing
is to have: where the colours tell the thing, and where they say nothing."""
UNSURE_WHOLE = 0.5
"""How far the whole thing is meant at most where the colours say nothing."""
SURER = 0.8
"""Part of the error expected at a point below which others count as surer than it."""
LEFT_ALONE = 4
"""Power of the error by which what is surer is left alone."""
AROUND = 5
"""Pixels of chroma, each way, that a point speaks for."""
LIGHT_AROUND = 3
"""Likewise those whose lightness is the point's."""


class Painter:
    """Makes layers of one film's corrections; several threads may ask at once."""

    def __init__(
        self,
        library: Library,
        hashes: Mapping[str, str],
        sees: Sees,
        settings: CorrectSettings,
        size: tuple[int, int],
    ) -> None:
        """`hashes`: of every file by its name; `sees`: what things are recognised by; `size`: the film's."""
        self.library, self.hashes, self.sees, self.settings, self.size = library, hashes, sees, settings, size

    def layers(self, corrections: Sequence[Correction], below: ColorFrame, target: Frame) -> list[Layer]:
        """Corrections of one frame, at the size of `below`: the colours that the frame has without them.

        Those that spread compete: see `colorize.by_hint.spread`.
        """
        size = below.confidence.shape
        said = [c for c in corrections if c.spreads]
        shares, places = dict[str, Array](), dict[str, tuple[Layer, Place]]()
        if said:
            lightness = _resized(target.lightness, size)
            places = {c.name: self._place(c, below, lightness) for c in said}
            seen = see(lightness, below.chroma, self.sees(target.index, lightness))
            found = spread(seen, [place for _, place in places.values()], self.settings)
            shares = dict(zip(places, found, strict=True))
        return [
            replace(places[c.name][0], share=shares[c.name]) if c.spreads else self.plain(c, size) for c in corrections
        ]

    def plain(self, correction: Correction, size: tuple[int, ...]) -> Layer:
        """A correction that does not spread, at `size`."""
        found = self.layer_at(correction, size)
        if found is None:
            return _layer(correction, change_of(correction, None), None)
        return _layer(correction, *found)

    def layer_at(self, correction: Correction, size: tuple[int, ...]) -> tuple[Change, Array] | None:
        """What a paint or mask makes of colours, and how far it counts, (h, w); None where no picture says it all."""
        if isinstance(correction.said, Scribble) or not correction.files:
            return None
        if isinstance(correction.said, Paint):
            chroma, share = self.paint(correction, size)
            return change_of(correction, one_color(chroma, share)), share
        return change_of(correction, None), self.mask(correction, size)

    def paint(self, correction: Correction, size: tuple[int, ...]) -> tuple[Array, Array]:
        """a*b* (2, h, w) and how far it counts, 0..1."""
        name = correction.files["paint"]
        painted = self.library.painted(name, self.hashes[name], self.size)
        share = _resized(painted.whole(painted.share), size)
        assert isinstance(correction.said, Paint)
        if correction.said.color is not None:
            chroma = np.broadcast_to(chroma_of(correction.said.color), (2, *size))
        else:
            chroma = np.stack([_resized(plane, size) for plane in painted.whole(painted.chroma * painted.share)])
            chroma = chroma / np.maximum(share, LEAST)
        return chroma.astype(np.float32), share * (self.mask(correction, size) if "mask" in correction.files else 1)

    def mask(self, correction: Correction, size: tuple[int, ...]) -> Array:
        """(h, w) 0..1: white counts, and what is transparent does not."""
        name = correction.files["mask"]
        painted = self.library.painted(name, self.hashes[name], self.size)
        return _resized(painted.whole(painted.white * painted.share), size)

    def _place(self, correction: Correction, below: ColorFrame, lightness: Array) -> tuple[Layer, Place]:
        """A point or strokes, not spread yet, and where they are said; lightness (h, w) L*."""
        said, size = correction.said, below.confidence.shape
        layer = Layer(correction.name, correction.frame, Change(), None, correction, soft=True)
        if isinstance(said, Scribble):
            chroma, share = self.paint(correction, size)
            seeds = share >= min(STROKE, float(share.max()))
            own = spread_out(one_color(chroma, share), seeds.astype(np.float32))
            layer = replace(layer, change=change_of(correction, own))
            return layer, Place(seeds, sure=share, strength=self.settings.scribble)
        assert isinstance(said, Hint | Neutral)
        assert said.at is not None
        scale = size[1] / self.size[1]
        x, y = ((c + 0.5) * scale - 0.5 for c in said.at)
        seeds = np.zeros(size, np.bool_)
        seeds[min(size[0] - 1, max(0, round(y))), min(size[1] - 1, max(0, round(x)))] = True
        change, light, another, within = change_of(correction, None), None, 1.0, None
        if isinstance(said, Hint):
            there = _around(below.chroma, seeds)
            change = replace(change, instead=there)
            if below.chroma.any():  # colours that were sure tell how far the thing goes; those that were not mislead
                confidence = _around(below.confidence[None], seeds).item()
                sure = _rise(confidence, MISLEADS, TELLS)
                free = sure * how_other(there, chroma_of(said.color), SURE_OTHER)
                unsure = UNSURE_WHOLE * how_other(there, chroma_of(said.color), UNSURE_OTHER)
                another = free + (1 - sure) * unsure
                matters = (1 - free) * (1 - _rise(confidence, IN_LIGHT, IN_ANY))
                light = AsLight(_around(lightness[None], seeds, LIGHT_AROUND).item(), matters)
                within = (free + (1 - free) * _as_unsure(below.confidence, seeds)) * light.share(lightness)
                within = np.maximum(within, seeds).astype(np.float32)
        if said.radius:
            ys, xs = np.mgrid[: size[0], : size[1]]
            near = np.clip(said.radius * scale + 0.5 - np.hypot(ys - y, xs - x), 0, 1)
            within = (near if within is None else near * within).astype(np.float32)
        return replace(layer, change=change, light=light), Place(seeds, another, within)


def _rise(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high`."""
    return float(np.clip((value - low) / (high - low), 0, 1))


def _around(planes: Array, seeds: Array, side: int = AROUND) -> Array:
    """(C, 1, 1): the mean of planes (C, h, w) around a point."""
    near = cv2.dilate(seeds.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return np.asarray(planes[:, near].mean(1)[:, None, None], np.float32)


def _as_unsure(confidence: Array, seeds: Array) -> Array:
    """(h, w) 0..1: how far each pixel is as unsure of its colour as a point is; what is surer needs it less."""
    off = cv2.blur(error_of(confidence), (AROUND, AROUND))
    there = float(off[seeds].mean())
    return np.asarray(np.clip(off / max(SURER * there, LEAST), 0, 1) ** LEFT_ALONE, np.float32)


def _layer(correction: Correction, change: Change, share: Array | None) -> Layer:
    return Layer(correction.name, correction.frame, change, share, correction)


def _resized(plane: Array, size: tuple[int, ...]) -> Array:
    return resized(np.ascontiguousarray(plane, np.float32), (size[0], size[1]))
