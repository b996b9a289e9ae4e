"""Render: every stale shot gets a version made of today's ingredients.

Shots are independent, so several render at once, on several machines too: each is leased by one (project/leases.py),
and makes its version in a hidden folder that gets its name when it is whole. What is made of a shot under way is kept
there (checkpoint.py): a kill costs the frames since.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vidcolor.errors import VidcolorError
from vidcolor.features import Features, PatchFeatures
from vidcolor.flow.estimate import FlowEstimator, build_flow
from vidcolor.machine import peak_memory
from vidcolor.media.images import write_image
from vidcolor.media.read import Clip
from vidcolor.media.store import ChromaReader, ChromaWriter
from vidcolor.pipeline.checkpoint import Checkpoint, close_checkpoint, open_checkpoint
from vidcolor.pipeline.corrected import BASE, Corrector, base_of, is_anew, store_of, take_base
from vidcolor.pipeline.costs import Tally, colored_frames, frame_seconds, keyframe_seconds
from vidcolor.pipeline.counter import Counter
from vidcolor.pipeline.fades import dimmed, fade_shares
from vidcolor.pipeline.kept import KeptKeyframes
from vidcolor.pipeline.keyframes import Beside, Colorizer, KeyframeMaker, load_colorizer
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.on_device import OnDevice, check_device, free_there, on_device, told
from vidcolor.pipeline.painter import Painter
from vidcolor.pipeline.plan import Progress
from vidcolor.pipeline.reading import Reading
from vidcolor.pipeline.sights import sights_of
from vidcolor.pipeline.strip import frames_shown, strip_picture, write_stills
from vidcolor.planes.kinds import Device
from vidcolor.project.leases import Lease, LeaseLostError, Leases, this_process
from vidcolor.project.versions import CHROMA, finish_version
from vidcolor.propagate.ablation import WHOLE, Ablation
from vidcolor.propagate.arrays import Arrays
from vidcolor.propagate.cached import FrameCache
from vidcolor.propagate.doubt import WHOLE as WHOLE_FRAME
from vidcolor.propagate.doubt import Doubt
from vidcolor.propagate.runs import chroma_size
from vidcolor.propagate.shot import WORKERS, held, propagate
from vidcolor.settings import Settings
from vidcolor.state.alike import alike
from vidcolor.state.cached import cache_of
from vidcolor.state.film import Film
from vidcolor.state.made_of import shot_ingredients
from vidcolor.state.plan import ShotPlan, clear_by_id
from vidcolor.state.status import state_today
from vidcolor.threads import cores, free_memory
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, working_size

if TYPE_CHECKING:
    from vidcolor.networks.propagator import Propagator

log = logging.getLogger(__name__)
SHARE = 0.5
"""Part of the memory which is free that shots under way may take."""
WORK = 200 << 20
"""Bytes that a shot takes beside what it holds: networks at work."""
WORK_THERE = 1 << 30
"""The same on a device, where more is worked at together"""
UNTOLD = 2
"""Shots rendered at once where nothing tells how much memory is free."""
LOOK = 1.0
"""Seconds between two looks at shots that other machines render."""


@dataclass(frozen=True, slots=True)
class Models:
    """What is made once and handed on: networks later, the flow estimator now."""

    flow: FlowEstimator
    features: Features
    colorizer: Colorizer | None = None
    """None: keyframes are coloured without a network."""
    propagator: Propagator | None = None
    """None: colours are carried and weighed without a network."""
    ablation: Ablation = WHOLE
    """For tools that measure; versions say nothing of it."""
    cache: FrameCache | None = None
    """Of the film's frames, for the next render"""
    threads: int = WORKERS
    """Of each shot"""
    there: OnDevice | None = None
    """Propagation on a graphics device; None: on the processor"""


def load_models(settings: Settings, device: str, *, networks: bool = True) -> Models:
    """The flow estimator and features that the settings name, on `device`; the one place that decides it.

    networks  whether the work has any use for them (`needs_networks`)
    """
    check_device(settings, device)
    flow = build_flow(settings.propagate.flow, settings.propagate, device)
    there = on_device(settings, device, flow) if networks else None
    colorizer, propagator = _networks(settings) if networks else (None, None)
    return Models(flow, PatchFeatures(), colorizer, propagator, there=there)


