"""The colours of a film's frames joined from its shots' versions: one shot's, or in a dissolve the mix of two."""

from __future__ import annotations

from collections.abc import Container, Generator, Sequence

import numpy as np
from numpy import ndarray as Array

from vidcolor.colorize.by_registration import resized
from vidcolor.errors import MediaError, ProjectError
from vidcolor.finish import mix
from vidcolor.finish.around_exact import REACH, Joined
from vidcolor.media.store import ChromaReader
from vidcolor.pipeline.carried import Span
from vidcolor.pipeline.kept import given_name, read_given
from vidcolor.pipeline.keyframes import mixed
from vidcolor.pipeline.matte_files import mattes_of
from vidcolor.project.versions import CHROMA, Version
from vidcolor.state.film import Film
from vidcolor.state.made_of import holds
from vidcolor.state.plan import ShotPlan
from vidcolor.state.status import ShotState
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Shot, working_size


def exact_frames(shown: Sequence[ShotState]) -> frozenset[int]:
    """The keyframes of which the artist gave every pixel, by the versions' reports: they draw the frames around."""
    keys = (key for state in shown if not state.planned.excluded for key in state.keyframes)
    return frozenset(key["frame"] for key in keys if key.get("how") == "exact" and isinstance(key.get("frame"), int))


def reach_of_drawings(exact: frozenset[int], frames: FrameRange) -> int:
    """How many frames around a run must be read with it, for exact keyframes that draw it."""
    return REACH if any(frame in exact for frame in range(frames.start - REACH, frames.stop + REACH)) else 0


def joined_colors(
    film: Film, versions: Sequence[Version | None], frames: FrameRange | None = None, *, bare_gray: bool = False
) -> Generator[Joined, None, None]:
    """The colours of every frame of a run: its shot's, or in a dissolve the mix of both shots', by the dissolve's ramp.

    versions  of every shot of the plan; None for one that no frame of the run needs, or that stays gray
    frames    the run; the whole film if None
    bare_gray shots without a version are gray; else they are refused
    An exact picture's colours are delivered on its frame as they are. In a dissolve too, since it is a picture of the
    mixed frame; one that was laid near is delivered there as far as it fits. A shot's file is open only while its
    frames pass. Refuses a frame of a shot without a version.
    """
    plan = film.plan
    under_way: dict[int, Generator[ColorFrame, None, None]] = {}
    over: dict[int, _Over] = {}
    following = 0
    try:
        for frame in frames or FrameRange(0, plan.reel.frame_count):
            for place in [p for p in under_way if plan.shots[p].reach.stop == frame]:
                under_way.pop(place).close()
                over.pop(place).close()
            while following < len(plan.shots) and plan.shots[following].reach.start <= frame:
                if frame in plan.shots[following].reach:
                    planned = plan.shots[following]
                    stays = planned.excluded or (bare_gray and versions[following] is None)
                    gray = _gray(film, planned, frame) if stays else None
                    under_way[following] = gray or _colors_of(planned, versions[following], frame)
                    over[following] = _Over(film, planned, None if stays else versions[following])
                following += 1
            active = sorted(under_way)
            color = next(under_way[active[0]])
            for place in active[1:]:
                color = mix(color, next(under_way[place]), ramp(plan.shots[place].shot, frame))
            colored = (versions[place] for place in active if not plan.shots[place].excluded)
            given = next((g for version in colored if (g := _given(version, frame)) is not None), None)
            alone = active[0] if len(active) == 1 else None
            exact = given is not None and alone is not None and bool(given.confidence.min() == 1)
            laid = over[alone].at(frame) if alone is not None else ()
            yield Joined(color if given is None else over_given(given, color), alone, exact, laid)
    finally:
        for colors in under_way.values():
            colors.close()
        for laid_on in over.values():
            laid_on.close()


class _Over:
    """What people laid over parts of one shot's frames, read in order of the frames.

    Only what an exact keyframe of the shot may lack: what is carried to all of its frames is not read.
    """

    def __init__(self, film: Film, planned: ShotPlan, version: Version | None) -> None:
        mattes = [] if version is None else mattes_of(film, planned, version)
        self._mattes = [matte for matte in mattes if matte.span != planned.reach or matte.passed]
        self._under_way: dict[str, Generator[Array, None, None]] = {}

    def at(self, frame: int) -> tuple[tuple[Container[int], Array], ...]:
        """The frames that each is laid on, `frame` among them, and how far it counts there."""
        here = [matte for matte in self._mattes if frame in matte.span]
        return tuple((Span(m.span, m.passed), next(self._under_way.setdefault(m.name, m.shares(frame)))) for m in here)

    def close(self) -> None:
        for shares in self._under_way.values():
            shares.close()


def _given(version: Version | None, frame: int) -> ColorFrame | None:
    """A keyframe's own colours, where the version keeps some for its frame. Refuses a file that is damaged or lost."""
    if version is None:
        return None
    version.checked(given_name(frame))
    return read_given(version.path, frame)


def over_given(given: ColorFrame, color: ColorFrame) -> ColorFrame:
    """A keyframe's own colours as far as they are sure, over those the frame has otherwise."""
    if given.confidence.min() == 1:
        return given
    planes = resized(np.concatenate([color.chroma, color.confidence[None]]), given.confidence.shape)
    below = ColorFrame(color.index, planes[:2], np.clip(planes[2], 0, 1))
    return mixed(given, below, given.confidence)


def _gray(film: Film, planned: ShotPlan, first: int) -> Generator[ColorFrame, None, None]:
    """A shot that stays gray, from frame `first` on."""
    height, width = working_size(film.plan.reel.size, film.settings.propagate.chroma_side)
    nothing, sure = np.zeros((2, height // 2, width // 2), np.float32), np.ones((height // 2, width // 2), np.float32)
    yield from (ColorFrame(frame, nothing, sure) for frame in range(first, planned.reach.stop))


def _colors_of(planned: ShotPlan, version: Version | None, first: int) -> Generator[ColorFrame, None, None]:
    """The stored colours of one shot from frame `first` on. Refuses damage, and fewer or more frames than it has."""
    if version is None:
        raise ProjectError(f"{planned.shot.id}: was never rendered; run `vidcolor run` or `vidcolor render` first")
    if not holds(version, planned):
        raise ProjectError(
            f"{planned.shot.id}: {version.name} holds the frames that the shot had before; run `vidcolor run` or "
            "`vidcolor render` first"
        )
    with ChromaReader(version.checked(CHROMA), planned.reach.start) as reader:
        if len(reader) != len(planned.reach):
            raise MediaError(
                f"{version.chroma}: damaged ({len(reader)} frames for a shot of {len(planned.reach)}); delete its "
                "folder and render again"
            )
        yield from reader.read_from(first)


def ramp(incoming: Shot, frame: int) -> float:
    """How much of the incoming shot is seen in a frame of its dissolve, 0 to 1."""
    run = incoming.entry.frames
    return 0.0 if run is None else (frame - run.start + 1) / (len(run) + 1)
