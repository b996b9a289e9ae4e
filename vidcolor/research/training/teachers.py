"""Features of networks trained on ImageNet, to learn from: VGG-19 to relu3_4, ResNet-50 v2 to its third stage.

- Files are safetensors with the key names of their first publication; nothing of them is shipped.
- Both are shown R'G'B' 0..1 and scale it for themselves; answers are maps of unit length.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

VGG_FILE = "vgg19_conv1_1-conv3_4_fp16.safetensors"
RESNET_FILE = "resnet50v2_stage1-3_fp16.safetensors"
VGG_BLOCKS = ((64, 64), (128, 128), (256, 256, 256, 256))
VGG_MEAN = (103.939, 116.779, 123.68)
"""Mean of blue, green, red on ImageNet, 0..255."""
RESNET_MEAN, RESNET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and deviation of red, green, blue on ImageNet, 0..1."""
RESNET_BLOCKS = (3, 4, 6)
"""Bottlenecks of each stage."""
EPSILON = 1e-5
"""Of batch norm, as it was trained with."""


class Vgg(nn.Module):
    """relu3_4 of VGG-19, stride 4 (Simonyan 2015)."""

    mean: Tensor

    def __init__(self, folder: Path) -> None:
        super().__init__()
        weights = load_file(folder / VGG_FILE)
        self.names = [f"conv{b + 1}_{k + 1}" for b, widths in enumerate(VGG_BLOCKS) for k in range(len(widths))]
        for name in self.names:
            for kind in ("weight", "bias"):
                self.register_buffer(f"{name}_{kind}", weights.pop(f"{name}.{kind}").float())
        self.register_buffer("mean", torch.tensor(VGG_MEAN)[:, None, None])

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 256, H/4, W/4) of R'G'B' 0..1 (B, 3, H, W)."""
        x = rgb.flip(1) * 255 - self.mean
        for name in self.names:
            if name.endswith("_1") and name != "conv1_1":
                x = F.max_pool2d(x, 2)
            x = F.relu(F.conv2d(x, self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias"), padding=1))
        return F.normalize(x.float(), dim=1)


class ResNet(nn.Module):
    """Stage 3 of the pre-activated ResNet-50, stride 16 (He 2016)."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, folder: Path) -> None:
        super().__init__()
        for name, value in load_file(folder / RESNET_FILE).items():
            self.register_buffer(name, value.float())
        self.register_buffer("mean", torch.tensor(RESNET_MEAN)[:, None, None])
        self.register_buffer("deviation", torch.tensor(RESNET_DEVIATION)[:, None, None])

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 1024, H/16, W/16) of R'G'B' 0..1 (B, 3, H, W)."""
        x = self._norm((rgb - self.mean) / self.deviation, "batchnorm0")
        x = F.conv2d(x, self.get_buffer("conv0_weight"), stride=2, padding=3)
        x = F.max_pool2d(F.relu(self._norm(x, "batchnorm1")), 3, 2, 1)
        for stage, blocks in enumerate(RESNET_BLOCKS, 1):
            for block in range(blocks):
                x = self._block(x, stage, block)
        return F.normalize(F.relu(x).float(), dim=1)

    def _block(self, x: Tensor, stage: int, block: int) -> Tensor:
        first = block == 0
        number = 0 if first else 3 * block + 1
        norms = [f"stage{stage}_batchnorm{3 * block + k}" for k in range(3)]
        convs = [f"stage{stage}_conv{number + k}_weight" for k in range(3)]
        stride = 2 if first and stage > 1 else 1
        y = F.relu(self._norm(x, norms[0]))
        shortcut = F.conv2d(y, self.get_buffer(f"stage{stage}_conv3_weight"), stride=stride) if first else x
        y = F.conv2d(y, self.get_buffer(convs[0]))
        y = F.relu(self._norm(y, norms[1]))
        y = F.conv2d(y, self.get_buffer(convs[1]), stride=stride, padding=1)
        y = F.relu(self._norm(y, norms[2]))
        return F.conv2d(y, self.get_buffer(convs[2])) + shortcut

    def _norm(self, x: Tensor, name: str) -> Tensor:
        names = ("running_mean", "running_var", "gamma", "beta")
        mean, variance, gamma, beta = (self.get_buffer(f"{name}_{kind}") for kind in names)
        return F.batch_norm(x, mean, variance, gamma, beta, eps=EPSILON)


class Both(nn.Module):
    """Both teachers at equal weight, as the student's yardstick: unit maps at strides 4 and 8 of L*."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.vgg, self.resnet = Vgg(folder), ResNet(folder)

    def forward(self, lightness: Tensor) -> list[Tensor]:
        """(B, 1280, H/4, W/4) and (B, 1280, H/8, W/8), sizes rounded up, of L* (B, 1, H, W)."""
        y = ((lightness + 16) / 116).clamp(min=0)
        light = torch.where(lightness > 8, y**3, lightness * 27 / 24389)
        coded = torch.where(light > 0.0031308, 1.055 * light.clamp(min=1e-6) ** (1 / 2.4) - 0.055, 12.92 * light)
        rgb = coded.clamp(0, 1).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        with torch.autocast(rgb.device.type, torch.bfloat16):
            maps = self.vgg(rgb), self.resnet(rgb)
        height, width = lightness.shape[-2:]
        return [self._joined(maps, (-(-height // stride), -(-width // stride))) for stride in (4, 8)]

    def _joined(self, maps: tuple[Tensor, Tensor], size: tuple[int, int]) -> Tensor:
        fitted = []
        for each in maps:
            if each.shape[-2] > size[0]:
                part = F.adaptive_avg_pool2d(each, size)
            else:
                part = F.interpolate(each, size=size, mode="bilinear", align_corners=False)
            fitted.append(F.normalize(part, dim=1))
        return torch.cat(fitted, 1) / len(fitted) ** 0.5
