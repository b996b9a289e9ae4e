"""Pictures to tensors, and arithmetic held to float32: what the metrics' networks have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import DeviceError, InputError
from vidcolor.weights import first_line, pick_device


class Runner:
    """Runs networks on one device, in float32 throughout and the same way twice.

    Channels lie innermost, which saves a sixth of a CPU's time. cuDNN would take TensorFloat-32 for convolutions, ten
    bits of mantissa, and choose its algorithms by the clock.
    """

    def __init__(self, torch: Any, device: str) -> None:
        self.torch = torch
        self.device = pick_device(torch, device)

    def place(self, network: Any) -> Any:
        """The network on the device, ready to run."""
        try:
            return network.eval().to(self.device, memory_format=self.torch.channels_last)
        except RuntimeError as error:
            raise DeviceError(f"device {self.device}: {first_line(error)}; use --device cpu") from error

    def tensor(self, rgb: Array) -> Any:
        """(1, 3, H, W) float32 R'G'B' 0..1 on the device, of (3, H, W) uint8 or float; both give the same."""
        if rgb.ndim != 3 or rgb.shape[0] != 3 or 0 in rgb.shape:
            raise InputError(f"a picture of {rgb.shape}: (3, height, width) is needed")
        scaled = rgb.astype(np.float32) / np.float32(255) if rgb.dtype == np.uint8 else rgb.astype(np.float32)
        if not np.isfinite(scaled).all():
            raise InputError("a picture with values that are not finite")
        picture = self.torch.from_numpy(np.ascontiguousarray(scaled))[None]
        return picture.to(self.device, memory_format=self.torch.channels_last)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Inside, nothing is kept for gradients and nothing is rounded more than float32 rounds."""
        torch = self.torch
        flags = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
        try:
            with torch.inference_mode(), flags:
                yield
        except torch.cuda.OutOfMemoryError as error:
            raise DeviceError("device cuda: too little GPU memory for this metric; use --device cpu") from error
