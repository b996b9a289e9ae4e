"""The plan read back from the project's `plan/`, and the references folder as it is now.

Light: imports nothing that decodes or computes, so that `vidcolor status` answers at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidcolor.errors import MediaError, ProjectError
from vidcolor.project.fingerprint import fingerprint, settings_ingredients
from vidcolor.project.folder import Project
from vidcolor.project.records import decode
from vidcolor.project.reels import reel_words
from vidcolor.references.by_reel import Reels
from vidcolor.references.names import FolderNames, RegionName, check_shots, read_names, refuse_doubles, some
from vidcolor.settings import Settings
from vidcolor.state.added import added, with_partial
from vidcolor.state.by_shot import ByShot, sort_by_shot
from vidcolor.state.corrected import Corrected, corrected, with_corrections
from vidcolor.state.film import Film
from vidcolor.state.findings import finding_mark, fresh_findings, load_findings, settle, told
from vidcolor.state.made_of import match_marks, shots_ingredients
from vidcolor.state.marks import hashed_file, reel_mark, reel_touched
from vidcolor.state.plan import (
    ChosenKeyframes,
    Given,
    Picture,
    Plan,
    PlannedKeyframe,
    ShotPlan,
    dissolves_of,
    fades_of,
    reach_of,
    with_theirs,
)
from vidcolor.types import Reel, Shot

REELS, REELS_SCHEMA = "plan/reels.json", "vidcolor.reels/1"
SHOTS, SHOTS_SCHEMA = "plan/shots.json", "vidcolor.shots/1"
KEYFRAMES, KEYFRAMES_SCHEMA = "plan/keyframes.json", "vidcolor.keyframes/1"
PICTURES, PICTURES_SCHEMA = "plan/references.json", "vidcolor.references/1"
Chosen = dict[str, ChosenKeyframes]
MOST_PICTURES = 20_000
"""More files than this in a references folder is a mistake of folder, not a film's references."""


def load_film(project: Project, settings: Settings, shots: Sequence[Shot] | None = None, device: str = "auto") -> Film:
    """The film with the plan in force, or with `shots` in place of the plan's; `device`: where networks would run.

    Refuses a film that was never planned, or has changed since.
    """
    reel = load_reel(project, settings)
    if reel is None:
        raise ProjectError(
            f"{project.root}: {_why_no_reel(project, settings)}; run `vidcolor plan {project.root}` first"
        )
    shots = shots or load_shots(project, reel, settings)
    if shots is None:
        raise ProjectError(
            f"{project.root}: its shots were found with other settings, or by another list; "
            f"run `vidcolor plan {project.root}` first"
        )
    found = corrected(project, reel, shots, known_files(project))
    given = list_given(project, reel, found)
    plan = plan_of(reel, found.shots, given, load_chosen(project), settings)
    return Film(project, with_corrections(project, plan, with_partial(found, given)), settings).on(device)


def _why_no_reel(project: Project, settings: Settings) -> str:
    if not project.has(REELS):
        return "never planned"
    asked = settings_ingredients("reel", settings.reel)
    same = project.read_json(REELS, REELS_SCHEMA).get("settings") == asked
    return f"{'the film has' if same else 'settings of how the film is read (reel) have'} changed since it was planned"


def film_path(project: Project) -> Path:
    """Where the film lies. Refuses a film that is not there, and says where the project keeps its place."""
    path = project.reel_path
    if not path.exists():
        page = project.root / "project.toml"
        raise MediaError(f"{path}: no such film; put it back there, or write its new place into {page}, after reel =")
    return path


def plan_of(reel: Reel, shots: Sequence[Shot], given: Given, chosen: Chosen, settings: Settings) -> Plan:
    """The plan in force, of its parts; what was chosen of other things than today's does not count."""
    by_shot = sort_by_shot(given, shots)
    marks = match_marks((s for s in shots if s.id not in by_shot.own), reel, by_shot, settings)
    planned = tuple(
        _plan_shot(ShotPlan(shot, reach_of(shot, dissolves), (), True, dissolves, fades), by_shot, chosen, marks)
        for shot, dissolves, fades in zip(shots, dissolves_of(shots), fades_of(shots), strict=True)
    )
    return Plan(reel, planned, given.pictures, (*reel.notes, *_bars_told(reel), *given.notes), given.hashes)


def _bars_told(reel: Reel) -> Iterator[str]:
    """A sentence on the bars around the film's picture, where there are some."""
    told = []
    for bars in reel.bars:
        rows, columns = bars.inside(reel.size)
        size = f"{columns.stop - columns.start}x{rows.stop - rows.start}"
        told.append(f"{size} (frames {bars.frames.start} to {bars.frames.stop - 1})")
    if told:
        yield f"Black bars around a picture of {some(told)}: they stay neutral and count nowhere (reel.bars)."


def whole_hash(project: Project) -> str:
    """The hash of the film as it was last read whole; empty if that never was, or the film was touched since."""
    if not project.has(REELS):
        return ""
    data = project.read_json(REELS, REELS_SCHEMA)
    path = film_path(project)
    same = (data.get("file"), data.get("touched")) == (reel_mark(path), reel_touched(path))
    return planned_hash(project) if same else ""


