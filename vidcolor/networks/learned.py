"""Learned features behind the interface of the training-free ones (features.py): NumPy in, NumPy out.

See precision.py for how the network runs.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.networks.features import STRIDES, FeaturesNet
from vidcolor.networks.load import load_features
from vidcolor.networks.precision import run_alone, working_dtype
from vidcolor.networks.shipped import FEATURES


class LearnedFeatures:
    """Unit features at some of the strides 4, 8 and 16, finest first; may be called by several threads at once."""

    def __init__(self, file: Path = FEATURES, *, strides: tuple[int, ...] = STRIDES) -> None:
        """Loads the file. Refuses strides that the network has not."""
        if not set(strides) <= set(STRIDES):
            raise InputError(f"features at strides {strides}: the network has {STRIDES}")
        self.strides = strides
        self.name = f"learned-{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
        self._net: FeaturesNet = load_features(file).to(working_dtype())

    def __call__(self, lightness: Array) -> list[Array]:
        """(C, h, w) float32 maps of the lightness (H, W), L* 0..100, one for each stride; refuses other shapes."""
        if lightness.ndim != 2:
            raise InputError(f"features of an array of shape {lightness.shape}: lightness must be (H, W)")
        picture = torch.from_numpy(np.ascontiguousarray(lightness, np.float32))[None, None]
        run_alone()
        with torch.inference_mode():
            maps = dict(zip(STRIDES, self._net(picture), strict=True))
        return [maps[stride][0].contiguous().numpy() for stride in self.strides]
