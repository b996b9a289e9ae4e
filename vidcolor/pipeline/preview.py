"""Frames of shots that wait to be rendered, as their own keyframe and corrections have them: at once, without a render.

On its own frame a correction counts as it was given, and a keyframe is made of its picture; only from there are they
carried. What other frames' corrections will bring here is not known yet, and told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy import ndarray as Array

from vidcolor.features import PatchFeatures
from vidcolor.media.read import Clip, resized
from vidcolor.media.store import ChromaReader
from vidcolor.pipeline.corrected import OWN, base_of, regions_over
from vidcolor.pipeline.fades import dimmed, in_full_light
from vidcolor.pipeline.kept import FOLDER as KEYS
from vidcolor.pipeline.kept import given_name, given_of, read_given
from vidcolor.pipeline.keyframes import Colorizer, KeyframeMaker, load_colorizer
from vidcolor.pipeline.layers import Change, Layer, over_together, together
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.painter import Painter
from vidcolor.pipeline.sights import sights_of
from vidcolor.project.corrections import Correction
from vidcolor.project.versions import CHROMA, Version, read_report
from vidcolor.propagate.keyframes import at_chroma_size
from vidcolor.settings import ColorizeSettings
from vidcolor.state.cached import cache_of
from vidcolor.state.film import Film
from vidcolor.state.made_of import base_ingredients, layer_rules, layers_in, shot_ingredients
from vidcolor.state.plan import ShotPlan
from vidcolor.state.status import ShotState
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Frame, Guidance, working_size


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """One frame as it will be."""

    color: ColorFrame
    given: ColorFrame | None
    """What a person gave of the frame itself, at the film's size"""
    missing: tuple[str, ...]
    """Corrections of other frames, which may reach this one when the shot is rendered"""
    over: tuple[tuple[FrameRange, Array], ...] = ()
    """Of those on a part of this frame that no version holds: the frame, and how far each counts"""


@dataclass(frozen=True, slots=True, eq=False)
class _Below:
    """A frame before the layers that are still to be laid on it."""

    machine: ColorFrame
    """As the machine colours it"""
    color: ColorFrame
    """With the layers that a version holds already"""
    given: ColorFrame | None
    left: tuple[str, ...] | None
    """Places of the corrections that are to be laid on; None for all"""
    share: float = 1.0
    """How much of its colour a fade leaves it"""


def previews(film: Film, shown: Sequence[ShotState], frames: Sequence[int]) -> dict[int, Preview]:
    """Of `frames`, those of one shot that waits, which say themselves what they will look like."""
    makers, found = _Makers(film), {}
    for frame in frames:
        states = [state for state in shown if frame in state.planned.reach]
        if len(states) == 1 and states[0].waits and (made := _preview(makers, states[0], frame)) is not None:
            found[frame] = made
    return found


class _ColorizerLater:
    """The shipped colorizer, loaded when something first asks for it."""

    @cached_property
    def _loaded(self) -> Colorizer:
        from vidcolor.networks.features import NetworkFeatures  # loads what runs networks

        return load_colorizer(NetworkFeatures())

    def __call__(
        self, target: Frame, guidance: Sequence[Guidance], settings: ColorizeSettings, laid: ColorFrame | None = None
    ) -> ColorFrame:
        return self._loaded(target, guidance, settings, laid)

    def let_go(self, pictures: Collection[str]) -> None:
        self._loaded.let_go(pictures)


class _Makers:
    """What makes keyframes and layers."""

    def __init__(self, film: Film) -> None:
        settings = film.settings
        self.film, self.library = film, Library(film.project, PatchFeatures())
        colorizer = _ColorizerLater() if settings.colorize.network == "shipped" else None
        self.maker = KeyframeMaker(film.plan, self.library, settings, colorizer)
        sees = sights_of(settings, cache_of(film))
        self.painter = Painter(self.library, film.plan.hashes, sees, settings.correct, film.plan.reel.size)

    def target(self, planned: ShotPlan, frame: int) -> Frame:
        reel = self.film.plan.reel
        size = working_size(reel.size, self.film.settings.propagate.chroma_side)
        with closing(Clip(reel, planned.reach, size)) as clip:
            return clip[frame - planned.reach.start]


