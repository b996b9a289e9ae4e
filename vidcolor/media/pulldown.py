"""Hard 3:2 pulldown: film of 24000/1001 stored as video of 30000/1001, its fields two and three times in turn.

Of five pictures the first two and the last are whole film frames; the third and fourth are woven of the fields of two,
and hold the third frame between them. Found by which pictures are combed; reversed by weaving that frame of its own
two fields, whose lines are handed on as they are. Where one of five alone is ever combed (2:3:3:2, or drawn film on
twos), the others show all frames whole: it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import av
import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import MediaError
from vidcolor.media.decode import read_frames
from vidcolor.media.index import FrameIndex
from vidcolor.media.luma import layout_of, luma_plane
from vidcolor.types import FieldOrder, Pulldown

VIDEO = (Fraction(30000, 1001), Fraction(30))
"""Rates that pulldown makes."""
GROUP = 5
WOVEN = (2, 3)
"""Of a group, the pictures of two frames' fields."""
LOOKS, RUN = 3, 20
"""Places of a film looked at, and pictures in each."""
BLOCK = (16, 32)
"""Lines and columns that are combed or not."""
COMBED, STEP = 1.2, 0.012
"""How much more lines differ from their neighbours' mean than from that of the next in their own field, in a combed
block; and by what share of the codes, at least."""
FEWEST = 4
"""Combed pictures that show a cadence."""
SEEN, LINES, AREA = 2, 256, 0.1
"""Pictures of a film woven of fields that are combed, of those looked at; over how much of their middle lines."""
REMEDY = "reverse it first, by fields, as `fieldmatch` and `decimate` of FFmpeg do"


