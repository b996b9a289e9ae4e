"""Black bars around a film's picture: looked for when it is planned; planes and pictures are cut to what is inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy import ndarray as Array

from vidcolor.keyframes import looks_of
from vidcolor.media.samples import sampled_light
from vidcolor.settings import Settings
from vidcolor.shots.bars import DARK, asked_bars, bars_of_shots, candidates, told_by
from vidcolor.state.plan import clear_frames
from vidcolor.types import Bars, ColorFrame, Frame, Reel, Reference, Shot

SAMPLES = 24
"""Pictures of the film looked at for bars."""


def with_bars(
    reel: Reel, shots: Sequence[Shot], settings: Settings, small: Callable[[Sequence[int]], list[Frame]]
) -> Reel:
    """The reel with the bars that the settings ask for, or that are found.

    small  answers frames by number, rising, small: asked only where some frames have bars
    """
    bars = asked_bars(settings.reel.bars, reel.size, reel.frame_count)
    if bars is None:
        found = candidates(map(told_by, sampled_light(reel, SAMPLES, DARK)))
        bars = bars_of_shots(shots, _looks(shots, settings, small), found, reel.size) if found else ()
    return replace(reel, bars=bars)


def _looks(
    shots: Sequence[Shot], settings: Settings, small: Callable[[Sequence[int]], list[Frame]]
) -> dict[str, list[Array]]:
    """Three small frames of each shot, of those that its keyframes are chosen by."""
    looks = {}
    for shot, clear in zip(shots, clear_frames(shots), strict=True):
        frames = looks_of(clear, settings.keyframes.spacing)
        some = sorted({frames[place] for place in (0, len(frames) // 2, len(frames) - 1)})
        looks[shot.id] = [frame.lightness for frame in small(some)]
    return looks


def inside(plane: Array, bars: Bars | None, film: tuple[int, int]) -> Array:
    """A plane (..., H, W) of a film's frame without its bars; whole where there are none.

    film  (height, width) of the film
    """
    if bars is None:
        return plane
    rows, columns = bars.inside(film, plane.shape[-2:])
    return np.ascontiguousarray(plane[..., rows, columns])


def picture_inside(picture: Reference, reel: Reel, frame: int) -> Reference:
    """A frame's own picture without bars: as it is where its proportions are rather those of the picture inside."""
    bars = reel.bars_at(frame)
    if bars is None or shown_by(picture.lightness.shape, reel, frame) != reel.size:
        return picture
    lightness, chroma = (inside(planes, bars, reel.size) for planes in (picture.lightness, picture.chroma))
    return replace(picture, lightness=lightness, chroma=chroma)


def shown_by(shape: tuple[int, ...], reel: Reel, frame: int) -> tuple[int, int]:
    """What a frame's own picture of this shape shows, by its proportions: the size of the film, or of the picture
    inside its bars."""
    own = np.log(shape[0] / shape[1])
    return min((reel.size, reel.picture_size(frame)), key=lambda size: abs(own - np.log(size[0] / size[1])))


def with_bars_around(color: ColorFrame, bars: Bars, film: tuple[int, int], size: tuple[int, int]) -> ColorFrame:
    """The colours of the picture inside in a frame of `size`, its bars neutral and sure."""
    confidence = around(color.confidence, bars, film, size, 1.0)
    return ColorFrame(color.index, around(color.chroma, bars, film, size), confidence)


def around(plane: Array, bars: Bars, film: tuple[int, int], size: tuple[int, int], value: float = 0.0) -> Array:
    """The plane (..., h, w) of the picture inside in one (..., H, W) of `size`, with `value` in its bars."""
    whole = np.full((*plane.shape[:-2], *size), value, np.float32)
    whole[(..., *bars.inside(film, size))] = plane
    return whole
