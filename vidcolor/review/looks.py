"""Frames of a film small: before, after, and where their colours are in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType

from numpy import ndarray as Array

from vidcolor.color import rgb_to_lab
from vidcolor.media.jpeg import read_jpeg
from vidcolor.media.read import Clip
from vidcolor.media.store import ChromaReader
from vidcolor.project.versions import still_name
from vidcolor.state.film import Film
from vidcolor.state.plan import clear_by_id
from vidcolor.state.status import ShotState
from vidcolor.timeline import FrameRange
from vidcolor.types import working_size
from vidcolor.view import boxed, fitted, gray, heat, shown


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame, in pictures of (3, h, w) uint8 R'G'B'."""

    frame: int
    before: Array
    after: Array | None = None
    """None: its shot was never rendered"""
    doubt: Array | None = None
    """Heat of confidence: red 0, yellow one half, white 1"""


class Looks:
    """Looks at frames of one film, `width` pixels wide; quickest in rising order. A context: holds the film open."""

    def __init__(self, film: Film, width: int, *, gray_too: bool = True) -> None:
        """gray_too  False: shots that were never rendered are passed over, as their frames would have to be decoded"""
        self._film, self._width, self._gray_too = film, width, gray_too
        size = working_size(film.plan.reel.size, film.settings.propagate.chroma_side)
        self._size = (size[0] // 2, size[1] // 2)
        self._clip: Clip | None = None

    def __enter__(self) -> Looks:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._clip is not None:
            self._clip.close()

    def of(self, state: ShotState, frames: Sequence[int]) -> list[Look]:
        """Looks at frames of a shot, as the version that `state` names has them; what helps as a keyframe is boxed.

        Refuses a version whose colours cannot be read.
        """
        boxes = {found.frame: found.box for found in state.suggestions}
        looks = []
        with ExitStack() as stack:
            stored = None
            if state.version is not None and not state.planned.excluded:
                stored = stack.enter_context(ChromaReader(state.version.chroma, state.planned.reach.start))
            for frame in frames:
                if stored is None or state.version is None:
                    if self._gray_too:
                        looks.append(Look(frame, self._fit(gray(self._lightness(frame)))))
                    continue
                color = stored.read(frame)
                still = read_jpeg(state.version.path / still_name(frame))
                if still is None:
                    lightness = self._lightness(frame)
                    after = shown(lightness, fitted(color.chroma, self._size[1]))
                else:
                    lightness, after = rgb_to_lab(still / 255)[0], still
                pictures = [self._fit(after), self._fit(heat(color.confidence))]
                if frame in boxes:
                    pictures = [boxed(picture, boxes[frame], self._film.plan.reel.size) for picture in pictures]
                looks.append(Look(frame, self._fit(gray(lightness)), *pictures))
        return looks

    def _fit(self, picture: Array) -> Array:
        return fitted(picture, self._width)

    def _lightness(self, frame: int) -> Array:
        """(h, w) L* at chroma size; decodes."""
        self._clip = self._clip or Clip(self._film.plan.reel, size=self._size)
        return self._clip[frame].lightness


def frames_of(state: ShotState, clear: FrameRange, most: int) -> list[int]:
    """The frames that show a shot best, rising: the keyframe nearest to its middle (the middle, where it has none),
    the frame that would help most as a keyframe, then further keyframes from the first on.

    clear   the shot's frames outside dissolves and fades
    """
    middle = (clear.start + clear.stop) // 2
    keys = [key.frame for key in state.planned.keyframes if key.frame in state.planned.shot.frames]
    best = min(keys, key=lambda frame: abs(frame - middle), default=middle)
    helps = [found.frame for found in state.suggestions[:1] if found.frame in state.planned.reach]
    return sorted(list(dict.fromkeys([best, *helps, *keys]))[:most])


def clear_of(shown_: Sequence[ShotState]) -> Mapping[str, FrameRange]:
    """By the id of each shot, its frames outside dissolves and fades."""
    return clear_by_id([state.planned.shot for state in shown_])