def _networks(settings: Settings) -> tuple[Colorizer | None, Propagator | None]:
    """The shipped networks that the settings have any use for; both see by one features network."""
    colorizes, propagates = settings.colorize.network == "shipped", settings.propagate.network == "shipped"
    if not colorizes and not propagates:
        return None, None
    from vidcolor.networks.features import NetworkFeatures  # loads what runs networks
    from vidcolor.networks.propagator import Propagator
    from vidcolor.networks.shipped import THINGS

    features = NetworkFeatures()
    things = THINGS if settings.propagate.things else None
    propagator = Propagator(features, things=things) if propagates else None
    return load_colorizer(features) if colorizes else None, propagator


def shot_memory(size: tuple[int, int]) -> int:
    """Bytes that a shot of chroma `size` takes while it is rendered, beside what the program takes."""
    return held(size) + WORK


def shots_at_once(shots: int, size: tuple[int, int], device: Device = None) -> int:
    """Of so many shots of chroma `size`, how many are rendered side by side: one for each core, as memory allows, and
    the device's, if they work there.
    """
    room = free_memory()
    fit = UNTOLD if room is None else int(SHARE * room) // shot_memory(size)
    there = None if device is None else free_there(device)
    if there is not None:
        fit = min(fit, int(SHARE * there) // (held(size) + WORK_THERE))
    return max(1, min(cores(), shots, fit))


class StoppedError(Exception):
    """Another shot failed; this one stops where it is."""


def render(film: Film, stale: Sequence[ShotPlan], models: Models, progress: Progress) -> list[ShotPlan]:
    """Renders a version of each of the film's shots in `stale`, which holds at least one; those made by this process.

    A shot that another machine renders is left to it, and waited for: when all is done, all of `stale` is fresh.
    Refuses to work beside a machine that would give other bytes.
    """
    frames, keys = colored_frames(stale), sum(len(s.carried) for s in stale)
    costs = keyframe_seconds(film.plan.reel, stale), frame_seconds(film.plan.reel, film.settings)
    library = Library(film.project, models.features)
    maker = KeyframeMaker(film.plan, library, film.settings, models.colorizer)
    maker.will_make(stale)
    models = replace(models, cache=cache_of(film))
    sees = sights_of(film.settings, models.cache, models.propagator)
    painter = Painter(library, film.plan.hashes, sees, film.settings.correct, film.plan.reel.size)
    corrector = Corrector(film, painter, maker, models.flow, models.cache)
    clear = clear_by_id([s.shot for s in film.plan.shots])
    size = working_size(film.plan.reel.size, film.settings.propagate.chroma_side)
    workers = shots_at_once(len(stale), chroma_size(size), models.there.device if models.there else None)
    models = replace(models, threads=max(WORKERS, cores() // workers))
    anew = [s.reach for s in stale if is_anew(film, s)]
    reading = Reading(film.plan.reel, size, anew, film.project.path("shots"))
    made: list[ShotPlan] = []
    with (
        Leases(film.project, this_process(alike(film))) as leases,
        closing(reading),
        ThreadPoolExecutor(workers, thread_name_prefix="shot") as pool,
    ):
        counter = Counter(progress, Tally(frames, keys, *costs))
        counter.add()

        def render_one(planned: ShotPlan) -> bool:
            """Whether the shot is done: now, or before by another machine. False: another renders it."""
            lease = None if counter.stopped.is_set() else leases.take(planned.shot.id)
            if lease is None:
                reading.let_go(planned.reach)
                return False
            try:
                if state_today(film, planned).state == "fresh":
                    counter.skip_shot(planned)
                    reading.let_go(planned.reach)
                else:
                    _render_shot(
                        film, planned, lease, clear[planned.shot.id], reading, maker, corrector, models, counter
                    )
                    made.append(planned)
                maker.done(planned)
            except (LeaseLostError, VidcolorError):
                lease.beat()
                if not lease.lost:
                    raise
                log.info("%s: another machine has taken it over", planned.shot.id)
                return False
            finally:
                lease.release()
            return True

        try:
            while stale := _left(pool, stale, render_one):
                progress("wait", 0, len(stale))
                counter.stopped.wait(LOOK)
        finally:
            counter.stopped.set()
            pool.shutdown(cancel_futures=True)
    return sorted(made, key=lambda one: one.reach.start)


def _left(
    pool: ThreadPoolExecutor, planned: Sequence[ShotPlan], render_one: Callable[[ShotPlan], bool]
) -> list[ShotPlan]:
    """Renders shots side by side; those that other machines render. Raises what the first that failed raised."""
    jobs = {pool.submit(render_one, one): one for one in planned}
    done, _ = wait(jobs, return_when=FIRST_EXCEPTION)
    failed = next((error for job in done if (error := job.exception()) is not None), None)
    if failed is not None:
        raise failed
    return [one for job, one in jobs.items() if not job.result()]


def _render_shot(
    film: Film,
    planned: ShotPlan,
    lease: Lease,
    clear: FrameRange,
    reading: Reading,
    maker: KeyframeMaker,
    corrector: Corrector,
    models: Models,
    counter: Counter,
) -> None:
    """clear  frames of the shot outside dissolves and fades: keyframes are suggested there alone"""
    started, cpu = time.monotonic(), time.thread_time()
    project, plan = film.project, film.plan
    ingredients = shot_ingredients(film, planned)
    kept = open_checkpoint(project, lease, ingredients)
    clip = reading.frames(planned.reach)
    found = base_of(film, planned) if store_of(planned) == BASE else None
    if found is None:
        report = _base(film, planned, clear, clip, kept, maker, models, counter)
    else:
        counter.skip_shot(planned)
        report = take_base(film, planned, found, kept.version)
    if store_of(planned) == BASE:
        report = corrector.compose(planned, clip, kept.version, report)
    suggestions = report["suggestions"]
    with ChromaReader(kept.version / CHROMA, planned.reach.start) as stored:
        own, boxes = [key.frame for key in planned.keyframes], {found["frame"]: found["box"] for found in suggestions}
        wanted, middle = frames_shown(planned.reach, own, boxes), (clear.start + clear.stop) // 2
        some = clip.some([frame - planned.reach.start for frame in sorted({*wanted, middle})])
        frames = {frame.index: frame for frame in some}
        picture = strip_picture(stored, frames, planned.reach, own, boxes, plan.reel.size)
        write_stills(kept.version, stored, frames, wanted, middle)
    clip.close()
    write_image(kept.version / "confidence.png", picture, "--project")
    took = {"seconds": round(time.monotonic() - started, 2), "machine": lease.machine}
    report = {**report, **took, "peak_memory": peak_memory()}
    lease.check()
    close_checkpoint(finish_version(kept.version, project, ingredients, report).path)
    log.info(
        "%s: rendered in %.1f s (%.1f s of this thread)", planned.shot.id, report["seconds"], time.thread_time() - cpu
    )


def _base(
    film: Film,
    planned: ShotPlan,
    clear: FrameRange,
    clip: Clip,
    kept: Checkpoint,
    maker: KeyframeMaker,
    models: Models,
    counter: Counter,
) -> dict[str, Any]:
    """Colours the shot from its keyframes, into the store that is theirs; what the report says of it."""
    rate, settings, name = film.plan.reel.rate, film.settings, store_of(planned)
    half = (clip.size[0] // 2, clip.size[1] // 2)
    keys = KeptKeyframes(kept, half, rate, planned.mixed)
    _make_keyframes(keys, maker, planned, clip, counter)
    if name != BASE:  # else regions are laid over the base, in colours of pictures
        maker.done(planned)
    shares = fade_shares(clip, planned.reach.start, planned.shot.frames, planned.fades, keys.to_carry())
    bars = film.plan.reel.bars_at(clear.start)
    counts = WHOLE_FRAME if bars is None else bars.inside(film.plan.reel.size, half)
    dark = {frame - planned.reach.start: share for frame, share in shares.items()}
    doubt = Doubt(half, len(planned.reach), counts, dark)
    state, first = kept.take_state(name, half, len(planned.reach))
    counter.skip(frames=len(kept.confidence))
    with ChromaWriter(kept.version / name, half, rate, first=first, stays=True) as store:
        kept.watch(store)
        for color in _colored(clip, keys.to_carry(), settings, models, counter, doubt, kept, state, shares):
            store.write(color if name == BASE else dimmed(color, shares.get(color.index, 1.0)))
            kept.confidence.append(round(float(color.confidence.mean()), 4))
    return {
        "confidence": kept.confidence,
        "doubt": doubt.area(),
        "suggestions": _suggestions(doubt, planned.reach.start, clear, film.plan.reel.size),
        "points": _points(doubt, planned.reach.start, clear, film.plan.reel.size),
        "keyframes": keys.facts,
        "notes": keys.notes + _gray_note(planned, keys) + _mixed_note(planned, keys.to_carry()),
        "fades": {str(frame): share for frame, share in shares.items()},
    }


def _make_keyframes(keys: KeptKeyframes, maker: KeyframeMaker, planned: ShotPlan, clip: Clip, counter: Counter) -> None:
    """Puts the shot's keyframes into `keys`.

    Each is written as soon as it is made, and taken from there when the shot is gone on with.
    """
    made = 0
    for key in planned.carried:
        if not keys.take(key.frame):
            made += 1
            with counter.keyframe():
                target = clip[key.frame - planned.reach.start]
                keys.put(maker.make(key, target, Beside(planned, clip)), target)
    counter.skip(keyframes=len(planned.carried) - made)


def _colored(
    clip: Clip,
    keys: Mapping[int, ColorFrame],
    settings: Settings,
    models: Models,
    counter: Counter,
    doubt: Doubt | None = None,
    shelf: Checkpoint | None = None,
    state: Arrays | None = None,
    dark: Collection[int] = (),
) -> Iterator[ColorFrame]:
    """The shot's frames in the keyframes' colours, counted: all, or those behind `state`; `dark`: those of a fade.

    Stops where another shot has failed.
    """
    there = models.there
    frames = propagate(
        clip,
        keys,
        there.flow if there else models.flow,
        settings.propagate,
        network=there.network if there else models.propagator,
        device=there.device if there else None,
        ablation=models.ablation,
        doubt=doubt,
        shelf=shelf,
        state=state,
        cache=models.cache,
        threads=models.threads,
        dimmed=dark,
    )
    if there:
        done = len(shelf.confidence) if shelf is not None else 0
        frames = told(frames, clip.frames.start + done, there.device)
    began = time.monotonic()
    for color in frames:
        if counter.stopped.is_set():
            raise StoppedError
        counter.add(frames=1 if keys else 0, seconds=time.monotonic() - began)
        yield color
        began = time.monotonic()


def _suggestions(doubt: Doubt, start: int, clear: FrameRange, size: tuple[int, int]) -> list[dict[str, Any]]:
    """What `report.json` says of the frames that would help as keyframes, best first; places in the film's pixels."""
    return [
        {"frame": start + found.position, "gain": found.gain, "box": list(found.box), "places": list(found.places)}
        for found in doubt.suggestions(clear.start - start, clear.stop - start, size)
    ]


def _points(doubt: Doubt, start: int, clear: FrameRange, size: tuple[int, int]) -> list[dict[str, Any]]:
    """What `report.json` says of the points where a hint would help, best first."""
    found = doubt.points(clear.start - start, clear.stop - start, size)
    return [{"frame": start + point.position, "at": list(point.at), "gain": point.gain} for point in found]


def _gray_note(planned: ShotPlan, keys: Mapping[int, ColorFrame]) -> list[str]:
    if keys:
        return []
    return [
        f"{planned.shot.id}: no reference matches; what no correction colours stays gray "
        "until a picture for one of its frames is given"
    ]


def _mixed_note(planned: ShotPlan, carried: Mapping[int, ColorFrame]) -> list[str]:
    frames = sorted(planned.mixed & set(carried))
    if not frames:
        return []
    return [
        f"{planned.shot.id}: frame {frames[0]} lies in a dissolve, so its picture shows two shots; for want of another "
        "its colours are carried through this one; give a picture of a frame outside the dissolve"
    ]
