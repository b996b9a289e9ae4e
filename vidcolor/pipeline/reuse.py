"""What of an earlier delivery stays: the coded pictures of frames that are made of the same things as then.

Only where each frame is coded by itself. Two deliveries are told apart by what all frames hang on (settings, joins of
shots, software) and by the version of each shot; a frame stays where no shot that it shows has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.errors import MediaError
from vidcolor.media.codecs import find_delivery
from vidcolor.media.coded import CodedFrame, coded_pictures
from vidcolor.project.exports import Export
from vidcolor.project.fingerprint import Ingredients, fingerprint
from vidcolor.state.film import Film
from vidcolor.timeline import FrameRange
from vidcolor.types import DeliveryFrame, SourceFrame

WORTH = 0.7
"""Share of the frames that must change for all to be made anew: coding then uses every core."""
SHOT = "shot "
"""What the ingredients that are one shot's begin with."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier delivery of the same film, and which of its frames stay."""

    path: Path
    runs: tuple[tuple[FrameRange, bool], ...]
    """All frames of the film in order, in runs; True: those are to be made anew"""

    @property
    def kept(self) -> int:
        """Frames that are copied."""
        return sum(len(run) for run, anew in self.runs if not anew)


def parts_of(made_of: Ingredients, made_with: Mapping[str, str]) -> dict[str, Any]:
    """What a delivery is made of, in parts: what every frame hangs on, and each shot's own."""
    shots = {name.removeprefix(SHOT): str(value) for name, value in made_of.items() if name.startswith(SHOT)}
    common = {name: value for name, value in made_of.items() if not name.startswith(SHOT)}
    common |= {f"with {name}": value for name, value in made_with.items()}
    return {"common": fingerprint(common), "shots": shots}


def find_earlier(film: Film, export: Export, delivery: str, parts: Mapping[str, Any]) -> Earlier | None:
    """The earlier delivery at the same place whose frames can be copied; None where all are to be made.

    parts   of the delivery that is to be made
    """
    before = export.parts
    if find_delivery(delivery).is_proxy or not before or before.get("common") != parts["common"]:
        return None
    old, new = before.get("shots"), parts["shots"]
    if not isinstance(old, dict) or list(old) != list(new) or _joins(old) != _joins(new):
        return None
    changed = [planned.reach for planned in film.plan.shots if old[planned.shot.id] != new[planned.shot.id]]
    runs = tuple(_runs(changed, film.plan.reel.frame_count))
    earlier = Earlier(export.out, runs)
    total = film.plan.reel.frame_count
    return earlier if total - earlier.kept <= WORTH * total else None


def _joins(shots: Mapping[str, Any]) -> list[str]:
    """How each shot begins: what follows its version."""
    return [str(value).partition(" Transition")[2] for value in shots.values()]


def _runs(changed: Sequence[FrameRange], count: int) -> Iterator[tuple[FrameRange, bool]]:
    """The film in runs, those of changed shots, together where they meet, apart from the others.

    A dissolve belongs to both its shots, and one between two changed shots is made whole.
    """
    anew: list[FrameRange] = []
    for reach in changed:
        meets = bool(anew) and reach.start <= anew[-1].stop
        start = anew.pop().start if meets else reach.start
        anew.append(FrameRange(start, reach.stop))
    at = 0
    for run in anew:
        if run.start > at:
            yield FrameRange(at, run.start), False
        yield run, True
        at = run.stop
    if at < count:
        yield FrameRange(at, count), False


def with_copies(
    earlier: Earlier,
    sources: Callable[[FrameRange], Iterator[SourceFrame]],
    made: Callable[[FrameRange], Iterator[DeliveryFrame]],
) -> Iterator[DeliveryFrame | CodedFrame]:
    """Every frame of the film in order: made anew where something changed, else copied with its luma.

    sources  the film's own frames of a run
    made     the finished frames of a run
    """
    with closing(coded_pictures(earlier.path)) as coded:
        following = next(coded, None)
        for run, anew in earlier.runs:
            if anew:
                yield from made(run)
                continue
            for source in sources(run):
                while following is not None and following[0] < source.index:
                    following = next(coded, None)
                if following is None:
                    raise MediaError(f"{earlier.path}: holds no frame {source.index}; delete it and deliver again")
                yield CodedFrame(source.index, source.handed, following[1])
