"""Export, a file for each shot: its frames and some of its neighbours' (handles), each frame as in the whole film.

- A file is made of the versions of all shots whose frames it shows; it is written when one of these changed.
- Files are never replaced while their names carry a version: the next gets the next number. The highest is in force.
- Each file is whole or not there, so a stopped export goes on with the first that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from vidcolor.export import LumaSum, Provenance, check_destination, export_reel
from vidcolor.finish.around_exact import with_drawings
from vidcolor.media.codecs import DEFAULT_DELIVERY, find_delivery
from vidcolor.media.delivery import Delivery
from vidcolor.media.destination import delivery_notes
from vidcolor.media.picture_codecs import GRAY_MATTES, is_mattes
from vidcolor.media.place import make_folder
from vidcolor.media.read import SourceClip
from vidcolor.pipeline.conform import Lists, ReelPieces, pieces_of_shots, write_lists
from vidcolor.pipeline.deliver import (
    entry_of,
    figures_of,
    finished,
    frames_told,
    ingredients_of,
    luma_told,
    notes_on,
    version_to_deliver,
)
from vidcolor.pipeline.file_names import check_template, in_names
from vidcolor.pipeline.joined import exact_frames, joined_colors, reach_of_drawings
from vidcolor.pipeline.mattes import MattesOfShots
from vidcolor.pipeline.plan import Progress
from vidcolor.pipeline.shot_files import ShotFile, names_of_files, newest_at, seen_in, show_of, with_handles
from vidcolor.project.fingerprint import fingerprint
from vidcolor.project.versions import Version
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState, named
from vidcolor.timeline import FrameRange
from vidcolor.types import DeliveryFrame, Reel, SourceFrame

SOUND = "settings.export.sound"


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


class Contents(Protocol):
    """What the files of shots hold: the film, or its mattes."""

    def shows(self, place: int, run: FrameRange) -> dict[int, Version | None]:
        """The versions that the file of a shot shows in its frames, by their places in the plan"""

    def made_of(self, place: int, run: FrameRange) -> str:
        """The fingerprint of such a file"""

    def write(self, file: ShotFile, told: Callable[[int], None]) -> None:
        """Writes one"""


def deliver_shots(
    film: Film, shown: Sequence[ShotState], only: Sequence[str], folder: Path, delivery: str | None, progress: Progress
) -> DeliveredShots:
    """A file for each shot, or each of those named in `only`, in `folder`. Writes those that changed or are not there.

    shown   the state of every shot of the film
    Refuses shots that are stale, and files that this project did not deliver where names carry no version.
    """
    codec = find_delivery(delivery or DEFAULT_DELIVERY)
    check_template(film.settings.delivery.names)
    for shot_id in only:
        film.plan.shot(shot_id)
    asked = [place for place, state in enumerate(shown) if not only or state.planned.shot.id in only]
    reel = replace(film.plan.reel, sound_tracks=0, extras=False)  # what lies beside the picture is the whole film's
    contents: Contents
    if is_mattes(codec):
        contents = mattes = MattesOfShots(film, shown, asked, codec)
        asked, told = mattes.places, mattes.told
        notes: tuple[str, ...] = tuple(notes_on([shown[place] for place in asked]))
    else:
        contents = pictures = _FilmOfShots(film, reel, shown, _versions(film, shown, asked), codec, exact_frames(shown))
        told = luma_told(reel, codec, film.settings)
        notes = (*notes_on([shown[place] for place in asked]), *pictures.gray_notes(asked))
        notes = (*delivery_notes(codec, reel, film.settings.export), *notes)
    make_folder(folder)
    names = list(names_of_files(film, codec))
    files = tuple(_files(film, shown, asked, folder, names, reel, codec, contents))
    total, done = sum(len(file.run) for file in files if not file.is_there), 0
    for file in files:
        if not file.is_there:
            contents.write(file, frames_told(progress, total, done))
            done += len(file.run)
    title = f"{in_names(show_of(film))}_{in_names(reel.tape or reel.name)}"
    lists = Lists((), ())
    if is_listed(codec):
        lists = write_lists(film.project, title, folder, [pieces_in(film, folder, codec)])
    return DeliveredShots(folder, codec.about, told, (*notes, *lists.notes), lists.paths, files)


def is_listed(codec: Delivery) -> bool:
    """Whether lists conform such files: a list names one sequence a shot, and of gray mattes a shot has several."""
    return codec.name != GRAY_MATTES


def pieces_in(film: Film, folder: Path, codec: Delivery) -> ReelPieces:
    """The newest file of every shot in the folder, as lists have them."""
    shots = zip(film.plan.shots, names_of_files(film, codec), strict=True)
    newest = ((planned, newest_at(film.project, folder, name_of)[0]) for planned, name_of in shots)
    return pieces_of_shots(film.plan.reel, newest)


def _versions(film: Film, shown: Sequence[ShotState], asked: Sequence[int]) -> list[Version | None]:
    """The version of every shot to show: of those asked for, and those they dissolve with, the one to deliver; of
    others, whose frames are handles alone, whatever there is."""
    strict = {near for place in asked for near in seen_in(shown, place, shown[place].planned.reach)}
    found = []
    for place, state in enumerate(shown):
        if place in strict:
            found.append(version_to_deliver(film.project, state, film.settings))
        else:
            found.append(None if state.planned.excluded else state.version)
    return found


def _files(
    film: Film,
    shown: Sequence[ShotState],
    asked: Sequence[int],
    folder: Path,
    names: Sequence[Callable[[int], str]],
    reel: Reel,
    codec: Delivery,
    contents: Contents,
) -> Iterator[ShotFile]:
    """What there is to write, and where. Refuses, before any work, what could not be written in the end."""
    settings = film.settings
    for place in asked:
        run = with_handles(shown[place].planned.reach, settings.delivery.handles, reel)
        made_of = contents.made_of(place, run)
        newest, export, number = newest_at(film.project, folder, names[place])
        if newest is not None and (export is newest or newest.is_made_of(made_of) or newest.may_take(made_of)):
            export, number = newest, max(1, number - 1)
        is_there = export.is_made_of(made_of)
        if not is_there:
            export.refuse_others()
        if place == asked[0]:
            check_destination(export.out, codec.name, reel, settings.export)
        yield ShotFile(shown[place], place, reel, run, contents.shows(place, run), made_of, export, number, is_there)


@dataclass(frozen=True, slots=True)
class _FilmOfShots:
    """Files of the film's own frames."""

    film: Film
    reel: Reel
    shown: Sequence[ShotState]
    versions: Sequence[Version | None]
    """Of every shot"""
    codec: Delivery
    exact: frozenset[int]
    """Frames that their own picture covers whole"""

    def shows(self, place: int, run: FrameRange) -> dict[int, Version | None]:
        return {p: self.versions[p] for p in seen_in(self.shown, place, run)}

    def made_of(self, place: int, run: FrameRange) -> str:
        ingredients = ingredients_of(self.film, self.shows(place, run), self.codec.name)
        return fingerprint({**ingredients, "frames": f"{run.start} {run.stop}", SOUND: "none"})

    def gray_notes(self, asked: Sequence[int]) -> Iterator[str]:
        """A sentence on shots of which handles are shown and nothing was rendered."""
        handles = self.film.settings.delivery.handles
        runs = [(place, with_handles(self.shown[place].planned.reach, handles, self.reel)) for place in asked]
        seen = {p for place, run in runs for p in seen_in(self.shown, place, run)}
        bare = [p for p in sorted(seen) if self.versions[p] is None and not self.shown[p].planned.excluded]
        if bare:
            ids = [self.shown[place].planned.shot.id for place in bare]
            yield f"handles from shots that were never rendered are gray{named(ids)}"

    def write(self, file: ShotFile, told: Callable[[int], None]) -> None:
        luma = LumaSum(file.run.start)
        seen = [self.shown[place] for place in file.versions]
        provenance = Provenance(
            shots=[state.planned.shot for state in self.shown],
            keyframes={key.frame for state in seen for key in state.planned.keyframes},
            versions=[entry_of(self.shown[place], version) for place, version in file.versions.items()],
            figures=figures_of([file.state]),
            part=file.part,
        )
        written = export_reel(
            self.reel,
            self._frames(file.run, luma),
            file.export.out,
            self.codec.name,
            self.film.settings.export,
            source_luma=luma,
            made_of=provenance,
            progress=told,
            before_naming=partial(file.export.claim, file.names),
            run=file.run,
        )
        file.export.keep(file.made_of, file.names, written.sha256, {}, file.state.planned.shot.id)

    def _frames(self, run: FrameRange, luma: LumaSum) -> Iterator[DeliveryFrame]:
        """The run's frames as they are in the whole film: exact keyframes around it, which draw them, are read with
        it."""
        film, reel = self.film, self.film.plan.reel
        reach = reach_of_drawings(self.exact, run)
        wide = with_handles(run, reach, reel)
        colors = joined_colors(film, self.versions, wide, bare_gray=True)
        sources = _summed(SourceClip(reel, wide, self.codec.scale_of(reel)), run, luma)
        drawn = with_drawings(zip(sources, colors, strict=True), reach)
        yield from finished(film, (item for item in drawn if item[0].index in run), self.codec)


def _summed(sources: Iterable[SourceFrame], run: FrameRange, luma: LumaSum) -> Iterator[SourceFrame]:
    """The frames, of which those in the run are added to the sum."""
    for source in sources:
        yield from luma.watch([source]) if source.index in run else [source]
