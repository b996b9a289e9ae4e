"""The features network behind the interface of the training-free ones (vidcolor/features.py): NumPy in, NumPy out.

See precision.py for how the network runs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.errors import InputError
from vidcolor.networks.features_net import STRIDES, FeaturesNet
from vidcolor.networks.load import load_features
from vidcolor.networks.precision import run_alone, working_dtype
from vidcolor.networks.shipped import FEATURES, mark_of


class NetworkFeatures:
    """Unit features at some of the strides 4, 8 and 16, finest first; may be called by several threads at once."""

    def __init__(self, file: Path = FEATURES, *, strides: tuple[int, ...] = STRIDES) -> None:
        """Loads the file. Refuses strides that the network has not."""
        if not set(strides) <= set(STRIDES):
            raise InputError(f"features at strides {strides}: the network has {STRIDES}")
        self.strides = strides
        self.name = f"features-{mark_of(file)}"
        self._net: FeaturesNet = load_features(file).to(working_dtype())

    def __call__(self, lightness: Array) -> list[Array]:
        """(C, h, w) float32 maps of the lightness (H, W), L* 0..100, one for each stride; refuses other shapes."""
        maps = dict(zip(STRIDES, self.maps(lightness), strict=True))
        return [maps[stride][0].contiguous().numpy() for stride in self.strides]

    def maps(self, lightness: Array) -> list[Tensor]:
        """All three maps, (1, C, h, w) float32 each, for other networks."""
        if lightness.ndim != 2:
            raise InputError(f"features of an array of shape {lightness.shape}: lightness must be (H, W)")
        picture = torch.from_numpy(np.require(lightness, np.float32, ["C", "W"]))[None, None]  # frozen ones are copied
        run_alone()
        with torch.inference_mode():
            return list(self._net(picture))
