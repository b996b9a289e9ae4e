"""What a click is worth: an artist who says true colours at points, and what each says to the rest of the clip.

Each clip is coloured from its first frame. Then, point after point, the colour that is truly there (the mean of 5 x 5
pixels of chroma) becomes a hint, spread, carried and laid on as a film's are: frame and place are those that the tool
itself names (`points` of a version's report.json, without those that hints have answered), or drawn by chance.
Figures are of all frames but the first, at chroma size, R'G'B' under the true L*: PSNR in dB and mean CIEDE2000.

Flows and superpixels of the clip are found once; what hints make of its colours is computed for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy import ndarray as Array

from benchmark.clips import Clip, read
from vidcolor.color import delta_e, lab_to_rgb
from vidcolor.flow.estimate import FlowEstimator, build_flow
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import Propagator
from vidcolor.pipeline.carried import carry
from vidcolor.pipeline.corrected import ANSWERED
from vidcolor.pipeline.layers import Layer, over_together
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.painter import AROUND, Painter
from vidcolor.pipeline.sights import sights_of
from vidcolor.project.corrections import Correction
from vidcolor.project.kinds import Hint
from vidcolor.propagate.doubt import Doubt
from vidcolor.propagate.shot import propagate
from vidcolor.research.metrics.image import psnr
from vidcolor.settings import Settings
from vidcolor.types import ColorFrame

COUNTS = (0, 1, 3, 5, 10, 20)
Point = tuple[int, int, int]
"""Frame, and x and y in pixels of chroma"""
Say = Callable[[str], None]


def hint_of(number: int, frame: int, at: tuple[int, int], codes: Array) -> Correction:
    """The number-th hint: a point's colour, as R'G'B' of 8 bits."""
    said = Hint(kind="hint", frame=frame, at=at, color="".join(f"{code:02x}" for code in codes))
    return Correction(f"{number:04d}-hint", said, frame, {}, f"{number:04d}")


class Kept:
    """Arrays kept in memory by kind and name, as a film's cache keeps them on disk."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, str], Mapping[str, Array]] = {}

    def take(self, kind: str, name: str) -> Any:
        return self._arrays.get((kind, name))

    def put(self, kind: str, name: str, arrays: Mapping[str, Array]) -> None:
        self._arrays[kind, name] = {key: np.array(value) for key, value in arrays.items()}


@dataclass(frozen=True)
class Row:
    """A clip's figures after so many clicks."""

    clip: str
    chosen: str
    """tool or random"""
    clicks: int
    psnr: float
    ciede2000: float


class FirstGiven:
    """A clip coloured from its first frame, and the painter of what is said of it."""

    def __init__(
        self,
        clip: Clip,
        settings: Settings,
        network: Propagator,
        doubt: Doubt | None = None,
        painter: type[Painter] = Painter,
    ) -> None:
        """doubt  told of the clip's frames as they are coloured"""
        self.clip, self.settings, self.cache = clip, settings, Kept()
        self.flow: FlowEstimator = build_flow(settings.propagate.flow, settings.propagate)
        self.size = clip.labs[0].shape[1:]
        no_library = cast("Library", None)  # no picture is read
        self.painter = painter(no_library, {}, sights_of(settings, self.cache, network), settings.correct, self.size)
        given = {0: ColorFrame(0, clip.labs[0][1:], np.ones(self.size, np.float32))}
        self.base = list(
            propagate(clip.frames, given, self.flow, settings.propagate, network=network, doubt=doubt, cache=self.cache)
        )


