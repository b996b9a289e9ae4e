"""`vidcolor correct` writes one correction and checks it; `vidcolor corrections` lists them and what each touches."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vidcolor.checked import MisfitError
from vidcolor.cli.terminal import Terminal
from vidcolor.cli.working import settings_of
from vidcolor.errors import CorrectionError
from vidcolor.project import Project
from vidcolor.project.corrections import (
    Correction,
    frame_of,
    outside_picture,
    place_of,
    remove_correction,
    write_correction,
)
from vidcolor.project.kinds import COLORS, CUTS, FILE_OF, KINDS, OfShot, Said, check_said
from vidcolor.project.palette import named_color, read_palette
from vidcolor.project.proposals import proposal_called
from vidcolor.project.versions import version_named
from vidcolor.state.corrected import other_frames, touched
from vidcolor.state.film import Film
from vidcolor.state.made_of import said_of
from vidcolor.state.marks import hashed_file
from vidcolor.state.plan import Plan, ShotPlan
from vidcolor.state.read import load_film
from vidcolor.state.repeated import repeated
from vidcolor.state.status import ShotState, named, state_of, state_today
from vidcolor.timeline import ranges
from vidcolor.types import Reel

OPTIONS = {
    "keyframe": ("file",),
    "reference": ("file",),
    "region": ("file", "picture", "part", "color"),
    "paint": ("file", "mask", "color"),
    "scribble": ("file", "mask", "color"),
    "hint": ("at", "color", "radius"),
    "neutral": ("file", "at", "radius"),
    "saturation": ("amount", "file"),
    "hue": ("degrees", "file"),
    "dissolve": ("length",),
    "note": ("to",),
}
"""Options that each kind takes besides --note and --by."""
NEEDED = {
    "keyframe": ("file",),
    "reference": ("file",),
    "region": ("file",),
    "paint": ("file",),
    "scribble": ("file",),
    "hint": ("at", "color"),
    "saturation": ("amount",),
    "hue": ("degrees",),
    "dissolve": ("length",),
    "note": ("note",),
}
ALL = ("file", "mask", "picture", "part", "at", "color", "radius", "amount", "degrees", "length", "to")


def correct_command(args: argparse.Namespace, terminal: Terminal) -> None:
    project = Project.open(args.project)
    settings = settings_of(project, args.assignments)
    _check_options(args)
    with project.correcting(args.wait):
        film = load_film(project, settings, device=args.device)
        frame = frame_at(film.plan, args.where)
        planned = shot_at(film.plan, frame)
        entries, files = _entries(args, film, planned), _files(args)
        said = _check_values(args, with_code(project, entries), files, film.plan.reel)
        if _tell_repeated(film, said, frame, files, terminal):
            return
        if args.kind == "cut" and frame == planned.shot.frames.start and planned.shot.entry.kind == "cut":
            raise CorrectionError(f"frame {frame}: a shot begins there by a cut already; nothing was written")
        film, name = write_checked(film, args.kind, frame, entries, files)
    _tell_written(args.kind, frame, film, name, terminal)


def write_checked(
    film: Film, kind: str, frame: int, entries: dict[str, Any], files: dict[str, Path]
) -> tuple[Film, str]:
    """Writes a correction and looks at it; the film with it, and its name. What cannot be used is taken back."""
    project, settings, device = film.project, film.settings, film.device
    name = write_correction(project, kind, frame, entries, files)
    film = load_film(Project.open(project.root), settings, device=device)
    if files and not any(p.name == name for p in film.plan.problems):
        _look(film)
        film = load_film(Project.open(project.root), settings, device=device)
    _refuse_bad(film, name)
    return film, name


def accept_command(args: argparse.Namespace, terminal: Terminal) -> None:
    project = Project.open(args.project)
    place, told = proposal_called(project, args.proposal)
    from vidcolor.media.picture_out import is_untouched

    with project.correcting(args.wait):
        film = load_film(project, settings_of(project, args.assignments), device=args.device)
        if told["frame"] >= film.plan.reel.frame_count or not place.stem.startswith(f"{film.plan.reel.name}-"):
            raise CorrectionError(f"{place}: frame {told['frame']} is outside the film, or of another; propose again")
        since = "" if is_untouched(place) else ", painted on since"
        entries = {"note": args.note or f"proposal {place.stem}{since}", **_signed(args.by)}
        files = {"picture": place}
        said = check_said({"kind": "keyframe", "frame": told["frame"], "picture": place.name}, "keyframe")
        if _tell_repeated(film, said, told["frame"], files, terminal):
            return
        for other in film.plan.corrections:
            if other.frame == told["frame"] and other.kind in ("keyframe", "reference"):
                raise CorrectionError(
                    f"{place}: {other.place} is its frame's picture; delete that, then accept this one"
                )
        film, name = write_checked(film, "keyframe", told["frame"], entries, files)
    _tell_written("keyframe", told["frame"], film, name, terminal)


def _tell_repeated(film: Film, said: Said, frame: int, files: dict[str, Path], terminal: Terminal) -> bool:
    """Whether a correction in force says the very same; then that is told, and nothing is to be written."""
    one = repeated(film.plan, said, frame, {role: hashed_file(path, None)["hash"] for role, path in files.items()})
    if one is None:
        return False
    place = one.place if "/" in one.name else place_of(film.project, one.name)[0]
    terminal.say(f"nothing written: {place} says the same already, and counts once; delete it to undo it")
    return True


def _tell_written(kind: str, frame: int, film: Film, name: str, terminal: Terminal) -> None:
    shots = [planned.shot.id for correction in _named(film, name) for planned in touched(film.plan, correction)]
    touches = f"touches {', '.join(shots)}" if shots else "touches no shot"
    place, is_folder = place_of(film.project, name)
    what = "that folder" if is_folder else "it"
    terminal.say(f"written: {place}; it {touches}; delete {what} to undo it")
    if kind != "note":
        terminal.say(f"next: {_next_step(kind, frame, film)}")


def _next_step(kind: str, frame: int, film: Film) -> str:
    """What to type so that a correction is seen."""
    root = film.project.root
    look = f"`vidcolor frames {root} {frame} --color` shows the frame as it will be; " if kind in COLORS else ""
    made = f"`vidcolor render {root}` makes anew what it touches, and no other shot; then "
    return (look + made if kind in (*COLORS, *CUTS) else "") + f"`vidcolor export {root}` delivers the film"


def _look(film: Film) -> None:
    """Looks at the corrections' pictures."""
    from vidcolor.features import PatchFeatures
    from vidcolor.pipeline.library import Library
    from vidcolor.pipeline.looked import look_at_pictures
    from vidcolor.state.corrected import corrected
    from vidcolor.state.read import known_files

    shots = [planned.shot for planned in film.plan.shots]
    project, reel = film.project, film.plan.reel
    found = corrected(project, reel, shots, known_files(project))
    look_at_pictures(project, reel, found, Library(project, PatchFeatures()))


