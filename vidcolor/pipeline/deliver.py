"""Export: the versions in force joined into one delivered film over the source's own luma.

The main thread reads and encodes (both hand on to FFmpeg's own threads); a few threads finish the frames between.
Frames stay in order, and few are under way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vidcolor.color import LumaLock
from vidcolor.errors import MediaError, ProjectError
from vidcolor.export import LumaSum, Provenance, check_destination, export_reel, manifest_path
from vidcolor.finish import finish, mix
from vidcolor.media.codecs import DEFAULT_DELIVERY, find_delivery
from vidcolor.media.read import SourceClip
from vidcolor.media.store import ChromaReader
from vidcolor.pipeline.keys import read_full_size
from vidcolor.pipeline.plan import Progress
from vidcolor.project.fingerprint import Ingredients, fingerprint, settings_ingredients
from vidcolor.project.folder import Project
from vidcolor.project.versions import Version, read_report
from vidcolor.settings import Settings
from vidcolor.stages import STAGES
from vidcolor.state.film import Film
from vidcolor.state.marks import file_mark
from vidcolor.state.plan import Plan, ShotPlan
from vidcolor.state.status import version_in_force
from vidcolor.types import ColorFrame, DeliveryFrame, Shot

EXPORT_SCHEMA = "vidcolor.export/1"
FINISHERS = 2
"""Threads that finish frames: more would only wait for the reader and the encoder."""
AHEAD = 4
"""Frames under way for each finishing thread."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivered film."""

    path: Path
    manifest: Path
    about: str
    keeps_luma: bool
    """False: labels are burnt in."""
    made_now: bool
    """False: the file was there already, made of the same things."""


def default_out(project: Project, delivery: str) -> Path:
    """`FILM_color.mov` beside the project folder; deliveries but the usual one add their name."""
    codec = find_delivery(delivery)
    name = "color" if codec.name == DEFAULT_DELIVERY else f"color_{codec.name}"
    return project.root.absolute().parent / f"{project.reel_path.stem}_{name}{codec.suffixes[0]}"


def deliver(film: Film, out: Path, delivery: str, progress: Progress) -> Delivered:
    """The delivered film at `out`. Refuses while a shot is stale; does nothing when the file is up to date."""
    project, plan, settings = film.project, film.plan, film.settings
    check_destination(out, delivery, plan.reel, settings.export)
    versions = [_fresh(film, s) for s in plan.shots]
    codec = find_delivery(delivery)
    made_of = fingerprint(_ingredients(film, versions, delivery))
    result = partial(Delivered, out, manifest_path(out), codec.about, not codec.is_proxy)
    record = f"exports/{out.name}.json"
    if _up_to_date(project, record, out, made_of):
        return result(False)
    _claim(project, record, out)
    luma = LumaSum()
    frames = _finished(plan, versions, luma, settings, codec.subsampling)
    reports = [read_report(project, version) for version in versions]
    provenance = Provenance(
        shots=[s.shot for s in plan.shots],
        keyframes={key.frame for s in plan.shots for key in s.keys},
        versions=[_entry(*made) for made in zip(plan.shots, versions, reports, strict=True)],
        figures=_figures(plan, reports),
    )
    tell = partial(_tell, progress, plan.reel.frame_count)
    export_reel(plan.reel, frames, out, delivery, settings.export, source_luma=luma, made_of=provenance, progress=tell)
    project.write_json(record, EXPORT_SCHEMA, {"file": file_mark(out), "out": str(out.absolute()), "made_of": made_of})
    return result(True)


def _tell(progress: Progress, total: int, done: int) -> None:
    progress("export", done, total)


def _fresh(film: Film, planned: ShotPlan) -> Version:
    version = version_in_force(film, planned)
    if version is None:
        raise ProjectError(
            f"{film.project.root}: shot {planned.shot.id} is stale; run `vidcolor render {film.project.root}` first"
        )
    return version


