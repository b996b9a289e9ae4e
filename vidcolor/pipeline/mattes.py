"""Export of mattes: where each correction of a part of the picture counts, as it was carried through its shot.

One EXR for each frame of the film, with a channel for each correction that lies on a part of the picture (hints,
paints, regions of one colour, a frame's regions beside other keyframes), black where it is not. In a dissolve a matte
goes with its shot. They are enlarged as colours are, without the luma's detail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.errors import ProjectError
from vidcolor.export import manifest_path, software
from vidcolor.media.destination import check_destination
from vidcolor.media.picture_codecs import MATTES, PICTURES
from vidcolor.media.place import remove, write_text
from vidcolor.media.write_mattes import write_mattes
from vidcolor.pipeline.deliver import Delivered, export_at, frames_told, notes_on, version_to_deliver
from vidcolor.pipeline.joined import ramp
from vidcolor.pipeline.matte_files import Matte, mattes_of
from vidcolor.pipeline.plan import Progress
from vidcolor.project.fingerprint import fingerprint
from vidcolor.stages import STAGES
from vidcolor.state.film import Film
from vidcolor.state.status import ShotState

SCHEMA = "vidcolor.mattes/1"
NOT_IN_CHANNELS = re.compile(r"[^A-Za-z0-9_-]")
"""A dot parts layer and channel; programs stumble over spaces and slashes."""


def channel_of(matte: Matte) -> str:
    """`0007-hint-r1-001203.A`"""
    return f"{NOT_IN_CHANNELS.sub('_', matte.name)}.A"


def deliver_mattes(film: Film, shown: Sequence[ShotState], out: Path, progress: Progress) -> Delivered:
    """The mattes of a film's shots in a folder at `out`. Refuses while a shot is stale, and a film without any.

    shown     the state of every shot of the film
    """
    project, plan, settings = film.project, film.plan, film.settings.export
    check_destination(out, MATTES, plan.reel, settings)
    versions = [version_to_deliver(project, state, film.settings) for state in shown]
    mattes = [
        matte
        for state, version in zip(shown, versions, strict=True)
        if version
        for matte in mattes_of(film, state.planned, version)
    ]
    if not mattes:
        raise ProjectError(
            f"{project.root}: no correction lies on a part of the picture, so there is no matte; `vidcolor correct "
            "--help` lists those that do (hint, paint, region)"
        )
    channels = {channel_of(matte): f"{matte.name} {matte.sha256} {matte.span} {matte.shot.entry}" for matte in mattes}
    made_of = fingerprint(
        {
            "reel": plan.reel.hash,
            "delivery": MATTES,
            "stage.export": STAGES["export"],
            "numbering": settings.numbering,
            "joins": " ".join(str(one.shot.entry) for one in plan.shots),
            **channels,
        }
    )
    result = partial(
        Delivered,
        out,
        manifest_path(out),
        PICTURES[MATTES].about,
        f"{len(mattes)} mattes, no luma",
        tuple(notes_on(shown)),
    )
    export = export_at(project, out)
    if export.is_made_of(made_of):
        return result(made_now=False)
    export.refuse_others()
    used = {version.shot_id: version.name for version in versions if version is not None}

    def make_way(sha256: str) -> None:
        export.claim(used, sha256)
        remove(manifest_path(out))

    told = frames_told(progress, plan.reel.frame_count)
    written = write_mattes(out, plan.reel, settings, list(channels), _frames(film, mattes), make_way, told)
    manifest = {
        "schema": SCHEMA,
        "file": {
            "name": out.name,
            "bytes": written.size,
            "sha256": written.sha256,
            "frames": written.frame_count,
            "pictures": list(written.pictures or ()),
            "rate": str(plan.reel.rate),
            "timecode_in": plan.reel.timecode(0),
        },
        "channels": {
            channel_of(m): {"correction": m.name, "shot": m.shot.id, "first": m.span.start, "last": m.span.stop - 1}
            for m in mattes
        },
        "source": {"file": plan.reel.path.name, "hash": plan.reel.hash},
        "software": software(),
    }
    write_text(manifest_path(out), json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    export.keep(made_of, used, written.sha256, {})
    return result(made_now=True)


def _frames(film: Film, mattes: Sequence[Matte]) -> Iterator[Array]:
    """(H, W, mattes) float16 of every frame of the film."""
    height, width = film.plan.reel.size
    places = {planned.shot.id: place for place, planned in enumerate(film.plan.shots)}
    under_way: dict[int, Iterator[Array]] = {}
    for frame in range(film.plan.reel.frame_count):
        pixels = np.zeros((height, width, len(mattes)), np.float16)
        for n, matte in enumerate(mattes):
            if frame not in matte.span:
                under_way.pop(n, None)
                continue
            share = next(under_way.setdefault(n, matte.shares()))
            large = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
            pixels[..., n] = np.clip(large, 0, 1) * _seen(film, places[matte.shot.id], frame)
        yield pixels


def _seen(film: Film, place: int, frame: int) -> float:
    """How much of a shot is seen in a frame: less than all of it in a dissolve."""
    shots = [planned.shot for planned in film.plan.shots[place : place + 2]]
    seen = 1.0
    for n, shot in enumerate(shots):
        if shot.entry.kind == "dissolve" and shot.entry.frames is not None and frame in shot.entry.frames:
            seen *= ramp(shot, frame) if n == 0 else 1 - ramp(shot, frame)
    return seen
