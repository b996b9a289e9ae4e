"""pipeline/strip.py: the frames that are shown, and the box around what a keyframe would make known."""

from __future__ import annotations

import numpy as np

from vidcolor.pipeline.strip import GAP, WIDTH, strip_picture
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Frame
from vidcolor.view import BOX, LINE

SIZE, REACH = (60, 80), FrameRange(100, 130)


class Stored:
    """Colours of a shot, gray and of one confidence; remembers the frames that were read."""

    def __init__(self) -> None:
        self.frames: list[int] = []

    def read(self, frame: int) -> ColorFrame:
        self.frames.append(frame)
        return ColorFrame(frame, np.zeros((2, 30, 40), np.float32), np.full((30, 40), 0.5, np.float32))


def test_what_a_keyframe_would_make_known_is_boxed_in_colours_and_confidence() -> None:
    stored, frames = Stored(), {n: Frame(n, np.full(SIZE, 50, np.float32)) for n in REACH}
    picture = strip_picture(stored, frames, REACH, [100], {106: (20, 15, 60, 45)}, SIZE)
    assert 106 in stored.frames, "shown, though it is neither a keyframe nor one of the even ones"
    column = stored.frames.index(106) * (WIDTH + GAP)
    cyan = (picture == np.array(BOX, np.uint8)[:, None, None]).all(0)
    assert not np.delete(cyan, slice(column, column + WIDTH), axis=1).any(), "no other frame is boxed"
    height = WIDTH * 3 // 4
    for top in (0, height + GAP):
        own = cyan[top : top + height, column : column + WIDTH]
        rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
        assert (rows[0], rows[-1], columns[0], columns[-1]) == (45, 134, 60, 179)
        assert not own[45 + LINE : 135 - LINE, 60 + LINE : 180 - LINE].any(), "what is in the box is seen"
