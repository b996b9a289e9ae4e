"""Where proposals lie and what they are called: pictures below the project's `proposals/`, each with its JSON.

`pipeline/proposals.py` makes them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.errors import ProjectError
from vidcolor.project.folder import Project
from vidcolor.project.places import REEL_NAME

FOLDER, SCHEMA = "proposals", "vidcolor.proposal/1"
USUAL = "shipped"
"""The method that names do not name."""
NAME = re.compile(rf"({REEL_NAME.pattern})-([0-9]{{6,9}})-(?:([a-z]+)-)?([0-9]{{1,6}})-([0-9]{{1,3}})")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal."""

    reel: str
    frame: int
    seed: int
    number: int
    """From 1 on"""
    method: str = USUAL

    @property
    def name(self) -> str:
        """`r1-000134-7-2`: its picture without the suffix."""
        return f"{stem_of(self.reel, self.frame, self.seed, self.method)}-{self.number}"


def stem_of(reel: str, frame: int, seed: int, method: str = USUAL) -> str:
    """`r1-000134-7`, `r1-000134-controlnet-7`: what the names of a frame's proposals begin with."""
    return f"{reel}-{frame:06d}-{seed}" if method == USUAL else f"{reel}-{frame:06d}-{method}-{seed}"


def proposals_of(project: Project) -> dict[str, Proposal]:
    """What was proposed, by the names of the pictures, in order."""
    folder = project.path(FOLDER)
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    stems = [name.removesuffix(".png") for name in names if name.endswith(".png")]
    return {
        stem: Proposal(m[1], int(m[2]), int(m[4]), int(m[5]), m[3] or USUAL)
        for stem in stems
        if (m := NAME.fullmatch(stem))
    }


def place_of(project: Project, name: str) -> Path:
    """The picture of a proposal."""
    return project.path(FOLDER, f"{name}.png")


def proposal_called(project: Project, name: str) -> tuple[Path, Mapping[str, Any]]:
    """A proposal's picture and how it was made, by its name or its picture's path. Refuses what is none."""
    stem = Path(name).name
    stem = stem.removesuffix(".png").removesuffix(".json")
    place = place_of(project, stem)
    page = f"{FOLDER}/{stem}.json"
    if not (place.is_file() and project.has(page)):
        there = sorted(p.stem for p in project.path(FOLDER).glob("*.json")) if project.path(FOLDER).is_dir() else []
        few = f"; there are {', '.join(there[:3])}{' ...' if there[3:] else ''}" if there else ""
        raise ProjectError(f"{name}: no such proposal{few or '; `vidcolor propose` makes some'}")
    told = project.read_json(page, SCHEMA)
    named = NAME.fullmatch(stem)
    if named is None or type(told.get("frame")) is not int or told["frame"] != int(named[2]):
        raise ProjectError(f"{project.path(page)}: damaged (not of the frame that it is named by); propose again")
    return place, told
