"""Proposals: a frame in several colours that nothing but its own lightness asks for, as pictures to choose from.

Beside its picture (L* is the film's own) and its JSON (`project/proposals.py`) each has a place in the sheet of its
frame and seed. What is there, and made of today's things, is not made again.
What a person has said of the frame's colours (paints, strokes, points, what stays gray, parts of pictures) counts
(said.py). Frames that are proposed together agree, number by number: each looks at what was proposed of those before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy import ndarray as Array

from vidcolor.color import LumaLock, luma_to_lightness
from vidcolor.colorize.by_registration import resized
from vidcolor.errors import MediaError, ProjectError
from vidcolor.features import PatchFeatures
from vidcolor.keyframes import choose_keyframes, looks_of
from vidcolor.media.images import read_picture
from vidcolor.media.picture_out import is_untouched, write_frame
from vidcolor.media.read import SourceClip
from vidcolor.networks.proposer_hints import Shown
from vidcolor.pipeline.frames import finished
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.said import corrections_said, said_of
from vidcolor.pipeline.small import SmallFrames
from vidcolor.project.corrections import Correction
from vidcolor.project.fingerprint import Ingredients, fingerprint, settings_ingredients
from vidcolor.project.folder import Project
from vidcolor.project.proposals import FOLDER, SCHEMA, Proposal, place_of, stem_of
from vidcolor.stages import STAGES
from vidcolor.state.film import Film
from vidcolor.state.plan import ShotPlan, clear_by_id
from vidcolor.timeline import FrameRange
from vidcolor.types import ColorFrame, SourceFrame

MOST_ATTENDED = 4
"""Other frames with pictures of their own whose colours a proposal looks at; and as many that are proposed with it."""
SMALL = 256
"""Short side at which the proposals of another frame are looked at."""


class Proposes(Protocol):
    """Makes colours from noise (`networks/proposer.py`, `networks/drawing.py`)."""

    @property
    def method(self) -> str:
        """As `--with` names it."""

    @property
    def told(self) -> Mapping[str, str | int | float]:
        """What proposals hang on, beside frame, hints, seed and number: weights, words."""

    @property
    def attends(self) -> bool:
        """Whether it looks at other pictures' colours."""

    def each(
        self,
        lightness: Array,
        hints: Array | None,
        seed: int,
        numbers: Sequence[int],
        others: Sequence[Shown],
    ) -> Iterator[Array]:
        """(2, h, w) a*b* of each of the numbered proposals, as it is made, smaller than the frame.

        lightness  (H, W), L* 0..100
        hints      (3, H, W): how far a colour is given there, 0..1, and its a*, b*; None: nowhere
        seed       whole number from 0 on; a proposal of a seed does not hang on which others are made
        others     pictures whose colours what looks alike here should have, or parts of the frame; none where it does
                   not attend; chroma of each of `numbers` in its order where each has its own
        Refuses other shapes.
        """


@dataclass(frozen=True, slots=True)
class Made:
    """The proposals of a frame."""

    frame: int
    stem: str
    """What their names begin with"""
    places: tuple[Path, ...]
    made_now: int
    """How many were not there already"""
    notes: tuple[str, ...]
    """Which correction counts where two of them speak, and which says nothing to this method"""


def unmatched(film: Film) -> list[ShotPlan]:
    """The shots that nothing matches: they would stay gray. Refuses a film whose references are not matched yet."""
    for planned in film.plan.shots:
        if not planned.matched:
            raise ProjectError(
                f"{film.project.root}: keyframes are not chosen yet; run `vidcolor plan {film.project.root}` first"
            )
    return [planned for planned in film.plan.shots if not planned.keyframes and not planned.excluded]


def frames_of_shots(film: Film, shots: Sequence[ShotPlan]) -> list[int]:
    """The frame of each shot that is worth colouring first, rising."""
    clear, spacing = clear_by_id([planned.shot for planned in film.plan.shots]), film.settings.keyframes.spacing
    with closing(SmallFrames(film.project.path("plan"), spacing)) as small:
        return [_first_of(film, planned, clear[planned.shot.id], small) for planned in shots]


