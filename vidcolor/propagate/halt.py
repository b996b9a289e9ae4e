"""Where a shot's propagation may be left and gone on with: all it holds between two frames, as plain arrays.

From frame to frame go the colours as carried (by_flow.py), the frame before (steady.py), what superpixels remember
(by_superpixel.py), the doubt gathered (doubt.py) and the last step. They are kept as they are, so that what is gone on
with gives the same bytes as what was never left. Whatever else a frame comes to take from those before it belongs here
too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy import ndarray as Array

from vidcolor.planes.kinds import Device, device_of, down, like, up
from vidcolor.propagate.arrays import ANY, LABELS, PAIR, PLANE, STEP, Arrays, Kinds, sound
from vidcolor.propagate.by_flow import Carried, SmallKeyframe
from vidcolor.propagate.by_superpixel import STATISTICS
from vidcolor.propagate.runs import Look, Step

STATE = "state"
"""The name of the state at the frame reached last; `end_name` gives the others."""
PLACE: Kinds = {"position": ((), "int64")}
PARTS: dict[str, Kinds] = {
    "ahead": {
        "position": ((), "int64"),
        "luma": (PLANE, "float32"),
        "chroma": (PAIR, "float32"),
        "confidence": (PLANE, "float32"),
        "points": (PAIR, "float32"),
        "reach": (PLANE, "float32"),
    },
    "step": STEP,
    "before": {
        "position": ((), "int64"),
        "luma": (PLANE, "float32"),
        "chroma": (PAIR, "float32"),
        "error": (PLANE, "float32"),
    },
    "memory": {
        "luma": (PLANE, "float32"),
        "slots": (PLANE, "int32"),
        "ids": (ANY, "int32"),
        "sums": (("n", STATISTICS), "float64"),
    },
    "tracker": {"before": (PLANE, "float32"), **LABELS},
    "doubt": {
        "area": (("frames", "bounds"), "int16"),
        "point_places": (("seen",), "int64"),
        "point_cells": (("seen", "planes", "rows", "columns"), "float32"),
        "point_pixels": (("seen", "pair", "rows", "columns"), "int16"),
        "points": ((2, "cells"), "float64"),
        "labels": (("cells",), "int64"),
        "given": ((), "int64"),
        "look_places": (("looks",), "int64"),
        "look_labels": (("looks", "cells"), "int64"),
        "look_values": (("looks", "cells"), "float32"),
        "key_places": (("keys",), "int64"),
        "key_labels": (("keys", "cells"), "int64"),
        "key_values": (("keys", "cells"), "float32"),
    },
}
"""Of each part of a state the arrays, their shapes and kinds. A shot that does without a part keeps none of it."""


class Shelf(Protocol):
    """Keeps arrays by name while a shot is under way, beyond the end of the program."""

    def put(self, name: str, arrays: Arrays) -> None:
        """Keeps `arrays`, in place of what had the name."""
        ...

    def take(self, name: str) -> Arrays | None:
        """What has the name; None for nothing, and for what is damaged."""
        ...

    def drop(self, name: str) -> None:
        """Lets go of what has the name, if anything has."""
        ...


def end_name(position: int) -> str:
    """The name of what the backward direction knows at the end of a run."""
    return f"end-{position:06d}"


def joined(position: int, parts: Mapping[str, Arrays | None]) -> dict[str, Array]:
    """One table of a state's parts; `position` frames are done."""
    arrays = {f"{part}.{name}": array for part, table in parts.items() if table for name, array in table.items()}
    return {"position": np.array(position), **arrays}


def part_of(state: Arrays, part: str) -> dict[str, Array] | None:
    """One part of a state, None where it has none."""
    head = f"{part}."
    return {name.removeprefix(head): state[name] for name in state if name.startswith(head)} or None


def frames_done(state: Arrays | None, size: tuple[int, int]) -> int:
    """How many frames were done when `state` was kept; 0 for what is no state of a shot of this chroma size."""
    if state is None or not sound({"position": state.get("position", np.empty(0))}, PLACE, size):
        return 0
    for part, kinds in PARTS.items():
        found = part_of(state, part)
        if found is not None and not sound(found, kinds, size):
            return 0
        if found is not None and "slots" in found and not _within(found["slots"], len(found["ids"])):
            return 0
        if found is not None and "given" in found:
            labels = [found[name] for name in ("labels", "look_labels", "key_labels")]
            if not all(_within(array, int(found["given"])) for array in labels):
                return 0
    return max(0, int(state["position"]))


def _within(slots: Array, count: int) -> bool:
    return bool(slots.size == 0 or (slots.min() >= 0 and slots.max() < count))


def carried_arrays(state: Carried) -> dict[str, Array]:
    """What one direction knows of a frame, but for its keyframe."""
    return {
        **look_arrays(state.look),
        "chroma": down(state.chroma),
        "confidence": down(state.confidence),
        "points": down(state.points),
        "reach": down(state.reach),
    }


def carried_of(arrays: Arrays, key: SmallKeyframe) -> Carried:
    """What `carried_arrays` kept, with its keyframe again."""
    near = key.look.luma
    planes = (like(arrays[name], near) for name in ("chroma", "confidence", "points", "reach"))
    chroma, confidence, points, reach = planes
    return Carried(look_of(arrays, device_of(near)), chroma, confidence, key, points, reach)


def look_arrays(look: Look) -> dict[str, Array]:
    return {"position": np.array(look.position), "luma": down(look.luma)}


def frame_arrays(look: Look, chroma: Array, error: Array) -> dict[str, Array]:
    """A frame as it came out."""
    return {**look_arrays(look), "chroma": down(chroma), "error": down(error)}


def look_of(arrays: Arrays, device: Device = None) -> Look:
    luma = arrays["luma"]
    return Look(int(arrays["position"]), up(luma, device), here=None if device is None else luma)


def step_arrays(step: Step | None) -> dict[str, Array] | None:
    return None if step is None else {"onward": down(step.onward), "back": down(step.back)}


def step_of(arrays: Arrays | None, device: Device = None) -> Step | None:
    if arrays is None or device is None:
        return None if arrays is None else Step(arrays["onward"], arrays["back"])
    here = arrays["onward"], arrays["back"]
    return Step(up(here[0], device), up(here[1], device), here)
