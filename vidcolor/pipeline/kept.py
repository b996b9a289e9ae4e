"""A shot's keyframes in its version's folder: each is written as it is made, and read back when it is asked for.

Memory does not grow with their number. `keys/` holds, by frame, NNNNNN.png (for people) and NNNNNN.avi (the artist's
own chroma at full size, stored as the shot's is, where the picture is the frame pixel for pixel). Until the shot is
whole its checkpoint holds the colours as propagation takes them.

A picture of a frame inside a dissolve shows two shots at once. It is that frame's, and kept for the delivery as it was
laid; the rest of the shot takes nothing from it, unless the shot has no other keyframe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vidcolor.errors import MediaError
from vidcolor.media.images import write_image
from vidcolor.media.store import ChromaReader, ChromaWriter
from vidcolor.pipeline.checkpoint import Checkpoint
from vidcolor.pipeline.keyframes import MadeKeyframe
from vidcolor.propagate.keyframes import at_chroma_size
from vidcolor.timeline import Rate
from vidcolor.types import ColorFrame, Frame
from vidcolor.view import shown

FOLDER = "keys"
LAID = ("exact", "near")
"""How a keyframe was made, where its own picture was laid onto its frame."""


class KeptKeyframes(Mapping[int, ColorFrame]):
    """Frame to the keyframe's colours at chroma size, of the keyframes in colour; in rising order."""

    def __init__(self, checkpoint: Checkpoint, size: tuple[int, int], rate: Rate, mixed: Collection[int] = ()) -> None:
        """None yet. `size` is (height, width) of the shot's chroma, `mixed` the frames inside dissolves."""
        self._checkpoint, self._size, self._rate, self._mixed = checkpoint, size, rate, mixed
        self._made: dict[int, MadeKeyframe] = {}
        self._colored: set[int] = set()

    def put(self, made: MadeKeyframe, target: Frame) -> None:
        """Writes a keyframe of the gray frame `target`; only what is said of it stays in memory."""
        version = self._checkpoint.version
        (version / FOLDER).mkdir(exist_ok=True)
        small = None
        if made.color is not None:
            write_image(version / FOLDER / f"{made.frame:06d}.png", picture_of(target, made.color), "--project")
            small = at_chroma_size(made.color, self._size)
        given = given_of(made, mixed=made.frame in self._mixed)
        if given is not None:
            write_given(version, given, self._rate)
        made = replace(made, color=small, full_size=None)
        self._checkpoint.put_keyframe(made)
        self._note(made)

    def take(self, frame: int) -> bool:
        """Whether the keyframe was written before the shot was stopped; from now on it is one of these."""
        made = self._checkpoint.take_keyframe(frame)
        if made is not None:
            self._note(made)
        return made is not None

    def to_carry(self) -> KeptKeyframes:
        """Those there are now, whatever comes later, that show this shot alone; all, where none does."""
        same = KeptKeyframes(self._checkpoint, self._size, self._rate, self._mixed)
        same._made = dict(self._made)
        theirs = {frame for frame in self._colored & set(self._mixed) if self._made[frame].how in LAID}
        same._colored = self._colored - theirs or set(self._colored)
        return same

    def _note(self, made: MadeKeyframe) -> None:
        self._made[made.frame] = replace(made, color=None)
        if made.color is not None:
            self._colored.add(made.frame)

    def __getitem__(self, frame: int) -> ColorFrame:
        if frame not in self._colored:
            raise KeyError(frame)
        made = self._checkpoint.take_keyframe(frame)
        if made is None or made.color is None:
            raise MediaError(
                f"{self._checkpoint.folder}: keyframe {frame} was damaged while its shot was made; run again"
            )
        return made.color

    def __contains__(self, frame: object) -> bool:
        return frame in self._colored

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._colored))

    def __len__(self) -> int:
        return len(self._colored)

    @property
    def facts(self) -> list[dict[str, Any]]:
        """What the shot's report says of each keyframe, with colours or without."""
        return [made.facts() for _, made in sorted(self._made.items())]

    @property
    def notes(self) -> list[str]:
        return [note for _, made in sorted(self._made.items()) for note in made.notes]


def given_of(made: MadeKeyframe, *, mixed: bool) -> ColorFrame | None:
    """The colours to deliver on this very frame: of an exact picture, in a dissolve of any that was laid onto it."""
    if made.full_size is not None:
        return ColorFrame(made.frame, made.full_size, np.ones(made.full_size.shape[1:], np.float32))
    return made.color if mixed and made.how in LAID else None


def write_given(version: Path, color: ColorFrame, rate: Rate) -> None:
    """Keeps a keyframe's colours for the delivery of its frame."""
    with ChromaWriter(_given_path(version, color.index), color.chroma.shape[1:], rate) as store:
        store.write(color)


def read_given(version: Path, frame: int) -> ColorFrame | None:
    """What `write_given` kept, or None where the frame has none."""
    path = _given_path(version, frame)
    if not path.is_file():
        return None
    with ChromaReader(path, frame) as store:
        return store.read(frame)


def _given_path(version: Path, frame: int) -> Path:
    return version / given_name(frame)


def given_name(frame: int) -> str:
    """The file that `write_given` keeps a frame's colours in, by its name in the version's folder."""
    return f"{FOLDER}/{frame:06d}.avi"


def picture_of(frame: Frame, color: ColorFrame) -> np.ndarray:
    """(3, H, W) 8-bit R'G'B' of a frame with its colours, at the colours' size."""
    height, width = color.confidence.shape
    lightness = cv2.resize(frame.lightness, (width, height), interpolation=cv2.INTER_AREA)
    return shown(lightness, color.chroma)
