"""Whether a correction says what one in force says already: given again, it would count twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vidcolor.checked import plain
from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import COLORS, CUTS, LAYERS, ROLES, UNCOUNTED, Note, OfShot, Said
from vidcolor.state.plan import Plan

TRIMS = ("saturation", "hue")
"""Of the layers, those that lie over all others alike."""


def repeated(plan: Plan, said: Said, frame: int, hashes: Mapping[str, str]) -> Correction | None:
    """The correction in force that says the very same, whoever said it and when; None where there is none.

    said    as a new one would say it; with no note it says what one with a note does
    hashes  SHA-256 of its files, by their roles
    What was said of the same place in other words since counts more: then it is no repetition.
    """
    wanted = _facts(said, frame, hashes)
    for place, one in reversed([*enumerate(plan.corrections)]):
        theirs = {role: plan.hashes.get(file, "") for role, file in one.files.items()}
        if _facts(one.said, one.frame, theirs) == wanted and said.note in ("", one.said.note):
            since = plan.corrections[place + 1 :]
            return None if any(_speaks_over(other, one) for other in since) else one
    return None


def _facts(said: Said, frame: int, hashes: Mapping[str, str]) -> dict[str, Any]:
    """All that a correction asks for."""
    told = {name: value for name, value in plain(said).items() if name not in (*UNCOUNTED, *ROLES)}
    if isinstance(told.get("color"), str):
        told["color"] = told["color"].removeprefix("#").lower()
    if isinstance(said, Note):
        told["words"] = said.note
    if not (isinstance(said, OfShot) and said.frames and not hashes):
        told["frame"] = frame  # what is said of a whole shot is the same from any frame of it
    return {**told, "files": dict(hashes)}


def _speaks_over(later: Correction, one: Correction) -> bool:
    """Whether a later correction says something else of the same place."""
    points = [getattr(c.said, "at", None) for c in (later, one)]
    elsewhere = None not in points and points[0] != points[1]
    return later.frame == one.frame and _family(later.kind) == _family(one.kind) and not elsewhere


def _family(kind: str) -> str:
    """What kinds speak of alike: of two of one, the later counts."""
    if kind in CUTS:
        return "cuts"
    if kind in COLORS and kind not in LAYERS:
        return "pictures"
    return "colours" if kind in LAYERS and kind not in TRIMS else kind