def corrections_command(args: argparse.Namespace, terminal: Terminal) -> None:
    project = Project.open(args.project)
    film = load_film(project, settings_of(project, args.assignments), device=args.device)
    plan, shown = film.plan, {planned.shot.id: state_of(film, planned) for planned in film.plan.shots}
    rows = [_row(plan, correction, shown) for correction in plan.corrections]
    if rows:
        terminal.table(("correction", "kind", ">frame", "timecode", "shots", "state", "by", "note"), rows)
    elif not plan.problems:
        terminal.say("no corrections; `vidcolor correct --help` says what one may be")
    refuse_problems(film)


def refuse_problems(film: Film) -> None:
    """Refuses, when all else is done, corrections that were left out: a line each."""
    if film.plan.problems:
        raise CorrectionError("\n".join(p.line for p in film.plan.problems))


def _row(plan: Plan, correction: Correction, shown: dict[str, ShotState]) -> tuple[str, ...]:
    theirs = [shown[planned.shot.id] for planned in touched(plan, correction)]
    said, shots = correction.said, named([state.planned.shot.id for state in theirs])[2:]
    timecode = plan.reel.timecode(correction.frame)
    words = (shots or "-", _state(correction, theirs), said.by or "-", said.note or "-")
    kind = f"{correction.kind}, {correction.named}" if correction.named else correction.kind
    (frames,) = ranges(correction.frames)
    return (correction.name, kind, frames, timecode, *words)


def _state(correction: Correction, theirs: list[ShotState]) -> str:
    """`rendered`, or what it waits for."""
    if correction.kind == "note":
        return "-"
    if correction.kind == "approve":
        planned = theirs[0].planned
        if planned.approval != correction:
            return "another approved since"
        return "in force" if theirs[0].state == "fresh" else "in force, stale"
    if correction.kind == "exclude":
        return "in force"
    if correction.kind in CUTS:
        return "rendered" if not any(state.waits for state in theirs) else "not rendered"
    made = [s.version.ingredients.get(correction.place) if s.version else None for s in theirs]
    today = [said_of(s.planned).get(correction.place, correction.ingredient) for s in theirs]
    return "rendered" if made == today else "not rendered"


def frame_at(plan: Plan, where: str) -> int:
    """The frame of a number, a timecode, or a shot's name: its first."""
    for planned in plan.shots:
        if planned.shot.id == where:
            return planned.shot.frames.start
    if where.startswith(f"{plan.reel.name}-"):
        plan.shot(where)  # says which shots there are
    return frame_of(where, plan.reel)


def shot_at(plan: Plan, frame: int) -> ShotPlan:
    """The shot that holds a frame of the film."""
    return next(planned for planned in plan.shots if frame in planned.shot.frames)


