"""What a list holds: the delivered files of a film's shots, in order, and where each is seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidcolor.timeline import FrameRange
from vidcolor.types import Reel, Shot


@dataclass(frozen=True, slots=True)
class Numbered:
    """The pictures in a folder: `PREFIX0000134SUFFIX` is the first."""

    prefix: str
    suffix: str
    first: int
    digits: int

    def name(self, number: str) -> str:
        """A picture's name, or a pattern for all."""
        return f"{self.prefix}{number}{self.suffix}"


@dataclass(frozen=True, slots=True)
class Piece:
    """The file of one shot, or its folder of pictures. Frames are the film's."""

    place: str
    """Its name; it lies beside the list"""
    shot: Shot
    version: str
    media: FrameRange
    """Those that the file holds, handles among them"""
    sha256: str = ""
    luma_sha256: str = ""
    pictures: Numbered | None = None
    """Where it is a folder: those in it"""

    @property
    def file(self) -> str:
        """What editing programs call it: the file's name; of pictures `NAME.[0000134-0000201].dpx`."""
        if self.pictures is None:
            return self.place
        digits, first = self.pictures.digits, self.pictures.first
        return self.pictures.name(f"[{first:0{digits}d}-{first + len(self.media) - 1:0{digits}d}]")

    @property
    def code(self) -> str:
        """Its name without what says how it is written."""
        return self.place if self.pictures else Path(self.place).stem

    @property
    def path(self) -> str:
        """The file, or the first picture, from the list's folder."""
        first = self.pictures
        return f"{self.place}/{first.name(f'{first.first:0{first.digits}d}')}" if first else self.place

    @property
    def frames(self) -> FrameRange:
        """The shot's own: it meets its neighbours at their ends."""
        return self.shot.frames

    @property
    def dissolve(self) -> FrameRange | None:
        """Those in which it comes over the piece before."""
        return self.shot.entry.frames if self.shot.entry.kind == "dissolve" else None

    @property
    def first(self) -> int:
        """Where it first comes in: its dissolve's first frame, or its own."""
        return self.dissolve.start if self.dissolve else self.frames.start


@dataclass(frozen=True, slots=True)
class Conform:
    """One film as a list has it: pieces in order; between pieces that do not meet lies black."""

    title: str
    reel: Reel
    folder: Path
    """Of the files and the lists"""
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", tuple(_joined(self.pieces)))

    def followed(self) -> Iterator[tuple[Piece, Piece | None]]:
        """Each piece with the one after it."""
        return zip(self.pieces, [*self.pieces[1:], None], strict=True)

    def shown(self) -> Iterator[tuple[Piece | None, FrameRange]]:
        """Each piece with the frames from where it first comes in to where the next does; None for black."""
        at = 0
        for piece, following in self.followed():
            if piece.first > at:
                yield None, FrameRange(at, piece.first)
            at = following.first if following and following.dissolve else piece.frames.stop
            yield piece, FrameRange(piece.first, at)
        if at < self.reel.frame_count:
            yield None, FrameRange(at, self.reel.frame_count)


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces; one whose neighbour before is not there is cut to."""
    stop = -1
    for piece in pieces:
        lone = piece.dissolve is not None and piece.frames.start != stop
        yield replace(piece, shot=Shot(piece.shot.reel, piece.shot.frames)) if lone else piece
        stop = piece.frames.stop