def planned_hash(project: Project) -> str:
    """The hash of the film that was planned, whatever lies in its place now; empty where none was."""
    reel = project.read_json(REELS, REELS_SCHEMA).get("reel") if project.has(REELS) else None
    return str(reel.get("hash")) if isinstance(reel, dict) else ""


def former_hash(project: Project) -> str:
    """The hash of the film that was planned before another took its place, until that one is delivered; else empty."""
    return str(project.read_json(REELS, REELS_SCHEMA).get("former", "")) if project.has(REELS) else ""


def forget_former(project: Project) -> None:
    """The film in force is the only one that the project was planned for. Needs the project's lock."""
    if former_hash(project):
        data = project.read_json(REELS, REELS_SCHEMA)
        project.write_json(REELS, REELS_SCHEMA, {name: value for name, value in data.items() if name != "former"})


def load_reel(project: Project, settings: Settings) -> Reel | None:
    """The reel as it was probed; None when it was not, or the film's bytes or the settings have changed."""
    path = film_path(project)
    if not project.has(REELS):
        return None
    data = project.read_json(REELS, REELS_SCHEMA)
    if data.get("settings") != settings_ingredients("reel", settings.reel):
        return None
    if data.get("file") != (mark := reel_mark(path)) and not _taken_up(project, path, mark, data):
        return None
    reel: Reel = decode(data.get("reel"), Reel, str(project.path(REELS)))
    if reel.name != project.reel_name:
        return None
    if data.get("sum", "") not in ("", fingerprint(data["reel"])):  # older ones have none
        raise ProjectError(
            f"{project.path(REELS)}: damaged (changed since it was written); delete it and run `vidcolor plan` again"
        )
    # kept relative to what `project.toml` names, so that film and project can move together
    return replace(reel, path=Path(os.path.normpath(path / reel.path)))


def is_planned_film(project: Project) -> bool:
    """Whether the film that the project names now is, to the byte, the one that was planned: moved, or a copy of it."""
    if not project.has(REELS):
        return False
    path, data = film_path(project), project.read_json(REELS, REELS_SCHEMA)
    mark = reel_mark(path)
    return data.get("file") == mark or _taken_up(project, path, mark, data)


def _taken_up(project: Project, path: Path, mark: str, data: Mapping[str, Any]) -> bool:
    """Whether a film of another time is the one that was planned, copied or touched: then its time is noted.

    One of the same length is read whole, once, to know.
    """
    known, reel = str(data.get("file")).split(), data.get("reel")
    if not isinstance(reel, dict) or (len(known) == len(mark.split()) == 2 and known[0] != mark.split()[0]):
        return False
    from vidcolor.media.whole import hashed_beside  # seldom needed, and loads what decodes

    touched = reel_touched(path)
    with hashed_beside(Path(os.path.normpath(path / str(reel.get("path"))))) as whole:
        if whole.result(lambda done, there: None) != reel.get("hash"):
            return False
    with suppress(ProjectError):  # a project that cannot be written to is read again the next time
        project.write_json(REELS, REELS_SCHEMA, {**data, "file": mark, "touched": touched})
    return True


def load_shots(project: Project, reel: Reel, settings: Settings) -> list[Shot] | None:
    """The shots in force; None when they were not found yet, or the film or settings have changed."""
    if not project.has(SHOTS):
        return None
    data = project.read_json(SHOTS, SHOTS_SCHEMA)
    if data.get("made_of") != fingerprint(shots_ingredients(project, reel, settings)):
        return None
    place = str(project.path(SHOTS))
    shots = list(decode(data.get("shots"), tuple[Shot, ...], place)) if data.get("shots") else []
    if any(shot.reel != reel.name for shot in shots):
        return None
    ends = [0, *(shot.frames.stop for shot in shots)]
    if not shots or ends[-1] != reel.frame_count or any(s.frames.start != e for s, e in zip(shots, ends, strict=False)):
        raise ProjectError(f"{place}: damaged (the shots do not cover the film); delete it and run `vidcolor plan`")
    if not all(shot.enters_from(before) for before, shot in zip([None, *shots], shots, strict=False)) or not all(
        shot.may_end(last=shot == shots[-1]) for shot in shots
    ):
        raise ProjectError(f"{place}: damaged (a dissolve leaves its shots); delete it and run `vidcolor plan`")
    return shots


def kept_shots(project: Project) -> list[Shot]:
    """The shots of the last plan as its lists show them, with people's cuts; none where there was none."""
    data = project.read_json(SHOTS, SHOTS_SCHEMA) if project.has(SHOTS) else {}
    kept = data.get("corrected") or data.get("shots")
    return list(decode(kept, tuple[Shot, ...], str(project.path(SHOTS)))) if kept else []


