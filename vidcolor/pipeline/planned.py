"""The plan of a film as values, read back from the project's `plan/`, and what each shot's version is made of.

Light: imports nothing that decodes or computes, so that `vidcolor status` answers at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from vidcolor.errors import MediaError, ProjectError
from vidcolor.networks.shipped import COLORIZER, FEATURES, PROPAGATOR, mark_of
from vidcolor.project.fingerprint import Ingredients, fingerprint, settings_ingredients
from vidcolor.project.folder import Project
from vidcolor.project.records import decode
from vidcolor.references.names import RegionName, check_shots, read_names
from vidcolor.settings import PropagateSettings, Settings
from vidcolor.stages import STAGES
from vidcolor.timeline import FrameRange
from vidcolor.types import Reel, Shot

REELS, REELS_SCHEMA = "plan/reels.json", "vidcolor.reels/1"
SHOTS, SHOTS_SCHEMA = "plan/shots.json", "vidcolor.shots/1"
KEYFRAMES, KEYFRAMES_SCHEMA = "plan/keyframes.json", "vidcolor.keyframes/1"
PICTURES, PICTURES_SCHEMA = "plan/references.json", "vidcolor.references/1"
HASH_BLOCK = 1 << 20
PICTURE_SUFFIXES = (".png", ".tif", ".tiff", ".dpx", ".exr", ".jpg", ".jpeg")
MOST_PICTURES = 20_000
"""More files than this in a references folder is a mistake of folder, not a film's references."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One colour picture of the references folder."""

    name: str
    """Relative to the folder, with `/`."""
    hash: str
    frame: int | None = None
    shot: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedKey:
    """A keyframe and the pictures its colours come from, best first."""

    frame: int
    reason: Literal["person", "regions", "coverage"]
    """person: the first picture is the frame's own; regions: a person gave masks alone"""
    pictures: tuple[str, ...] = ()
    regions: tuple[RegionName, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What a person put into the references folder."""

    pictures: tuple[Picture, ...]
    regions: tuple[RegionName, ...] = ()
    """In order of frames"""
    notes: tuple[str, ...] = ()
    """On what was passed over"""
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    """Every file's size, time and hash, to keep"""

    @property
    def hashes(self) -> dict[str, str]:
        """Of every picture and mask, by its name."""
        return {name: entry["hash"] for name, entry in self.files.items()}


@dataclass(frozen=True, slots=True)
class ShotPlan:
    """A shot, the frames it renders, and its keyframes."""

    shot: Shot
    reach: FrameRange
    """The shot's frames and those it shares with its neighbours in dissolves."""
    keys: tuple[PlannedKey, ...]
    matched: bool = True
    """False: references have changed since keyframes were chosen here; `vidcolor plan` chooses again."""

    @property
    def painted_over(self) -> tuple[PlannedKey, ...]:
        """Keyframes that are the frame as the others colour it, with regions painted over it."""
        own = any(key.reason == "person" for key in self.keys)
        return tuple(key for key in self.keys if own and key.reason == "regions")


@dataclass(frozen=True, slots=True)
class Plan:
    """The machine's reading of the film, with people's pictures in their places."""

    reel: Reel
    shots: tuple[ShotPlan, ...]
    pictures: tuple[Picture, ...]
    notes: tuple[str, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Of every picture and mask, by its name"""

    def shot(self, shot_id: str) -> ShotPlan:
        for planned in self.shots:
            if planned.shot.id == shot_id:
                return planned
        raise ProjectError(f"{shot_id}: no such shot; `vidcolor status` lists them ({self.shots[0].shot.id} ...)")


def load_plan(project: Project, settings: Settings) -> Plan:
    """The plan in force. Refuses a film that was never planned, or has changed since."""
    reel = load_reel(project, settings)
    if reel is None:
        raise ProjectError(f"{project.root}: not planned yet, or the film has changed; run `vidcolor plan` first")
    shots = load_shots(project, reel, settings)
    if shots is None:
        raise ProjectError(f"{project.root}: its shots are out of date; run `vidcolor plan` first")
    given = list_given(project, reel, shots)
    chosen = load_chosen(project)
    planned = tuple(
        _plan_shot(shot, reach, given, chosen, match_mark(shot, reel, given, settings))
        for shot, reach in zip(shots, reaches(shots), strict=True)
    )
    return Plan(reel, planned, given.pictures, (*reel.notes, *given.notes), given.hashes)


def load_reel(project: Project, settings: Settings) -> Reel | None:
    """The reel as it was probed; None when it was not, or the file or the settings have changed."""
    path = project.reel_path
    if not project.has(REELS):
        return None
    data = project.read_json(REELS, REELS_SCHEMA)
    if data.get("file") != reel_mark(path) or data.get("settings") != settings_ingredients("reel", settings.reel):
        return None
    reel: Reel = decode(data.get("reel"), Reel, str(project.path(REELS)))
    # kept relative to what `project.toml` names, so that film and project can move together
    return replace(reel, path=Path(os.path.normpath(path / reel.path)))


def reel_mark(path: Path) -> str:
    """Size and time of a film; for an image sequence, of all its folder's files together."""
    if path.suffix.lower() in PICTURE_SUFFIXES:
        path = path.parent
    if not path.is_dir():
        return file_mark(path)
    marks = "".join(f"{p.name} {file_mark(p)}\n" for p in sorted(path.iterdir()) if p.is_file())
    return hashlib.sha256(marks.encode("utf-8", "surrogatepass")).hexdigest()


def load_shots(project: Project, reel: Reel, settings: Settings) -> list[Shot] | None:
    """The shots in force; None when they were not found yet, or the film or settings have changed."""
    if not project.has(SHOTS):
        return None
    data = project.read_json(SHOTS, SHOTS_SCHEMA)
    if data.get("made_of") != fingerprint(shots_ingredients(project, reel, settings)):
        return None
    place = str(project.path(SHOTS))
    shots = list(decode(data.get("shots"), tuple[Shot, ...], place)) if data.get("shots") else []
    ends = [0, *(shot.frames.stop for shot in shots)]
    if not shots or ends[-1] != reel.frame_count or any(s.frames.start != e for s, e in zip(shots, ends, strict=False)):
        raise ProjectError(f"{place}: damaged (the shots do not cover the film); delete it and run `vidcolor plan`")
    return shots


def load_chosen(project: Project) -> dict[str, tuple[str, tuple[PlannedKey, ...]]]:
    """For shots without a picture of their own: shot id to (match mark, keyframes)."""
    if not project.has(KEYFRAMES):
        return {}
    data = project.read_json(KEYFRAMES, KEYFRAMES_SCHEMA).get("shots")
    place = str(project.path(KEYFRAMES))
    if not isinstance(data, dict) or not all(isinstance(entry, dict) for entry in data.values()):
        raise ProjectError(f"{place}: damaged; delete it and run `vidcolor plan` again")
    return {
        shot_id: (
            decode(entry.get("made_of"), str, place),
            decode(entry.get("keyframes"), tuple[PlannedKey, ...], place) if entry.get("keyframes") else (),
        )
        for shot_id, entry in data.items()
    }


def _plan_shot(shot: Shot, reach: FrameRange, given: Given, chosen: Any, mark: str) -> ShotPlan:
    own = own_keys(shot, given)
    if own:
        return ShotPlan(shot, reach, own)
    made_of, keys = chosen.get(shot.id, ("", ()))
    marked = regions_of(shot, given)
    keys = tuple(_with_its_regions(key, marked.get(key.frame, ())) for key in keys)
    return ShotPlan(shot, reach, keys if made_of == mark else (), matched=made_of == mark)


def _with_its_regions(key: PlannedKey, regions: tuple[RegionName, ...]) -> PlannedKey:
    """The keyframe with regions as the folder has them: the project keeps none."""
    return replace(key, pictures=_with_theirs(key.pictures, regions), regions=regions)


def own_keys(shot: Shot, given: Given) -> tuple[PlannedKey, ...]:
    """The keyframes that a person gave pictures for, and then those with regions; none without any such picture."""
    own = {p.frame: p.name for p in given.pictures if p.frame is not None and p.frame in shot.frames}
    if not own:
        return ()
    marked = regions_of(shot, given)
    keys = []
    for frame in sorted({*own, *marked}):
        regions = marked.get(frame, ())
        names = [own[frame]] if frame in own else []
        keys.append(PlannedKey(frame, "person" if names else "regions", _with_theirs(names, regions), regions))
    return tuple(keys)


def regions_of(shot: Shot, given: Given) -> dict[int, tuple[RegionName, ...]]:
    """The regions of each frame of the shot that has any, in order."""
    inside = [region for region in given.regions if region.frame in shot.frames]
    return {frame: tuple(regions) for frame, regions in groupby(inside, key=lambda region: region.frame)}


def _with_theirs(pictures: Sequence[str], regions: Sequence[RegionName]) -> tuple[str, ...]:
    """A frame's pictures, and those of its regions behind them."""
    return tuple(dict.fromkeys([*pictures, *(region.picture for region in regions)]))


def offered(shot: Shot, pictures: Iterable[Picture]) -> list[Picture]:
    """The pictures a shot without its own may take colours from: those of its folder, else all but other folders'."""
    pictures = list(pictures)
    return [p for p in pictures if p.shot == shot.id] or [p for p in pictures if p.shot is None]


def reaches(shots: Sequence[Shot]) -> Iterator[FrameRange]:
    """For each shot the frames it renders: its own, and the dissolves it shares with its neighbours."""
    for shot, following in zip(shots, [*shots[1:], None], strict=True):
        start, stop = shot.frames.start, shot.frames.stop
        if shot.entry.kind == "dissolve" and shot.entry.frames:
            start = min(start, shot.entry.frames.start)
        if following is not None and following.entry.kind == "dissolve" and following.entry.frames:
            stop = max(stop, following.entry.frames.stop)
        yield FrameRange(max(0, start), min(stop, shots[-1].frames.stop))


def clear_frames(shots: Sequence[Shot]) -> Iterator[FrameRange]:
    """For each shot its frames outside dissolves and fades; all of them where nothing else is left."""
    for shot, following in zip(shots, [*shots[1:], None], strict=True):
        start, stop = shot.frames.start, shot.frames.stop
        if shot.entry.frames:
            start = max(start, shot.entry.frames.stop)
        if following is not None and following.entry.frames:
            stop = min(stop, following.entry.frames.start)
        yield FrameRange(start, stop) if start < stop else shot.frames


# What things are made of.


def shots_ingredients(project: Project, reel: Reel, settings: Settings) -> Ingredients:
    listed = project.shots_path
    return {
        "reel": reel.hash,
        "stage.shots": STAGES["shots"],
        **({"list": file_hash(listed)} if listed else settings_ingredients("shots", settings.shots)),
    }


def match_mark(shot: Shot, reel: Reel, given: Given, settings: Settings) -> str:
    """Fingerprint of what the choice of keyframes and references of a shot hangs on."""
    return fingerprint(
        {
            "reel": reel.hash,
            "frames": f"{shot.frames.start}-{shot.frames.stop}",
            "stage.keyframes": STAGES["keyframes"],
            "stage.references": STAGES["references"],
            **settings_ingredients("keyframes", settings.keyframes),
            **settings_ingredients("references", settings.references),
            **{f"references/{p.name}": p.hash for p in offered(shot, given.pictures)},
            **{f"region {frame}": "" for frame in regions_of(shot, given)},
        }
    )


def shot_ingredients(planned: ShotPlan, plan: Plan, settings: Settings) -> Ingredients:
    """All that the colours of one shot are made of."""
    keys: Ingredients = {}
    for key in planned.keys:
        keys[f"keyframe {key.frame}"] = f"{key.reason} {' '.join(key.pictures)}".strip()
        keys |= {f"references/{name}": plan.hashes[name] for name in key.pictures}
        for region in key.regions:
            keys |= {f"references/{region.path}": f"{plan.hashes[region.path]} {region.picture}"}
            keys |= {f"references/{region.part}": plan.hashes[region.part]} if region.part else {}
    return {
        "reel": plan.reel.hash,
        "frames": f"{planned.reach.start}-{planned.reach.stop}",
        **keys,
        **{f"stage.{name}": STAGES[name] for name in ("colorize", "propagate")},
        **settings_ingredients("reel", settings.reel),
        **settings_ingredients("colorize", settings.colorize),
        **settings_ingredients("propagate", settings.propagate),
        **network_ingredients(settings),
    }


def network_ingredients(settings: Settings) -> Ingredients:
    """The weights of the networks in force."""
    files = []
    if settings.colorize.network == "shipped":
        files += [FEATURES, COLORIZER]
    if uses_network(settings.propagate):
        files += [FEATURES, PROPAGATOR]
    return {f"weights.{file.stem}": mark_of(file) for file in files}


def uses_network(settings: PropagateSettings) -> bool:
    """Whether propagation asks the shipped networks."""
    return settings.network == "shipped" and settings.method == "full" and settings.leave_out != "attention"


def list_given(project: Project, reel: Reel, shots: Sequence[Shot]) -> Given:
    """What the references folder holds, each file with its hash.

    Refuses a folder that is not there and names that `references.names` refuses. A file is hashed again only
    when its size or time has changed since the table was kept.
    """
    folder = project.keyframes_path
    if folder is None:
        return Given((), (), ("no references folder given",), {})
    names = read_names(_files_below(folder), reel)
    check_shots((*names.pictures, *names.regions), shots)
    known = project.read_json(PICTURES, PICTURES_SCHEMA).get("files") if project.has(PICTURES) else {}
    known = known if isinstance(known, dict) else {}
    masks = [path for region in names.regions for path in (region.path, region.part) if path]
    wanted = dict.fromkeys([*(p.path for p in names.pictures), *masks])
    files = {path: _hashed(folder / path, known.get(path)) for path in wanted}
    pictures = tuple(Picture(p.path, files[p.path]["hash"], p.frame, p.shot) for p in names.pictures)
    return Given(pictures, names.regions, names.notes, files)


def _files_below(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise MediaError(f"{folder}: no such folder of references; give it with --keyframes")
    found: list[str] = []
    for base, folders, files in os.walk(folder):
        folders.sort()
        found += [Path(base, name).relative_to(folder).as_posix() for name in files]
        if len(found) > MOST_PICTURES:
            raise MediaError(f"{folder}: more than {MOST_PICTURES} files; is this the folder of references?")
    return sorted(found)


def _hashed(path: Path, known: Any) -> dict[str, str]:
    mark = file_mark(path)
    if isinstance(known, dict) and known.get("file") == mark and isinstance(known.get("hash"), str):
        return {"file": mark, "hash": known["hash"]}
    return {"file": mark, "hash": file_hash(path)}


def file_mark(path: Path) -> str:
    """Size and time of a file: unchanged means unchanged content, for our purposes. Refuses a missing file."""
    try:
        stat = path.stat()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); is the path right?") from error
    return f"{stat.st_size} {stat.st_mtime_ns}"


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes. Refuses what cannot be read."""
    total = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(HASH_BLOCK):
                total.update(block)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}); is the path right?") from error
    return total.hexdigest()
