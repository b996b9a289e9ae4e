"""The two kinds that planes come in, and the way from one to the other.

What is the same for both is written once, in the words of the array API standard: `of(plane)` is NumPy or PyTorch in
these words. Numbers that are not arrays take the kind of those that are. PyTorch is not imported but on the way up.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_torch_array
from numpy import ndarray as Array

Device = Any
"""A `torch.device`; None is the processor, by NumPy"""


def of(*planes: Array) -> Any:
    """NumPy or PyTorch, whichever the planes are of, in the words of the array API standard."""
    return _torch_of(array_namespace(*planes)) if any(on_device(plane) for plane in planes) else np


class _Torch:
    """PyTorch in these words; no number goes up to a device on its own, for the processor would wait there for it."""

    def __init__(self, words: Any) -> None:
        import torch

        self._words, self.sign = words, torch.sign

    def __getattr__(self, name: str) -> Any:
        return getattr(self._words, name)

    def maximum(self, one: Any, other: Any) -> Any:
        return one.clamp(min=other) if isinstance(other, float) else self._words.maximum(one, other)

    def minimum(self, one: Any, other: Any) -> Any:
        return one.clamp(max=other) if isinstance(other, float) else self._words.minimum(one, other)


@cache
def _torch_of(words: Any) -> _Torch:
    return _Torch(words)


def on_device(plane: Array) -> bool:
    """Whether it is a tensor."""
    return not isinstance(plane, (np.ndarray, np.generic)) and is_torch_array(plane)


def device_of(plane: Array) -> Device:
    """Where the plane is; None: it is NumPy's."""
    return plane.device if on_device(plane) else None


def up(plane: Array, device: Device) -> Array:
    """The plane on the device; as it is where that is None, or where it is there already."""
    if device is None:
        return plane
    if on_device(plane):
        return plane.to(device)  # type: ignore[no-any-return, attr-defined]
    import torch

    whole = np.ascontiguousarray(plane)
    here = torch.from_numpy(whole if whole.flags.writeable else whole.copy())
    if torch.device(device).type == "cuda":  # out of pinned memory it goes by itself: else all before is waited for
        return here.pin_memory().to(device, non_blocking=True)  # type: ignore[return-value]
    return here.to(device)  # type: ignore[return-value]


def like(plane: Array, other: Array) -> Array:
    """NumPy's plane where the other one is."""
    return up(plane, device_of(other))


def down(plane: Any) -> Array:
    """The plane as NumPy's: waits for the device."""
    return plane.detach().cpu().numpy() if on_device(plane) else plane  # type: ignore[attr-defined]


def half(plane: Array) -> Array:
    """As float16."""
    return plane.half() if on_device(plane) else plane.astype(np.float16)  # type: ignore[attr-defined]


def full(plane: Array) -> Array:
    """As float32."""
    return plane.float() if on_device(plane) else plane.astype(np.float32)  # type: ignore[attr-defined]


def planes_of(shape: tuple[int, ...], value: float, other: Array) -> Array:
    """float32 planes of this shape, of one value, where the other one is."""
    if not on_device(other):
        return np.full(shape, value, np.float32)
    return other.new_full(shape, value, dtype=of(other).float32)  # type: ignore[attr-defined, no-any-return]


def grid_of(plane: Array) -> Array:
    """(2, H, W) float32: each pixel's own x and y, of a plane (..., H, W), where that is. To be read alone."""
    return grid((plane.shape[-2], plane.shape[-1]), device_of(plane))


@lru_cache(maxsize=8)
def grid(size: tuple[int, int], device: Device = None) -> Array:
    """The same by height and width, on a device."""
    height, width = size
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    result = np.stack([xs, ys])
    if device is not None:
        return up(result, device)
    result.setflags(write=False)
    return result