def _preview(makers: _Makers, state: ShotState, frame: int) -> Preview | None:
    planned = state.planned
    below = _rendered(makers.film, state, frame) or _made(makers, planned, frame)
    if below is None:
        return None
    found, missing = list[Layer](), list[str]()
    said = [c for c in planned.corrections if c.is_layer and (below.left is None or c.place in below.left)]
    spread = _spread(makers, planned, [c for c in said if c.spreads and c.frame == frame], below.machine)
    for key in planned.laid_over:
        if key.frame != frame:
            missing.append(f"the regions of frame {key.frame}")
        elif layer := regions_over(makers.maker, key, makers.target(planned, frame), below.machine):
            found.append(layer)
    for correction in said:
        everywhere = not correction.spreads and not correction.files
        if correction.frame != frame and not everywhere:
            missing.append(correction.place)
        else:
            size = below.machine.confidence.shape
            found.append(spread.get(correction.name) or makers.painter.plain(correction, size))
    color, given = below.color, below.given
    for group in together(found):
        layers = [found[n] for n in group]
        lit = [in_full_light(at, below.share) for at in layers]
        color = over_together(color, [(at.change, np.float32(1) if at.share is None else at.share) for at in lit])
        given = None if given is None else _over_given(makers.painter, given, layers)
    color = dimmed(color, below.share)
    over = tuple((FrameRange(frame, frame + 1), at.share) for at in found if at.share is not None)
    return Preview(color, given, tuple(missing), over)


def _spread(makers: _Makers, planned: ShotPlan, said: Sequence[Correction], below: ColorFrame) -> Mapping[str, Layer]:
    """Layers of what spreads on one frame, by their names."""
    if not said:
        return {}
    made = makers.painter.layers(said, below, makers.target(planned, said[0].frame))
    return {layer.name: layer for layer in made}


def _over_given(painter: Painter, given: ColorFrame, layers: Sequence[Layer]) -> ColorFrame:
    """Layers that share their places over what a person gave of the frame, at its size."""
    laid = over_together(given, [_at_size(painter, layer, given.confidence.shape) for layer in layers])
    return replace(laid, confidence=given.confidence)


def _at_size(painter: Painter, layer: Layer, size: tuple[int, ...]) -> tuple[Change, Array | np.float32]:
    full = painter.layer_at(layer.correction, size) if layer.correction is not None else None
    if full is not None:
        return full
    if layer.share is None:
        return layer.change, np.float32(1)
    change, share = layer.change, resized(layer.share, (size[0], size[1]))
    if layer.varies and change.chroma is not None:
        change = Change(np.stack([resized(plane, share.shape) for plane in change.chroma]))
    return change, share


def _rendered(film: Film, state: ShotState, frame: int) -> _Below | None:
    """The frame in a version that holds the shot as the machine colours it today; None where there is none."""
    planned, start = state.planned, state.planned.reach.start
    found = base_of(film, planned)
    if found is None:
        return None
    version, name = found
    machine = _stored(version.path / name, start, frame)
    report = read_report(film.project, version)
    share = (report.get("base") or report).get("fades", {}).get(f"{frame}", 1.0)
    newest = state.version
    if newest is not None and share == 1 and _holds_no_others(film, planned, newest):
        held = layers_in(newest.ingredients)
        left = tuple(c.place for c in planned.corrections if c.place not in held)
        color = _stored(newest.path / CHROMA, start, frame)
        return _Below(machine, color, read_given(newest.path, frame), left)
    own = version.path / KEYS / OWN / given_name(frame).rpartition("/")[2]
    given = _stored(own, frame, frame) if own.is_file() else read_given(version.path, frame)
    return _Below(machine, machine, given, None, share)


def _stored(path: Path, start: int, frame: int) -> ColorFrame:
    with ChromaReader(path, start) as store:
        return store.read(frame)


def _holds_no_others(film: Film, planned: ShotPlan, version: Version) -> bool:
    """Whether a version is today's but for corrections that it does not have yet."""
    wanted, had = shot_ingredients(film, planned), version.ingredients
    if planned.laid_over or base_ingredients(had) != base_ingredients(wanted):
        return False
    held = layers_in(had)
    return all(wanted.get(place) == value for place, value in held.items()) and (
        not held or layer_rules(had) == layer_rules(wanted)
    )


def _made(makers: _Makers, planned: ShotPlan, frame: int) -> _Below | None:
    """The frame as its own keyframe, made of its picture; None where it is none."""
    key = next((key for key in planned.carried if key.frame == frame), None)
    if key is None:
        return None
    target = makers.target(planned, frame)
    made = makers.maker.make(key, target)
    if made.color is None:
        return None
    size = tuple(side // 2 for side in target.lightness.shape)
    color = at_chroma_size(made.color, (size[0], size[1]))
    return _Below(color, color, given_of(made, mixed=False), None)
