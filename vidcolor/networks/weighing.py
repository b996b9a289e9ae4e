"""The network that weighs guesses, arrays in and arrays out: evidence in, chroma and expected error out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from numpy import ndarray as Array

from vidcolor.networks.load import load_weighing
from vidcolor.networks.shipped import mark_of
from vidcolor.networks.weighing_net import refuse_others


class Weigher:
    """The network of a file; may be called by several threads at once."""

    def __init__(self, file: Path, slots: Sequence[str]) -> None:
        """Loads the file. Refuses a network made for other slots."""
        self.name, self.slots = mark_of(file), tuple(slots)
        self._config, self._net = load_weighing(file, self.slots)

    @property
    def sees(self) -> bool:
        """Whether it takes maps of features: else nobody needs to hold them for it."""
        return bool(self._config.features)

    def __call__(
        self,
        lightness: Array,
        maps: Sequence[Array],
        evidence: Array,
        error: Array,
        claims: Array | None = None,
    ) -> tuple[Array, Array]:
        """Chroma (2, H, W) and its expected error (H, W) in a*b*; what goes in is weighing_net.weighed's, without B.

        lightness (H, W), maps three of (h, w, C), seen by a network that asks for them, evidence
        (S, 2 + signals, H, W), error (S, H, W), claims (claims, H, W), heard by a network that asks for them. Refuses
        another number of slots, signals or claims.
        """
        said = claims if self._config.claims else None
        refuse_others(self._config, evidence.shape, None if said is None else said.shape)
        planes = evidence.reshape(-1, *evidence.shape[2:])
        seen = maps if self.sees else ()
        given = [lightness[None], *seen, planes, error, *([] if said is None else [said])]
        chroma, expected = self._net(*(array[None] for array in given))
        return chroma[0], expected[0, 0]
