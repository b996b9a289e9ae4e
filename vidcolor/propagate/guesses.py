"""One frame's guesses, of all carriers, made one: what flow brought, what was found, what superpixels remember."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from numpy import ndarray as Array

from vidcolor.planes.kinds import Device
from vidcolor.propagate.ablation import Ablation
from vidcolor.propagate.blend import (
    Candidate,
    Guess,
    best,
    blend,
    contradicted,
    mixed,
    nearer,
    of_carried,
    of_flow,
    of_memory,
    of_rules,
    surely_carried,
    yielded,
)
from vidcolor.propagate.both_ways import Kept
from vidcolor.propagate.by_attention import Finder
from vidcolor.propagate.by_flow import SmallKeyframe
from vidcolor.propagate.by_network import Claims, NetworkFinder, weighed
from vidcolor.propagate.by_superpixel import Memory
from vidcolor.propagate.cached import ShotCache
from vidcolor.propagate.held import held_near, standing_alone
from vidcolor.propagate.runs import Look, Run, Step
from vidcolor.settings import PropagateSettings

if TYPE_CHECKING:
    from vidcolor.networks.propagator import Propagator
    from vidcolor.networks.weighing import Weigher

Listener = Callable[[Look, dict[str, Guess], Claims], None]
Found = tuple[Any, Guess, Guess | None, Claims] | None
"""What a finder answers: the frame's features, if it sees any, what places and what cells find, and what is to be said
against what flow brought."""
Asked = tuple[Run, Sequence[Mapping[str, Kept]]]
"""A group of frames, and for each, by side, what flow brought."""


class Guesses:
    """Gathers and weighs the guesses of a shot's frames.

    What superpixels remember goes from frame to frame, in their order; all else hangs on the frame and its keyframes.
    """

    def __init__(
        self,
        cache: ShotCache,
        settings: PropagateSettings,
        network: Propagator | None,
        ablation: Ablation,
        listen: Listener | None,
        *,
        device: Device = None,
    ) -> None:
        """For the frames that `cache` is asked of; the rest as `propagate` has it.

        device  where the frames are
        """
        keeps = ablation.keeps
        self._warps = not keeps("local")
        finder = Finder if network is None else partial(NetworkFinder, network, cache)
        self._finder = finder() if keeps("attention") else None
        weighs = network is not None and keeps("attention") and keeps("blend") and keeps("weigher")
        self._weigher: Weigher | None = network.weigher if network is not None and weighs else None
        self._mix = mixed if keeps("blend") else best
        self._settings = settings if keeps("fill") else replace(settings, fill=0.0)
        self._listen = listen
        self.memory = Memory(cache, settings, device) if keeps("superpixel") else None

    def meet(self, positions: Collection[int], key: Callable[[int], SmallKeyframe]) -> None:
        """Goes on with these keyframes to look colours up in, and no others; `key` gives one by its position."""
        if self._finder is None:
            return
        self._finder.forget_all_but(sorted(positions))
        self._finder.meet([key(position) for position in sorted(positions) if not self._finder.knows(position)])

    def find(self, asked: Asked) -> Sequence[Found]:
        """What looks like each frame of a group in the keyframes that were met."""
        return [None] * len(asked[1]) if self._finder is None else self._finder.find(*asked)

    def follow(self, look: Look, step: Step | None, known: tuple[Array, Array] | None) -> None:
        """Takes the memory to the next frame; `known`: its colours and confidence, of a keyframe."""
        if self.memory is None:
            return
        self.memory.follow(look, step)
        if known is not None:
            self.memory.learn(*of_flow(*known, 0))

    def weigh(
        self, look: Look, kept: Mapping[str, Kept], found: Found, unsure: Collection[str], *, learns: bool
    ) -> tuple[Candidate, dict[str, Guess]]:
        """The colours of the frame followed last, with their expected error; and the guesses they were made of.

        kept    by side, what flow brought
        unsure  the sides whose keyframe is not known in every pixel
        learns  whether the memory takes the frame's colours in; a keyframe's own it knows
        """
        guesses = {name: of_carried(k.chroma, k.confidence, k.age, k.origin) for name, k in kept.items()}
        if self._warps:
            return nearer([g.candidate for g in guesses.values()]), guesses
        if len(kept) == 2:
            guesses = yielded(guesses, {name: k.age for name, k in kept.items()}, unsure)
        features, carried = None, None
        claims: Claims = {}
        if found is not None:
            features, by_place, by_cell, claims = found
            carried = surely_carried(list(guesses.values())) if features is not None and guesses else None
            guesses["found"] = contradicted(by_place, carried) if carried else by_place
        heard = [g.candidate for g in guesses.values()]
        if found is not None and by_cell is not None:
            # Too coarse for rules; the network knows what to do with it.
            guesses["scene"] = contradicted(by_cell, carried) if carried else by_cell
        if self.memory is not None:
            guesses["remembered"] = of_memory(*self.memory.recall())
            if learns:
                self.memory.learn(*self._mix(heard))
            heard.append(guesses["remembered"].candidate)
        if self._listen is not None:
            self._listen(look, guesses, claims)
        if self._weigher is not None and features is not None:
            guesses["ruled"] = of_rules(heard, look.luma, self._settings)
            chroma, error = weighed(self._weigher, look, features, guesses, claims)
            if carried:
                (brought, sure), memory = carried, guesses.get("remembered")
                alone = standing_alone(chroma, brought, memory.chroma, look.luma) if memory else 0.0
                chroma = held_near(chroma, guesses["ruled"].chroma, sure, alone)
            return (chroma, error), guesses
        return blend(heard, look.luma, self._settings, self._mix), guesses