class Artist(FirstGiven):
    """One clip, its colours as far as they have come, and who knows the truth."""

    def __init__(self, clip: Clip, settings: Settings, network: Propagator) -> None:
        doubt = Doubt(clip.labs[0].shape[1:], len(clip.frames))
        super().__init__(clip, settings, network, doubt)
        self.named = [(point.position, *point.at) for point in doubt.points(1, len(clip.frames), self.size)]
        self.begin()

    def begin(self) -> None:
        """Takes all hints back."""
        self.hints, self.carried = list[Correction](), dict[int, tuple[list[Layer], list[list[ColorFrame]]]]()
        self.colors, self.shares = list(self.base), [np.zeros(self.size, np.float32) for _ in self.base]

    def click(self, point: Point) -> None:
        """Says the true colour at a point: hints of its frame share it anew."""
        self.hints.append(self._hint(len(self.hints), *point))
        at, frames = point[0], self.clip.frames[1:]  # behind the exact picture
        said = [hint for hint in self.hints if hint.frame == at]
        layers = self.painter.layers(said, self.base[at], self.clip.frames[at])
        way = self.clip.frames, self.flow, self.settings.propagate, (0,), self.cache
        found = [list(carry(one, *way)) for one in layers]
        self.carried[at] = layers, found
        for n, frame in enumerate(frames):
            color, shares = self.base[frame.index], np.zeros(self.size, np.float32)
            for layers, mattes in self.carried.values():
                there = [matte[n].confidence for matte in mattes]
                color = over_together(color, [(one.change, share) for one, share in zip(layers, there, strict=True)])
                shares = np.maximum(shares, np.minimum(sum(there), 1))
            self.colors[frame.index], self.shares[frame.index] = color, shares

    def _hint(self, number: int, frame: int, x: int, y: int) -> Correction:
        lab, reach = self.clip.labs[frame], AROUND // 2
        near = lab[:, max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1].reshape(3, -1).mean(1)
        codes = np.rint(255 * np.clip(lab_to_rgb(near[:, None, None].astype(np.float32)), 0, 1)).astype(int)
        return hint_of(number, frame, (x, y), codes.ravel())

    def says(self, point: Point) -> bool:
        """Whether hints have said the colour there."""
        frame, x, y = point
        return bool(self.shares[frame][y, x] >= ANSWERED)

    def figures(self) -> tuple[float, float]:
        """PSNR and CIEDE2000, the means over frames."""
        found = []
        for color, lab in zip(self.colors[1:], self.clip.labs[1:], strict=True):
            made = np.concatenate([lab[:1], color.chroma]).astype(np.float32)
            pictures = [np.clip(lab_to_rgb(picture), 0, 1) for picture in (made, lab)]
            found.append((psnr(*pictures), float(delta_e(made, lab).mean())))
        gain, apart = np.mean(found, axis=0)
        return float(gain), float(apart)


def measure(artist: Artist, chosen: str, points: Iterator[Point], counts: Sequence[int]) -> list[Row]:
    """The figures after each of the counts of clicks; where no more points are named, as they stay."""
    artist.begin()
    rows, clicks = [], 0
    for count in counts:
        while clicks < count and (point := next(points, None)) is not None:
            artist.click(point)
            clicks += 1
        rows.append(Row(artist.clip.name, chosen, count, *artist.figures()))
    return rows


def named(artist: Artist) -> Iterator[Point]:
    """The points that the tool names, but for those answered by then."""
    return (point for point in artist.named if not artist.says(point))


def drawn(artist: Artist, seed: int) -> Iterator[Point]:
    """Points by chance."""
    random, (height, width) = np.random.default_rng(seed), artist.size
    while True:
        yield int(random.integers(1, len(artist.base))), int(random.integers(width)), int(random.integers(height))


def run(clips: Sequence[Path], settings: Settings, counts: Sequence[int], seed: int, say: Say) -> list[Row]:
    """The rows of all clips, told as they are found."""
    cv2.setNumThreads(1)
    network, rows = Propagator(NetworkFeatures()), []
    for path in clips:
        artist = Artist(read(path, settings.propagate), settings, network)
        for chosen, points in (("tool", named(artist)), ("random", drawn(artist, seed))):
            found = measure(artist, chosen, points, counts)
            rows += found
            say(line_of(found))
    return rows


def line_of(rows: Sequence[Row]) -> str:
    """`blackswan  tool  31.20 +0.40 ... dB, 3.80 -0.05 ... CIEDE2000`: the first as it is, the others beside it."""
    first = rows[0]
    gains = "".join(f" {row.psnr - first.psnr:+6.2f}" for row in rows[1:])
    apart = "".join(f" {row.ciede2000 - first.ciede2000:+6.2f}" for row in rows[1:])
    return f"{first.clip:<20} {first.chosen:<7} {first.psnr:6.2f}{gains} dB  {first.ciede2000:6.2f}{apart} CIEDE2000"


def text_of(rows: Sequence[Row], counts: Sequence[int]) -> str:
    """The table, with the means over the clips."""
    lines = [f"{'clip':<20} {'places':<7} after {', '.join(map(str, counts))} clicks"]
    for chosen in ("tool", "random"):
        of = [row for row in rows if row.chosen == chosen]
        lines += [line_of([r for r in of if r.clip == clip]) for clip in dict.fromkeys(r.clip for r in of)]
        means = [np.mean([(r.psnr, r.ciede2000) for r in of if r.clicks == n], axis=0) for n in counts]
        lines.append(line_of([Row("mean", chosen, n, *map(float, m)) for n, m in zip(counts, means, strict=True)]))
    return "\n".join(lines)
