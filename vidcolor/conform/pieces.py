"""What a list holds: the delivered files of a film's shots, reel by reel in order, and where each is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
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
    """The file of one shot, or its folder of pictures. Frames are its reel's."""

    place: str
    """Its name"""
    shot: Shot
    version: str
    media: FrameRange
    """Those that the file holds, handles among them"""
    sha256: str = ""
    luma_sha256: str = ""
    pictures: Numbered | None = None
    """Where it is a folder: those in it"""
    below: str = ""
    """The folder below the list's that it lies in; empty where it lies beside the list"""

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
    def where(self) -> str:
        """The file or the folder, from the list's folder."""
        return f"{self.below}/{self.place}" if self.below else self.place

    @property
    def path(self) -> str:
        """The file, or the first picture, from the list's folder."""
        first = self.pictures
        return f"{self.where}/{first.name(f'{first.first:0{first.digits}d}')}" if first else self.where

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
    """A film as a list has it: its reels one behind the other, of each its pieces in order; where pieces do not meet
    lies black.

    The list's own frames are counted through all reels, from 0; its timecode goes on from the first reel's.
    """

    title: str
    reels: tuple[Reel, ...]
    """Of one rate"""
    folder: Path
    """Of the lists"""
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", tuple(self._joined()))

    @property
    def clock(self) -> Reel:
        """The reel whose timecode the list's own goes on from."""
        return self.reels[0]

    @property
    def frame_count(self) -> int:
        return sum(reel.frame_count for reel in self.reels)

    def reel_of(self, piece: Piece) -> Reel:
        return next(reel for reel in self.reels if reel.name == piece.shot.reel)

    def offset(self, piece: Piece) -> int:
        """The list's frame at which the first of the piece's reel lies."""
        before = (reel.frame_count for reel in takewhile(lambda reel: reel.name != piece.shot.reel, self.reels))
        return sum(before)

    def listed(self, piece: Piece) -> FrameRange:
        """The list's frames that are the piece's own."""
        return piece.frames.moved(self.offset(piece))

    def followed(self) -> Iterator[tuple[Piece, Piece | None]]:
        """Each piece with the one after it."""
        return zip(self.pieces, [*self.pieces[1:], None], strict=True)

    def shown(self) -> Iterator[tuple[Piece | None, FrameRange]]:
        """Each piece with the list's frames from where it first comes in to where the next does; None for black."""
        at = 0
        for piece, following in self.followed():
            offset = self.offset(piece)
            first = offset + piece.first
            if first > at:
                yield None, FrameRange(at, first)
            at = offset + (following.first if following and following.dissolve else piece.frames.stop)
            yield piece, FrameRange(first, at)
        if at < self.frame_count:
            yield None, FrameRange(at, self.frame_count)

    def _joined(self) -> Iterator[Piece]:
        """The pieces; one whose neighbour before is not there is cut to."""
        stop = -1
        for piece in self.pieces:
            frames = self.listed(piece)
            lone = piece.dissolve is not None and frames.start != stop
            yield replace(piece, shot=Shot(piece.shot.reel, piece.shot.frames)) if lone else piece
            stop = frames.stop
