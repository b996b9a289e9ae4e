"""People's cuts over the machine's: the shots in force. The machine's own stay as they were found."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from vidcolor.project.corrections import Correction, Problem, UnusableError, problem
from vidcolor.project.kinds import Dissolve
from vidcolor.timeline import FrameRange
from vidcolor.types import Shot, Transition

Shots = list[Shot]


def apply_cuts(shots: Sequence[Shot], corrections: Sequence[Correction]) -> tuple[Shots, list[Problem]]:
    """The shots with the cuts, merges and dissolves among `corrections`, in turn; what cannot be done is left out."""
    found, problems = list(shots), []
    for correction in corrections:
        if correction.kind in CHANGES:
            try:
                found = CHANGES[correction.kind](found, correction)
            except UnusableError as error:
                problems.append(problem(correction, error.what, error.remedy))
    return found, problems


def place_of(shots: Sequence[Shot], frame: int) -> int:
    """Which of the shots, which cover the film in order, holds a frame."""
    return bisect_right([shot.frames.start for shot in shots], frame) - 1


def _cut(shots: Shots, correction: Correction) -> Shots:
    frame, at = correction.frame, place_of(shots, correction.frame)
    shot = shots[at]
    if frame == shot.frames.start:
        if frame == 0:
            raise UnusableError("the film begins there", "cut at another frame, or delete this correction")
        return [*shots[:at], replace(shot, entry=Transition()), *shots[at + 1 :]]
    for run in (other.entry.frames for other in shots[at : at + 2]):
        if run is not None and run.start < frame < run.stop:
            joint = next(other for other in shots[at : at + 2] if other.entry.frames == run)
            raise UnusableError(
                f"lies in the {joint.entry.kind} of frames {run.start} to {run.stop - 1}; make that a cut first: "
                f"`vidcolor correct PROJECT dissolve {joint.frames.start} --length 0`"
            )
    parts = FrameRange(shot.frames.start, frame), FrameRange(frame, shot.frames.stop)
    ends = None if shot.exit is None else FrameRange(max(frame, shot.exit.start), shot.exit.stop)
    halves = replace(shot, frames=parts[0], exit=None), Shot(shot.reel, parts[1], exit=ends)
    return [*shots[:at], *halves, *shots[at + 1 :]]


def _merge(shots: Shots, correction: Correction) -> Shots:
    frame, at = correction.frame, place_of(shots, correction.frame)
    if frame != shots[at].frames.start or at == 0:
        starts = [shot.frames.start for shot in shots[1:]]
        nearest = min(starts, key=lambda start: abs(start - frame), default=None)
        hint = f"the nearest that do meet at {nearest}" if nearest is not None else "the film is one shot"
        raise UnusableError(f"no two shots meet there; {hint}", "mend its frame, or delete this correction")
    before, shot = shots[at - 1], shots[at]
    whole = replace(before, frames=FrameRange(before.frames.start, shot.frames.stop), exit=shot.exit)
    return [*shots[: at - 1], whole, *shots[at + 1 :]]


def _dissolve(shots: Shots, correction: Correction) -> Shots:
    assert isinstance(correction.said, Dissolve)
    frame, length = correction.frame, correction.said.length
    if frame == 0:
        raise UnusableError("the film begins there, with nothing to dissolve from", "mend its frame")
    if shots[place_of(shots, frame)].frames.start != frame:
        shots = _cut(shots, correction)
    at = place_of(shots, frame)
    shot, before = shots[at], shots[at - 1]
    entry = Transition()
    if length:
        following = shots[at + 1].entry.frames if at + 1 < len(shots) else None
        first = max(before.frames.start, before.entry.frames.stop if before.entry.frames else 0)
        leaves = following or shot.exit
        last = min(shot.frames.stop, leaves.start if leaves else shot.frames.stop)
        run = FrameRange(max(0, frame - length // 2), frame - length // 2 + length)
        if run.start < first or run.stop > last or frame < length // 2:
            most = max(0, min(2 * (frame - first) + 1, 2 * (last - frame)))
            raise UnusableError(
                f"a dissolve of {length} frames around it does not fit: only frames {first} to {last - 1} are of its "
                f"two shots and of no other transition; {most} is the longest"
            )
        entry = Transition("dissolve", run)
    return [*shots[:at], replace(shot, entry=entry), *shots[at + 1 :]]


CHANGES: dict[str, Callable[[Shots, Correction], Shots]] = {"cut": _cut, "merge": _merge, "dissolve": _dissolve}
