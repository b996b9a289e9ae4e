"""What a frame is seen by where a correction spreads over its things: by networks, or by features that need none.

What networks say of a frame is the same that propagation has of it, so it lies in the cache; they are loaded only for a
frame of which nothing is kept. Found or looked at, it is the same to the bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray as Array

from vidcolor.colorize.by_hint import Sights
from vidcolor.features import Features, PatchFeatures
from vidcolor.networks.kept_maps import KINDS, NAMES, numbers, sound
from vidcolor.propagate.arrays import LOOK, Arrays
from vidcolor.propagate.arrays import sound as is_look
from vidcolor.propagate.cached import FrameCache, names_of
from vidcolor.settings import Settings

if TYPE_CHECKING:
    from vidcolor.networks.propagator import Propagator

Sees = Callable[[int, Array], Sights]
"""(number of the frame in the film, its lightness (h, w) L*) to what it is seen by"""


def by_features(features: Features) -> Sees:
    """By features alone."""
    return lambda frame, lightness: {"features": (1.0, features(lightness))}


class ByNetworks:
    """By the shipped networks; several threads may ask at once."""

    def __init__(self, cache: FrameCache | None, *, things: bool, network: Propagator | None = None) -> None:
        """things   whether it is asked what things are, too
        network  what sees so, if it is loaded already"""
        self._cache, self._things, self._network = cache, things, network
        self._guard = threading.Lock()

    def __call__(self, frame: int, lightness: Array) -> Sights:
        """Of frame number `frame` of the film; lightness (h, w) L*."""
        luma = lightness / np.float32(100)
        own = f"{frame:07d}own"
        found = self._kept(own, luma.shape) or self._found(frame, luma)
        kept = found or self._looked(luma)
        if self._cache is not None and found is None:
            self._cache.put("maps", own, kept)
        share = float(kept["share"])
        counts = {"things": share, "features": 1 - share}
        return {kind: (counts[kind], _maps(kept, kind)) for kind in reversed(KINDS) if counts[kind] > 0}

    def _kept(self, name: str, size: tuple[int, ...]) -> Arrays | None:
        kept = None if self._cache is None else self._cache.take("maps", name)
        return kept if kept and sound(kept, (size[0], size[1]), has_things=self._things) else None

    def _found(self, frame: int, luma: Array) -> Arrays | None:
        """What propagation kept of the frame, if it matched it as it is, and not mended or in other light."""
        if self._cache is None:
            return None
        for name in names_of(frame):
            look = self._cache.take("look", name)
            as_it_is = (
                look and is_look(look, LOOK, (luma.shape[0], luma.shape[1])) and np.array_equal(look["luma"], luma)
            )
            if as_it_is and (kept := self._kept(name, luma.shape)):
                return kept
        return None

    def _looked(self, luma: Array) -> Arrays:
        with self._guard:
            if self._network is None:
                self._network = _loaded(things=self._things)
        return self._network.arrays_of(self._network.maps(luma * np.float32(100)))


def sights_of(settings: Settings, cache: FrameCache | None, network: Propagator | None = None) -> Sees:
    """What the settings have frames seen by.

    network  what propagation uses, if it is loaded
    """
    if "shipped" not in (settings.colorize.network, settings.propagate.network):
        return by_features(PatchFeatures())
    things = settings.propagate.network == "shipped" and settings.propagate.things
    return ByNetworks(cache, things=things, network=network)


def _loaded(*, things: bool) -> Propagator:
    from vidcolor.networks.features import NetworkFeatures  # loads networks
    from vidcolor.networks.propagator import Propagator
    from vidcolor.networks.shipped import THINGS

    return Propagator(NetworkFeatures(), None, THINGS if things else None)


def _maps(kept: Arrays, kind: str) -> list[Array]:
    """(C, h, w) float32 at each stride."""
    found = (kept[name] for name in NAMES if name.startswith(kind))
    return [np.ascontiguousarray(numbers(plain).transpose(2, 0, 1)) for plain in found]