def _first_of(film: Film, planned: ShotPlan, clear: FrameRange, small: SmallFrames) -> int:
    if planned.keyframes:
        return planned.keyframes[0].frame
    looks = small.read(film.plan.reel, looks_of(clear, film.settings.keyframes.spacing))
    return choose_keyframes(clear, looks, film.settings.keyframes)[0]


def propose(
    film: Film,
    frames: Sequence[int],
    by: Callable[[int], Proposes],
    *,
    seed: int,
    count: int,
    progress: Callable[[str, int, int], None],
) -> Iterator[Made]:
    """Makes `count` proposals of each frame, in order, with what `by` has for it; each frame's as they are there.

    Refuses, before any work, a place where somebody painted on a proposal.
    """
    asked, reel = [], film.plan.reel.name
    for frame in frames:
        method = by(frame).method
        asked.append([Proposal(reel, frame, seed, number, method) for number in range(1, count + 1)])
    for proposals in asked:
        for proposal in proposals:
            place = place_of(film.project, proposal.name)
            if place.exists() and not is_untouched(place):
                what = "was painted on since it was proposed, or is damaged"
                raise MediaError(f"{place}: {what}; move it away, or give another --seed")
    film.project.make_folder(film.project.path(FOLDER))
    run = _Run(film, LumaLock(film.plan.reel.tags), Library(film.project, PatchFeatures()))
    total = count * len(frames)
    progress("propose", 0, total)
    for done, (frame, proposals) in enumerate(zip(frames, asked, strict=True)):
        network = by(frame)
        made_now = 0
        for made_now in run.missing_made(frame, proposals, network):
            progress("propose", done * count + made_now, total)
        places = tuple(place_of(film.project, p.name) for p in proposals)
        notes = _page(film.project, proposals[0])["notes"]
        yield Made(frame, stem_of(reel, frame, seed, network.method), places, made_now, tuple(notes))
        progress("propose", (done + 1) * count, total)


@dataclass(frozen=True, slots=True)
class _Before:
    """A frame that was proposed before others in one run."""

    proposals: Sequence[Proposal]
    marks: Sequence[str]
    """The fingerprint of each"""


class _Run:
    """Frames that are proposed together."""

    def __init__(self, film: Film, lock: LumaLock, library: Library) -> None:
        self._film, self._lock, self._library = film, lock, library
        self._before: deque[_Before] = deque(maxlen=MOST_ATTENDED)
        self._small: dict[str, Array] = {}

    def missing_made(self, frame: int, proposals: Sequence[Proposal], network: Proposes) -> Iterator[int]:
        """Makes those that are not there, each kept as soon as it is made; answers how many are."""
        film = self._film
        said = corrections_said(film, frame, by_pictures=network.attends)
        others = attended(film, frame) if network.attends else []
        before = [*self._before] if network.attends else []
        wanted = [_ingredients(film, p, network, said, others, before) for p in proposals]
        marks = [fingerprint(one) for one in wanted]
        missing = [n for n, p in enumerate(proposals) if not _is_there(film.project, p, marks[n])]
        self._before.append(_Before(proposals, marks))
        if not missing:
            return
        source = next(iter(SourceClip(film.plan.reel, FrameRange(frame, frame + 1))))
        lightness = luma_to_lightness(source.luma, film.plan.reel.tags)
        asked = said_of(film, said, lightness.shape)
        deaf = [c.name for c in corrections_said(film, frame, by_pictures=True) if c not in said]
        notes = [*asked.settled, *(f"{name}: --with {network.method} takes nothing from pictures" for name in deaf)]
        pictures = [self._library.picture(name, film.plan.hashes[name]) for name in others]
        seen = [
            *(Shown(one.lightness, one.chroma) for one in pictures),
            *(self._shown([one.proposals[n] for n in missing]) for one in before),
            *asked.regions,
        ]
        numbers = [proposals[n].number for n in missing]
        drawn = network.each(lightness, asked.hints, proposals[0].seed, numbers, seen)
        for made, (n, chroma) in enumerate(zip(missing, drawn, strict=True), 1):
            proposal = proposals[n]
            place = place_of(film.project, proposal.name)
            write_frame(place, _finished(film, source, chroma, self._lock), "--project")
            alike = [*others, *(one.proposals[n].name for one in before)]
            about = {"frame": frame, "timecode": film.plan.reel.timecode(frame), "seed": proposal.seed}
            method = {"number": proposal.number, "method": network.method, **network.told}
            names = {"hints": [c.name for c in said], "notes": notes, "alike": alike}
            page = {**about, **method, **names, "made_of": marks[n]}
            film.project.write_json(f"{FOLDER}/{proposal.name}.json", SCHEMA, page)
            yield made

    def _shown(self, proposals: Sequence[Proposal]) -> Shown:
        """Proposals of one frame, small."""
        names = [proposal.name for proposal in proposals]
        for name in names:
            if name not in self._small:
                self._small[name] = _small(place_of(self._film.project, name))
        near = {proposal.name for one in self._before for proposal in one.proposals}
        self._small = {name: planes for name, planes in self._small.items() if name in near or name in names}
        planes = [self._small[name] for name in names]
        return Shown(planes[0][0], np.stack([one[1:] for one in planes]))


