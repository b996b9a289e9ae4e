"""Colours found in the keyframes by the features network: from place to place, and from cell to cell.

The same as by_attention.py for the rest of the room, with networks (networks/propagator.py) in place of features that
need no training; it gives two guesses, the second coarse but sure of the kind of thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy import ndarray as Array

from vidcolor.confidence import ABSENT
from vidcolor.flow.warp import mismatch
from vidcolor.planes.kinds import full, of, on_device, planes_of
from vidcolor.planes.samples import at_size
from vidcolor.propagate.blend import Guess, of_compared
from vidcolor.propagate.both_ways import PLACE, Kept
from vidcolor.propagate.by_flow import SmallKeyframe
from vidcolor.propagate.cached import ShotCache
from vidcolor.propagate.runs import Look, Run
from vidcolor.threads import turns

if TYPE_CHECKING:
    from vidcolor.networks.compare_places import Colored
    from vidcolor.networks.frame_maps import FrameMaps
    from vidcolor.networks.propagator import Propagator
    from vidcolor.networks.tells import Tells
    from vidcolor.networks.weighing import Weigher


Claims = Mapping[str, Array]
"""By side, (CLAIMS, h, w): what is to be said against carried colours, by where they say that they come from."""
Features = tuple[Array, ...]
"""Of a frame: maps at strides 4, 8, 16; none where what weighs does not see by them. Cells, which it was compared by,
are as large again, and not held."""
SIDES, CLAIMS = ("before", "behind"), 3
OFF_SCALE, MOST_OFF = np.float32(0.1), 2.0
"""Difference of luma that reads 1 as a claim against a carried colour, and the most that it reads."""
MOST_LOST = 0.25
"""Share of a frame's places that flow may lose, by more than a place, until the frame must be looked at itself."""


class NetworkFinder:
    """Looks frames up in the keyframes it has met."""

    def __init__(self, network: Propagator, cache: ShotCache) -> None:
        self._network, self._cache = network, cache
        self._keys: dict[int, tuple[Colored, FrameMaps]] = {}
        self._colored: list[Colored] = []
        self._tells: Tells | None = None

    def knows(self, position: int) -> bool:
        return position in self._keys

    def meet(self, keys: Sequence[SmallKeyframe]) -> None:
        """Takes these in too; what all that it knows tell together is learned anew where that changed."""
        for key in keys:
            maps = self._maps(key.look)
            seen = self._network.see(_lightness(key.look), maps)
            self._keys[key.look.position] = self._network.with_colors(seen, key.chroma, key.confidence), maps
        if keys or len(self._colored) > len(self._keys):  # some came, or some were forgotten
            self._colored, self._tells = self._network.learned([key for key, _ in self._keys.values()])

    def _maps(self, look: Look) -> FrameMaps:
        """What the networks say of a frame."""
        kept = self._cache.maps(look.position)
        maps = None if kept is None else self._network.maps_of(kept, look.luma.shape)
        if maps is None:
            with turns():
                maps = self._network.maps(_lightness(look))
            if self._cache.cache is not None:
                self._cache.keep_maps(look.position, self._network.arrays_of(maps))
        return maps

    def _maps_of_all(self, group: Run) -> Iterator[FrameMaps]:
        """Of each frame: the middle one's maps, moved along the flow; where flow is lost, its own."""
        if on_device(group.looks[0].luma):  # networks are what a device is fast at
            yield from self._network.maps_of_all(of(group.looks[0].luma).stack([_lightness(k) for k in group.looks]))
            return
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

    def find(self, group: Run, kept: Sequence[Mapping[str, Kept]]) -> list[tuple[Features, Guess, Guess, Claims]]:
        """For each frame, its features, what its places and its cells find, and what is to be said against the colours
        that flow brought to it, `kept` by side."""
        found: list[tuple[Features, Guess, Guess, Claims]] = []
        weigher = self._network.weigher
        sees = weigher is not None and weigher.sees
        for look, maps, brought in zip(group.looks, self._maps_of_all(group), kept, strict=True):
            seen = self._network.see(_lightness(look), maps)
            away = [abs(look.position - position) for position in self._keys]
            with turns():
                places, cells = self._network.compare(seen, self._colored, self._tells, away)
            claims = {side: self._claims(maps, one) for side, one in brought.items()}
            nearest = min(brought.values(), key=lambda one: one.age) if brought else None
            traced = nearest.traced if nearest is not None else None
            light, tints = (traced.light, traced.tints) if traced is not None else (None, False)
            by_place, by_cell = (of_compared(by, look.luma, light, tints=tints) for by in (places, cells))
            found.append((seen.maps if sees else (), by_place, by_cell, claims))
        return found

    def _claims(self, maps: FrameMaps, kept: Kept) -> Array:
        """(3, h, w), each 0..2: how far off the lightness is, the look and the things where carried colours come from.

        Flow that slid along a wall or into leaves agrees with itself, there and back; only this says that it did.
        """
        assert kept.traced is not None, "it was asked for"
        off = full(kept.traced.off) / OFF_SCALE
        xp = of(off)
        off = xp.minimum(off, MOST_OFF)
        if kept.key not in self._keys:
            return cast(Array, xp.concat([off[None], planes_of((2, *off.shape), 1.0, off)]))
        unlike = self._network.unlike(maps, self._keys[kept.key][1], kept.traced.places)
        size = (off.shape[0], off.shape[1])
        return cast(Array, xp.stack([off, *(at_size(plane, size, "linear") for plane in unlike)]))


def _lightness(look: Look) -> Array:
    return look.luma * np.float32(100)


def _lost(flow: Array, back: Array) -> bool:
    """Whether too much of a frame does not come back to its place."""
    first = [min(PLACE // 2, side - 1) for side in flow.shape[1:]]
    small, small_back = (f[:, first[0] :: PLACE, first[1] :: PLACE] / np.float32(PLACE) for f in (flow, back))
    return bool((mismatch(small, small_back) > 1).mean() > MOST_LOST)


def weighed(
    weigher: Weigher, look: Look, features: Features, guesses: dict[str, Guess], claims: Claims
) -> tuple[Array, Array]:
    """Chroma (2, h, w) and its expected error (h, w): a frame's guesses, by name of slot, weighed by the network."""
    evidence, error = stacked(guesses, weigher.slots)
    claims_of_all = claimed(claims, error[0])
    with turns():
        return weigher(_lightness(look), features, evidence, error, claims_of_all)


def claimed(claims: Claims, plane: Array) -> Array:
    """(6, h, w): what is said against the colours of each side; nothing of a side that has none. plane: any (h, w)."""
    nothing = planes_of((CLAIMS, *plane.shape), 0.0, plane)
    return cast(Array, of(plane).concat([claims.get(side, nothing) for side in SIDES]))


def stacked(guesses: dict[str, Guess], slots: Sequence[str]) -> tuple[Array, Array]:
    """(S, 2 + signals, h, w) and (S, h, w): guesses as the network takes them; empty slots as it wants them."""
    some = next(iter(guesses.values()))
    evidence = planes_of((len(slots), 2 + len(some.signals), *some.error.shape), 0.0, some.error)
    error = planes_of((len(slots), *some.error.shape), ABSENT, some.error)
    for n, slot in enumerate(slots):
        if slot in guesses:
            guess = guesses[slot]
            evidence[n, :2], evidence[n, 2:] = guess.chroma, guess.signals
            error[n] = of(error).minimum(guess.error, ABSENT - 1)
    return evidence, error
