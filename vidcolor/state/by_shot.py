"""What the references folder holds for each shot: sorted out once for a whole film, not looked up anew a shot."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vidcolor.references.names import RegionName
from vidcolor.state.plan import Given, Picture, PlannedKeyframe, with_theirs
from vidcolor.types import Shot

RegionsByFrame = Mapping[int, tuple[RegionName, ...]]


@dataclass(frozen=True, slots=True)
class ByShot:
    """A person's pictures and regions by the id of the shot they are for."""

    own: Mapping[str, Mapping[int, Picture]]
    """Frame to the picture of that frame, or the one whose colours a person wants there"""
    regions: Mapping[str, RegionsByFrame]
    folders: Mapping[str, tuple[Picture, ...]]
    """Pictures offered to one shot alone, those without colour left out"""
    free: tuple[Picture, ...]
    """Pictures offered to every other shot"""
    open: frozenset[str]
    """Shots of which some picture may be or not, as nobody has looked at it yet"""

    def own_keyframes(self, shot: Shot) -> tuple[PlannedKeyframe, ...]:
        """The keyframes that a person gave pictures for, and then those with regions; none without any such picture."""
        own = self.own.get(shot.id)
        if not own:
            return ()
        marked = self.regions_of(shot)
        keys = []
        for frame in sorted({*own, *marked}):
            regions = marked.get(frame, ())
            if frame not in own:
                keys.append(PlannedKeyframe(frame, "regions", with_theirs([], regions), regions))
                continue
            names, asked = with_theirs([own[frame].name], regions), own[frame].use == "asked"
            scores = (1.0,) if asked else ()
            keys.append(PlannedKeyframe(frame, "asked" if asked else "person", names, regions, scores))
        return tuple(keys)

    def regions_of(self, shot: Shot) -> RegionsByFrame:
        """The regions of each frame of the shot that has any, in order."""
        return self.regions.get(shot.id, {})

    def offered(self, shot: Shot) -> tuple[Picture, ...]:
        """What a shot without its own may take colours from: the pictures of its folder, else all free ones."""
        return self.folders.get(shot.id) or self.free


def sort_by_shot(given: Given, shots: Sequence[Shot]) -> ByShot:
    """What `given` holds for each of the shots, which cover the film in order."""
    starts = [shot.frames.start for shot in shots]

    def shot_of(frame: int) -> str:
        return shots[bisect_right(starts, frame) - 1].id

    own: dict[str, dict[int, Picture]] = {}
    regions: dict[str, dict[int, tuple[RegionName, ...]]] = {}
    folders: dict[str, tuple[Picture, ...]] = {}
    for picture in given.pictures:
        if picture.frame is not None:
            own.setdefault(shot_of(picture.frame), {})[picture.frame] = picture
        if picture.shot is not None and not picture.gray:
            folders[picture.shot] = (*folders.get(picture.shot, ()), picture)
    for region in given.regions:
        frames = regions.setdefault(shot_of(region.frame), {})
        frames[region.frame] = (*frames.get(region.frame, ()), region)
    free = tuple(p for p in given.pictures if p.shot is None and not p.gray and p.use in ("frame", "offered"))
    asked = frozenset(shot_of(frame) for name in given.unseen for frame in name.maybe)
    return ByShot(own, regions, folders, free, asked)
