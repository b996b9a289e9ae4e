"""A shot's colours with people's corrections over them: layers are made, carried, kept as mattes, and laid on.

In the version's folder: `base.avi` holds the shot as the machine colours it, `mattes/NAME.avi` each correction as it
was carried (its colours, and how far they count in place of confidence; `mattes/NAME.json` tells its frames where they
go past exact pictures), `chroma.avi` the shot with all of them. A
later version of the same shot that differs in corrections alone takes the base from there: nothing is coloured anew.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.flow.estimate import FlowEstimator
from vidcolor.media.read import Clip, resized
from vidcolor.media.store import ChromaReader, ChromaWriter, as_stored
from vidcolor.pipeline.carried import Span, carry, note_of
from vidcolor.pipeline.fades import dimmed, in_full_light
from vidcolor.pipeline.kept import FOLDER as KEYS
from vidcolor.pipeline.kept import given_name, read_given, write_given
from vidcolor.pipeline.keyframes import KeyframeMaker
from vidcolor.pipeline.layers import Change, Layer, over_together, together
from vidcolor.pipeline.painter import Painter
from vidcolor.project.corrections import Correction
from vidcolor.project.fingerprint import Ingredients
from vidcolor.project.versions import CHROMA, Version, read_report, versions_of
from vidcolor.propagate.cached import FrameCache
from vidcolor.state.film import Film
from vidcolor.state.made_of import base_ingredients, layer_rules, over_ingredients, shot_ingredients
from vidcolor.state.plan import PlannedKeyframe, ShotPlan
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, Frame

BASE, MATTES, OWN = "base.avi", "mattes", "own"
COPIED = ("confidence", "doubt", "suggestions", "points", "keyframes", "notes", "fades")
"""What the report of a version says of its base; `fades`: how much of its colour a frame in a fade keeps."""
ANSWERED = 0.5
"""Share of a pixel, and of a suggestion's box, from which people have said what it is."""


def store_of(planned: ShotPlan) -> str:
    """The file that the machine's own colours of a shot go to: below corrections there is a store of its own."""
    return BASE if planned.laid_over or any(c.is_layer for c in planned.corrections) else CHROMA


def base_of(film: Film, planned: ShotPlan) -> tuple[Version, str] | None:
    """A version that holds this shot as the machine colours it today, and the file; None where there is none."""
    wanted = base_ingredients(shot_ingredients(film, planned))
    for version in versions_of(film.project, planned.shot.id):
        if base_ingredients(version.ingredients) == wanted:
            if BASE in version.stores:
                return version, BASE
            if not planned.fades and version.ingredients == wanted:  # a fade's dimmed colours are no base
                return version, CHROMA
    return None


def needs_networks(film: Film, shots: Iterable[ShotPlan]) -> bool:
    """Whether a render of the shots colours anything anew; else corrections alone are laid over what is there."""
    return any(one.laid_over or is_anew(film, one) for one in shots)


def is_anew(film: Film, planned: ShotPlan) -> bool:
    """Whether a render of a shot colours all of its frames; else it is laid over an earlier version's."""
    return store_of(planned) != BASE or base_of(film, planned) is None


def take_base(film: Film, planned: ShotPlan, found: tuple[Version, str], folder: Path) -> dict[str, Any]:
    """Copies a version's base and keyframes into the folder of a new one, and what mattes are as they would be made.

    Answers what its report says of the base.
    """
    version, name = found
    _take_mattes(film, version, planned, shot_ingredients(film, planned), folder)
    shutil.copyfile(version.checked(name), folder / BASE)
    if (version.path / KEYS).is_dir():
        shutil.copytree(version.path / KEYS, folder / KEYS, dirs_exist_ok=True)
    _restore_given(folder)
    report = read_report(film.project, version)
    report = report.get("base") or report
    return {name: report.get(name, {}) for name in COPIED}


def _take_mattes(film: Film, version: Version, planned: ShotPlan, wanted: Ingredients, folder: Path) -> None:
    """Copies the mattes of layers that the version has too, laid on by the same rules."""
    if layer_rules(version.ingredients) != layer_rules(wanted):
        return
    (folder / MATTES).mkdir(exist_ok=True)
    made: dict[str, Ingredients] = {c.name: {c.place: wanted[c.place]} for c in planned.corrections if c.is_layer}
    for key in planned.laid_over:
        made[name_of_regions(key)] = over_ingredients(key, film.plan.hashes)
    for layer, of in made.items():
        name = matte_name(layer)
        if name in version.stores and all(version.ingredients.get(part) == value for part, value in of.items()):
            matte = version.checked(name)
            if note_of(matte).exists():
                shutil.copyfile(note_of(matte), note_of(folder / name))
            shutil.copyfile(matte, folder / name)


def name_of_regions(key: PlannedKeyframe) -> str:
    """The name of the layer that a frame's regions are."""
    return f"regions-{key.frame:06d}"


