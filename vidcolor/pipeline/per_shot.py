"""Export, a file for each shot: its frames and some of its neighbours' (handles), each frame as in the whole film.

- A file is made of the versions of all shots whose frames it shows; it is written when one of these changed.
- Files are never replaced while their names carry a version: the next gets the next number. The highest is in force.
- Each file is whole or not there, so a stopped export goes on with the first that is missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from vidcolor.errors import ProjectError
from vidcolor.export import LumaSum, Provenance, check_destination, export_reel
from vidcolor.finish.around_exact import with_drawings
from vidcolor.media.codecs import DEFAULT_DELIVERY, find_delivery
from vidcolor.media.delivery import Delivery
from vidcolor.media.destination import delivery_notes
from vidcolor.media.picture_codecs import MATTES
from vidcolor.media.place import make_folder
from vidcolor.media.read import SourceClip
from vidcolor.pipeline.conform import write_lists
from vidcolor.pipeline.deliver import (
    default_out,
    entry_of,
    export_at,
    figures_of,
    finished,
    frames_told,
    ingredients_of,
    luma_told,
    notes_on,
    version_to_deliver,
)
from vidcolor.pipeline.file_names import check_template, file_name, in_names, numbers
from vidcolor.pipeline.joined import exact_frames, joined_colors, reach_of_drawings
from vidcolor.pipeline.plan import Progress
from vidcolor.project.exports import Export
from vidcolor.project.fingerprint import fingerprint
from vidcolor.project.folder import Project
from vidcolor.project.versions import Version
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState, named
from vidcolor.timeline import FrameRange
from vidcolor.types import DeliveryFrame, Reel, SourceFrame

SOUND = "settings.export.sound"


@dataclass(frozen=True, slots=True)
class ShotFile:
    """The file of one shot."""

    state: ShotState
    place: int
    """Of the shot in the plan"""
    run: FrameRange
    """Frames of the film that it holds, handles among them"""
    versions: Mapping[int, Version | None]
    """Of each shot that it shows, by its place in the plan"""
    made_of: str
    export: Export
    number: int
    """Of this file's version, from 1"""
    is_there: bool

    @property
    def used(self) -> FrameRange:
        """The frames that the film shows of it: the shot's own, and the dissolves it shares."""
        return self.state.planned.reach


@dataclass(frozen=True, slots=True)
class DeliveredShots:
    """A folder with a file for each shot."""

    folder: Path
    about: str
    luma: str
    notes: tuple[str, ...]
    lists: tuple[Path, ...]
    """That conform the files"""
    files: tuple[ShotFile, ...]
    """`is_there`: it was there already, made of the same things."""

    @property
    def made_now(self) -> tuple[ShotFile, ...]:
        return tuple(file for file in self.files if not file.is_there)


def default_folder(project: Project, delivery: str | None) -> Path:
    """`FILM_color_shots` beside the project folder; deliveries but the usual one add their name."""
    film = default_out(project, delivery)
    suffix = find_delivery(delivery or DEFAULT_DELIVERY).suffixes[0]
    return film.with_name(f"{film.name.removesuffix(suffix)}_shots")


