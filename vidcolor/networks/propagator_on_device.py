"""The networks that propagation uses, on a device: what propagator.py does, tensors in and tensors out.

- Nothing is asked of the device on the way: it works through what it was told while the next frame is prepared. Only
  what keyframes teach (`learned`) waits for it, once for each set of keyframes.
- Networks run in float32, and the same way twice.
- Every frame is looked at itself, many at once: networks are what a device is fast at.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.color import lab_to_rgb
from vidcolor.grain import grains_of
from vidcolor.networks import features_net, lite_net, load, weighing_net
from vidcolor.networks.features_net import FeaturesConfig
from vidcolor.networks.frame_maps import FrameMaps
from vidcolor.networks.layers import Layers
from vidcolor.networks.layers_on_device import Fitted, Held
from vidcolor.networks.layers_on_device import Layers as Ready
from vidcolor.networks.propagator import SLOTS, Propagator
from vidcolor.networks.shipped import FEATURES, PROPAGATOR, THINGS, mark_of
from vidcolor.networks.things import GRAIN, LARGER, WHITE
from vidcolor.networks.weighing import Weigher
from vidcolor.networks.weighing_net import WeighingConfig
from vidcolor.planes.samples import at_size

TOGETHER = 2**19
"""Pixels of frames that go through the networks at once: what is on the way takes half a kilobyte for each."""


class DevicePropagator(Propagator):
    """For tensors on a device; has no use for maps that are moved or kept."""

    def __init__(self, device: torch.device, *, things: bool = True) -> None:
        """Loads the shipped networks. Without things, frames are compared by their features alone."""
        parts: list[Any] = [FeaturesThere(device), ThingsThere(device) if things else None, WeigherThere(device, SLOTS)]
        self._features, self.things, self.weigher = parts
        self.name = "+".join(part.name for part in parts if part is not None)

    def maps(self, lightness: Array) -> FrameMaps:
        """What the networks say of a frame; lightness (H, W) L*."""
        return next(self.maps_of_all(lightness[None]))

    def maps_of_all(self, lightness: Array) -> Iterator[FrameMaps]:
        """The same of frames of one size (B, H, W)."""
        count, height, width = lightness.shape
        each = max(1, TOGETHER // (height * width))
        for n in range(0, count, each):
            yield from self._together(lightness[n : n + each])

    def _together(self, lightness: Any) -> list[FrameMaps]:
        features: Any = self._features(lightness)
        if self.things is None:
            return [FrameMaps(maps, (), 0.0) for maps in zip(*features, strict=True)]
        told: Any = self.things(lightness)
        things, shares = told
        of_each = zip(zip(*features, strict=True), zip(*things, strict=True), shares, strict=True)
        return [FrameMaps(*of_one) for of_one in of_each]


class FeaturesThere:
    """NetworkFeatures, on a device."""

    def __init__(self, device: torch.device, file: Path = FEATURES) -> None:
        """Loads the file."""
        self.name = f"features-{mark_of(file)}"
        config, weights = load.read(file, load.FEATURES_SCHEMA, FeaturesConfig)
        self._net = _fitted(weights, file, device, lambda net, x: features_net.features(net, config, x), _blank(1))

    def __call__(self, lightness: Tensor) -> list[Tensor]:
        """(B, h, w, C) at strides 4, 8 and 16 of lightness (B, H, W)."""
        return _innermost(self._net(lightness[:, None]))


class ThingsThere:
    """Things, on a device."""

    def __init__(self, device: torch.device, file: Path = THINGS) -> None:
        """Loads the file."""
        self.name = f"things-{mark_of(file)}"
        _, weights = load.read(file, load.THINGS_SCHEMA, dict)
        self._net = _fitted(weights, file, device, lite_net.things, _blank(1))

    def __call__(self, lightness: Any) -> tuple[list[Tensor], Tensor]:
        """Unit maps (B, h, w, C) at strides 4, 8 and 16 of lightness (B, H, W), zeros where they do not count; how
        much they count (B,), 0..1."""
        shares: Any = ((GRAIN[1] - grains_of(lightness)) / (GRAIN[1] - GRAIN[0])).clip(0, 1)
        gray: Any = torch.stack([lightness, *[torch.zeros_like(lightness)] * 2])
        codes = lab_to_rgb(gray)[0] * WHITE
        size = (LARGER * codes.shape[1], LARGER * codes.shape[2])
        larger: Any = at_size(codes, size, "cubic")
        counts = (shares > 0)[:, None, None, None]
        return [m * counts for m in _innermost(self._net(larger.clip(0, WHITE)[:, None]))], shares


class WeigherThere(Weigher):
    """Weigher, on a device."""

    def __init__(self, device: torch.device, slots: Sequence[str], file: Path = PROPAGATOR) -> None:
        """Loads the file. Refuses a network made for other slots."""
        self.name, self.slots = mark_of(file), tuple(slots)
        self._config, weights = load.read_weighing(file, self.slots)
        config, count = self._config, len(slots)
        maps = [
            _blank(width, 16 // n).permute(0, 2, 3, 1) for n, width in zip((1, 2, 4), config.features, strict=False)
        ]
        claims = [_blank(config.claims)] if config.claims else []
        given = (_blank(1), *maps, _blank(count * (2 + config.signals)), _blank(count), *claims)
        self._net: Any = _fitted(weights, file, device, lambda net, *told: _weighed(net, config, *told), *given)


def _weighed(net: Layers, config: WeighingConfig, lightness: Tensor, *told: Tensor) -> tuple[Any, Any]:
    """What the network says, of what Weigher gives it: maps as they are elsewhere, (B, h, w, C)."""
    count = len(config.features)
    maps = [m.permute(0, 3, 1, 2) for m in told[:count]]
    answer = weighing_net.weighed(net, config, lightness, maps, *told[count:])
    return answer.chroma, answer.error


def _fitted(
    weights: Mapping[str, Array], file: Path, device: torch.device, net: Callable[..., Any], *blank: Any
) -> Callable[..., Any]:
    """What the network answers, by weights on the device. Refuses weights that do not fit it.

    net    its definition: given the operations, and what it is given
    blank  the latter, without numbers
    """
    fitted = Fitted(weights, str(file))
    net(fitted, *blank)
    fitted.made()
    ready = Ready(Held(weights, device))

    def answers(*given: Tensor) -> Any:
        with EXACT:
            return net(ready, *given)

    return answers


def _blank(width: int, side: int = 64) -> Tensor:
    return torch.empty(1, width, side, side, device="meta")


def _innermost(maps: Sequence[Tensor]) -> list[Tensor]:
    return [m.permute(0, 2, 3, 1).contiguous() for m in maps]


class _Exact:
    """Inside, nothing is rounded more than float32 rounds, and algorithms are not chosen by the clock.

    cuDNN's flags are the whole program's: they are set as the first of several threads comes in, and put back as the
    last one leaves.
    """

    def __init__(self) -> None:
        self._guard, self._inside = threading.Lock(), 0
        self._flags = contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._guard:
            if not self._inside:
                flags = {"enabled": True, "benchmark": False, "deterministic": True, "allow_tf32": False}
                self._flags.enter_context(torch.backends.cudnn.flags(**flags))
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._inside -= 1
            if not self._inside:
                self._flags.close()


EXACT = _Exact()
