"""The list for quality control: what a person should look at, or has said, a row for each run of frames.

Of what is known: nothing is measured here. As CSV it is read by spreadsheets and production trackers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vidcolor.review.checked import qualities_known
from vidcolor.review.quality_table import told_of
from vidcolor.state.cuts import place_of
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState, doubts
from vidcolor.timeline import FrameRange, runs_of

COLUMNS = ("first", "last", "tc_in", "tc_out", "shot", "what", "words", "by", "when")
"""As in the tables of deliveries: frames count from 0, `last` included; `tc_out` is behind the last frame."""
HEAD = ",".join(COLUMNS)
"""Only a file that begins so is replaced."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula: such words are written behind an apostrophe."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One row."""

    frames: FrameRange
    shot: str
    what: str
    """`doubt`, `quality`, `waits`, `unseen`, or the kind of the correction that says it, as `note`"""
    words: str
    by: str = ""
    when: str = ""


def remarks(film: Film, shown: Sequence[ShotState]) -> list[Remark]:
    """The rows, by frames; of several on the same frames what people said comes first."""
    rows = [*_said(film), *_waiting(shown), *_unseen(shown), *_measured(film, shown), *_doubted(film, shown)]
    return sorted(rows, key=lambda row: (row.frames.start, row.frames.stop))


def remarks_csv(film: Film, rows: Sequence[Remark]) -> str:
    """The rows as CSV."""
    out, reel = io.StringIO(newline=""), film.plan.reel
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        times = (reel.timecode(row.frames.start), reel.timecode(row.frames.stop))
        texts = [_plain(text) for text in (row.shot, row.what, row.words, row.by, row.when)]
        table.writerow([row.frames.start, row.frames.stop - 1, *times, *texts])
    return out.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _said(film: Film) -> Iterator[Remark]:
    """What people wrote, as notes and with other corrections."""
    shots = [planned.shot for planned in film.plan.shots]
    for one in film.plan.corrections:
        if one.said.note:
            shot = shots[place_of(shots, one.frame)].id
            yield Remark(one.frames, shot, one.kind, one.said.note, one.said.by, one.said.when)


def _waiting(shown: Sequence[ShotState]) -> Iterator[Remark]:
    for state in shown:
        if state.waits:
            yield Remark(state.planned.shot.frames, state.planned.shot.id, "waits", f"{state.word}: to be rendered")


def _unseen(shown: Sequence[ShotState]) -> Iterator[Remark]:
    for state in shown:
        for frame in state.planned.unseen:
            words = "a keyframe that was proposed and accepted with nobody looking"
            yield Remark(FrameRange(frame, frame + 1), state.planned.shot.id, "unseen", words)


def _measured(film: Film, shown: Sequence[ShotState]) -> Iterator[Remark]:
    """What the last report found beyond its limits."""
    known = qualities_known(film, shown)
    for state in shown:
        shot = state.planned.shot
        for name, value, limit, off in told_of(known[shot.id]) if shot.id in known else ():
            if off:
                yield Remark(shot.frames, shot.id, "quality", f"{name} {value}, beyond {limit}")


def _doubted(film: Film, shown: Sequence[ShotState]) -> Iterator[Remark]:
    """Runs of doubtful frames within a shot."""
    settings = film.settings.export
    for state in shown:
        areas = doubts([state], settings)
        frames = [frame for frame in state.planned.shot.frames if areas.get(frame, 0) >= settings.doubtful_area]
        for first, last in runs_of(frames):
            most = max(areas[frame] for frame in range(first, last + 1))
            words = f"up to {100 * most:.0f} % of the picture in doubt"
            yield Remark(FrameRange(first, last + 1), state.planned.shot.id, "doubt", words)
