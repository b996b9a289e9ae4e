"""The teachers' files with made weights, under the real key names: no test can fetch the real ones."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from vidcolor.research.training.teachers import RESNET_BLOCKS, RESNET_FILE, VGG_BLOCKS, VGG_FILE


def write_teachers(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """The folder, with both networks of small random weights in it."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    weights, inputs = {}, 3
    for block, widths in enumerate(VGG_BLOCKS, 1):
        for k, width in enumerate(widths, 1):
            weights[f"conv{block}_{k}.weight"] = torch.randn(width, inputs, 3, 3) * (2 / inputs / 9) ** 0.5
            weights[f"conv{block}_{k}.bias"] = torch.randn(width) * 0.1
            inputs = width
    save_file({k: v.to(dtype) for k, v in weights.items()}, folder / VGG_FILE)
    save_file({k: v.to(dtype) for k, v in resnet_weights().items()}, folder / RESNET_FILE)
    return folder


def resnet_weights():
    weights = {"conv0_weight": torch.randn(64, 3, 7, 7) * 0.1}

    def norm(name, width):
        for kind, value in (("gamma", 1.0), ("beta", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            weights[f"{name}_{kind}"] = value + 0.1 * torch.rand(width)

    norm("batchnorm0", 3)
    norm("batchnorm1", 64)
    inputs = 64
    for stage, blocks in enumerate(RESNET_BLOCKS, 1):
        inner, outer = 32 * 2**stage, 128 * 2**stage
        conv = 0
        for block in range(blocks):
            shapes = [(inner, inputs, 1), (inner, inner, 3), (outer, inner, 1)]
            shapes += [(outer, inputs, 1)] if block == 0 else []
            for out, into, size in shapes:
                weights[f"stage{stage}_conv{conv}_weight"] = torch.randn(out, into, size, size) * (1 / into) ** 0.5
                conv += 1
            for k, width in enumerate((inputs, inner, inner)):
                norm(f"stage{stage}_batchnorm{3 * block + k}", width)
            inputs = outer
    return weights
