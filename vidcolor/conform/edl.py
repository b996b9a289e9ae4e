"""CMX3600 edit lists of delivered files, in three flavours, for those who look for a file in different places.

| flavour | reel | comments |
|---|---|---|
| files | the file's name (of pictures, their folder's), in a field of 32 or 128 letters | FROM CLIP NAME |
| cmx | the reel's own name in 8 letters; the shot's number where it has none | FROM CLIP NAME, SOURCE FILE |
| premiere | AX | FROM CLIP NAME alone: Premiere takes no other |

A dissolve's event names the outgoing file, then (TO CLIP NAME) the incoming one. From 1,000 events on, numbers have six
digits, as Avid writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from vidcolor.conform.pieces import Conform, Piece
from vidcolor.timeline import FrameRange

Flavour = Literal["files", "cmx", "premiere"]
LINE_END = "\r\n"
BLACK, AUXILIARY = "BL", "AX"
WIDTHS = (8, 32, 128)
"""Letters of the reel field, as readers know it."""
MOST_OF_THREE_DIGITS = 999


def edl_text(conform: Conform, flavour: Flavour) -> str:
    """The list as an edit list of that flavour."""
    clock = conform.clock
    names = {None: BLACK} | {piece: _reel_of(conform, piece, flavour) for piece in conform.pieces}
    longest = max(len(name) for name in names.values())
    width = next((width for width in WIDTHS if width >= longest), longest)
    shown = list(conform.shown())
    digits = 3 if len(shown) <= MOST_OF_THREE_DIGITS else 6

    def line(number: int, piece: Piece | None, effect: str, length: str, frames: tuple[int, int]) -> str:
        record = source = " ".join(map(clock.timecode, frames))
        if piece is not None:
            offset, reel = conform.offset(piece), conform.reel_of(piece)
            source = " ".join(reel.timecode(frame - offset) for frame in frames)
        return f"{number:0{digits}d}  {names[piece]:<{width}s} V     {effect:<4s} {length:>3s} {source} {record}"

    lines = [f"TITLE: {_one_line(conform.title)}", f"FCM: {'DROP FRAME' if clock.drop_frame else 'NON-DROP FRAME'}"]
    before: Piece | None = None
    for number, (piece, frames) in enumerate(shown, 1):
        lines += _event(number, piece, frames, before, line)
        lines += _comments(piece, before, flavour)
        before = piece
    return LINE_END.join(lines) + LINE_END


def _event(
    number: int, piece: Piece | None, frames: FrameRange, before: Piece | None, line: Callable[..., str]
) -> Iterator[str]:
    start, stop = frames.start, frames.stop
    if piece is None or piece.dissolve is None:
        yield line(number, piece, "C", "", (start, stop))
        return
    yield line(number, before, "C", "", (start, start))
    yield line(number, piece, "D", f"{len(piece.dissolve):03d}", (start, stop))


def _comments(piece: Piece | None, before: Piece | None, flavour: Flavour) -> Iterator[str]:
    if piece is None:
        return
    named = [before, piece] if piece.dissolve and before else [piece]
    for way, one in zip(("FROM", "TO"), named, strict=False):
        yield f"* {way} CLIP NAME: {one.file}"
    if flavour == "cmx":
        yield from (f"* SOURCE FILE: {one.file}" for one in named)


def _reel_of(conform: Conform, piece: Piece, flavour: Flavour) -> str:
    if flavour == "premiere":
        return AUXILIARY
    if flavour == "files":
        return piece.code if piece.pictures else piece.file
    tape = re.sub(r"[^A-Z0-9]", "", conform.reel_of(piece).tape.upper())[: WIDTHS[0]]
    return tape if tape not in ("", BLACK, AUXILIARY) else f"S{conform.listed(piece).start:07d}"[-WIDTHS[0] :]


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else "_" for c in text)[:70]
