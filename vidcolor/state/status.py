"""Which shots are fresh, which are stale, and why. Light: nothing here decodes or computes colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from vidcolor.project.fingerprint import Ingredients, changes
from vidcolor.project.versions import Version, read_report, versions_of
from vidcolor.settings import ExportSettings
from vidcolor.state.corrected import approved_version
from vidcolor.state.doubt import Point, Suggestion, area_beyond, best_first, points_of, suggestions_of
from vidcolor.state.film import Film
from vidcolor.state.made_of import but_for_the_machine, describe, film_ingredients, is_layer_rule, shot_ingredients
from vidcolor.state.plan import ShotPlan, clear_frames
from vidcolor.timeline import ranges

State = Literal["fresh", "stale", "new"]
MOST_HELPFUL = 3
"""Frames named at most that would help as keyframes."""
WORTH_TELLING = 1.0
"""Frames that a keyframe must make known, in area, to be told to people."""
LEAST_TOLD = 0.01
"""Share of a frame in doubt below which it is not told."""
MOST_LISTED = 6
"""Ranges, names and frames listed on one line before `and N more`."""


@dataclass(frozen=True, slots=True)
class ShotState:
    """One shot as it stands: one line of `vidcolor status`."""

    planned: ShotPlan
    state: State
    version: Version | None
    """The version in force, or the newest one when stale."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """What the render of the version measured, unchecked"""
    approved: bool = False
    """True: a person approved the version, which is then in force; `stale` says that today's things are others."""

    @property
    def waits(self) -> bool:
        """Whether it is still to be rendered. What is approved or stays gray is not."""
        return self.state != "fresh" and not self.planned.excluded and not self.approved

    @property
    def word(self) -> str:
        """Its state for people: `fresh`, `excluded`, `approved, stale`."""
        if self.planned.excluded:
            return "excluded"
        return ("approved" if self.state == "fresh" else "approved, stale") if self.approved else self.state

    @property
    def confidence(self) -> tuple[float, ...]:
        """Mean confidence of each frame of the version."""
        found = self.report.get("confidence")
        return tuple(float(c) for c in found if isinstance(c, int | float)) if isinstance(found, list) else ()

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """Where one more keyframe would help, best first, as the version's render found it."""
        return suggestions_of(self.report)

    @property
    def points(self) -> tuple[Point, ...]:
        """Where a hint would help, best first, as the version's render found it."""
        return points_of(self.report)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the version."""
        found = self.report.get("notes")
        return tuple(map(str, found)) if isinstance(found, list) else ()

    @property
    def keyframes(self) -> tuple[Mapping[str, Any], ...]:
        """The keyframes as they were made."""
        found = self.report.get("keyframes")
        return tuple(key for key in found if isinstance(key, dict)) if isinstance(found, list) else ()


def states(film: Film) -> list[ShotState]:
    """The state of every shot, in order."""
    shared = film_ingredients(film)
    return [state_of(film, planned, shared) for planned in film.plan.shots]


def named_states(film: Film, names: Sequence[str]) -> list[ShotState]:
    """The state of the shots of these names alone. Refuses a name that no shot has."""
    shared = film_ingredients(film)
    return [state_of(film, film.plan.shot(name), shared) for name in names]


def state_of(film: Film, planned: ShotPlan, shared: Ingredients | None = None) -> ShotState:
    """The state of one shot: fresh when the version in force is made of today's ingredients.

    shared  `film_ingredients`, if they are at hand
    """
    approved = approved_version(film.project, planned, planned.approval) if planned.approval else None
    if approved is None:
        return state_today(film, planned, shared)
    wanted = shot_ingredients(film, planned, shared) if planned.matched else {}
    elsewhere = film.settings.export.machines == "any" and made_elsewhere(approved, wanted)
    state: State = "fresh" if elsewhere or approved.ingredients == wanted else "stale"
    return ShotState(planned, state, approved, read_report(film.project, approved), approved=True)


def state_today(film: Film, planned: ShotPlan, shared: Ingredients | None = None) -> ShotState:
    """The same, whatever a person approved."""
    wanted = shot_ingredients(film, planned, shared) if planned.matched else {}
    newest = elsewhere = None
    for version in versions_of(film.project, planned.shot.id):
        if version.ingredients == wanted:
            return ShotState(planned, "fresh", version, read_report(film.project, version))
        newest = newest or version
        if film.settings.export.machines == "any" and elsewhere is None and made_elsewhere(version, wanted):
            elsewhere = version
    if elsewhere is not None:
        return ShotState(planned, "fresh", elsewhere, read_report(film.project, elsewhere))
    if newest is None:
        return ShotState(planned, "new", None)
    return ShotState(planned, "stale", newest, read_report(film.project, newest))


def made_elsewhere(version: Version, wanted: Ingredients) -> bool:
    """Whether a version is made of what is wanted, by a machine that computes other last digits."""
    return but_for_the_machine(version.ingredients) == but_for_the_machine(wanted)


def to_render(film: Film, shown: Sequence[ShotState], only: Sequence[str] = ()) -> list[ShotPlan]:
    """The shots that are not fresh, in the film's order; of those named in `only`, if any.

    Shots that are approved are rendered only when they are named. Refuses a name that no shot has.
    """
    wanted = {film.plan.shot(name).shot.id for name in only}
    named_ones = [s for s in shown if s.planned.shot.id in wanted]
    again = [state_today(film, s.planned) if s.approved else s for s in named_ones]
    return [s.planned for s in (again if wanted else shown) if s.waits]


def why(film: Film, state: ShotState) -> Iterator[str]:
    """Lines that say what has changed since the shot's newest version; none when it is fresh."""
    if state.state == "fresh":
        return
    if state.version is None:
        yield "never rendered"
        return
    if not state.planned.matched:
        yield "references offered to it have changed; `vidcolor plan` chooses its keyframes again"
        return
    for name, old, new in changes(state.version.ingredients, shot_ingredients(film, state.planned)):
        if not (is_layer_rule(name) and None in (old, new)):  # the correction itself is told
            yield describe(name, old, new)


