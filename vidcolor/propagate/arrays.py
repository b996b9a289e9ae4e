"""Tables of plain arrays, and what each of them must be: of what is kept beyond the end of the program."""

from __future__ import annotations

from collections.abc import Mapping

from numpy import ndarray as Array

Arrays = Mapping[str, Array]
Kinds = Mapping[str, tuple[tuple[int | str, ...], str]]
"""Of each array its shape and kind; `h` and `w` are chroma's, any other word stands for any length."""
PLANE, PAIR, ANY = ("h", "w"), (2, "h", "w"), ("n",)
LOOK: Kinds = {"luma": (PLANE, "float32")}
LIT: Kinds = {**LOOK, "light": (PLANE, "float32")}
"""The same of a frame whose colours are delivered in other light than it is matched in"""
WORN: Kinds = {"worn": ((), "bool")}
STEP: Kinds = {"onward": (PAIR, "float16"), "back": (PAIR, "float16")}
LABELS: Kinds = {
    "slots": (PLANE, "int32"),
    "waiting": (PLANE, "bool"),
    "ids": (ANY, "int32"),
    "label_count": ((), "int64"),
}
"""A frame's tracked superpixels (superpixels/track.py), and what the next frame's are made of"""


def sound(arrays: Arrays, kinds: Kinds, size: tuple[int, int]) -> bool:
    """Whether these are all the arrays that `kinds` lists, each of its shape and kind."""
    if set(arrays) != set(kinds):
        return False
    sides = {"h": size[0], "w": size[1]}
    for name, (shape, kind) in kinds.items():
        wanted = tuple(sides.get(side, -1) if isinstance(side, str) else side for side in shape)
        array = arrays[name]
        if array.dtype != kind or array.ndim != len(wanted):
            return False
        if any(want not in (-1, have) for want, have in zip(wanted, array.shape, strict=True)):
            return False
    return True
