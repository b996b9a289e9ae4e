"""What things are in a gray frame, by a network that learned their names: NumPy in, unit maps out.

See precision.py for how the network runs.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.color import lab_to_rgb
from vidcolor.errors import InputError
from vidcolor.networks.lite_net import LiteNet
from vidcolor.networks.load import load_things
from vidcolor.networks.precision import run_alone, working_dtype
from vidcolor.networks.shipped import THINGS, mark_of

LARGER = 2
"""Times by which frames are enlarged for the network: matches are 0.2 dB better than without, on clips that no network
was trained on."""
WHITE = 255


class Things:
    """The network of a file; may be called by several threads at once."""

    def __init__(self, file: Path = THINGS) -> None:
        """Loads the file."""
        self.name = f"things-{mark_of(file)}"
        self._net: LiteNet = load_things(file).to(working_dtype())

    def __call__(self, lightness: Array) -> list[Tensor]:
        """Unit maps (1, C, h, w) at strides 4, 8 and 16 of the lightness (H, W), L* 0..100; refuses other shapes."""
        if lightness.ndim != 2:
            raise InputError(f"things in an array of shape {lightness.shape}: lightness must be (H, W)")
        run_alone()
        with torch.inference_mode():
            return self._net(torch.from_numpy(codes_of(lightness))[None, None])  # type: ignore[no-any-return]


def codes_of(lightness: Array) -> Array:
    """(LARGER H, LARGER W): code values of R' = G' = B' of the lightness (H, W), enlarged."""
    gray = np.zeros((3, *lightness.shape), np.float32)
    gray[0] = lightness
    height, width = lightness.shape
    codes = np.ascontiguousarray(lab_to_rgb(gray)[0]) * np.float32(WHITE)
    return np.clip(cv2.resize(codes, (LARGER * width, LARGER * height), interpolation=cv2.INTER_CUBIC), 0, WHITE)
