"""VGG-19 as it was published, from the files at hand, and what is said where it is not.

- A folder of weights may hold torchvision's vgg19-dcbb9e9d.pth and, for LPIPS, vgg16-397923af.pth; or VGG-19's first
  eight convolutions, vgg19_conv1_1-conv3_4_fp16.safetensors, as its makers scaled them (blue, green, red, 0..255).
- Nothing stands for anything else in silence: every run's log says what its encoders started from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from vidcolor.errors import WeightsError
from vidcolor.networks.pretrained import Weights
from vidcolor.research.networks.lab import IMAGENET_DEVIATION, IMAGENET_MEAN
from vidcolor.research.networks.vgg_encoder import VggConfig, VggEncoder
from vidcolor.research.training.teachers import VGG_FILE, VGG_MEAN
from vidcolor.weights import read_weights

Start = Literal["imagenet", "teacher", "random"]
"""What encoders start from: torchvision's VGG-19, the first eight convolutions of the makers', nothing."""
OF_TORCHVISION = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
"""Places of VGG-19's convolutions in torchvision's `features`."""


def imagenet_vgg19(folder: Path | None) -> dict[str, Tensor]:
    """torchvision's VGG-19 by our names, from the folder or fetched. Refuses where it is not to be had."""
    state, _ = Weights(files_in(folder)).take("vgg19")
    names = [name for level in VggConfig().names for name in level]
    return {
        f"{name}.{part}": state[f"features.{place}.{part}"]
        for name, place in zip(names, OF_TORCHVISION, strict=True)
        for part in ("weight", "bias")
    }


def teacher_vgg19(folder: Path | None) -> dict[str, Tensor]:
    """VGG-19's conv1_1 to conv3_4 by our names, for pictures scaled as torchvision's are. Refuses other files."""
    if folder is None:
        raise WeightsError(f"no folder of weights: prepare the set with --weights DIR, where DIR holds {VGG_FILE}")
    path = folder / VGG_FILE
    state = {name: value.float() for name, value in read_weights(path, f"{VGG_FILE} belongs there").items()}
    names = [name for level in VggConfig().first(3).names for name in level]
    missing = [f"{n}.{part}" for n in names for part in ("weight", "bias") if f"{n}.{part}" not in state]
    if missing:
        raise WeightsError(f"{path}: not the first convolutions of VGG-19 (no {missing[0]}); give {VGG_FILE}")
    # It wants blue, green, red of 0..255 less a mean; we give (rgb - mean) / deviation.
    first = state["conv1_1.weight"].flip(1)
    mean, deviation = (torch.tensor(v) for v in (IMAGENET_MEAN, IMAGENET_DEVIATION))
    shift = 255 * mean - torch.tensor(VGG_MEAN).flip(0)
    state["conv1_1.bias"] = state["conv1_1.bias"] + torch.einsum("ochw,c->o", first, shift)
    state["conv1_1.weight"] = first * (255 * deviation)[:, None, None]
    return state


def fill_encoders(encoders: Sequence[VggEncoder | None], start: Start, folder: Path | None, picture: Tensor) -> str:
    """Fills and balances the encoders (on a picture (B, 3, H, W) scaled as ImageNet's are); answers what was done."""
    state = {"imagenet": imagenet_vgg19, "teacher": teacher_vgg19, "random": lambda _: {}}[start](folder)
    told = []
    for encoder in encoders:
        if encoder is None:
            continue
        filled = encoder.fill(state)
        encoder.balance(picture)
        count = sum(len(names) for names in encoder.config.names)
        told.append(f"{filled[0]} to {filled[-1]} of {count} convolutions" if filled else f"none of {count}")
    what = {"imagenet": "torchvision's VGG-19", "teacher": "VGG-19's first convolutions", "random": "nothing"}[start]
    return f"encoders start from {what}: {'; '.join(told)} filled, the rest random"


def files_in(folder: Path | None) -> list[Path]:
    """The .pth files of a folder of weights."""
    return sorted(folder.glob("*.pth")) if folder is not None else []