def matte_name(layer: str) -> str:
    """The file of a layer's matte, of the layer's name: below the version's folder."""
    return f"{MATTES}/{layer.replace('/', '-')}.avi"


def _restore_given(folder: Path) -> None:
    """Keyframes' own colours as they were before corrections: of another version, or of a run that was stopped."""
    for path in (folder / KEYS / OWN).glob("*.avi"):
        path.replace(folder / KEYS / path.name)


def regions_over(maker: KeyframeMaker, key: PlannedKeyframe, target: Frame, below: ColorFrame) -> Layer | None:
    """A frame's regions as a layer over `below`; None where no network is there to fill them."""
    found = maker.over(key, target, below)
    if found is None:
        return None
    size = below.confidence.shape
    chroma = np.stack([resized(plane, size) for plane in found[0].chroma])
    return Layer(name_of_regions(key), key.frame, Change(chroma), resized(found[1], size))


class Corrector:
    """Lays the corrections of shots over their colours; several threads may ask at once."""

    def __init__(
        self, film: Film, painter: Painter, maker: KeyframeMaker, flow: FlowEstimator, cache: FrameCache | None
    ) -> None:
        self.film, self.painter, self.maker, self.flow, self.cache = film, painter, maker, flow, cache

    def compose(
        self,
        planned: ShotPlan,
        clip: Clip,
        folder: Path,
        base_report: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Writes a shot's mattes and colours into its version's folder, of the base there; what the report says of it.

        clip         the frames that the shot renders, at working size
        base_report  what it says of the base
        """
        _restore_given(folder)
        keys, shares = base_report["keyframes"], {int(frame): share for frame, share in base_report["fades"].items()}
        start, exact = planned.reach.start, [key["frame"] for key in keys if key["how"] == "exact"]
        with ChromaReader(folder / BASE, start) as base:
            size = base.read(start).confidence.shape
            found = [
                regions_over(self.maker, key, clip[key.frame - start], base.read(key.frame))
                for key in planned.laid_over
            ]
            laid_on = [correction for correction in planned.corrections if correction.is_layer]
            by_frame: dict[int, list[Correction]] = {}
            for correction in laid_on:
                by_frame.setdefault(correction.frame, []).append(correction)
            made = {
                layer.name: in_full_light(layer, shares.get(frame, 1.0))
                for frame, theirs in by_frame.items()
                for layer in self.painter.layers(theirs, base.read(frame), clip[frame - start])
            }
            found += [made[correction.name] for correction in laid_on]
        layers = [Laid(layer, planned.reach, exact) for layer in found if layer is not None]
        (folder / MATTES).mkdir(exist_ok=True)
        missing = [laid for laid in layers if laid.layer.share is not None and not laid.path(folder).exists()]
        for laid in missing[:-1]:
            deque(self._carry(laid, clip, folder, shares), maxlen=0)
        last = missing[-1] if missing else None  # carried while it is laid on
        groups = together([laid.layer for laid in layers])
        confidence, points, answered = [], base_report["points"], set[int]()
        with ExitStack() as opened:
            base = opened.enter_context(ChromaReader(folder / BASE, start))
            playing = []
            for laid in layers:
                parts = self._carry(laid, clip, folder, shares) if laid is last else laid.matte(folder)
                playing.append(_Playing(opened.enter_context(closing(parts))))
            store = opened.enter_context(ChromaWriter(folder / CHROMA, size, self.film.plan.reel.rate))
            for color in base:
                for group in groups:
                    if here := [part for n in group if (part := playing[n].at(color.index))]:
                        color = over_together(color, here)
                        for part in here:
                            answered.update(self._answered(points, color.index, *part))
                store.write(dimmed(color, shares.get(color.index, 1.0)))
                confidence.append(round(float(color.confidence.mean()), 4))
        for key in keys:
            self._over_given(key["frame"], layers, folder)
        suggestions = [found for found in base_report["suggestions"] if not self._is_answered(found, layers, folder)]
        made_over = [self.maker.laid_over(key) for key in planned.laid_over]
        return {
            **base_report,
            "confidence": confidence,
            "suggestions": suggestions,
            "points": [point for n, point in enumerate(points) if n not in answered],
            "keyframes": sorted([*keys, *(made.facts() for made in made_over)], key=lambda facts: facts["frame"]),
            "notes": [*base_report["notes"], *(note for made in made_over for note in made.notes)],
            "base": dict(base_report),
        }

    def _answered(
        self, points: Sequence[Mapping[str, Any]], frame: int, change: Change, share: Array | np.float32
    ) -> Iterator[int]:
        """Which of the points, by number, a layer on this frame has said the colour of."""
        if change.chroma is not None:
            for n, point in enumerate(points):
                if point["frame"] == frame:
                    x, y = (at / side for at, side in zip(point["at"], self.film.plan.reel.size[::-1], strict=True))
                    here = np.atleast_2d(share)
                    there = here[int(y * here.shape[0]), int(x * here.shape[1])]
                    if there >= ANSWERED:
                        yield n

    def _is_answered(self, found: Mapping[str, Any], layers: Sequence[Laid], folder: Path) -> bool:
        """Whether people have said the colours of most of what a suggestion asks for."""
        left, top, right, bottom = found["box"]
        size = self.film.plan.reel.size
        answered = np.zeros(size, np.bool_)
        for laid in layers:
            if found["frame"] in laid.span(folder) and laid.layer.change.chroma is not None:
                answered |= np.asarray(laid.at(found["frame"], folder, size)[1]) >= ANSWERED
        return bool(answered[top:bottom, left:right].mean() >= ANSWERED)

    def _carry(self, laid: Laid, clip: Clip, folder: Path, dark: Collection[int]) -> Generator[Part, None, None]:
        """What `Laid.matte` gives, as it is carried; when all is taken, it is kept as the layer's matte."""
        layer, settings, path = laid.layer, self.film.settings.propagate, laid.path(folder)
        assert layer.share is not None, "what holds everywhere is not carried"
        reached = list[int]()
        with ChromaWriter(path, layer.share.shape, self.film.plan.reel.rate) as store:
            for color in carry(layer, clip, self.flow, settings, laid.exact, self.cache, dark):
                reached.append(color.index)
                store.write(color)
                yield color.index, *laid.change(as_stored(color))
            Span.over(FrameRange(reached[0], reached[-1] + 1), layer.frame, laid.exact).keep(path)

    def _over_given(self, frame: int, layers: Sequence[Laid], folder: Path) -> None:
        """The layers over a keyframe's own colours, which are delivered on its frame; kept too as they were."""
        given = read_given(folder, frame)
        laid = [one for one in layers if frame in one.span(folder)]
        if given is None or not laid:
            return
        color = given
        for group in together([one.layer for one in laid]):
            color = over_together(color, [self._at_size(laid[n], given, folder) for n in group])
        kept = folder / given_name(frame)
        (folder / KEYS / OWN).mkdir(exist_ok=True)
        kept.replace(folder / KEYS / OWN / kept.name)
        write_given(folder, replace(color, confidence=given.confidence), self.film.plan.reel.rate)

    def _at_size(self, laid: Laid, given: ColorFrame, folder: Path) -> tuple[Change, Array | np.float32]:
        """What a layer makes of a keyframe's own colours, and how far it counts there."""
        own = laid.layer.correction if laid.is_of(given.index) else None
        full = self.painter.layer_at(own, given.confidence.shape) if own is not None else None
        return full or laid.at(given.index, folder, given.confidence.shape)


Part = tuple[int, Change, Array | np.float32]
"""A frame, what a layer makes of its colours, and how far it counts there."""


class _Playing:
    """The parts of one layer, in the order of their frames."""

    def __init__(self, parts: Iterator[Part]) -> None:
        self._parts = parts
        self._next = next(parts, None)

    def at(self, frame: int) -> tuple[Change, Array | np.float32] | None:
        """What the layer makes of a frame behind the one asked for last, and how far it counts; None: it ended."""
        if self._next is None or self._next[0] != frame:
            return None
        _, change, share = self._next
        self._next = next(self._parts, None)
        return change, share


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A layer, and the frames that it is laid on."""

    layer: Layer
    reach: FrameRange
    """Those of its shot"""
    exact: Sequence[int]
    """The shot's frames of exact pictures"""

    def path(self, folder: Path) -> Path:
        return folder / matte_name(self.layer.name)

    def is_of(self, frame: int) -> bool:
        return self.layer.frame == frame and self.layer.share is not None

    def span(self, folder: Path) -> Span:
        """The frames that it is laid on, when its matte is there."""
        if self.layer.share is None:
            return Span(self.reach)
        return Span.kept(self.path(folder), self.layer.frame, self.reach, self.exact)

    def matte(self, folder: Path) -> Generator[Part, None, None]:
        """What the layer makes of colours, and how far it counts, on each frame that it was carried to, in order."""
        if self.layer.share is None:
            yield from ((frame, self.layer.change, np.float32(1)) for frame in self.reach)
            return
        with ChromaReader(self.path(folder), self.span(folder).frames.start) as store:
            for found in store:
                yield found.index, *self.change(found)

    def at(self, frame: int, folder: Path, size: tuple[int, ...]) -> tuple[Change, Array | np.float32]:
        """The same on one frame, at a larger size."""
        if self.layer.share is None:
            return self.layer.change, np.float32(1)
        with ChromaReader(self.path(folder), self.span(folder).frames.start) as store:
            found = store.read(frame)
        planes = [*(found.chroma if self.layer.varies else ()), found.confidence]
        *chroma, share = (cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in planes)
        return Change(np.stack(chroma)) if chroma else self.layer.change, share

    def change(self, carried: ColorFrame) -> tuple[Change, Array]:
        """What the layer makes of a frame, of what was carried to it, and how far it counts there."""
        return Change(carried.chroma) if self.layer.varies else self.layer.change, carried.confidence