def doubts(shown: Sequence[ShotState], settings: ExportSettings) -> dict[int, float]:
    """For each rendered frame the share of its area that is in doubt, 0..1."""
    return {
        frame: area
        for state in shown
        for frame, area in zip(state.planned.reach, area_beyond(state.report, settings.doubtful), strict=False)
        if frame in state.planned.shot.frames
    }


def doubtful(shown: Sequence[ShotState], settings: ExportSettings) -> list[int]:
    """The frames in doubt over at least `doubtful_area` of their area."""
    return [frame for frame, area in doubts(shown, settings).items() if area >= settings.doubtful_area]


def doubt_told(shown: Sequence[ShotState], settings: ExportSettings, count: int) -> str:
    """`12 of 526 frames: 3-9, 20-24`; where none is listed, `0 of 526 frames; most in frame 133, 9 % of it`."""
    areas = doubts(shown, settings)
    frames = [frame for frame, area in areas.items() if area >= settings.doubtful_area]
    told = f"{len(frames)} of {count} frames{named(ranges(frames))}"
    most = max(areas, key=lambda frame: areas[frame], default=None)
    if frames or most is None or areas[most] < LEAST_TOLD:
        return told
    return f"{told}; most in frame {most}, {areas[most]:.0%} of it".replace("%", " %")


def suggested(shown: Sequence[ShotState]) -> list[Suggestion]:
    """Where a new keyframe would help most, best first: of fresh shots alone, as an older version knows less.

    Nobody paints a frame in the dark of a fade or in a dissolve: those are left out.
    """
    clear = clear_frames([s.planned.shot for s in shown])
    return best_first(
        found
        for state, frames in zip(shown, clear, strict=True)
        if state.state == "fresh" and not state.planned.excluded
        for found in state.suggestions
        if found.frame in frames
    )


def to_say(shown: Sequence[ShotState]) -> list[Point]:
    """Where a hint would help most, best first, of fresh shots alone."""
    fresh = [s for s in shown if s.state == "fresh" and not s.planned.excluded]
    return sorted((point for state in fresh for point in state.points), key=lambda point: -point.gain)


def would_help(shown: Sequence[ShotState], size: tuple[int, int]) -> str:
    """`a picture for frame 55 (mostly for x 187 to 854, y 107 to 427)`: the best few; empty for none.

    `size`: height and width of the film; no place is told where it is the whole picture.
    """
    told = []
    for found in [s for s in suggested(shown) if s.gain >= WORTH_TELLING][:MOST_HELPFUL]:
        left, top, right, bottom = found.box
        whole = found.box == (0, 0, size[1], size[0])
        told.append(f"{found.frame}" + ("" if whole else f" (mostly for x {left} to {right}, y {top} to {bottom})"))
    return f"a picture for frame {', '.join(told)}" if told else ""


def titles_told(shown: Sequence[ShotState]) -> str:
    """Which shots stay gray as they are title cards, and what colours them; empty for none."""
    titles = [state.planned.shot.id for state in shown if state.planned.title]
    if not titles:
        return ""
    stay = "stays" if len(titles) == 1 else "stay"
    return f"{len(titles)} {stay} gray{named(titles)} (a picture, a correction or keyframes.titles=color colours them)"


def hints_help(shown: Sequence[ShotState]) -> str:
    """`a hint in frame 55 at 420,187`: the best few; empty for none."""
    points = [f"{p.frame} at {p.at[0]},{p.at[1]}" for p in to_say(shown)[:MOST_HELPFUL]]
    return f"a hint in frame {', '.join(points)}" if points else ""


def named(names: Sequence[str]) -> str:
    """`: a, b, c and 4 more`; empty for none."""
    if not names:
        return ""
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ": " + ", ".join(names[:MOST_LISTED]) + more