def _ingredients(film: Film, versions: Sequence[Version], delivery: str) -> Ingredients:
    """All that the delivered film is made of."""
    plan, settings = film.plan, film.settings
    joins = {s.shot.id: f"{s.shot.entry}" for s in plan.shots}
    return {
        "reel": plan.reel.hash,
        "delivery": delivery,
        **{f"stage.{name}": STAGES[name] for name in ("finish", "export")},
        **{f"shot {v.shot_id}": f"{v.name} {v.fingerprint} {joins[v.shot_id]}" for v in versions},
        **settings_ingredients("reel", settings.reel),
        **settings_ingredients("finish", settings.finish),
        **settings_ingredients("export", settings.export),
    }


def _claim(project: Project, record: str, out: Path) -> None:
    """Notes that the file at `out` is ours to write. Refuses a file that is somebody else's."""
    where = str(out.absolute())
    ours = project.has(record) and project.read_json(record, EXPORT_SCHEMA).get("out") == where
    if out.exists() and not ours and not manifest_path(out).exists():
        raise MediaError(f"{out}: is there already and was not made here; name another file with -o, or move it")
    project.write_json(record, EXPORT_SCHEMA, {"file": "", "out": where, "made_of": ""})


def _up_to_date(project: Project, record: str, out: Path, made_of: str) -> bool:
    if not (project.has(record) and out.is_file() and manifest_path(out).is_file()):
        return False
    kept = project.read_json(record, EXPORT_SCHEMA)
    return (kept.get("made_of"), kept.get("out"), kept.get("file")) == (made_of, str(out.absolute()), file_mark(out))


def _entry(planned: ShotPlan, version: Version, report: dict[str, Any]) -> dict[str, Any]:
    shot = planned.shot
    return {
        "id": shot.id,
        "start": shot.frames.start,
        "stop": shot.frames.stop,
        "entry": shot.entry.kind,
        "version": version.name,
        "fingerprint": version.fingerprint,
        "keyframes": report.get("keyframes", []),
    }


def _figures(plan: Plan, reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    values = [
        value
        for planned, report in zip(plan.shots, reports, strict=True)
        for frame, value in zip(planned.reach, report.get("confidence", []), strict=False)
        if frame in planned.shot.frames
    ]
    return {"mean_confidence": round(sum(values) / max(1, len(values)), 4)}


def _finished(
    plan: Plan, versions: Sequence[Version], luma: LumaSum, settings: Settings, subsampling: Any
) -> Iterator[DeliveryFrame]:
    """Every frame of the reel with its delivery chroma, in order."""
    lock = LumaLock(plan.reel.tags)
    waiting: deque[Future[DeliveryFrame]] = deque()
    with ThreadPoolExecutor(FINISHERS, thread_name_prefix="finish") as pool:
        sources = luma.watch(SourceClip(plan.reel))
        for source, color in zip(sources, joined_colors(plan, versions), strict=True):
            waiting.append(pool.submit(finish, source, color, lock, settings.finish, subsampling))
            if len(waiting) >= FINISHERS * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def joined_colors(plan: Plan, versions: Sequence[Version]) -> Iterator[ColorFrame]:
    """The colours of every frame: its shot's, or in a dissolve the mix of both shots', by the dissolve's ramp."""
    with ExitStack() as stack:
        readers: dict[int, Iterator[ColorFrame]] = {}
        opened = 0
        for frame in range(plan.reel.frame_count):
            while opened < len(plan.shots) and plan.shots[opened].reach.start == frame:
                reader = stack.enter_context(ChromaReader(versions[opened].chroma, frame))
                readers[opened] = iter(reader)
                opened += 1
            for place in [p for p in readers if plan.shots[p].reach.stop == frame]:
                del readers[place]
            active = sorted(readers)
            color = next(readers[active[0]])
            for place in active[1:]:
                color = mix(color, next(readers[place]), _ramp(plan.shots[place].shot, frame))
            full_size = read_full_size(versions[active[0]].path, frame) if len(active) == 1 else None
            yield color if full_size is None else full_size


def _ramp(incoming: Shot, frame: int) -> float:
    """How much of the incoming shot is seen in a frame of its dissolve, 0 to 1."""
    run = incoming.entry.frames
    return 0.0 if run is None else (frame - run.start + 1) / (len(run) + 1)
