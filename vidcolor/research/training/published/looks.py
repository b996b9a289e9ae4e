"""Deep features that pictures are ranked by: VGG-19's fifth level as published, or the package's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array

from vidcolor.networks.features import NetworkFeatures
from vidcolor.research.networks.lab import for_imagenet
from vidcolor.research.networks.vgg_encoder import VggEncoder
from vidcolor.research.training.published.choose import Look, lightness_of
from vidcolor.research.training.published.encoders import imagenet_vgg19


def vgg19_look(folder: Path | None) -> tuple[Look, str]:
    """The fifth level of VGG-19 on the coloured picture (Carrillo 2022b), and its name. Needs torchvision's weights."""
    net = VggEncoder().requires_grad_(False).eval()
    net.fill(imagenet_vgg19(folder))

    def look(rgb: Array) -> Array:
        picture = torch.from_numpy(rgb.transpose(2, 0, 1).astype(np.float32) / 255)[None]
        with torch.inference_mode():
            return np.asarray(net(for_imagenet(picture))[-1][0].numpy())

    return look, "VGG-19, level 5, on the coloured picture"


def shipped_look() -> tuple[Look, str]:
    """The package's own features at stride 16 on the gray picture, and their name. Ours; needs no download."""
    features = NetworkFeatures(strides=(16,))
    return lambda rgb: features(lightness_of(rgb))[
        0
    ], f"vidcolor features, stride 16, on the gray picture ({features.name})"
