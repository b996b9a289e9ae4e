"""The frames around a keyframe of which the artist gave every pixel, drawn to it: else it stands out for one frame.

Such a keyframe is delivered from its picture, and its neighbours from propagated colours at a smaller size: fine detail
would come for one frame and go, and colours that propagation has a little otherwise would jump there and back. So the
picture is carried along the flow to the frames around, less with every frame, as far as they look alike and the flow
returns to where it began; and not where a correction lies that the keyframe has not. How fast things move says little:
where flow returns, the picture's colours are nearer to the truth than propagated ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.flow.dis import for_carrying, for_return
from vidcolor.flow.warp import mismatch, resized
from vidcolor.planes.samples import fetch
from vidcolor.types import ColorFrame, SourceFrame

REACH = 12
"""Frames over which a picture fades. These constants were chosen on twelve training clips with every 25th frame a
keyframe: PSNR rises by 0.01 dB (-0.23 on a clip that is within 43 dB already, +0.21 on a fast one), and of their
keyframes 2 of 18 bend more than 1.3 times as much as frames two off, not 9. Narrower gates bring up to 0.06 dB, and
ticks."""
ASTRAY = 0.008
"""How far flow may miss its return, in widths of the picture, where half of the picture counts."""
FLOW_SIDE = 960
"""Long side at which flow is found, in pixels."""
ALIKE, AROUND = np.float32(40), 5
"""Mean difference in luma codes, over a square of this side, at which half of the picture counts; grain has less."""
CODES, BLACK = np.float32(8.76), np.float32(64)
"""Luma codes of a hundredth, and of black."""
FLOW, RETURN = for_carrying(), for_return()
"""Colours come by the first; the second only tells whether it comes back."""
LEAST_SHARE = 0.01
"""Share below which a picture is not asked: nobody sees it, and it costs as much as any."""
BAND = 64
"""Rows drawn at once, so that no more planes of the whole picture are held than the flow and the result."""


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """The colours to deliver in one frame, and where they come from."""

    color: ColorFrame
    shot: int | None
    """Which shot of the film is seen; None where a dissolve mixes two"""
    exact: bool = False
    """Whether the colours are an artist's own, of every pixel"""
    over: tuple[tuple[Container[int], Array], ...] = ()
    """What people laid over a part of the frame, but not of all frames of its shot: the frames that it is laid on, and
    how far it counts here"""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """An exact keyframe that draws a frame near it."""

    luma: Array
    """(H, W) codes"""
    chroma: Array
    """(2, H, W) a*b*"""
    share: float
    """0..1: how much of it counts in that frame"""
    spared: Array | None = None
    """0..1, of any size: where people said otherwise of that frame, and not of the keyframe"""


Item = tuple[SourceFrame, Joined]


def with_drawings(
    frames: Iterable[Item], reach: int = REACH
) -> Iterator[tuple[SourceFrame, ColorFrame, list[Drawing]]]:
    """Each frame with the exact keyframes of its shot that draw it: the next on either side, if `reach` is not passed.

    Holds `reach` frames ahead. A share falls without a step, and without a bend at the keyframe; it ends where the next
    exact keyframe is, and where a dissolve begins.
    """
    ahead: deque[Item] = deque()
    exact: list[Item] = []
    edge = -1  # the dissolved frame nearest behind

    def drawn(source: SourceFrame, joined: Joined) -> tuple[SourceFrame, ColorFrame, list[Drawing]]:
        nonlocal edge
        edge = source.index if joined.shot is None else edge
        here = source.index
        passed = [item for item in exact if here - reach <= item[0].index <= here][-1:]
        exact[:] = [*passed, *(item for item in exact if item[0].index > here)]  # pictures are large
        if joined.exact or joined.shot is None:
            return source, joined.color, []
        same = [item for item in exact if item[1].shot == joined.shot]
        before = max((item for item in same if item[0].index < here), key=_index, default=None)
        after = min((item for item in same if item[0].index > here), key=_index, default=None)
        between = after[0].index - before[0].index if before and after else reach
        until = min((item[0].index for item in ahead if item[1].shot is None), default=here + reach)
        drawings = []
        if before:
            drawings.append(_drawing(before, here, min(reach, between, until - before[0].index), joined.over))
        if after:
            drawings.append(_drawing(after, here, min(reach, between, after[0].index - edge), joined.over))
        return source, joined.color, [d for d in drawings if d.share >= LEAST_SHARE]

    for item in frames:
        ahead.append(item)
        if item[1].exact:
            exact.append(item)
        if len(ahead) > reach:
            yield drawn(*ahead.popleft())
    while ahead:
        yield drawn(*ahead.popleft())


