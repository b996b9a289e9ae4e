"""What things are in a gray frame, by a network that learned their names: arrays in, unit maps out.

See graph.py for how the network runs.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import lab_to_rgb
from vidcolor.errors import InputError
from vidcolor.grain import grain_of
from vidcolor.networks.lite_net import WIDTHS
from vidcolor.networks.load import load_things
from vidcolor.networks.shipped import THINGS, mark_of

LARGER = 2
"""Times by which frames are enlarged for the network: matches are 0.2 dB better than without, on clips that no network
was trained on."""
WHITE = 255
GRAIN = (1.6, 2.2)
"""Deviation of a frame's grain, in L* at chroma size, up to which things count in full, and from which not at all. Of
65 clips 63 have less than the first, of the same aged nine in ten more than the second; there things cost 0.1 dB."""


class Things:
    """The network of a file; may be called by several threads at once."""

    def __init__(self, file: Path = THINGS) -> None:
        """Loads the file."""
        self.name = f"things-{mark_of(file)}"
        self._net = load_things(file)

    def __call__(self, lightness: Array) -> tuple[list[Array], float]:
        """Unit maps (h, w, C) at strides 4, 8 and 16 of the lightness (H, W), L* 0..100; how much they count, 0..1.

        Grain hides things: where they do not count the network is not run, and its maps are zeros. Refuses other
        shapes.
        """
        if lightness.ndim != 2:
            raise InputError(f"things in an array of shape {lightness.shape}: lightness must be (H, W)")
        share = float(np.clip((GRAIN[1] - grain_of(lightness)) / (GRAIN[1] - GRAIN[0]), 0, 1))
        if not share:
            sizes = [[-(-n // stride) for n in lightness.shape] for stride in (4, 8, 16)]
            return [np.zeros((*size, width), np.float32) for width, size in zip(WIDTHS, sizes, strict=True)], share
        return [m[0] for m in self._net(codes_of(lightness)[None, None])], share


def gray_codes(lightness: Array) -> Array:
    """(H, W): code values of R' = G' = B' of the lightness (H, W)."""
    gray = np.zeros((3, *lightness.shape), np.float32)
    gray[0] = lightness
    return np.ascontiguousarray(lab_to_rgb(gray)[0]) * np.float32(WHITE)


def codes_of(lightness: Array) -> Array:
    """(LARGER H, LARGER W): code values of R' = G' = B' of the lightness (H, W), enlarged."""
    height, width = lightness.shape
    codes = gray_codes(lightness)
    return np.clip(cv2.resize(codes, (LARGER * width, LARGER * height), interpolation=cv2.INTER_CUBIC), 0, WHITE)
