"""The mattes that a version keeps: where each correction of a part of the picture counts, as it was carried."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from numpy import ndarray as Array

from vidcolor.errors import MediaError
from vidcolor.media.store import ChromaReader
from vidcolor.pipeline.carried import Span
from vidcolor.pipeline.corrected import matte_name, name_of_regions
from vidcolor.project.versions import Version, read_report
from vidcolor.state.film import Film
from vidcolor.state.plan import ShotPlan
from vidcolor.timeline import FrameRange
from vidcolor.types import Shot


@dataclass(frozen=True, slots=True)
class Matte:
    """One correction's."""

    name: str
    shot: Shot
    path: Path
    sha256: str
    span: FrameRange
    """The frames that it is carried to"""
    passed: tuple[int, ...]
    """Those of exact pictures that do not show its thing: there it counts nowhere"""

    def shares(self, first: int | None = None) -> Generator[Array, None, None]:
        """(H, W) float32 of each frame from `first` on, 0..1: how far the correction counts. Refuses damage."""
        with ChromaReader(self.path, self.span.start) as store:
            if len(store) != len(self.span):
                raise MediaError(f"{self.path}: damaged; delete {self.path.parents[1]} and render again")
            for found in store.read_from(self.span.start if first is None else first):
                yield found.confidence


def mattes_of(film: Film, planned: ShotPlan, version: Version) -> list[Matte]:
    """Those of one shot's version that today's plan knows."""
    frames = {correction.name: correction.frame for correction in planned.corrections if correction.is_layer}
    frames |= {name_of_regions(key): key.frame for key in planned.laid_over}
    stored = {name: frame for name, frame in frames.items() if matte_name(name) in version.stores}
    if not stored:
        return []
    report = read_report(film.project, version)
    exact = [key["frame"] for key in (report.get("base") or report)["keyframes"] if key.get("how") == "exact"]
    mattes = []
    for name, frame in stored.items():
        path = version.checked(matte_name(name))
        span = Span.kept(path, frame, planned.reach, exact)
        mattes.append(Matte(name, planned.shot, path, version.stores[matte_name(name)], span.frames, span.passed))
    return mattes