def _index(item: Item) -> int:
    return item[0].index


def _drawing(keyframe: Item, frame: int, width: int, over: Sequence[tuple[Container[int], Array]]) -> Drawing:
    source, joined = keyframe
    wave = 0.5 + 0.5 * np.cos(np.pi * min(abs(frame - source.index) / max(width, 1), 1))
    # Flatter at the keyframe: a picture that half its neighbours' neighbours lack bends there. Still, two sum to 1.
    share = wave * wave * (3 - 2 * wave)
    laid = [counts for frames, counts in over if source.index not in frames]
    return Drawing(source.luma, joined.color.chroma, float(share), np.maximum.reduce(laid) if laid else None)


def draw(chroma: Array, luma: Array, drawings: Sequence[Drawing]) -> Array:
    """(2, H, W) float32: a frame's a*b*, drawn to its exact keyframes.

    chroma, luma  (2, H, W) and (H, W), full size
    """
    traced = [_traced(luma, drawing) for drawing in drawings]
    drawn = np.array(chroma)
    for top in range(0, luma.shape[0], BAND):
        rows = slice(top, min(top + BAND, luma.shape[0]))
        for one in traced:
            drawn[:, rows] += _change(chroma[:, rows], luma, one, rows)
    return drawn


@dataclass(frozen=True, slots=True, eq=False)
class _Traced:
    """A drawing, and where it lies in the frame; planes at full size."""

    drawing: Drawing
    luma: Array
    """The drawing's, float32"""
    flow: Array
    """(2, H, W) pixels"""
    astray: Array
    """(H, W): how far the flow misses its return, in widths"""
    spared: Array | None


def _traced(luma: Array, drawing: Drawing) -> _Traced:
    spared = drawing.spared
    if spared is not None:
        spared = np.clip(cv2.resize(spared, luma.shape[::-1], interpolation=cv2.INTER_LINEAR), 0, 1)
    return _Traced(drawing, drawing.luma.astype(np.float32), *_flow(luma, drawing.luma), spared)


def _change(chroma: Array, luma: Array, traced: _Traced, rows: slice) -> Array:
    """What a drawing changes of a band of rows, whose chroma (2, rows, W) is given."""
    height, width = luma.shape
    above = min(rows.start, AROUND // 2)  # what a mean beside the band looks at
    seen = slice(rows.start - above, min(rows.stop + AROUND // 2, height))
    own = slice(above, above + rows.stop - rows.start)
    points = np.empty((2, seen.stop - seen.start, width), np.float32)
    points[0] = traced.flow[0, seen] + np.arange(width, dtype=np.float32)
    points[1] = traced.flow[1, seen] + np.arange(seen.start, seen.stop, dtype=np.float32)[:, None]
    off = cv2.blur(np.abs(fetch(traced.luma, points) - luma[seen]), (AROUND, AROUND))[own]
    astray = traced.astray[rows] / ASTRAY
    share = np.float32(traced.drawing.share) / (1 + np.square(np.square(off / ALIKE))) / (1 + np.square(astray))
    if traced.spared is not None:
        share = share * (1 - traced.spared[rows])
    return np.asarray(share * (fetch(traced.drawing.chroma, points[:, own], cubic=True) - chroma))


def _flow(here: Array, there: Array) -> tuple[Array, Array]:
    """The flow, (2, H, W) pixels, and how far it misses its return, (H, W) widths; found at a bounded size."""
    height, width = here.shape
    size = bounded((height, width))[::-1]
    here, there = ((_reduced(plane, size) - BLACK) / CODES for plane in (here, there))
    flow = FLOW(here, there)
    astray = mismatch(flow, RETURN(there, here)) / np.float32(size[0])
    return resized(flow, (height, width)), cv2.resize(astray, (width, height), interpolation=cv2.INTER_LINEAR)


def bounded(size: tuple[int, int]) -> tuple[int, int]:
    """The height and width at which flow is found, of a film's."""
    scale = min(1.0, FLOW_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _reduced(plane: Array, size: tuple[int, int]) -> Array:
    return np.asarray(cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_AREA))
