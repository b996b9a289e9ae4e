"""DIS flow (OpenCV): on a CPU, no weights, the default.

The two directions run side by side instead of stripes of one (threads.py).
"""

from __future__ import annotations

import threading

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.threads import one_each

SMALLEST = 16
"""Pictures with a side below this have no room for DIS's 8x8 patches at two scales; they are refused by OpenCV."""


class Dis:
    """Flow from one lightness picture to another, by dense inverse search.

    Source: Kroeger, Timofte, Dai, Van Gool, Fast Optical Flow using Dense Inverse Search, ECCV 2016.
    """

    def __init__(
        self,
        preset: int = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
        finest_scale: int | None = None,
        stride: int | None = None,
    ) -> None:
        """What is None is the preset's.

        finest_scale  halvings of the size at which flow is found last
        stride        pixels between patches
        """
        self.preset = preset
        self.finest_scale = finest_scale
        self.stride = stride
        self._local = threading.local()

    def _engine(self) -> cv2.DISOpticalFlow:
        """One engine a thread: it keeps buffers between calls, and two calls at once would share them."""
        if not hasattr(self._local, "engine"):
            engine = cv2.DISOpticalFlow_create(self.preset)  # type: ignore[attr-defined]
            if self.finest_scale is not None:
                engine.setFinestScale(self.finest_scale)
            if self.stride is not None:
                engine.setPatchStride(self.stride)
            self._local.engine = engine
        return self._local.engine

    def __call__(self, lightness_a: Array, lightness_b: Array) -> Array:
        """(2, H, W) float32 flow from a to b, both (H, W) L* 0..100."""
        if lightness_a.shape != lightness_b.shape or lightness_a.ndim != 2:
            raise InputError(f"flow between pictures of {lightness_a.shape} and {lightness_b.shape}: sizes must agree")
        a, b = (_bytes(x) for x in (lightness_a, lightness_b))
        height, width = a.shape
        below, beside = max(0, SMALLEST - height), max(0, SMALLEST - width)
        if below or beside:
            a, b = (cv2.copyMakeBorder(x, 0, below, 0, beside, cv2.BORDER_REPLICATE) for x in (a, b))
        one_each()
        flow = self._engine().calc(a, b, np.zeros((*a.shape, 2), np.float32))[:height, :width]
        return np.ascontiguousarray(flow.transpose(2, 0, 1))


def for_carrying() -> Dis:
    """Flow at full size by few patches, without variational refinement.

    0.08 dB better in the end on training clips than the medium preset, in three quarters of its time: the refinement
    costs more than the finer scale, and local attention makes up for it.
    """
    return Dis(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST, finest_scale=0, stride=6)


def for_return() -> Dis:
    """Flow that only tells where another one does not come back, at half size: a quarter of the time."""
    return Dis(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST, finest_scale=1, stride=6)


def for_little() -> Dis:
    """Flow between pictures that are nearly in place, at half size."""
    return Dis(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST, finest_scale=1)


def _bytes(lightness: Array) -> Array:
    return np.clip(lightness * 2.55 + 0.5, 0, 255).astype(np.uint8)