def _check_options(args: argparse.Namespace) -> None:
    takes = OPTIONS.get(args.kind, ())
    for name in ALL:
        if getattr(args, name) is not None and name not in takes:
            raise CorrectionError(f"--{name}: a {args.kind} takes none; it takes {_listed((*takes, 'note', 'by'))}")
    for name in NEEDED.get(args.kind, ()):
        if getattr(args, name) is None:
            raise CorrectionError(f"correct {args.kind}: --{name} is missing; it takes {_listed((*takes, 'note'))}")
    if args.which is not None and args.kind != "approve":
        raise CorrectionError(f"{args.which}: a {args.kind} takes no version; leave it out")


def _check_values(args: argparse.Namespace, entries: dict[str, Any], files: dict[str, Path], reel: Reel) -> Said:
    """What is said. Refuses, in the words of the line, what the kind does not take."""
    if args.kind == "neutral" and (args.at is None) == (args.file is None):
        given = "--at or --file is missing" if args.at is None else "--at and --file are both there"
        raise CorrectionError(f"correct neutral: {given}; what stays gray is the thing at --at X,Y, or --file MASK")
    if args.kind == "region" and (args.picture is None) == (args.color is None):
        given = "--picture or --color is missing" if args.color is None else "--picture and --color are both there"
        raise CorrectionError(f"correct region: {given}; its colours come from --picture FILE, or are --color COLOR")
    if outside := outside_picture(args.at, reel):
        raise CorrectionError(f"--at: {outside}; nothing was written")
    said = {"kind": args.kind, "frame": args.where, **entries, **dict.fromkeys(files, "file")}
    try:
        return check_said(said, args.kind, typed=True)
    except MisfitError as error:
        written = getattr(args, error.place, None)
        shown = ",".join(f"{part:g}" for part in written) if isinstance(written, list) else written
        raise CorrectionError(f"--{error.place} {shown}: {error.problem}; nothing was written") from error


def with_code(project: Project, entries: dict[str, Any]) -> dict[str, Any]:
    """The entries, the colour itself in the place of its name in the palette."""
    if entries.get("color") is None:
        return entries
    try:
        return {**entries, "color": named_color(read_palette(project), entries["color"])}
    except CorrectionError as error:
        raise CorrectionError(f"--color: {error}; nothing was written") from error


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"--{name}" for name in names)


def _entries(args: argparse.Namespace, film: Film, planned: ShotPlan) -> dict[str, Any]:
    """What the kind takes, but for files."""
    found: dict[str, Any] = {}
    for name in ("at", "color", "radius", "amount", "degrees", "length"):
        if getattr(args, name) is not None:
            found[name] = getattr(args, name)
    if args.to is not None:
        found["to"] = frame_at(film.plan, args.to)
    if issubclass(KINDS[args.kind], OfShot) and not (args.kind in COLORS and args.file):
        found["frames"] = [planned.shot.frames.start, planned.shot.frames.stop]
    if args.kind == "approve":
        found |= _approved(args.which, film, planned)
    if args.note:
        found["note"] = args.note
    return {**found, **_signed(args.by)}


def _signed(by: str | None) -> dict[str, str]:
    """Who says so and when."""
    return {"by": by or _user(), "when": datetime.now(UTC).isoformat(timespec="minutes")}


def _approved(version: str | None, film: Film, planned: ShotPlan) -> dict[str, str]:
    """The version to approve: the one named, else today's, else the newest. Refuses one of other frames."""
    named_one = version_named(film.project, planned.shot.id, version) if version else None
    chosen = named_one or state_today(film, planned).version
    lacks = other_frames(chosen, planned) if chosen else f"{planned.shot.id}: has no version to approve yet"
    if chosen is None or lacks:
        remedy = f"run `vidcolor render {film.project.root} {planned.shot.id}`, look at it, and approve it then"
        raise CorrectionError(f"{lacks}; {remedy}")
    return {"version": chosen.name, "seen": chosen.seen}


def _files(args: argparse.Namespace) -> dict[str, Path]:
    found = {FILE_OF.get(args.kind, "mask"): args.file} if args.file else {}
    found |= {role: path for role in ("mask", "picture", "part") if (path := getattr(args, role)) is not None}
    for path in found.values():
        if path.exists() and not path.is_file():
            raise CorrectionError(f"{path}: is no file; name a picture")
        if not path.exists():
            raise CorrectionError(f"{path}: no such file; mend the name")
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a system without names
        return ""


def _named(film: Film, name: str) -> Iterator[Correction]:
    return (correction for correction in film.plan.corrections if correction.name == name)


def _refuse_bad(film: Film, name: str) -> None:
    """Takes the correction back, if it cannot be used."""
    for found in film.plan.problems:
        if found.name == name:
            remove_correction(film.project, name)
            raise CorrectionError(f"{found.what}; nothing was written")  # its remedy is of a file that is not there now
