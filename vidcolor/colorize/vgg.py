"""Super-features by VGG-19 without pooling: relu1_2, relu2_2 and relu3_4, all at the picture's size.

- The first eight convolutions of torchvision's VGG-19, stride 1 throughout (Carrillo 2022a, sec. 4.1), on what a gray
  film shows of the picture.
- Bands of rows with a margin of what eight convolutions see: exactly the whole picture's maps, in a band's memory.
- 2.3 million multiplications a pixel: pictures are read at SIDE at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import lab_to_rgb
from vidcolor.errors import InputError
from vidcolor.networks.pretrained import INSTALL, NetworkFacts, Weights
from vidcolor.networks.runner import Runner
from vidcolor.superpixels.pool import pool
from vidcolor.weights import library

CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 16)
"""Of torchvision's `features`, conv1_1 to conv3_4."""
ENDS = (1, 3, 7)
"""Those whose ReLU ends a level."""
MARGIN = len(CONVOLUTIONS)
BAND = 64
SIDE = 512
"""Long side at which pictures are read: 9 s of processor time each. At twice that, four times as long."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's R'G'B', as torchvision has them."""


class VggFeatures:
    """Features (see vidcolor.features) whose `pooled` needs the memory of a band only.

    weights   where the numbers come from; raises as `Weights.take` does
    progress  called with the number of bands done, and of all, of each picture
    """

    name = "vgg19"
    strides = (1, 1, 1)

    def __init__(
        self, weights: Weights, device: str = "auto", progress: Callable[[int, int], None] | None = None
    ) -> None:
        state, facts = weights.take("vgg19")
        self.facts: NetworkFacts = facts
        self._progress = progress
        self._runner = Runner(library("torch", INSTALL), device)
        self._layers = [
            [state[f"features.{n}.{part}"].to(self._runner.device) for part in ("weight", "bias")] for n in CONVOLUTIONS
        ]

    def __call__(self, lightness: Array) -> list[Array]:
        """(C, H, W) float32 of each level, C 64, 128 and 256: 1.8 kB a pixel."""
        parts = [maps for _, maps in self._bands(lightness)]
        return [np.concatenate(level, 1) for level in zip(*parts, strict=True)]

    def pooled(self, lightness: Array, labels: Array, count: int) -> list[Array]:
        """(C, count) float32 of each level: means over the superpixels of a picture (H, W)."""
        picture, where = _bounded(lightness, labels, count)
        area = np.maximum(np.bincount(where.ravel(), minlength=count), 1)
        sums: list[Array] = []
        for rows, maps in self._bands(picture):
            band = np.ascontiguousarray(where[rows])
            share = np.bincount(band.ravel(), minlength=count) / area
            parts = [pool(level, band, count) * share for level in maps]
            sums = [total + part for total, part in zip(sums, parts, strict=True)] if sums else parts
        return [total.astype(np.float32) for total in sums]

    def _bands(self, lightness: Array) -> Iterator[tuple[slice, list[Array]]]:
        if lightness.ndim != 2:
            raise InputError(f"features of an array of shape {lightness.shape}: lightness must be (H, W)")
        gray = lab_to_rgb(np.stack([lightness, 0 * lightness, 0 * lightness]))
        shift, scale = (np.array(values, np.float32)[:, None, None] for values in (MEAN, DEVIATION))
        picture = (gray - shift) / scale
        height = lightness.shape[0]
        tops = [*range(0, height, BAND), height]
        for n, (top, bottom) in enumerate(pairwise(tops)):
            first, last = max(0, top - MARGIN), min(height, bottom + MARGIN)
            maps = self._maps(picture[:, first:last])
            yield slice(top, bottom), [m[:, top - first : bottom - first] for m in maps]
            if self._progress is not None:
                self._progress(n + 1, len(tops) - 1)

    def _maps(self, picture: Array) -> list[Array]:
        torch, found = self._runner.torch, []
        convolve: Any = torch.nn.functional.conv2d
        with self._runner.running():
            x = torch.from_numpy(np.ascontiguousarray(picture))[None].to(self._runner.device)
            for n, (kernel, bias) in enumerate(self._layers):
                x = convolve(x, kernel, bias, padding=1).relu_()
                if n in ENDS:
                    found.append(x[0].cpu().numpy().copy())
        return found


def _bounded(lightness: Array, labels: Array, count: int) -> tuple[Array, Array]:
    """The picture and its labels, at most SIDE long; a superpixel that falls between the rows keeps its middle."""
    height, width = lightness.shape
    scale = SIDE / max(height, width)
    if scale >= 1:
        return lightness, labels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
    lost = np.flatnonzero(np.bincount(small.ravel(), minlength=count) == 0)
    if len(lost):
        ys, xs = (pool(axis[None].astype(np.float32), labels, count)[0][lost] for axis in np.mgrid[:height, :width])
        small[(ys * size[1] / height).astype(int), (xs * size[0] / width).astype(int)] = lost
    return cv2.resize(lightness, size, interpolation=cv2.INTER_AREA), small