def _small(place: Path) -> Array:
    """(3, h, w) L*a*b* of a proposal."""
    picture = read_picture(place)
    scale = min(1.0, SMALL / min(picture.lightness.shape))
    height, width = (round(n * scale) for n in picture.lightness.shape)
    return resized(np.concatenate([picture.lightness[None], picture.chroma]), (height, width))


def _finished(film: Film, source: SourceFrame, chroma: Array, lock: LumaLock) -> Array:
    """(3, H, W) uint16 R'G'B': the frame in these colours, (2, h, w) a*b*, under its own luma."""
    chroma = _no_larger(chroma, source.luma.shape)
    color = ColorFrame(source.index, chroma, np.ones(chroma.shape[1:], np.float32))
    return finished(film, source, color, lock)


def _no_larger(chroma: Array, size: tuple[int, ...]) -> Array:
    """Chroma of a frame that is smaller than what was diffused, at the frame's size."""
    if chroma.shape[1] <= size[0] and chroma.shape[2] <= size[1]:
        return chroma
    return resized(chroma, (size[0], size[1]))


def _is_there(project: Project, proposal: Proposal, mark: str) -> bool:
    if not (place_of(project, proposal.name).is_file() and project.has(f"{FOLDER}/{proposal.name}.json")):
        return False
    try:
        return _page(project, proposal).get("made_of") == mark
    except ProjectError:  # damaged, or of a newer program: made again
        return False


def _page(project: Project, proposal: Proposal) -> Mapping[str, Any]:
    """How a proposal was made. Refuses a damaged page."""
    page = f"{FOLDER}/{proposal.name}.json"
    told = project.read_json(page, SCHEMA)
    notes = told.get("notes")
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ProjectError(f"{project.path(page)}: damaged (no notes); delete it and propose again")
    return told


def _ingredients(
    film: Film,
    proposal: Proposal,
    network: Proposes,
    said: Sequence[Correction],
    others: Sequence[str],
    before: Sequence[_Before],
) -> Ingredients:
    return {
        "reel": film.plan.reel.hash,
        "frame": proposal.frame,
        "seed": proposal.seed,
        "number": proposal.number,
        **{f"{network.method} {name}": value for name, value in network.told.items()},
        **{f"stage.{name}": STAGES[name] for name in ("propose", "finish")},
        "computed on": film.computed_on,
        **settings_ingredients("finish", film.settings.finish),
        **{f"hint {n}": correction.mark for n, correction in enumerate(said)},
        **{f"alike {n}": film.plan.hashes[name] for n, name in enumerate(others)},
        **{f"before {n}": one.marks[proposal.number - 1] for n, one in enumerate(before)},
    }


def attended(film: Film, frame: int) -> list[str]:
    """The pictures of other frames that have one of their own, the nearest first: what looks alike should agree."""
    keys = [key for planned in film.plan.shots for key in planned.keyframes]
    own = [key for key in keys if key.reason == "person" and key.frame != frame]
    return [key.pictures[0] for key in sorted(own, key=lambda key: (abs(key.frame - frame), key.frame))[:MOST_ATTENDED]]
