"""A shot's keyframes at chroma size, asked for when they are needed: memory does not grow with their number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import InputError
from vidcolor.planes.kinds import Device, up
from vidcolor.propagate.light import WHITE, lit, tinted
from vidcolor.propagate.runs import Look, reduced
from vidcolor.types import ColorFrame

HELD = 2
"""Keyframes held at once: the ends of a gap."""


class Keyframes:
    """Chroma (2, h, w) and confidence (h, w) of a shot's keyframes, by their position among its frames."""

    def __init__(
        self,
        start: int,
        count: int,
        colored: Mapping[int, ColorFrame],
        size: tuple[int, int],
        look: Callable[[int], Look | None],
        device: Device = None,
    ) -> None:
        """Of the frames `start` to `start + count - 1`, at chroma size, in the light that `look` shows them in, if any;
        on a device.

        Refuses a keyframe outside them.
        """
        self._start, self._colored, self._size, self._look = start, colored, size, look
        self._device = device
        self.positions = [frame - start for frame in sorted(colored)]
        self._there = frozenset(self.positions)
        for position in self.positions:
            if not 0 <= position < count:
                last = start + count - 1
                raise InputError(f"frame {start + position}: a keyframe outside its shot, frames {start} to {last}")
        self._held: OrderedDict[int, tuple[Array, Array]] = OrderedDict()

    def __contains__(self, position: int) -> bool:
        return position in self._there

    def __getitem__(self, position: int) -> tuple[Array, Array]:
        if position not in self._held:
            color = at_chroma_size(self._colored[self._start + position], self._size)
            chroma, confidence = up(color.chroma, self._device), up(color.confidence, self._device)
            self._held[position] = _as_matched(chroma, confidence, self._look(position))
            if len(self._held) > HELD:
                self._held.popitem(last=False)
        self._held.move_to_end(position)
        return self._held[position]


def _as_matched(chroma: Array, confidence: Array, look: Look | None) -> tuple[Array, Array]:
    """Chroma and confidence of a keyframe in the light that it is matched in; what a flash made white is not known."""
    if look is None or look.light is None:
        return chroma, confidence
    own = lit(look.luma, look.light)
    return tinted(chroma, own, 1 / look.light), confidence * (own < WHITE)


def at_chroma_size(color: ColorFrame, size: tuple[int, int]) -> ColorFrame:
    """A keyframe at `size`. Unknown colours (confidence 0) do not mix into known ones."""
    if color.confidence.shape == size:
        return color
    confidence = reduced(color.confidence.astype(np.float32), size)
    weighted = [reduced(plane * color.confidence, size) for plane in color.chroma]
    chroma = np.stack(weighted) / np.maximum(confidence, np.float32(1e-6))
    return ColorFrame(color.index, chroma.astype(np.float32), np.clip(confidence, 0, 1))
