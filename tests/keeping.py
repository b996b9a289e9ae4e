"""A cache of frames in memory, with room for all of them."""

from __future__ import annotations

from vidcolor.propagate.arrays import Arrays


class Keeping:
    """Keeps whatever it is given."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Arrays] = {}

    def take(self, kind: str, name: str) -> Arrays | None:
        return self.kept.get((kind, name))

    def put(self, kind: str, name: str, arrays: Arrays) -> None:
        self.kept[kind, name] = arrays
