"""Which shots are fresh, which are stale, and why. Light: nothing here decodes or computes colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from vidcolor.project.fingerprint import changes, describe_change, fingerprint
from vidcolor.project.versions import Version, find_version, read_report, versions_of
from vidcolor.state.film import Film
from vidcolor.state.made_of import shot_ingredients
from vidcolor.state.plan import ShotPlan

State = Literal["fresh", "stale", "new"]
MOST_LISTED = 6
"""Ranges, names and frames listed on one line before `and N more`."""


@dataclass(frozen=True, slots=True)
class ShotState:
    """One line of `vidcolor status`."""

    planned: ShotPlan
    state: State
    version: Version | None
    """The version in force, or the newest one when stale."""
    confidence: tuple[float, ...] = ()
    """Mean confidence of each frame of the version."""
    notes: tuple[str, ...] = ()


def version_in_force(film: Film, planned: ShotPlan) -> Version | None:
    """The version made of today's ingredients; None when the shot is stale."""
    if not planned.matched:
        return None
    return find_version(film.project, planned.shot.id, fingerprint(shot_ingredients(film, planned)))


def states(film: Film) -> list[ShotState]:
    """The state of every shot, in order."""
    return [_state(film, planned) for planned in film.plan.shots]


def _state(film: Film, planned: ShotPlan) -> ShotState:
    version = version_in_force(film, planned)
    state: State = "fresh"
    if version is None:
        older = versions_of(film.project, planned.shot.id)
        version, state = (older[-1], "stale") if older else (None, "new")
    report = read_report(film.project, version) if version else {}
    confidence = report.get("confidence")
    numbers = [float(c) for c in confidence if isinstance(c, int | float)] if isinstance(confidence, list) else []
    notes = report.get("notes")
    return ShotState(
        planned, state, version, tuple(numbers), tuple(str(n) for n in notes) if isinstance(notes, list) else ()
    )


def to_render(film: Film, shown: Sequence[ShotState], only: Sequence[str] = ()) -> list[ShotPlan]:
    """The shots that are not fresh, in the film's order; of those named in `only`, if any.

    Refuses a name that no shot has.
    """
    wanted = {film.plan.shot(name).shot.id for name in only}
    return [s.planned for s in shown if s.state != "fresh" and (not wanted or s.planned.shot.id in wanted)]


def why(film: Film, planned: ShotPlan) -> Iterator[str]:
    """Lines that say what has changed since the shot's newest version; none when it is fresh."""
    if version_in_force(film, planned):
        return
    older = versions_of(film.project, planned.shot.id)
    if not older:
        yield "never rendered"
        return
    if not planned.matched:
        yield "references offered to it have changed; `vidcolor plan` chooses its keyframes again"
        return
    for name, old, new in changes(older[-1].ingredients, shot_ingredients(film, planned)):
        yield describe_change(name, old, new)


def doubtful(shown: Sequence[ShotState], threshold: float) -> list[int]:
    """The frames whose mean confidence is below `threshold`."""
    return [
        frame
        for state in shown
        for frame, confidence in zip(state.planned.reach, state.confidence, strict=False)
        if confidence < threshold and frame in state.planned.shot.frames
    ]


def ranges(frames: Iterable[int]) -> list[str]:
    """`3-9`, `12`: runs of following numbers."""
    runs: list[list[int]] = []
    for frame in sorted(frames):
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    return [str(a) if a == b else f"{a}-{b}" for a, b in runs]


def named(names: Sequence[str]) -> str:
    """`: a, b, c and 4 more`; empty for none."""
    if not names:
        return ""
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ": " + ", ".join(names[:MOST_LISTED]) + more