def load_chosen(project: Project) -> Chosen:
    """For shots without a picture of their own, by shot id."""
    if not project.has(KEYFRAMES):
        return {}
    data = project.read_json(KEYFRAMES, KEYFRAMES_SCHEMA).get("shots")
    place = str(project.path(KEYFRAMES))
    if not isinstance(data, dict) or not all(isinstance(entry, dict) for entry in data.values()):
        raise ProjectError(f"{place}: damaged; delete it and run `vidcolor plan` again")
    return {
        shot_id: ChosenKeyframes(
            decode(entry.get("made_of"), str, place),
            decode(entry.get("keyframes"), tuple[PlannedKeyframe, ...], place) if entry.get("keyframes") else (),
            decode(entry.get("title", False), bool, place),
        )
        for shot_id, entry in data.items()
    }


def _plan_shot(bare: ShotPlan, by_shot: ByShot, chosen: Chosen, marks: Mapping[str, str]) -> ShotPlan:
    """The shot with its keyframes."""
    shot = bare.shot
    if own := by_shot.own_keyframes(shot):
        return replace(bare, keyframes=own, matched=shot.id not in by_shot.open)
    found = chosen.get(shot.id)
    if found is None or found.made_of != marks[shot.id]:
        return replace(bare, matched=False)
    marked = by_shot.regions_of(shot)
    keys = tuple(_with_its_regions(key, marked.get(key.frame, ())) for key in found.keyframes)
    return replace(bare, keyframes=keys, title=found.title, excluded=found.title)


def _with_its_regions(key: PlannedKeyframe, regions: tuple[RegionName, ...]) -> PlannedKeyframe:
    """The keyframe with regions as the folder has them: the project keeps none."""
    return replace(key, pictures=with_theirs(key.pictures, regions), regions=regions)


def list_given(project: Project, reel: Reel, found: Corrected) -> Given:
    """What the references folder and the corrections hold, each file with its hash.

    Refuses a folder that is not there and names that `references.names` refuses. A file is hashed again only
    when its size or time has changed since the table was kept.
    """
    folder, names, shots = project.keyframes_path, list_names(project, reel), found.shots
    more = {name: dict(entry) for name, entry in (found.files or {}).items()}
    if folder is None:
        return added(Given((), (), names.notes, more), found)
    check_shots((*names.pictures, *names.regions), shots)
    known = known_files(project)
    masks = [path for region in names.regions for path in (region.path, region.part) if path]
    wanted = dict.fromkeys([*(p.path for p in names.pictures), *masks])
    files = {path: hashed_file(os.path.join(folder, path), known.get(path)) for path in wanted}
    looked = load_findings(project)
    marks = {p.path: finding_mark(p, files[p.path]["hash"], reel, shots) for p in names.pictures if p.path in looked}
    seen = fresh_findings(names.pictures, looked, marks)
    settled = settle(names.pictures, seen)
    refuse_doubles(settled, reel)
    check_shots(settled, shots)
    grays = {path for path, finding in seen.items() if finding.gray}
    pictures = [
        Picture(
            p.path, files[p.path]["hash"], p.frame, p.shot, p.path in grays, "offered" if p.frame is None else "frame"
        )
        for p in settled
    ]
    partial = {path for path, finding in seen.items() if finding.partial}
    unseen = tuple(p for p in names.pictures if p.path not in seen)
    given = Given(
        tuple(p for p in pictures if p.name not in partial),
        names.regions,
        (*names.notes, *told(settled, seen)),
        {**files, **more},
        tuple(p for p in pictures if p.name in partial),
        unseen,
    )
    return added(given, found)


def list_names(project: Project, reel: Reel) -> FolderNames:
    """What the names in the references folder mean. Refuses a folder that is not there, and one without pictures."""
    folder = project.keyframes_path
    if folder is None:
        return FolderNames((), (), ("no references folder given",))
    words = reel_words(project)
    names = read_names(_files_below(folder), reel, Reels(reel.name, words) if words else None)
    if not names.pictures and not names.others:
        raise MediaError(
            f"{folder}: no pictures in this folder of references (PNG, TIFF, JPEG, PSD, EXR and others); put some into "
            "it, or give another with --keyframes"
        )
    return names


def known_files(project: Project) -> dict[str, Any]:
    """The table of files as it was kept: size, time and hash by name, unchecked; empty where none is kept."""
    kept = project.read_json(PICTURES, PICTURES_SCHEMA).get("files") if project.has(PICTURES) else {}
    return kept if isinstance(kept, dict) else {}


def check_references(folder: Path) -> None:
    """Refuses what is no folder."""
    if folder.is_file():
        raise MediaError(f"{folder}: is a file; give the folder that the pictures are in: --keyframes {folder.parent}")
    if not folder.is_dir():
        raise MediaError(f"{folder}: no such folder of references; give it with --keyframes")


def _files_below(folder: Path) -> list[str]:
    check_references(folder)
    found: list[str] = []
    for base, folders, files in os.walk(folder):
        folders.sort()
        below = os.path.relpath(base, folder).replace(os.sep, "/") + "/"
        found += [f"{below}{name}".removeprefix("./") for name in files]
        if len(found) > MOST_PICTURES:
            raise MediaError(f"{folder}: more than {MOST_PICTURES} files; is this the folder of references?")
    return sorted(found)
