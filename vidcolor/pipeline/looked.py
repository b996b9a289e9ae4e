"""The pictures of corrections, looked at before anything is rendered: what cannot be used is known from then on.

`plan/corrections.json` keeps what was found of each, with the fingerprint of what it was found from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from vidcolor.errors import VidcolorError
from vidcolor.media.images import Painted
from vidcolor.pipeline.bars import shown_by
from vidcolor.pipeline.library import Library
from vidcolor.project.corrections import FOLDER, Correction, path_of
from vidcolor.project.folder import Project
from vidcolor.project.kinds import Keyframe, Paint, Region
from vidcolor.state.corrected import Corrected, keep_looked, look_marks, looked_at
from vidcolor.types import Reel

OPAQUE = 0.5
"""Share from which a pixel of a paint is painted."""
OTHER = 2.0
"""Difference in a*b* from which two paints of one pixel contradict each other."""


def look_at_pictures(project: Project, reel: Reel, found: Corrected, library: Library) -> bool:
    """Looks at the pictures of corrections that nobody has looked at yet; whether there were any."""
    marks, kept = _looked(project, reel, found)
    if set(kept) == set(marks):
        return False
    hashes = {name: entry["hash"] for name, entry in (found.files or {}).items()}
    for correction in found.read:
        if (name := correction.name) in marks and name not in kept:
            sound = [c for c in found.read if c.name < name and kept.get(c.name, ("", "no pictures"))[1] == ""]
            beside = [c for c in sound if c.frame == correction.frame]
            kept[name] = (marks[name], _problem(project, correction, beside, reel, library, hashes))
    keep_looked(project, kept)
    return True


def all_looked_at(project: Project, reel: Reel, found: Corrected) -> bool:
    """Whether somebody has looked at every picture of a correction."""
    marks, kept = _looked(project, reel, found)
    return set(kept) == set(marks)


def _looked(project: Project, reel: Reel, found: Corrected) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """By a correction's name: what its pictures are told by; and what was found of them, where they are the same."""
    marks, known = look_marks(found.read, reel), looked_at(project)
    return marks, {name: known[name] for name in marks if name in known and known[name][0] == marks[name]}


def _problem(
    project: Project,
    correction: Correction,
    earlier: Sequence[Correction],
    reel: Reel,
    library: Library,
    hashes: Mapping[str, str],
) -> str:
    """What is wrong with a correction's pictures and what mends it; empty where nothing is."""
    said, files = correction.said, correction.files
    try:
        if "picture" in files:
            picture = library.picture(files["picture"], hashes[files["picture"]])
            if isinstance(said, Keyframe):
                shape = picture.lightness.shape
                library.check_size(files["picture"], shape, shown_by(shape, reel, correction.frame))
            if "part" in files:
                library.mask(files["part"], hashes[files["part"]], picture.lightness.shape)
        if isinstance(said, Region) and "picture" in files:
            library.mask(files["mask"], hashes[files["mask"]], reel.size)
        elif "mask" in files:
            mask = library.painted(files["mask"], hashes[files["mask"]], reel.size)
            if (mask.white * mask.share).max() < OPAQUE:
                return f"{_shown(files['mask'])}: a mask without white; paint the part it stands for white on black"
        if isinstance(said, Paint):
            return _paint_problem(correction, earlier, reel, library, hashes)
    except VidcolorError as error:
        text = str(error)
        for place in files.values():
            text = text.replace(str(path_of(project, place)), _shown(place))
        return text
    return ""


def _paint_problem(
    correction: Correction, earlier: Sequence[Correction], reel: Reel, library: Library, hashes: Mapping[str, str]
) -> str:
    name = correction.files["paint"]
    paint = library.painted(name, hashes[name], reel.size)
    if paint.share.max() < OPAQUE:
        return f"{_shown(name)}: nothing in it is opaque; paint where it counts, and leave the rest transparent"
    for other in earlier:
        if not isinstance(other.said, Paint) or other.files.keys() != {"paint"} or correction.files.keys() != {"paint"}:
            continue
        theirs = library.painted(other.files["paint"], hashes[other.files["paint"]], reel.size)
        if theirs.shape == paint.shape and (apart := _apart(paint, theirs)):
            return (
                f"paints {apart} pixels that {FOLDER}/{other.name} paints in another colour; erase them in one of the "
                "two, or delete one"
            )
    return ""


def _apart(one: Painted, other: Painted) -> int:
    """Pixels that both paint, in colours that contradict each other."""
    both = tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one.box, other.box, strict=True))
    if any(side.start >= side.stop for side in both):
        return 0
    (ours, theirs) = (
        tuple(slice(side.start - at.start, side.stop - at.start) for side, at in zip(both, paint.box, strict=True))
        for paint in (one, other)
    )
    painted = (one.share[ours] >= OPAQUE) & (other.share[theirs] >= OPAQUE)
    far = np.hypot(*(one.chroma[:, *ours] - other.chroma[:, *theirs])) > OTHER
    return int((painted & far).sum())


def _shown(place: str) -> str:
    return os.path.basename(place)
