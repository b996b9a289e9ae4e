"""Colours found in the keyframes by the features network: from place to place, and from cell to cell.

The same as by_attention.py for the rest of the room, with networks (networks/propagator.py) in place of features that
need no training; it gives two guesses, the second coarse but sure of the kind of thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray as Array

from vidcolor.confidence import ABSENT
from vidcolor.propagate.blend import Guess, of_compared
from vidcolor.propagate.by_flow import SmallKeyframe
from vidcolor.propagate.cached import ShotCache
from vidcolor.propagate.runs import Look

if TYPE_CHECKING:
    from vidcolor.networks.compare_places import Colored, Seen
    from vidcolor.networks.propagator import Propagator
    from vidcolor.networks.weighing import Weigher


class NetworkFinder:
    """Looks frames up in the keyframes it has met."""

    def __init__(self, network: Propagator, cache: ShotCache) -> None:
        self._network, self._cache = network, cache
        self._keys: dict[int, Colored] = {}

    def knows(self, position: int) -> bool:
        return position in self._keys

    def meet(self, key: SmallKeyframe) -> None:
        seen = self._see(key.look)
        self._keys[key.look.position] = self._network.with_colors(seen, key.chroma, key.confidence)

    def _see(self, look: Look) -> Seen:
        lightness = look.luma * np.float32(100)
        kept = self._cache.seen(look.position)
        seen = None if kept is None else self._network.seen_of(kept, lightness)
        if seen is None:
            seen = self._network.see(lightness)
            if self._cache.cache is not None:
                self._cache.keep_seen(look.position, self._network.arrays_of(seen))
        return seen

    def forget_all_but(self, positions: Sequence[int]) -> None:
        self._keys = {p: k for p, k in self._keys.items() if p in positions}

    def find(self, look: Look) -> tuple[Seen, Guess, Guess]:
        """The frame as the network sees it, and what its places and its cells find."""
        seen = self._see(look)
        away = [abs(look.position - position) for position in self._keys]
        places, cells = self._network.compare(seen, list(self._keys.values()), away)
        return seen, of_compared(places, look.luma), of_compared(cells, look.luma)


def weighed(weigher: Weigher, seen: Seen, guesses: dict[str, Guess]) -> tuple[Array, Array]:
    """Chroma (2, h, w) and its expected error (h, w): the guesses, by name of slot, weighed by the network."""
    evidence, error = stacked(guesses, weigher.slots)
    return weigher(seen.lightness, [m[0] for m in seen.maps], evidence, error)


def stacked(guesses: dict[str, Guess], slots: Sequence[str]) -> tuple[Array, Array]:
    """(S, 2 + signals, h, w) and (S, h, w): guesses as the network takes them; empty slots as it wants them."""
    some = next(iter(guesses.values()))
    evidence = np.zeros((len(slots), 2 + len(some.signals), *some.error.shape), np.float32)
    error = np.full((len(slots), *some.error.shape), ABSENT, np.float32)
    for n, slot in enumerate(slots):
        if slot in guesses:
            guess = guesses[slot]
            evidence[n, :2], evidence[n, 2:] = guess.chroma, guess.signals
            error[n] = np.minimum(guess.error, ABSENT - 1)
    return evidence, error
