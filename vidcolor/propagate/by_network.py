"""Colours found in the keyframes by the features network: from place to place, and from cell to cell.

The same as by_attention.py for the rest of the room, with networks (networks/propagator.py) in place of features that
need no training; it gives two guesses, the second coarse but sure of the kind of thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy import ndarray as Array

from vidcolor.confidence import ABSENT
from vidcolor.flow.warp import mismatch
from vidcolor.propagate.blend import Guess, of_compared
from vidcolor.propagate.by_flow import SmallKeyframe
from vidcolor.propagate.cached import ShotCache
from vidcolor.propagate.runs import Look, Run

if TYPE_CHECKING:
    from vidcolor.networks.compare_places import Colored, Seen
    from vidcolor.networks.frame_maps import FrameMaps
    from vidcolor.networks.propagator import Propagator
    from vidcolor.networks.weighing import Weigher


PLACE = 4
"""Pixels of a place of the finest map."""
MOST_LOST = 0.25
"""Share of a frame's places that flow may lose, by more than a place, until the frame must be looked at itself."""


class NetworkFinder:
    """Looks frames up in the keyframes it has met."""

    def __init__(self, network: Propagator, cache: ShotCache) -> None:
        self._network, self._cache = network, cache
        self._keys: dict[int, Colored] = {}

    def knows(self, position: int) -> bool:
        return position in self._keys

    def meet(self, key: SmallKeyframe) -> None:
        seen = self._network.see(_lightness(key.look), self._maps(key.look))
        self._keys[key.look.position] = self._network.with_colors(seen, key.chroma, key.confidence)

    def _maps(self, look: Look) -> FrameMaps:
        """What the networks say of a frame."""
        kept = self._cache.maps(look.position)
        maps = None if kept is None else self._network.maps_of(kept, look.luma.shape)
        if maps is None:
            maps = self._network.maps(_lightness(look))
            if self._cache.cache is not None:
                self._cache.keep_maps(look.position, self._network.arrays_of(maps))
        return maps

    def _maps_of_all(self, group: Run) -> Iterator[FrameMaps]:
        """Of each frame: the middle one's maps, moved along the flow; where flow is lost, its own."""
        middle = group.middle
        maps = self._maps(group.looks[middle])
        for n, look in enumerate(group.looks):
            if n == middle:
                yield maps
                continue
            step = group.steps[min(n, middle)]
            there, back = (step.onward, step.back) if n < middle else (step.back, step.onward)
            there, back = there.astype(np.float32), back.astype(np.float32)
            yield self._maps(look) if _lost(there, back) else self._network.moved(maps, there)

    def forget_all_but(self, positions: Sequence[int]) -> None:
        self._keys = {p: k for p, k in self._keys.items() if p in positions}

    def find(self, group: Run) -> list[tuple[Seen, Guess, Guess]]:
        """For each frame, how the network sees it, and what its places and its cells find."""
        found = []
        for look, maps in zip(group.looks, self._maps_of_all(group), strict=True):
            seen = self._network.see(_lightness(look), maps)
            away = [abs(look.position - position) for position in self._keys]
            places, cells = self._network.compare(seen, list(self._keys.values()), away)
            found.append((seen, of_compared(places, look.luma), of_compared(cells, look.luma)))
        return found


def _lightness(look: Look) -> Array:
    return look.luma * np.float32(100)


def _lost(flow: Array, back: Array) -> bool:
    """Whether too much of a frame does not come back to its place."""
    small, small_back = (f[:, PLACE // 2 :: PLACE, PLACE // 2 :: PLACE] / np.float32(PLACE) for f in (flow, back))
    return bool((mismatch(small, small_back) > 1).mean() > MOST_LOST)


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
