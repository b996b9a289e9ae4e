"""Export, a file for each shot: which files there are to write, where each lies, and what its name is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vidcolor.export import manifest_path
from vidcolor.media.codecs import DEFAULT_DELIVERY, find_delivery
from vidcolor.media.delivery import Delivery
from vidcolor.pipeline.deliver import export_at, is_taken, own_ending, usual_out
from vidcolor.pipeline.file_names import file_name, numbers
from vidcolor.project.exports import Export, exports_of
from vidcolor.project.folder import Project
from vidcolor.project.versions import Version
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState
from vidcolor.timeline import FrameRange
from vidcolor.types import Reel


@dataclass(frozen=True, slots=True)
class ShotFile:
    """The file of one shot."""

    state: ShotState
    place: int
    """Of the shot in the plan"""
    reel: Reel
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
    def names(self) -> dict[str, str]:
        """The versions that it shows, by the ids of their shots"""
        return {version.shot_id: version.name for version in self.versions.values() if version is not None}

    @property
    def part(self) -> dict[str, object]:
        """What its manifest says of the part of the film that it is."""
        used, run = self.used, self.run
        return {
            "shot": self.state.planned.shot.id,
            "version": f"v{self.number:03d}",
            "first": run.start,
            "last": run.stop - 1,
            "cut_first": used.start,
            "cut_last": used.stop - 1,
            "handles": [used.start - run.start, run.stop - used.stop],
            "cut_timecode_in": self.reel.timecode(used.start),
            "cut_timecode_out": self.reel.timecode(used.stop),
        }

    @property
    def used(self) -> FrameRange:
        """The frames that the film shows of it: the shot's own, and the dissolves it shares."""
        return self.state.planned.reach


def usual_folder(project: Project, delivery: str | None, called: str = "", behind: str = "") -> Path:
    """`FILM_color_shots` beside the project folder; deliveries but the usual one add their name. `called` and
    `behind`: as in the film's name."""
    film = usual_out(project, delivery, called, behind)
    suffix = find_delivery(delivery or DEFAULT_DELIVERY).suffixes[0]
    return film.with_name(f"{film.name.removesuffix(suffix)}_shots")


def default_folder(project: Project, delivery: str | None) -> Path:
    """The usual folder; `FILM_color-FOLDER_shots` where another project delivers its shots to that one, told as of a
    whole film (`deliver.default_out`)."""
    usual, own = usual_folder(project, delivery), usual_folder(project, delivery, behind=own_ending(project))
    if _has_ours(project, usual):
        return usual
    return own if _has_ours(project, own) or _is_anothers(project, usual) else usual


def _has_ours(project: Project, folder: Path) -> bool:
    """Whether this project delivered into the folder."""
    there = os.path.realpath(folder)
    return any(os.path.dirname(os.path.realpath(project.root / place)) == there for place, _ in exports_of(project))


def _is_anothers(project: Project, folder: Path) -> bool:
    """Whether the folder, where nothing is ours, holds what another project delivered."""
    suffix = manifest_path(folder).name.removeprefix(folder.name)
    told = (manifest.name.removesuffix(suffix) for manifest in folder.glob(f"*{suffix}"))
    return any(is_taken(project, folder.with_name(name)) for name in told)


def show_of(film: Film) -> str:
    several = film.project.film_name if film.project.config.name else ""
    return film.settings.delivery.show or several or film.plan.reel.path.stem


def names_of_files(film: Film, codec: Delivery) -> Iterator[Callable[[int], str]]:
    """For each shot, the name of its file by the number of the file's version."""
    reel, shots = film.plan.reel, film.plan.shots
    for planned, number in zip(shots, numbers(len(shots)), strict=True):
        values = {
            "show": show_of(film),
            "reel": reel.tape or reel.name,
            "shot": f"{planned.shot.frames.start:06d}",
            "number": number,
            "delivery": codec.name,
        }
        yield partial(_named, film.settings.delivery.names, codec.suffixes[0], values)


def _named(template: str, suffix: str, values: Mapping[str, str], number: int) -> str:
    return file_name(template, {**values, "version": f"v{number:03d}"}) + suffix


def seen_in(shown: Sequence[ShotState], place: int, run: FrameRange) -> range:
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


def newest_at(project: Project, folder: Path, name_of: Callable[[int], str]) -> tuple[Export | None, Export, int]:
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
