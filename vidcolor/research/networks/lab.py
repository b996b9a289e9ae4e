"""CIELAB and R'G'B' as tensors, with gradients: what losses on R'G'B' and networks that read R'G'B' need.

Axes: B pictures, H W pixels. The same numbers as `vidcolor.color`, whose functions have no gradients.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from vidcolor.color.colorimetry import LUMA_WEIGHTS, rgb_to_xyz

KNEE, SLOPE = 216 / 24389, 24389 / 27
"""Of CIELAB: light below which L* is a straight line, and how steep that is (CIE 15)."""
DARK = 0.0031308
"""Light below which the sRGB curve is a straight line."""
LEAST = 1e-6
"""Light is not taken below this before a power: the gradient there has no end."""
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue, 0..1, as torchvision has them."""


@functools.cache
def _matrices() -> tuple[Tensor, Tensor]:
    """(3, 3) each: linear RGB to XYZ over white, and back."""
    forward = torch.from_numpy(rgb_to_xyz(1))
    forward = forward / forward.sum(1, keepdim=True)
    return forward, forward.inverse()


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """CIELAB (B, 3, H, W) of R'G'B' 0..1."""
    light = torch.where(rgb > 0.04045, ((rgb.clamp(min=LEAST) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = torch.einsum("ij,bjhw->bihw", _matrices()[0].to(rgb), light)
    root = torch.where(xyz > KNEE, xyz.clamp(min=KNEE / 2) ** (1 / 3), (SLOPE * xyz + 16) / 116)
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """R'G'B' (B, 3, H, W) of CIELAB, each channel clipped to 0..1 on its own."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    root = torch.stack([y + a / 500, y, y - b / 200], 1)
    xyz = torch.where(root > KNEE ** (1 / 3), root**3, (116 * root - 16) / SLOPE)
    return coded(torch.einsum("ij,bjhw->bihw", _matrices()[1].to(lab), xyz))


def coded(light: Tensor) -> Tensor:
    """R'G'B' of linear light, clipped to 0..1."""
    curve = 1.055 * light.clamp(min=LEAST) ** (1 / 2.4) - 0.055
    return torch.where(light > DARK, curve, 12.92 * light).clamp(0, 1)


def gray_of(lightness: Tensor) -> Tensor:
    """(B, 1, H, W): the code 0..1 of a gray of this L*."""
    y = (lightness + 16) / 116
    return coded(torch.where(lightness > SLOPE * KNEE, y**3, lightness / SLOPE))


def luma_of(rgb: Tensor) -> Tensor:
    """(B, 1, H, W): Y' of BT.601, the matrix of the analog YUV."""
    red, blue = LUMA_WEIGHTS[6]
    weights = torch.tensor([red, 1 - red - blue, blue], dtype=rgb.dtype, device=rgb.device)
    return torch.einsum("j,bjhw->bhw", weights, rgb)[:, None]


def for_imagenet(rgb: Tensor) -> Tensor:
    """R'G'B' 0..1 (B, 3, H, W), or a gray (B, 1, H, W), as networks trained on ImageNet want it: three channels."""
    mean, deviation = (rgb.new_tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_DEVIATION))
    return (rgb - mean) / deviation
