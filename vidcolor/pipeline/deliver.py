"""Export: the versions in force joined into one delivered film over the source's own luma.

The main thread reads and encodes (both hand on to FFmpeg's own threads); a few threads finish the frames between, on a
graphics device where one is named.
Frames stay in order, and few are under way.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vidcolor.color import LumaLock
from vidcolor.errors import ProjectError
from vidcolor.export import LumaSum, Provenance, check_destination, export_reel, manifest_path, measured_at, software
from vidcolor.finish import finisher
from vidcolor.finish.around_exact import Drawing, with_drawings
from vidcolor.hashes import sha256_of
from vidcolor.machine import GRAPHICS, graphics_named
from vidcolor.media.codecs import DEFAULT_DELIVERY, find_delivery
from vidcolor.media.coded import CodedFrame
from vidcolor.media.delivery import Delivery
from vidcolor.media.destination import delivery_notes, destination_notes
from vidcolor.media.picture_codecs import PictureDelivery
from vidcolor.media.promise import Measured, luma_words, picture_words
from vidcolor.media.read import SourceClip
from vidcolor.pipeline.joined import exact_frames, joined_colors, reach_of_drawings
from vidcolor.pipeline.plan import Progress
from vidcolor.pipeline.reuse import find_earlier, parts_of, with_copies
from vidcolor.project.exports import Export
from vidcolor.project.fingerprint import Ingredients, fingerprint, settings_ingredients
from vidcolor.project.folder import Project
from vidcolor.project.places import delivered_by
from vidcolor.project.versions import Version
from vidcolor.settings import Settings
from vidcolor.stages import STAGES
from vidcolor.state.film import Film
from vidcolor.state.made_of import COMPUTED_ON
from vidcolor.state.status import ShotState, named
from vidcolor.threads import cores
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, DeliveryFrame, Reel, SourceFrame

MOST_FINISHERS = 8
"""Threads that finish frames, at most: one more than half the cores, for reading and encoding take the rest."""
AHEAD = 2
"""Frames under way for each finishing thread."""
FINISHED_ON = "finish.computed on"
"""The ingredient that says on which graphics device; the processor, which is not told, has other last digits."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivered film."""

    path: Path
    manifest: Path
    about: str
    luma: str
    """What its luma is to the film's own."""
    notes: tuple[str, ...]
    """On shots that are delivered otherwise than as they are rendered today, and on what does not go along as it is."""
    made_now: bool
    """False: the file was there already, made of the same things."""
    copied: int = 0
    """Frames that were copied, as they were coded, from the film that was there."""


def usual_out(project: Project, delivery: str | None, called: str = "", behind: str = "") -> Path:
    """`FILM_color.mov` beside the film's project folder; deliveries but the usual one add their name.

    called  in FILM's place; usually what the project's reel is called
    behind  ends the name, before the suffix
    """
    codec = find_delivery(delivery or DEFAULT_DELIVERY)
    name = "color" if codec.name == DEFAULT_DELIVERY else f"color_{codec.name}"
    return project.film_folder.parent / f"{called or project.called}_{name}{behind}{codec.suffixes[0]}"


def default_out(project: Project, delivery: str | None) -> Path:
    """The usual place; `FILM_color-FOLDER.mov` where another project of the film delivered to that one.

    A project that is called as its film is takes another name only where that other project is found beside the film:
    one that was deleted and made anew is refused its own old place. One that delivered under either name keeps to it.
    """
    usual = usual_out(project, delivery)
    if export_at(project, usual).is_known:
        return usual
    own = usual_out(project, delivery, behind=own_ending(project))
    taken = os.path.lexists(usual) and manifest_path(usual).is_file() and is_taken(project, usual)
    return own if taken or export_at(project, own).is_known else usual


def own_ending(project: Project) -> str:
    """`-FOLDER`: what tells the project's deliveries from those of the film's other projects."""
    return f"-{_folder_name(project)}"


def is_taken(project: Project, place: Path) -> bool:
    """Whether what lies at a usual place, and is not this project's, is another's: of one called as its film is, only
    where that other is found beside the place."""
    if _folder_name(project) != project.film_name:
        return True
    return any(path.absolute() != project.film_folder for path in delivered_by(place))


def _folder_name(project: Project) -> str:
    return project.film_folder.name.removesuffix(".vidcolor")


