"""Export of mattes: where each correction of a part of the picture counts, as it was carried through its shot.

One EXR for each frame, with a channel for each correction that lies on a part of the picture (hints, paints, regions of
one colour, a frame's regions beside other keyframes), black where it is not; or a gray sequence for each. Of the whole
film, or of each shot that has some. In a dissolve a matte goes with its shot. They are enlarged as colours are, without
the luma's detail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import ProjectError
from vidcolor.export import manifest_path, software
from vidcolor.media.delivery import Delivery
from vidcolor.media.destination import check_destination
from vidcolor.media.picture_codecs import GRAY_MATTES, PICTURES
from vidcolor.media.place import remove, write_text
from vidcolor.media.write_mattes import sequence_of, write_mattes
from vidcolor.pipeline.deliver import Delivered, export_at, frames_told, notes_on, version_to_deliver
from vidcolor.pipeline.joined import ramp
from vidcolor.pipeline.matte_files import Matte, mattes_of
from vidcolor.pipeline.plan import Progress
from vidcolor.pipeline.shot_files import ShotFile
from vidcolor.project.exports import Export
from vidcolor.project.fingerprint import Ingredients, fingerprint
from vidcolor.project.versions import Version
from vidcolor.stages import STAGES
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState
from vidcolor.timeline import FrameRange

SCHEMA = "vidcolor.mattes/1"
NOT_IN_CHANNELS = re.compile(r"[^A-Za-z0-9_-]")
"""A dot parts layer and channel; programs stumble over spaces and slashes."""


def channel_of(matte: Matte) -> str:
    """`0007-hint-r1-001203.A`"""
    return f"{NOT_IN_CHANNELS.sub('_', matte.name)}.A"


def deliver_mattes(film: Film, shown: Sequence[ShotState], out: Path, delivery: str, progress: Progress) -> Delivered:
    """The mattes of a film's shots in a folder at `out`. Refuses while a shot is stale, and a film without any.

    shown     the state of every shot of the film
    """
    check_destination(out, delivery, film.plan.reel, film.settings.export)
    versions = [version_to_deliver(film.project, state, film.settings) for state in shown]
    mattes = [
        matte
        for state, version in zip(shown, versions, strict=True)
        if version
        for matte in mattes_of(film, state.planned, version)
    ]
    if not mattes:
        raise _none(film)
    run = FrameRange(0, film.plan.reel.frame_count)
    made_of = fingerprint(_ingredients(film, mattes, delivery))
    result = partial(
        Delivered, out, manifest_path(out), PICTURES[delivery].about, _told(len(mattes)), tuple(notes_on(shown))
    )
    export = export_at(film.project, out)
    if export.is_made_of(made_of):
        return result(made_now=False)
    export.refuse_others()
    used = {version.shot_id: version.name for version in versions if version is not None}
    sha256 = _write(film, mattes, run, export, delivery, used, {}, frames_told(progress, len(run)))
    export.keep(made_of, used, sha256, {})
    return result(made_now=True)


class MattesOfShots:
    """A folder for each shot that has mattes, of the frames that its own file holds."""

    def __init__(self, film: Film, shown: Sequence[ShotState], asked: Sequence[int], codec: Delivery) -> None:
        """asked   places of the shots in the plan. Refuses those that are stale, and shots that have none."""
        self._film, self._delivery = film, codec.name
        self._versions: dict[int, Version | None] = {}
        self._mattes: dict[int, list[Matte]] = {}
        for place in asked:
            version = version_to_deliver(film.project, shown[place], film.settings)
            if version is not None and (found := mattes_of(film, shown[place].planned, version)):
                self._versions[place], self._mattes[place] = version, found
        if not self._mattes:
            raise _none(film)

    @property
    def places(self) -> list[int]:
        """Of the shots that have some."""
        return list(self._mattes)

    @property
    def told(self) -> str:
        return _told(sum(map(len, self._mattes.values())))

    def shows(self, place: int, run: FrameRange) -> dict[int, Version | None]:
        return {place: self._versions[place]}

    def made_of(self, place: int, run: FrameRange) -> str:
        ingredients = _ingredients(self._film, self._mattes[place], self._delivery)
        return fingerprint({**ingredients, "frames": f"{run.start} {run.stop}"})

    def write(self, file: ShotFile, told: Callable[[int], None]) -> None:
        mattes = self._mattes[file.place]
        sha256 = _write(self._film, mattes, file.run, file.export, self._delivery, file.names, file.part, told)
        file.export.keep(file.made_of, file.names, sha256, {}, file.state.planned.shot.id)


def _none(film: Film) -> ProjectError:
    return ProjectError(
        f"{film.project.root}: no correction lies on a part of the picture, so there is no matte; `vidcolor correct "
        "--help` lists those that do (hint, paint, region)"
    )


def _told(count: int) -> str:
    return f"{count} mattes, no luma"


def _ingredients(film: Film, mattes: Sequence[Matte], delivery: str) -> Ingredients:
    return {
        "reel": film.plan.reel.hash,
        "delivery": delivery,
        "stage.export": STAGES["export"],
        "numbering": film.settings.export.numbering,
        "joins": " ".join(str(one.shot.entry) for one in film.plan.shots),
        **{channel_of(matte): f"{matte.name} {matte.sha256} {matte.span} {matte.shot.entry}" for matte in mattes},
    }


def _write(
    film: Film,
    mattes: Sequence[Matte],
    run: FrameRange,
    export: Export,
    delivery: str,
    used: Mapping[str, str],
    part: Mapping[str, object],
    told: Callable[[int], None],
) -> str:
    """Writes the mattes in the run's frames, and their manifest; SHA-256 of them all.

    used  the versions that they are of, by shot
    part  what the manifest says of the part of the film that they are; empty for all of it
    """
    reel, settings, out = film.plan.reel, film.settings.export, export.out

    def make_way(sha256: str) -> None:
        export.claim(used, sha256)
        remove(manifest_path(out))

    frames = _frames(film, mattes, run, alone=delivery == GRAY_MATTES)
    written = write_mattes(out, reel, delivery, settings, frames, make_way, told)
    manifest = {
        "schema": SCHEMA,
        "file": {
            "name": out.name,
            "bytes": written.size,
            "sha256": written.sha256,
            "frames": written.frame_count,
            **({} if delivery == GRAY_MATTES else {"pictures": list(written.pictures or ())}),
            "rate": str(reel.rate),
            "timecode_in": reel.timecode(run.start),
        },
        **({"part": part} if part else {}),
        "channels": {channel_of(m): _channel(out, m, delivery) for m in mattes},
        "source": {"file": reel.path.name, "hash": reel.hash},
        "software": dict(software()),
    }
    write_text(manifest_path(out), json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return written.sha256


def _channel(out: Path, matte: Matte, delivery: str) -> dict[str, object]:
    """What the manifest says of one matte."""
    span = {"first": matte.span.start, "last": matte.span.stop - 1}
    sequence = {"sequence": sequence_of(out.name, channel_of(matte))} if delivery == GRAY_MATTES else {}
    return {"correction": matte.name, "shot": matte.shot.id, **span, **sequence}


def _frames(
    film: Film, mattes: Sequence[Matte], run: FrameRange, *, alone: bool
) -> Iterator[tuple[int, dict[str, Array]]]:
    """(H, W) float32 of each matte in the run's frames, by its channel; black where it is not.

    alone  each only in the frames that its shot is seen in, and in the handles beside them
    """
    height, width = film.plan.reel.size
    black = np.zeros((height, width), np.float32)
    places = {planned.shot.id: place for place, planned in enumerate(film.plan.shots)}
    whole = FrameRange(0, film.plan.reel.frame_count) == run
    under_way: dict[int, Iterator[Array]] = {}
    for frame in run:
        planes = {}
        for n, matte in enumerate(mattes):
            if frame in matte.span:
                share = next(under_way.setdefault(n, matte.shares(frame)))
                large = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
                planes[channel_of(matte)] = np.clip(large, 0, 1) * _seen(film, places[matte.shot.id], frame)
                continue
            under_way.pop(n, None)
            if not (alone and whole) or frame in film.plan.shots[places[matte.shot.id]].reach:
                planes[channel_of(matte)] = black
        yield frame, planes


def _seen(film: Film, place: int, frame: int) -> float:
    """How much of a shot is seen in a frame: less than all of it in a dissolve."""
    shots = [planned.shot for planned in film.plan.shots[place : place + 2]]
    seen = 1.0
    for n, shot in enumerate(shots):
        if shot.entry.kind == "dissolve" and shot.entry.frames is not None and frame in shot.entry.frames:
            seen *= ramp(shot, frame) if n == 0 else 1 - ramp(shot, frame)
    return seen