def deliver_shots(
    film: Film, shown: Sequence[ShotState], only: Sequence[str], folder: Path, delivery: str | None, progress: Progress
) -> DeliveredShots:
    """A file for each shot, or each of those named in `only`, in `folder`. Writes those that changed or are not there.

    shown   the state of every shot of the film
    Refuses shots that are stale, and files that this project did not deliver where names carry no version.
    """
    codec = find_delivery(delivery or DEFAULT_DELIVERY)
    if codec.name == MATTES:
        raise ProjectError("mattes are delivered of the whole film; leave --per-shot out")
    check_template(film.settings.delivery.names)
    for shot_id in only:
        film.plan.shot(shot_id)
    asked = [place for place, state in enumerate(shown) if not only or state.planned.shot.id in only]
    versions = _versions(film, shown, asked)
    make_folder(folder)
    reel = replace(film.plan.reel, sound_tracks=0, extras=False)  # what lies beside the picture is the whole film's
    names = list(_names(film, codec))
    files = tuple(_files(film, shown, versions, asked, folder, names, reel, codec))
    total = sum(len(file.run) for file in files if not file.is_there)
    exact, done = exact_frames(shown), 0
    for file in files:
        if not file.is_there:
            _write(film, reel, shown, versions, file, codec, exact, frames_told(progress, total, done))
            done += len(file.run)
    known = {file.place: file.export for file in files}
    all_files = [
        (state.planned, known.get(place) or _newest(film.project, folder, names[place])[0])
        for place, state in enumerate(shown)
    ]
    title = f"{in_names(_show(film))}_{in_names(reel.tape or reel.name)}"
    lists = write_lists(film.project, reel, title, folder, all_files)
    told = luma_told(reel, codec, film.settings)
    notes = (*notes_on([shown[place] for place in asked]), *_gray_notes(shown, versions, files), *lists.notes)
    notes = (*delivery_notes(codec, reel, film.settings.export), *notes)
    return DeliveredShots(folder, codec.about, told, notes, lists.paths, files)


def _versions(film: Film, shown: Sequence[ShotState], asked: Sequence[int]) -> list[Version | None]:
    """The version of every shot to show: of those asked for, and those they dissolve with, the one to deliver; of
    others, whose frames are handles alone, whatever there is."""
    strict = {near for place in asked for near in _seen(shown, place, shown[place].planned.reach)}
    found = []
    for place, state in enumerate(shown):
        if place in strict:
            found.append(version_to_deliver(film.project, state, film.settings))
        else:
            found.append(None if state.planned.excluded else state.version)
    return found


def _show(film: Film) -> str:
    several = film.project.film_name if film.project.config.name else ""
    return film.settings.delivery.show or several or film.plan.reel.path.stem


def _names(film: Film, codec: Delivery) -> Iterator[Callable[[int], str]]:
    """For each shot, the name of its file by the number of the file's version."""
    reel, shots = film.plan.reel, film.plan.shots
    for planned, number in zip(shots, numbers(len(shots)), strict=True):
        values = {
            "show": _show(film),
            "reel": reel.tape or reel.name,
            "shot": f"{planned.shot.frames.start:06d}",
            "number": number,
            "delivery": codec.name,
        }
        yield partial(_named, film.settings.delivery.names, codec.suffixes[0], values)


def _named(template: str, suffix: str, values: Mapping[str, str], number: int) -> str:
    return file_name(template, {**values, "version": f"v{number:03d}"}) + suffix


def _files(
    film: Film,
    shown: Sequence[ShotState],
    versions: Sequence[Version | None],
    asked: Sequence[int],
    folder: Path,
    names: Sequence[Callable[[int], str]],
    reel: Reel,
    codec: Delivery,
) -> Iterator[ShotFile]:
    """What there is to write, and where. Refuses, before any work, what could not be written in the end."""
    settings = film.settings
    for place in asked:
        run = with_handles(shown[place].planned.reach, settings.delivery.handles, reel)
        shows = {p: versions[p] for p in _seen(shown, place, run)}
        made_of = fingerprint(
            {**ingredients_of(film, shows, codec.name), "frames": f"{run.start} {run.stop}", SOUND: "none"}
        )
        newest, export, number = _newest(film.project, folder, names[place])
        if newest is not None and (export is newest or newest.is_made_of(made_of) or newest.may_take(made_of)):
            export, number = newest, max(1, number - 1)
        is_there = export.is_made_of(made_of)
        if not is_there:
            export.refuse_others()
        if place == asked[0]:
            check_destination(export.out, codec.name, reel, settings.export)
        yield ShotFile(shown[place], place, run, shows, made_of, export, number, is_there)


def _seen(shown: Sequence[ShotState], place: int, run: FrameRange) -> range:
    """Places in the plan of the shots around one whose frames are in the run."""
    first, stop = place, place + 1
    while first and shown[first - 1].planned.reach.stop > run.start:
        first -= 1
    while stop < len(shown) and shown[stop].planned.reach.start < run.stop:
        stop += 1
    return range(first, stop)


