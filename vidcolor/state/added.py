"""What corrections and partial pictures add to what a person gave: pictures, regions, and paints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Paint
from vidcolor.references.names import RegionName
from vidcolor.state.corrected import Corrected
from vidcolor.state.plan import Given, Picture

PICTURES = {"keyframe": "frame", "reference": "asked", "region": "region"}
"""Kinds of corrections that bring a picture, and what it is for."""


def added(given: Given, found: Corrected) -> Given:
    """What is given, with the pictures and regions of corrections; a keyframe takes the place of the frame's own."""
    theirs = list(_pictures(found))
    frames = {p.frame for p in theirs if p.use in ("frame", "asked")}
    own = tuple(p for p in given.pictures if p.frame is None or p.frame not in frames)
    names = {p.name for p in own}
    new = tuple(p for p in theirs if p.use != "region" or p.name not in names)
    regions = (*given.regions, *_regions(found))
    ordered = tuple(sorted(regions, key=lambda region: (region.frame, region.path)))
    return replace(given, pictures=(*own, *new), regions=ordered)


def _pictures(found: Corrected) -> Iterator[Picture]:
    hashes = {name: entry["hash"] for name, entry in (found.files or {}).items()}
    for correction in found.corrections:
        if "picture" in correction.files:
            name, region = correction.files["picture"], correction.kind == "region"
            frame = None if region else correction.frame
            yield Picture(name, hashes[name], frame, use=PICTURES[correction.kind])  # type: ignore[arg-type]


def _regions(found: Corrected) -> Iterator[RegionName]:
    for correction in found.corrections:
        if correction.kind == "region" and "picture" in correction.files:
            files = correction.files
            yield RegionName(files["mask"], correction.frame, files["picture"], files.get("part", ""))


def with_partial(found: Corrected, given: Given) -> Corrected:
    """The corrections, behind the pictures of frames of which only the opaque part counts: those are paints."""
    paints = tuple(
        Correction(
            f"references/{picture.name}",
            Paint(kind="paint", frame=picture.frame, paint=picture.name.rpartition("/")[2]),
            picture.frame,
            {"paint": picture.name},
            picture.hash,
        )
        for picture in given.partial
        if picture.frame is not None
    )
    return replace(found, corrections=(*paints, *found.corrections))