def export_at(project: Project, out: Path) -> Export:
    """What is known of the film at `out`."""
    return Export(project, out, manifest_path(out))


def deliver(film: Film, shown: Sequence[ShotState], out: Path, delivery: str | None, progress: Progress) -> Delivered:
    """The delivered film at `out`. Refuses while a shot is stale; does nothing when the file is up to date.

    shown     the state of every shot of the film
    delivery  its name; None for the usual one
    """
    delivery = delivery or DEFAULT_DELIVERY
    project, plan, settings = film.project, film.plan, film.settings
    check_destination(out, delivery, plan.reel, settings.export)
    versions = [version_to_deliver(project, state, settings) for state in shown]
    codec = find_delivery(delivery)
    ingredients = ingredients_of(film, dict(enumerate(versions)), delivery)
    made_of, parts = fingerprint(ingredients), parts_of(ingredients, {**software(), "processor": film.computed_on})
    pictures = isinstance(codec, PictureDelivery)
    beside = () if pictures else destination_notes(out, plan.reel, settings.export)
    notes = (*notes_on(shown), *delivery_notes(codec, plan.reel, settings.export), *beside)
    result = partial(Delivered, out, manifest_path(out), codec.about, notes=notes)
    export = export_at(project, out)
    if export.is_made_of(made_of):
        return result(made_now=False, luma=luma_told(plan.reel, codec, settings, measured_at(out)))
    export.refuse_others()
    luma, scale = LumaSum(), codec.scale_of(plan.reel)
    reach = reach_of_drawings(exact_frames(shown), FrameRange(0, plan.reel.frame_count))
    made = partial(_finished, film, versions, luma, codec, reach)
    earlier = find_earlier(film, export, delivery, parts)
    frames: Iterable[DeliveryFrame | CodedFrame] = made(FrameRange(0, plan.reel.frame_count))
    if earlier is not None:
        frames = with_copies(earlier, lambda run: luma.watch(SourceClip(plan.reel, run, scale)), made)
    provenance = Provenance(
        shots=[s.shot for s in plan.shots],
        keyframes={key.frame for s in plan.shots for key in s.keyframes},
        versions=[entry_of(state, version) for state, version in zip(shown, versions, strict=True)],
        figures=figures_of(shown),
    )
    used = {version.shot_id: version.name for version in versions if version is not None}
    written = export_reel(
        plan.reel,
        frames,
        out,
        delivery,
        settings.export,
        source_luma=luma,
        made_of=provenance,
        progress=frames_told(progress, plan.reel.frame_count),
        before_naming=partial(export.claim, used),
        copies=earlier is not None,
    )
    export.keep(made_of, used, written.sha256, parts)
    told = luma_told(plan.reel, codec, settings, written.measured)
    return result(made_now=True, luma=told, copied=earlier.kept if earlier else 0)


def frames_told(progress: Progress, total: int, before: int = 0) -> Callable[[int], None]:
    """What is told how many frames are written, of `total`; `before`: those of the files before."""
    return lambda done: progress("export", before + done, total)


def version_to_deliver(project: Project, state: ShotState, settings: Settings) -> Version | None:
    """The version of a shot to deliver: the approved one, else the fresh one; None for a shot that stays gray."""
    if state.planned.excluded:
        return None
    if state.approved and (state.state == "fresh" or settings.export.stale_approvals == "warn"):
        return state.version
    if state.approved and state.version is not None:
        shot_id = state.planned.shot.id
        raise ProjectError(
            f"{project.root}: shot {shot_id}: {state.version.name} is approved, but something has changed since "
            f"(`vidcolor why` says what); approve another with `vidcolor correct {project.root} approve {shot_id}`, "
            "or deliver it as it is with --set export.stale_approvals=warn"
        )
    if state.version is None or state.state != "fresh":
        what = "is stale" if state.version else "was never rendered"
        raise ProjectError(
            f"{project.root}: shot {state.planned.shot.id} {what}; run `vidcolor render {project.root}` first"
        )
    return state.version


def luma_told(reel: Reel, codec: Delivery, settings: Settings, measured: Measured | None = None) -> str:
    """What the luma of a delivery is to the film's own; of pictures as it was measured, where it was."""
    if codec.is_proxy:
        return "labels are burnt into its luma, which is not the film's own"
    if isinstance(codec, PictureDelivery):
        return f"the luma of its R'G'B', decoded back, is {picture_words(reel, codec, settings.export, measured)}"
    return f"its luma planes were {luma_words(reel, codec)}"