def with_handles(frames: FrameRange, handles: int, reel: Reel) -> FrameRange:
    """The frames with so many more on each side, as far as the reel has them."""
    return FrameRange(max(0, frames.start - handles), min(reel.frame_count, frames.stop + handles))


def _newest(project: Project, folder: Path, name_of: Callable[[int], str]) -> tuple[Export | None, Export, int]:
    """A shot's newest file, if there is one; the place for its next, and that one's version.

    Where names carry no version, the next takes the place of the newest.
    """
    number, newest = 1, None
    following = export_at(project, folder / name_of(1))
    while following.is_known or any(os.path.lexists(path) for path in (following.out, following.manifest)):
        if newest is not None and newest.out == following.out:
            return newest, newest, 1
        newest = following
        number += 1
        following = export_at(project, folder / name_of(number))
    return newest, following, number


def _write(
    film: Film,
    reel: Reel,
    shown: Sequence[ShotState],
    versions: Sequence[Version | None],
    file: ShotFile,
    codec: Delivery,
    exact: frozenset[int],
    told: Callable[[int], None],
) -> None:
    run = file.run
    luma = LumaSum(run.start)
    seen = [shown[place] for place in file.versions]
    provenance = Provenance(
        shots=[state.planned.shot for state in shown],
        keyframes={key.frame for state in seen for key in state.planned.keyframes},
        versions=[entry_of(shown[place], version) for place, version in file.versions.items()],
        figures=figures_of([file.state]),
        part={
            "shot": file.state.planned.shot.id,
            "version": f"v{file.number:03d}",
            "first": run.start,
            "last": run.stop - 1,
            "cut_first": file.used.start,
            "cut_last": file.used.stop - 1,
            "handles": [file.used.start - run.start, run.stop - file.used.stop],
            "cut_timecode_in": reel.timecode(file.used.start),
            "cut_timecode_out": reel.timecode(file.used.stop),
        },
    )
    used = {version.shot_id: version.name for version in file.versions.values() if version is not None}
    written = export_reel(
        reel,
        _frames(film, versions, run, luma, codec, exact),
        file.export.out,
        codec.name,
        film.settings.export,
        source_luma=luma,
        made_of=provenance,
        progress=told,
        before_naming=partial(file.export.claim, used),
        run=run,
    )
    file.export.keep(file.made_of, used, written.sha256, {}, file.state.planned.shot.id)


def _frames(
    film: Film,
    versions: Sequence[Version | None],
    run: FrameRange,
    luma: LumaSum,
    codec: Delivery,
    exact: frozenset[int],
) -> Iterator[DeliveryFrame]:
    """The run's frames as they are in the whole film: exact keyframes around it, which draw them, are read with it."""
    reach = reach_of_drawings(exact, run)
    wide = with_handles(run, reach, film.plan.reel)
    colors = joined_colors(film, versions, wide, bare_gray=True)
    sources = _summed(SourceClip(film.plan.reel, wide, codec.scale_of(film.plan.reel)), run, luma)
    drawn = with_drawings(zip(sources, colors, strict=True), reach)
    yield from finished(film, (item for item in drawn if item[0].index in run), codec)


def _summed(sources: Iterable[SourceFrame], run: FrameRange, luma: LumaSum) -> Iterator[SourceFrame]:
    """The frames, of which those in the run are added to the sum."""
    for source in sources:
        yield from luma.watch([source]) if source.index in run else [source]


def _gray_notes(
    shown: Sequence[ShotState], versions: Sequence[Version | None], files: Sequence[ShotFile]
) -> Iterator[str]:
    bare = {p for file in files for p in file.versions if versions[p] is None and not shown[p].planned.excluded}
    if bare:
        ids = [shown[place].planned.shot.id for place in sorted(bare)]
        yield f"handles from shots that were never rendered are gray{named(ids)}"
