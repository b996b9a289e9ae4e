"""References are looked at once: which frame each is the picture of, where its name leaves that open; has it colour?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from numpy import ndarray as Array

from vidcolor.colorize.which_frame import FITS, FrameMatch, find_frame, small_picture, small_size
from vidcolor.media.read import Clip
from vidcolor.pipeline.bars import inside, picture_inside
from vidcolor.pipeline.library import Library
from vidcolor.references.choose import holds_color
from vidcolor.references.names import PictureName
from vidcolor.state.findings import Finding
from vidcolor.state.plan import Given
from vidcolor.types import Reel, Reference, Shot

WIDE = 96
"""Frames on either side of one that a name may mean in which a better one is looked for."""
CLEARLY = 0.02
"""By how much a later reading must fit better than an earlier one."""


class Looker:
    """Looks at pictures beside the frames that their names may mean."""

    def __init__(self, reel: Reel, shots: Sequence[Shot], given: Given, library: Library, *, describes: bool) -> None:
        """`describes`: pictures will be matched, so they are described while they are here."""
        self.reel, self.shots, self.library, self.describes = reel, shots, library, describes
        self.pictures = {p.name: p for p in given.pictures}
        self.size = small_size(reel.size)

    def finding(self, name: PictureName, made_of: str) -> Finding:
        """What the picture is."""
        if name.frame is not None:
            least, most = self.library.opacity(self.pictures[name.path])
            if least < 1:
                return Finding(made_of, gray=most == 0, partial=True)
        picture = self.library.read(self.pictures[name.path])
        found = Finding(made_of, gray=not holds_color(picture.chroma))
        if self.describes and not found.gray:
            self.library.described(self.pictures[name.path])
        return self._placed(name, picture, found) if name.maybe else found

    def _placed(self, name: PictureName, picture: Reference, found: Finding) -> Finding:
        """Of the frames its name may mean the one it fits; where it need not be any, only one that it fits best."""
        matches = list(self._matches(name, picture))
        good = [(frame, match.fits) for frame, match in matches if match.fits >= FITS and match.best == frame]
        if good:
            return replace(found, frame=_likeliest(good, name.maybe))
        better = [match.best for frame, match in matches if match.best != frame]
        inside = [frame for frame in better if frame in name.maybe]
        if inside or not name.free:
            return replace(found, frame=next(iter(inside), name.maybe[0]))
        return replace(found, fits=next(iter(better), None))

    def _matches(self, name: PictureName, picture: Reference) -> Iterator[tuple[int, FrameMatch]]:
        for shot in self.shots:
            asked = [frame for frame in name.maybe if frame in shot.frames]
            if not asked or name.shot not in (None, shot.id):
                continue
            clip = Clip(self.reel, shot.frames, self.size)
            for frame in asked:
                yield frame, self._match(picture, clip, frame, shot)
            clip.close()

    def _match(self, picture: Reference, clip: Clip, frame: int, shot: Shot) -> FrameMatch:
        """The picture beside a frame and its neighbours, all without bars."""
        film, bars = self.reel.size, self.reel.bars_at(frame)
        shown = frame_at(clip)
        size = inside(shown(frame), bars, film).shape
        small = small_picture(picture_inside(picture, self.reel, frame), (size[0], size[1]))
        return find_frame(small, lambda other: inside(shown(other), bars, film), frame, shot.frames, WIDE)


def _likeliest(good: Sequence[tuple[int, float]], order: Sequence[int]) -> int:
    """The first of the name's readings, or a later one that fits clearly better."""
    chosen, most = -1, 0.0
    for frame, fits in sorted(good, key=lambda pair: order.index(pair[0])):
        if chosen < 0 or fits > most + CLEARLY:
            chosen, most = frame, fits
    return chosen


def frame_at(clip: Clip) -> Callable[[int], Array]:
    """The lightness of a frame by its number, from a clip that holds it."""
    return lambda frame: clip[frame - clip.frames.start].lightness