def combed_share(luma: Array, top: float) -> float:
    """Share of a picture's blocks that are combed; luma (H, W) codes, of which `top` is the highest."""
    height, width = (n // b * b for n, b in zip(luma.shape, BLOCK, strict=True))
    if not height or not width:
        return 0.0
    lines = np.pad(luma[:height, :width].astype(np.float32) / np.float32(top), ((2, 2), (0, 0)), "reflect")
    here = lines[2:-2]
    near = np.abs(here - (lines[1:-3] + lines[3:-1]) / 2)
    far = np.abs(here - (lines[:-4] + lines[4:]) / 2)
    near, far = (p.reshape(height // BLOCK[0], BLOCK[0], -1, BLOCK[1]).mean(axis=(1, 3)) for p in (near, far))
    return float(((near > COMBED * far) & (near > STEP)).mean())


def looks_woven(pictures: Sequence[av.VideoFrame]) -> bool:
    """Whether pictures are combed, as those of two moments are, by some of a film."""
    return sum(_share(picture, LINES) > AREA for picture in pictures) >= SEEN


def phase_of(combed: Sequence[bool], first: int = 0) -> int | None:
    """Which picture, of the first five, begins a group; None where these pictures show no such cadence.

    combed  of following pictures, the first of which is number `first`
    """
    for phase in range(GROUP):
        places = [(first + n - phase) % GROUP for n in range(len(combed))]
        woven = [is_combed for place, is_combed in zip(places, combed, strict=True) if place in WOVEN]
        whole = [is_combed for place, is_combed in zip(places, combed, strict=True) if place not in WOVEN]
        if sum(woven) >= FEWEST and 2 * sum(woven) >= len(woven) and not any(whole):
            return phase
    return None


def is_pulled_down(index: FrameIndex) -> int | None:
    """A picture from which on the film shows 3:2 pulldown, by some of its pictures; None where it shows none."""
    if index.rate not in VIDEO or index.change is not None:
        return None
    count = len(index.pts)
    for place in range(LOOKS):
        first = max(0, (place + 1) * count // (LOOKS + 1) - RUN // 2)
        if phase_of([share > 0 for share in _shares(index, first, RUN)], first) is not None:
            return first
    return None


def find_pulldown(index: FrameIndex) -> Pulldown:
    """The cadence of a whole film, every picture of which is decoded.

    Refuses a film without, and one whose cadence breaks: it names the picture.
    """
    combed = [share > 0 for share in _shares(index, 0, len(index.pts))]
    phases = (phase_of(combed[:stop]) for stop in range(2 * GROUP, len(combed) + GROUP, GROUP))
    phase = next((p for p in phases if p is not None), None)
    if phase is None:
        raise MediaError(f"{index.path}: no 3:2 pulldown is found; leave reel.pulldown out")
    broken = next((n for n, c in enumerate(combed) if c and (n - phase) % GROUP not in WOVEN), None)
    if broken is not None:
        raise MediaError(f"{index.path}: the cadence of its 3:2 pulldown breaks at picture {broken}; {REMEDY}")
    woven = {(n - phase) % GROUP for n, c in enumerate(combed) if c}
    if len(woven) == 1:
        return Pulldown((phase + woven.pop() - WOVEN[0]) % GROUP, "top", advanced=True)
    pairs = (n for n in range(1, len(combed)) if (n - phase) % GROUP == WOVEN[1] and combed[n] and combed[n - 1])
    first = next(pairs, None)
    if first is None:
        raise MediaError(f"{index.path}: too little moves to tell the fields of its 3:2 pulldown apart; {REMEDY}")
    return Pulldown(phase, _order(index, first - 1))


def reversed_pulldown(index: FrameIndex, pulldown: Pulldown | None) -> FrameIndex:
    """The film's own frames: 24000/1001 a second, the third of each group's four woven of two pictures, or whole."""
    if pulldown is None:
        return index
    count = len(index.pts)
    made_of_two = () if pulldown.advanced else (WOVEN[1],)
    frames = [
        (base + place, place in made_of_two)
        for base in range(pulldown.phase - GROUP, count, GROUP)
        for place in (0, 1, WOVEN[1], 4)
        if base + place - (place in made_of_two) >= 0 and base + place < count
    ]
    shown = np.array([picture for picture, _ in frames], np.int64)
    woven = np.array([is_woven for _, is_woven in frames], np.bool_)
    return replace(index, shown=shown, woven=woven, rate=index.rate * 4 / GROUP)


def weave(before: av.VideoFrame, picture: av.VideoFrame, order: FieldOrder) -> av.VideoFrame:
    """The film frame whose first field lies in `picture`, and whose second in `before`.

    order  which field is the first: upright pictures alone are woven
    """
    made = av.VideoFrame(picture.width, picture.height, picture.format.name)
    made.color_range, made.colorspace = picture.color_range, picture.colorspace
    for plane, first, second in zip(made.planes, picture.planes, before.planes, strict=True):
        rows = plane.buffer_size // plane.line_size
        bytes_of = [np.frombuffer(memoryview(p), np.uint8).reshape(-1, p.line_size)[:rows] for p in (first, second)]
        width = min(plane.line_size, *(b.shape[1] for b in bytes_of))
        lines = np.zeros((rows, plane.line_size), np.uint8)
        lines[: len(bytes_of[0]), :width] = bytes_of[0][:, :width]
        other = slice(1, len(bytes_of[1]), 2) if order == "top" else slice(0, len(bytes_of[1]), 2)
        lines[other, :width] = bytes_of[1][other, :width]
        plane.update(lines.tobytes())
    return made


def _shares(index: FrameIndex, first: int, count: int) -> Iterator[float]:
    with closing(read_frames(index, first)) as pictures:
        for picture in islice(pictures, count):
            yield _share(picture)


def _share(picture: av.VideoFrame, lines: int = 0) -> float:
    """Share of a picture's blocks that are combed; `lines`: of so many in its middle alone."""
    layout = layout_of(picture.format.name)
    if layout is None or layout.kind not in ("luma", "gray"):
        return 0.0
    luma = luma_plane(picture, layout)
    above = max(0, len(luma) - lines) // 2 if lines else 0
    return combed_share(luma[above : len(luma) - above], 2**layout.bits - 1)


def _order(index: FrameIndex, first: int) -> FieldOrder:
    """Which field of each frame comes first, by two woven pictures: the one by which their frame is combed less."""
    with closing(read_frames(index, first)) as pictures:
        before, picture = islice(pictures, 2)
    top, bottom = (_share(weave(before, picture, order)) for order in ("top", "bottom"))
    return "top" if top <= bottom else "bottom"
