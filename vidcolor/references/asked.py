"""Frames as a person names them on a line, and what a picture of one is called. Looks at no disk.

134, 100-120                    frames by number, counted from 0; the last of a run is included
r1@134                          the same, of the reel r1
01:00:05:09, 01-00-05-09        by the film's timecode
01:00:05:09-01:00:06:00         a run by timecode
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vidcolor.errors import InputError
from vidcolor.references.readings import MOST_DIGITS, shown
from vidcolor.timeline import HOURS_A_DAY, TIMECODE, numbered, parse_timecode
from vidcolor.types import Reel

NUMBER = r"\d+"
CODE = r"\d{2}:\d{2}:\d{2}[:;.]\d{2,3}"
RUN = re.compile(rf"({NUMBER}|{CODE})-({NUMBER}|{CODE})", re.ASCII)
FORMS = "write a number, a run (100-120) or a timecode (01:00:05:09)"
DIGITS = 6
"""Of a picture's number, at least."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One frame that was asked for."""

    frame: int
    stem: str
    """What its picture is called: the references folder takes it for that frame's."""


def asked_frames(text: str, reel: Reel) -> Iterator[Asked]:
    """The frames that one word of a line stands for, in order.

    Refuses what is no frame, frames outside the film, and runs that end before they begin.
    """
    text = text.removeprefix(f"{reel.name}@")
    if (run := RUN.fullmatch(text)) is None:
        yield _asked(text, reel)
        return
    first, last = (_asked(end, reel) for end in run.groups())
    if last.frame < first.frame:
        raise InputError(f"{text}: ends before it begins; write {run[2]}-{run[1]}")
    coded = ":" in run[1]
    for frame in range(first.frame, last.frame + 1):
        yield Asked(frame, _coded_stem(frame, reel) if coded else picture_stem(frame, reel))


def picture_stem(frame: int, reel: Reel) -> str:
    """`000134`: the name, without suffix, by which the references folder takes a picture for that frame's.

    Where the film is a folder of numbered pictures, its own number.
    """
    return f"{frame + first_number(reel):0{DIGITS}d}"


def first_number(reel: Reel) -> int:
    """The number of the film's first picture, where the film is a folder of numbered pictures; else 0."""
    sequence = bool(reel.codec) and reel.path.suffix.lower() == f".{reel.codec}"
    found = numbered(reel.path.stem) if sequence else None
    return found[1] if found else 0


def _asked(text: str, reel: Reel) -> Asked:
    if TIMECODE.fullmatch(text):
        frame = frame_at(text, reel)
        return Asked(frame, _coded_stem(frame, reel))
    if not re.fullmatch(NUMBER, text, re.ASCII):
        raise InputError(f"{text!r:.60}: no frame; {FORMS}")
    digits = text.lstrip("0") or "0"
    if len(digits) > MOST_DIGITS or int(digits) >= reel.frame_count:
        raise InputError(
            f"frame {shown(digits)} is past the film's end ({reel.frame_count} frames, 0 to {reel.frame_count - 1}); "
            "name one inside it"
        )
    frame = int(digits)
    return Asked(frame, picture_stem(frame, reel))


def frame_at(text: str, reel: Reel) -> int:
    """The frame at a timecode. Refuses one outside the film."""
    day = reel.rate.base * 3600 * HOURS_A_DAY
    if reel.drop_frame:  # joints that a file's name may have say nothing of dropped labels
        day = parse_timecode(f"23:59:59;{reel.rate.base - 1}", reel.rate) + 1
        text = f"{text[:8].replace('-', ':')};{text[9:]}"
    frame = (parse_timecode(text, reel.rate) - reel.start) % day
    if frame >= reel.frame_count:
        ends = f"{reel.timecode(0)} to {reel.timecode(reel.frame_count - 1)}"
        raise InputError(f"timecode {text}: outside the film, which runs from {ends}; name a frame inside it")
    return frame


def _coded_stem(frame: int, reel: Reel) -> str:
    return re.sub("[:;]", "-", reel.timecode(frame))
