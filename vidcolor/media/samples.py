"""A few of a film's pictures, spread over it: those that need no others decoded, where there are enough of these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
from numpy import ndarray as Array

from vidcolor.media.damage import neighbours, repeating
from vidcolor.media.decode import read_chosen
from vidcolor.media.index import FrameIndex, find_frames
from vidcolor.media.luma import entries_of_stored, layout_of, look_up, luma_plane
from vidcolor.media.read import luma_of
from vidcolor.media.sequence import find_sequence, is_sequence, read_picture_frame
from vidcolor.types import Reel

FEWEST = 3
"""Pictures that need no others, at least, where those are taken alone."""


def spread(count: int, most: int) -> list[int]:
    """Up to `most` of so many pictures, evenly, the first among them."""
    return sorted({picture * count // most for picture in range(most)})


def cheap(index: FrameIndex, frames: list[int]) -> list[int]:
    """The key frames at or before some frames; those frames themselves where these are few."""
    keys = np.searchsorted(index.pts, index.keys)
    if index.counted or not len(keys):
        return frames
    places = np.maximum(np.searchsorted(keys, frames, side="right") - 1, 0)
    before = [int(key) for key in np.unique(keys[places])]
    return before if len(before) >= min(FEWEST, len(frames)) else frames


def sampled_light(reel: Reel, most: int, dark: int) -> Iterator[Array]:
    """(H, W) bool: where up to `most` of the reel's pictures, in order, are lighter than a 10-bit limited code."""
    lit = (np.arange(1024) > dark).astype(np.uint8)
    layout = layout_of(reel.pixel_format)
    direct = entries_of_stored(layout, lit, reel.full_range) if layout else None
    for picture in _sampled(reel, most):
        if layout is None or direct is None or picture.rotation:
            yield look_up(luma_of(reel, picture), lit) > 0
        else:
            yield look_up(luma_plane(picture, layout), direct) > 0


def _sampled(reel: Reel, most: int) -> Iterator[Any]:
    if is_sequence(reel.path):
        pictures = find_sequence(reel.path).pictures
        whole = neighbours(len(pictures), reel.damaged)
        for frame in spread(len(pictures), most):
            yield read_picture_frame(pictures[whole[frame]], reel.transfer)[0]
        return
    index = repeating(find_frames(reel.path), reel.damaged)
    frames = neighbours(len(index.pts), reel.damaged)[cheap(index, spread(len(index.pts), most))]
    with closing(read_chosen(index, sorted(set(frames.tolist())))) as decoded:
        yield from decoded
