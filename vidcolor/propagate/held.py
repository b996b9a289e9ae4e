"""What the network weighed, held near the rules' mix: where a colour was surely carried, and where it stands alone.

The network sees a pixel and its neighbours, and now and then believes what merely looks alike: in a shot of a hundred
frames a coat that turned shows what the keyframe never showed so, and a wall's colour comes up in the middle of it. Two
things speak against that which no pixel shows by itself: in the even area around, the network itself keeps what was
carried; and what superpixels remember says the same as what was carried.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.flow.warp import length
from vidcolor.planes.kinds import full, of, planes_of
from vidcolor.planes.samples import at_size
from vidcolor.propagate.smooth import smooth

MOVED, ANYWHERE = 3.0, 100.0
"""How far the network may move a surely carried colour, in a*b*, and any other. Costs nothing on held-out
clips of 30 frames, and 0.06 dB on training clips of 45 to 120."""
THIN = 4
"""Pixels each way that are one where areas are looked at."""
STRENGTH, EDGE = 100.0, 0.015
"""Of what is smoothed there: how far an area reaches, and the difference of luma that ends it."""
KEPT, SAME = 4.0, 2.0
"""Distance in a*b* at which the network has all but left what was carried, and at which what is remembered has."""
ALONE = 8
"""Power by which what stands alone is held. Costs 0.01 dB on training clips of 45 to 120 frames (0.09 at worst), and
halves what a stain is off by."""


def held_near(chroma: Array, ruled: Array, sure: Array, alone: Array | float = 0.0) -> Array:
    """The network's chroma, no farther from the rules' than MOVED where a colour was surely carried (`sure`, 0..1).

    alone  (h, w), 0..1, of `standing_alone`: what is less sure, is held by it
    """
    off, xp = chroma - ruled, of(chroma)
    most = MOVED + (1 - sure) * (1 - alone) ** ALONE * ANYWHERE
    return full(ruled + off * xp.minimum(most / xp.maximum(length(off), MOVED), 1.0))


def standing_alone(chroma: Array, carried: Array, remembered: Array, luma: Array) -> Array:
    """(h, w), 0..1: how far a colour other than the carried one would stand alone.

    That is the share of the even area around in which the network's chroma (2, h, w) is what was carried, where what is
    remembered is that, too; luma (h, w) float32 tells areas apart.
    """
    height, width = luma.shape
    small = -(-height // THIN), -(-width // THIN)
    kept, even = (at_size(plane, small, "area") for plane in (_near(chroma - carried, KEPT), luma))
    area = smooth(kept[None], planes_of(small, 1.0, even), even, strength=STRENGTH, sigma=EDGE)
    share = of(area).clip(at_size(area[0], (height, width), "linear"), 0, 1)
    return cast(Array, share * _near(remembered - carried, SAME))


def _near(off: Array, reach: float) -> Array:
    """(h, w), 1..0, of differences of chroma (2, h, w)."""
    xp = of(off)
    return full(xp.exp(-xp.square(length(off) / np.float32(reach))))
