"""CMX3600 edit lists, out; `edl_read.py` is the way in.

- Record timecode counts from the film's start; an event's source timecode is the same label of the same reel.
- A dissolve is a D event that starts with the dissolve's first frame; the shots meet in its middle.
- A fade is a D event to the reel BL, up to where the shots meet, and a D event from BL; of one at the film's end the
  former alone. White is written so too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vidcolor.types import Reel, Shot

LINE_END = "\r\n"
BLACK_REEL = "BL"
TAPE_LENGTH = 8
"""Longest reel name a CMX3600 list may hold."""


def edl_text(shots: Sequence[Shot], reel: Reel) -> str:
    """The shots as a CMX3600 edit list. Transition ranges come back where the shots meet in a dissolve's middle."""
    tape = re.sub(r"[^A-Za-z0-9_]", "", reel.tape or reel.path.stem)[:TAPE_LENGTH].upper() or "AX"
    tape = "AX" if tape == BLACK_REEL else tape
    title = _one_line(f"{reel.path.stem} {reel.name}")
    writer = _Writer(reel, tape, [f"TITLE: {title}", f"FCM: {'DROP FRAME' if reel.drop_frame else 'NON-DROP FRAME'}"])
    for shot, following in zip(shots, [*shots[1:], None], strict=True):
        writer.shot(shot, following)
    return LINE_END.join(writer.lines) + LINE_END


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "_" for c in text)


@dataclass(slots=True)
class _Writer:
    """The lines of an edit list, event by event."""

    reel: Reel
    tape: str
    lines: list[str]
    number: int = 0

    def shot(self, shot: Shot, following: Shot | None) -> None:
        """Adds the shot's events: what it comes from, itself, and black where the next one fades in from it."""
        start, stop = shot.frames.start, shot.frames.stop
        kind, frames = shot.entry.kind, shot.entry.frames
        leaves = following.entry.frames if following else shot.exit
        if leaves:
            stop = leaves.start
        self.number += 1
        if frames is None:
            self._line(self.tape, "C", "", start, stop)
        else:
            first = frames.start if kind == "dissolve" else start
            self._line(self.tape if kind == "dissolve" else BLACK_REEL, "C", "", first, first)
            self._line(self.tape, "D", f"{frames.stop - first:03d}", first, stop)
        self.lines.append(f"* FROM CLIP NAME: {shot.id}")
        self.lines.append(f"* SOURCE FILE: {_one_line(self.reel.path.name)}")
        if leaves and not (following and following.entry.kind == "dissolve"):
            self.number += 1
            meet = shot.frames.stop
            self._line(self.tape, "C", "", stop, stop)
            self._line(BLACK_REEL, "D", f"{meet - stop:03d}", stop, meet)

    def _line(self, tape: str, effect: str, length: str, start: int, stop: int) -> None:
        times = f"{self.reel.timecode(start)} {self.reel.timecode(stop)}"
        self.lines.append(f"{self.number:03d}  {tape:<8s} V     {effect:<4s} {length:>3s} {times} {times}")
