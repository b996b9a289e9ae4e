"""What hangs on a shot's gray frames alone, and no colour, found again in the next render.

A cache may have lost anything at any moment, and may give anything: what is found is checked, and made anew where it is
not as it was made. Found or made, it is the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Protocol

import numpy as np
from numpy import ndarray as Array

from vidcolor.propagate.arrays import LABELS, LIT, LOOK, STEP, WORN, Arrays, Kinds, sound
from vidcolor.propagate.mended import REACH


def names_of(frame: int) -> Iterator[str]:
    """The names that a film's frame may be kept by where it is no worn shot's, by how near its shot's ends may be."""
    ends = [["", *(f"{end}{away}" for away in range(REACH))] for end in "ab"]
    return (f"{frame:07d}{a}{b}" for a, b in product(*ends))


class FrameCache(Protocol):
    """Keeps arrays by kind and name as long as there is room; several threads may ask at once."""

    def take(self, kind: str, name: str) -> Arrays | None:
        """What was put under the name, bit for bit; None where it is not there any more."""
        ...

    def put(self, kind: str, name: str, arrays: Arrays) -> None:
        """Keeps `arrays`, if it can."""
        ...


@dataclass(frozen=True, slots=True)
class ShotCache:
    """The cache as a shot that begins at frame `start` asks it, by position; None keeps nothing.

    look    a frame at chroma size
    step    the flows between a frame and the one before it
    labels  superpixels tracked from the shot's first frame
    maps    what networks say of a frame
    """

    cache: FrameCache | None
    start: int
    size: tuple[int, int]
    """(height, width) of the chroma"""
    shot: tuple[int, int] = (0, 0)
    """Of the whole shot the first frame's number, and how many there are. A frame is matched by what is around it in
    its shot (mended.py): near an end it is kept by how near that is, so that no other shot takes it for its own"""
    worn: str = ""
    """Names the shot whose frames are mended by one another (mended.py): what is kept of them is its alone"""

    def of_worn(self, judge: Callable[[], bool]) -> ShotCache:
        """The cache as a shot asks it: for its own frames, where they are mended.

        judge  whether it is worn, asked where that is not kept
        """
        shot = f"{self.shot[0]:07d}-{self.shot[1]}-"
        found = self._taken("look", f"{shot}worn", WORN)
        worn = judge() if found is None else bool(found["worn"])
        if found is None:
            self._put("look", f"{shot}worn", {"worn": np.array(worn)})
        return replace(self, worn=shot) if worn else self

    def look(self, position: int) -> tuple[Array, Array | None] | None:
        """Luma of the frame as it is matched, and by how much it is delivered in another light."""
        found = self._taken("look", self._name(position), LOOK, LIT)
        return None if found is None else (found["luma"], found.get("light"))

    def keep_look(self, position: int, luma: Array, light: Array | None) -> None:
        self._put("look", self._name(position), {"luma": luma} if light is None else {"luma": luma, "light": light})

    def step(self, position: int) -> Arrays | None:
        """Flows to the frame from the one before, `onward` and `back`."""
        return self._taken("step", self._name(position), STEP)

    def keep_step(self, position: int, arrays: Arrays) -> None:
        self._put("step", self._name(position), arrays)

    def labels(self, position: int) -> Arrays | None:
        """The tracker's state at the frame, but for the frame's lightness."""
        found = self._taken("labels", self._tracked(position), LABELS)
        if found is None:
            return None
        slots, ids = found["slots"], found["ids"]
        given = int(found["label_count"])
        if not len(ids) or slots.min() < 0 or slots.max() >= len(ids) or ids.min() < 0 or ids.max() >= given:
            return None
        return found if given <= (position + 1) * slots.size else None

    def keep_labels(self, position: int, state: Arrays) -> None:
        self._put("labels", self._tracked(position), {name: state[name] for name in LABELS})

    def maps(self, position: int) -> Arrays | None:
        """What networks say of the frame; theirs to check."""
        return None if self.cache is None else self.cache.take("maps", self._name(position))

    def keep_maps(self, position: int, arrays: Arrays) -> None:
        self._put("maps", self._name(position), arrays)

    def _name(self, position: int) -> str:
        frame = self.start + position
        if self.worn:
            return f"{self.worn}{frame:07d}"
        ends = (frame - self.shot[0], self.shot[0] + self.shot[1] - 1 - frame)
        near = "".join(f"{end}{away}" for end, away in zip("ab", ends, strict=True) if away < REACH)
        return f"{frame:07d}{near}"

    def _tracked(self, position: int) -> str:
        """Labels hang on the frame that tracking began with."""
        return f"{self._name(0)}-{self._name(position)}"

    def _taken(self, kind: str, name: str, *kinds: Kinds) -> Arrays | None:
        found = None if self.cache is None else self.cache.take(kind, name)
        return found if found is not None and any(sound(found, one, self.size) for one in kinds) else None

    def _put(self, kind: str, name: str, arrays: Arrays) -> None:
        if self.cache is not None:
            self.cache.put(kind, name, arrays)