def notes_on(shown: Sequence[ShotState]) -> Iterator[str]:
    """What a person should know of shots that are delivered otherwise than as they are rendered today."""
    gray = [state.planned.shot.id for state in shown if state.planned.excluded and not state.planned.title]
    if gray:
        yield f"left gray, as its corrections say{named(gray)}"
    for state in shown:
        if state.approved and state.state != "fresh" and state.version is not None:
            shot_id = state.planned.shot.id
            yield (
                f"{shot_id}: {state.version.name} is delivered, as it is approved, though something has changed since; "
                f"`vidcolor why PROJECT {shot_id}` says what"
            )


def ingredients_of(film: Film, versions: Mapping[int, Version | None], delivery: str) -> Ingredients:
    """All that a delivery is made of: the version of each shot in it, by its place in the plan."""
    plan, settings, codec = film.plan, film.settings, find_delivery(delivery)
    exported, lut = settings_ingredients("export", settings.export), Path(settings.export.proxy_lut)
    return {
        "reel": plan.reel.hash,
        "delivery": delivery,
        **{f"stage.{name}": STAGES[name] for name in ("finish", "export")},
        **{
            f"shot {plan.shots[place].shot.id}": (
                f"{f'{v.name} {v.fingerprint}' if v else 'gray'} {plan.shots[place].shot.entry}"
            )
            for place, v in versions.items()
        },
        **settings_ingredients("reel", settings.reel),
        **settings_ingredients("finish", settings.finish),
        **({FINISHED_ON: graphics_named(film.device)} if film.device in GRAPHICS else {}),
        **{name: value for name, value in exported.items() if codec.concerns(name.rpartition(".")[2])},
        **({"lut": sha256_of(lut)} if codec.is_proxy and settings.export.proxy_lut and lut.is_file() else {}),
    }


def entry_of(state: ShotState, version: Version | None) -> dict[str, Any]:
    """What a manifest says of one shot."""
    shot = state.planned.shot
    if version is None:
        return {"id": shot.id, "start": shot.frames.start, "stop": shot.frames.stop, "entry": shot.entry.kind}
    return {
        "id": shot.id,
        "start": shot.frames.start,
        "stop": shot.frames.stop,
        "entry": shot.entry.kind,
        "version": version.name,
        "fingerprint": version.fingerprint,
        "computed_on": version.ingredients.get(COMPUTED_ON),
        "keyframes": list(state.keyframes),
        **({"unseen_keyframes": list(state.planned.unseen)} if state.planned.unseen else {}),
    }


def figures_of(shown: Sequence[ShotState]) -> dict[str, Any]:
    """What is measured of shots, for the manifest."""
    values = [
        value
        for state in shown
        for frame, value in zip(state.planned.reach, state.confidence, strict=False)
        if frame in state.planned.shot.frames
    ]
    return {"mean_confidence": round(sum(values) / max(1, len(values)), 4)}


def _finished(
    film: Film, versions: Sequence[Version | None], luma: LumaSum, codec: Delivery, reach: int, run: FrameRange
) -> Iterator[DeliveryFrame]:
    """Every frame of a run with its delivery chroma, in order."""
    sources = luma.watch(SourceClip(film.plan.reel, run, codec.scale_of(film.plan.reel)))
    yield from finished(
        film, with_drawings(zip(sources, joined_colors(film, versions, run), strict=True), reach), codec
    )


def finished(
    film: Film, frames: Iterable[tuple[SourceFrame, ColorFrame, list[Drawing]]], codec: Delivery
) -> Iterator[DeliveryFrame]:
    """Frames with their colours, and what draws them, as they are delivered; in order, a few of them under way."""
    lock, scale = LumaLock(film.plan.reel.tags), codec.scale_of(film.plan.reel)
    device = film.device if film.device in GRAPHICS else ""
    made = finisher(device, lock, film.settings.finish, codec.subsampling, scale)
    waiting: deque[Future[DeliveryFrame]] = deque()
    finishers = min(MOST_FINISHERS, -(-cores() // 2) + 1)
    with ThreadPoolExecutor(finishers, thread_name_prefix="finish") as pool:
        for source, color, drawings in frames:
            bars = film.plan.reel.bars_at(source.index)
            waiting.append(pool.submit(made, source, color, drawings=drawings, bars=bars))
            if len(waiting) >= finishers * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
