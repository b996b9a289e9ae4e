"""The features network behind the interface of the training-free ones (vidcolor/features.py): arrays in, arrays out.

See graph.py for how the network runs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.networks.features_net import STRIDES
from vidcolor.networks.load import load_features
from vidcolor.networks.shipped import FEATURES, mark_of


class NetworkFeatures:
    """Unit features at some of the strides 4, 8 and 16, finest first; may be called by several threads at once."""

    def __init__(self, file: Path = FEATURES, *, strides: tuple[int, ...] = STRIDES) -> None:
        """Loads the file. Refuses strides that the network has not."""
        if not set(strides) <= set(STRIDES):
            raise InputError(f"features at strides {strides}: the network has {STRIDES}")
        self.strides = strides
        self.name = f"features-{mark_of(file)}"
        self._net = load_features(file)

    def __call__(self, lightness: Array) -> list[Array]:
        """(C, h, w) float32 maps of the lightness (H, W), L* 0..100, one for each stride; refuses other shapes."""
        maps = dict(zip(STRIDES, self.maps(lightness), strict=True))
        return [np.ascontiguousarray(maps[stride].transpose(2, 0, 1)) for stride in self.strides]

    def maps(self, lightness: Array) -> list[Array]:
        """All three maps, (h, w, C) float32 each, for other networks."""
        if lightness.ndim != 2:
            raise InputError(f"features of an array of shape {lightness.shape}: lightness must be (H, W)")
        return [m[0] for m in self._net(lightness[None, None])]
