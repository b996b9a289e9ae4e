"""What the corrections make of the plan: the shots in force, and what is said of each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vidcolor.project.corrections import Correction, Corrections, Problem, problem, read_corrections
from vidcolor.project.fingerprint import fingerprint
from vidcolor.project.folder import Project
from vidcolor.project.kinds import COLORS, CUTS, Hint, Neutral, OfShot, Point
from vidcolor.project.records import decode
from vidcolor.project.versions import Version, versions_of
from vidcolor.state.cuts import apply_cuts, place_of
from vidcolor.state.marks import hashed_file
from vidcolor.state.plan import Plan, ShotPlan
from vidcolor.types import Reel, Shot

LOOKED, LOOKED_SCHEMA = "plan/corrections.json", "vidcolor.corrections/1"
Looked = tuple[str, str]
"""(what a look at a correction's pictures hung on, what is wrong with them)"""
ONE_PLACE = 1.0
"""Pixels, each way, up to which two points are one place."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A film's shots as people want them, and the corrections that are in force."""

    shots: tuple[Shot, ...]
    corrections: tuple[Correction, ...] = ()
    """In the order of their names"""
    problems: tuple[Problem, ...] = ()
    read: tuple[Correction, ...] = ()
    """All that read as corrections, in force or not"""
    files: Mapping[str, Mapping[str, str]] | None = None


def corrected(project: Project, reel: Reel, shots: Sequence[Shot], known: Mapping[str, Mapping[str, str]]) -> Corrected:
    """The corrections folder, over the shots that were found.

    known   size, time and hash of files as they were noted last: an unchanged one is not read again
    """

    def hashed(name: str, path: object) -> Mapping[str, str]:
        return hashed_file(path, known.get(name))  # type: ignore[arg-type]

    return over_shots(read_corrections(project, reel, hashed), shots, reel, looked_at(project))


def over_shots(found: Corrections, shots: Sequence[Shot], reel: Reel, looked: Mapping[str, Looked]) -> Corrected:
    """The corrections over the shots; those that contradict these, or one another, are among the problems.

    looked  what was found of the corrections' pictures, by the correction's name
    """
    in_force, bad = apply_cuts(shots, found.good)
    refused = {p.name for p in bad}
    stale = [p for c in found.good if (p := _of_another_shot(c, in_force)) is not None]
    refused |= {p.name for p in stale}
    marks = look_marks(found.good, reel)
    pictures = [
        problem(c, looked[c.name][1])
        for c in found.good
        if c.name in marks and looked.get(c.name, ("", ""))[0] == marks[c.name] and looked[c.name][1]
    ]
    stale += pictures + list(_contradictory(found.good)) + list(_doubled(found.good))
    refused |= {p.name for p in stale}
    good = tuple(c for c in found.good if c.name not in refused)
    return Corrected(tuple(in_force), good, (*found.problems, *bad, *stale), found.good, found.files)


def look_marks(corrections: Sequence[Correction], reel: Reel) -> dict[str, str]:
    """Of each correction with pictures, by its name: fingerprint of what a look at these hangs on."""
    marks, beside = {}, dict[int, str]()
    for correction in corrections:
        if correction.files:
            before = beside.get(correction.frame, "")
            marks[correction.name] = fingerprint({"mark": correction.mark, "size": f"{reel.size}", "before": before})
            beside[correction.frame] = f"{before} {correction.mark}"
    return marks


def looked_at(project: Project) -> dict[str, Looked]:
    """What was found of the corrections' pictures, by the correction's name."""
    if not project.has(LOOKED):
        return {}
    data = project.read_json(LOOKED, LOOKED_SCHEMA).get("pictures")
    return dict(decode(data, dict[str, tuple[str, str]], str(project.path(LOOKED)))) if data else {}


def keep_looked(project: Project, found: Mapping[str, Looked]) -> None:
    project.write_json(LOOKED, LOOKED_SCHEMA, {"pictures": {name: list(entry) for name, entry in found.items()}})


def _contradictory(corrections: Sequence[Correction]) -> Iterator[Problem]:
    """Points of one place in two colours: the later ones."""
    points: dict[int, list[tuple[Correction, Point, str]]] = {}
    for correction in corrections:
        said = correction.said
        if not isinstance(said, Hint | Neutral) or said.at is None:
            continue
        beside = points.setdefault(correction.frame, [])
        beside.append((correction, said.at, _color(said)))
        for other, at, color in beside[:-1]:
            away = max(abs(a - b) for a, b in zip(said.at, at, strict=True))
            if away <= ONE_PLACE and _color(said) != color:
                yield problem(
                    correction,
                    f"gives the point {said.at[0]:g},{said.at[1]:g} another colour than {other.place} does",
                    "delete one of the two",
                )
                break


def _doubled(corrections: Sequence[Correction]) -> Iterator[Problem]:
    """Second pictures of one frame."""
    first: dict[int, Correction] = {}
    for correction in corrections:
        if correction.kind in ("keyframe", "reference"):
            other = first.setdefault(correction.frame, correction)
            if other is not correction:
                yield problem(correction, f"{other.place} gives this frame a picture already", "delete one of the two")


def _color(said: Hint | Neutral) -> str:
    return said.color.removeprefix("#").lower() if isinstance(said, Hint) else "neutral"


def _of_another_shot(correction: Correction, shots: Sequence[Shot]) -> Problem | None:
    """What is wrong with what was said of a whole shot, where its shot is cut otherwise now."""
    said = correction.said
    if not isinstance(said, OfShot) or said.frames is None:
        return None
    shot = shots[place_of(shots, correction.frame)]
    if said.frames == (shot.frames.start, shot.frames.stop):
        return None
    return problem(
        correction,
        f"was said of a shot of frames {said.frames[0]} to {said.frames[1] - 1}; {shot.id} now holds "
        f"{shot.frames.start} to {shot.frames.stop - 1}",
        f"say it anew with `vidcolor correct PROJECT {correction.kind} {shot.id}`, and delete this correction",
    )


def with_corrections(project: Project, plan: Plan, found: Corrected) -> Plan:
    """The plan, its shots told what people said of them."""
    starts = [planned.shot for planned in plan.shots]
    by_shot: dict[str, list[Correction]] = {}
    for correction in found.corrections:
        by_shot.setdefault(starts[place_of(starts, correction.frame)].id, []).append(correction)
    shots, problems = [], list(found.problems)
    for planned in plan.shots:
        theirs = by_shot.get(planned.shot.id, [])
        shots.append(_told(project, planned, theirs, problems) if theirs else planned)
    refused = {p.name for p in problems}
    in_force = tuple(c for c in found.corrections if c.name not in refused)
    ordered = sorted(problems, key=lambda p: p.name)
    return replace(plan, shots=tuple(shots), corrections=in_force, problems=tuple(ordered))


def _told(project: Project, planned: ShotPlan, theirs: Sequence[Correction], problems: list[Problem]) -> ShotPlan:
    excludes, approvals = ([c for c in theirs if c.kind == kind] for kind in ("exclude", "approve"))
    approval = approvals[-1] if approvals else None
    if approval is not None and excludes:
        what = f"approves a shot that {excludes[-1].place} leaves gray"
        problems.append(problem(approval, what, "delete one of the two"))
        approval = None
    if approval is not None and (why := _lost(project, planned, approval)):
        anew = f"approve another with `vidcolor correct PROJECT approve {planned.shot.id}`, or delete this correction"
        problems.append(problem(approval, why, anew))
        approval = None
    colors = tuple(c for c in theirs if c.kind in COLORS)
    title = planned.title and not colors and approval is None
    return replace(planned, corrections=colors, excluded=bool(excludes) or title, title=title, approval=approval)


def _lost(project: Project, planned: ShotPlan, approval: Correction) -> str:
    """Why an approved version cannot be delivered; empty where it can."""
    name, shot_id = getattr(approval.said, "version", ""), planned.shot.id
    version = approved_version(project, planned, approval)
    if version is None:
        return f"{shot_id} has no {name} that is what was approved: it was removed or made anew"
    return other_frames(version, planned)


def other_frames(version: Version, planned: ShotPlan) -> str:
    """How a version's frames are others than the shot has now, as it is cut; empty where they are the same."""
    made, now = str(version.ingredients.get("frames")), f"{planned.reach.start}-{planned.reach.stop}"
    if made == now:
        return ""
    spans = [f"{start} to {int(stop) - 1}" for start, stop in (text.split("-") for text in (made, now))]
    return f"{version.name} of {planned.shot.id} holds frames {spans[0]}, where the shot now has {spans[1]}"


def approved_version(project: Project, planned: ShotPlan, approval: Correction) -> Version | None:
    """The version that a person approved, if it is still what was seen."""
    name, seen = getattr(approval.said, "version", ""), getattr(approval.said, "seen", "")
    return next((v for v in versions_of(project, planned.shot.id) if v.name == name and v.seen == seen), None)


def touched(plan: Plan, correction: Correction) -> Iterator[ShotPlan]:
    """The shots that a correction in force changes or judges; both, where it changes how two meet; none for a note."""
    shots = [planned.shot for planned in plan.shots]
    at = place_of(shots, correction.frame)
    if correction.kind in CUTS and correction.frame == shots[at].frames.start and at:
        yield plan.shots[at - 1]
    if correction.kind != "note":
        yield plan.shots[at]
