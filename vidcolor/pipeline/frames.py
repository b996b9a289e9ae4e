"""Frames of the film as pictures to look at or to paint on: gray, or in the colours of the versions in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy import ndarray as Array

from vidcolor.color import LumaLock
from vidcolor.color.shown import codes_to_rgb
from vidcolor.errors import MediaError, ProjectError
from vidcolor.finish import finish
from vidcolor.finish.around_exact import Drawing, Joined, with_drawings
from vidcolor.keyframes import choose_keyframes, looks_of
from vidcolor.media.picture_out import is_untouched, write_frame
from vidcolor.media.place import make_folder
from vidcolor.media.read import AHEAD, SourceClip
from vidcolor.pipeline.joined import exact_frames, joined_colors, over_given, reach_of_drawings
from vidcolor.pipeline.preview import Preview
from vidcolor.pipeline.small import SmallFrames
from vidcolor.references.asked import Asked
from vidcolor.state.film import Film
from vidcolor.state.plan import ShotPlan, clear_frames
from vidcolor.state.status import WORTH_TELLING, ShotState, suggested
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Reel, SourceFrame

BLACK, WHITE = 64, 940
SUFFIXES = (".png", ".tif")
NEUTRAL = np.uint16(512)
TOP = 65535
Picture = tuple[int, Array]
"""(frame, (3, H, W) uint16 R'G'B')"""


def gray_frames(reel: Reel, frames: Sequence[int]) -> Iterator[Picture]:
    """The film's own luma of each of `frames`, rising, as neutral R'G'B': put back as a reference it is the frame.

    Codes beyond black and white are clipped, as everywhere in the program.
    """
    for run, wanted in _runs(frames):
        for source in SourceClip(reel, run):
            if source.index in wanted:
                light = (np.clip(source.luma, BLACK, WHITE).astype(np.float64) - BLACK) * (TOP / (WHITE - BLACK))
                yield source.index, np.repeat(np.rint(light).astype(np.uint16)[None], 3, axis=0)


def colored_frames(
    film: Film, shown: Sequence[ShotState], frames: Sequence[int], ahead: Mapping[int, Preview]
) -> Iterator[Picture]:
    """Each of `frames`, rising, as it is delivered, with the chroma of every pixel: sRGB.

    shown   the state of every shot of the film; the versions that it names are shown, fresh or not
    ahead   frames that are shown as they will be instead
    Refuses frames of shots that were never rendered.
    """
    versions, exact = [s.version for s in shown], exact_frames(shown)
    for frame in frames:
        bare = [s.planned.shot.id for s in shown if frame in s.planned.reach and not (s.version or s.planned.excluded)]
        if bare:
            raise ProjectError(
                f"frame {frame}: shot {bare[0]} was never rendered; run `vidcolor render {film.project.root}`, or "
                "leave --color out"
            )
    reel, lock = film.plan.reel, LumaLock(film.plan.reel.tags)
    for run, wanted in _runs(frames):
        reach = reach_of_drawings(exact, run)
        read = _colored_around(shown, run, reach, reel.frame_count)
        with closing(joined_colors(film, versions, read)) as joined:
            colors = (_as_it_will_be(one, ahead) for one in joined)
            for source, color, drawings in with_drawings(zip(SourceClip(reel, read), colors, strict=True), reach):
                if source.index in wanted:
                    yield source.index, finished(film, source, color, lock, drawings)


def _colored_around(shown: Sequence[ShotState], run: FrameRange, reach: int, count: int) -> FrameRange:
    """The run with at most `reach` frames on either side, up to the first that was never rendered."""
    widest = FrameRange(max(0, run.start - reach), min(count, run.stop + reach))
    bare = [s.planned.reach for s in shown if not (s.version or s.planned.excluded)]
    near = [frames for frames in bare if frames.overlap(widest)]
    start = max((frames.stop for frames in near if frames.stop <= run.start), default=widest.start)
    stop = min((frames.start for frames in near if frames.start >= run.stop), default=widest.stop)
    return FrameRange(max(start, widest.start), min(stop, widest.stop))


def finished(
    film: Film, source: SourceFrame, color: ColorFrame, lock: LumaLock, drawings: Sequence[Drawing] = ()
) -> Array:
    """(3, H, W) uint16 R'G'B': a frame in its colours, with the chroma of every pixel."""
    reel = film.plan.reel
    made = finish(source, color, lock, film.settings.finish, "444", drawings, bars=reel.bars_at(source.index))
    rgb = codes_to_rgb(made.luma, made.cb, made.cr, reel.tags)
    return np.rint(rgb * np.float32(TOP)).astype(np.uint16)


def _as_it_will_be(joined: Joined, ahead: Mapping[int, Preview]) -> Joined:
    """A frame's colours, or those of its preview."""
    found = ahead.get(joined.color.index)
    if found is None:
        return joined
    exact = found.given is not None and bool(found.given.confidence.min() == 1)
    return Joined(previewed(found), joined.shot, exact, (*joined.over, *found.over))


def previewed(found: Preview) -> ColorFrame:
    """The colours of a preview: what a person gave, as far as that is sure."""
    return found.color if found.given is None else over_given(found.given, found.color)


def _runs(frames: Sequence[int]) -> Iterator[tuple[FrameRange, frozenset[int]]]:
    """Runs of the film to read, and what is wanted of each: a small gap is rather read than sought over."""
    run: list[int] = []
    for frame in [*sorted(set(frames)), None]:
        if run and (frame is None or frame > run[-1] + AHEAD):
            yield FrameRange(run[0], run[-1] + 1), frozenset(run)
            run = []
        if frame is not None:
            run.append(frame)


def write_frames(asked: Sequence[Asked], pictures: Iterator[Picture], folder: Path, suffix: str) -> Iterator[Path]:
    """Writes the pictures of the frames that were asked for, in rising order; each place as it is written.

    Refuses, before any work, a place that holds a picture somebody painted on, or another file: what `write_frames`
    wrote, and nobody changed since, is replaced.
    """
    places = {one.frame: folder / f"{one.stem}{suffix}" for one in asked}
    make_folder(folder)
    for path in places.values():
        if path.exists() and not (path.is_file() and is_untouched(path)):
            raise MediaError(
                f"{path}: is there already, painted on or of other making; move it away, or name another folder with -o"
            )
    for frame, rgb in pictures:
        write_frame(places[frame], rgb)
        yield places[frame]


def frames_to_paint(film: Film, shown: Sequence[ShotState], most: int) -> tuple[list[int], int]:
    """The frames that the tool would have painted first, rising, at most so many; and how many more there are.

    Of fresh shots those where one more keyframe would help; of the others, the keyframes that no picture was given
    for, chosen as the plan does. Those come first that would make the most of the film known.
    """
    gains = {found.frame: found.gain for found in suggested(shown) if found.gain >= WORTH_TELLING}
    clear = clear_frames([s.planned.shot for s in shown])
    small = SmallFrames(film.project.path("plan"), film.settings.keyframes.spacing)
    with closing(small):
        for state, frames in zip(shown, clear, strict=True):
            for frame in _bare_keyframes(film, state, frames, small):
                gains.setdefault(frame, len(state.planned.shot.frames) / max(1, len(state.planned.keyframes)))
    best = sorted(gains, key=lambda frame: (-gains[frame], frame))
    return sorted(best[:most]), len(best[most:])


def _bare_keyframes(film: Film, state: ShotState, clear: FrameRange, small: SmallFrames) -> list[int]:
    """Keyframes without a picture of their own, of a shot that is still to be rendered or was left gray."""
    planned: ShotPlan = state.planned
    if planned.excluded or any(key.reason != "coverage" for key in planned.keyframes):
        return []
    if planned.keyframes:
        return [] if state.state == "fresh" else [key.frame for key in planned.keyframes]
    looks = small.read(film.plan.reel, looks_of(clear, film.settings.keyframes.spacing))
    return choose_keyframes(clear, looks, film.settings.keyframes)
