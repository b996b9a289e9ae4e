"""A few numbers for each frame, gathered as frames pass, and what they come to for the whole film.

Means leave the keyframes out, except those of what lies between frames. Sums are exact (`math.fsum`), so neither the
order of threads nor the length of the film changes a digit.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping

from vidcolor.research.measure.definitions import LARGEST_PSNR
from vidcolor.research.measure.measurement import COLUMNS, MADE, DistancePoint
from vidcolor.research.metrics.histograms import DISTANCES

Values = Mapping[tuple[str, str], float]
"""Numbers of one frame by (figure, column)."""
PSNRS = ("psnr", "psnr_delivered", "psnr_ab")
AVERAGED = (
    *PSNRS, "ssim", "ciede2000", "ciede2000_p90", "lpips", "colorfulness", "his", "dhis", "lpips_r"
)  # fmt: skip
"""Figures of single frames that are averaged over the frames that are no keyframes."""
THOUSAND = 1000.0
CURVES = ("psnr", "ciede2000")


class Tallies:
    """The series of every figure, each with a number for every frame; NaN where a frame has none."""

    def __init__(self) -> None:
        self.frames = array("q")
        self.distances = array("q")
        """To the nearest keyframe; 0 on a keyframe, -1 where no keyframes were given."""
        self.series: dict[tuple[str, str], array[float]] = {}

    def add(self, frame: int, distance: int, values: Values) -> None:
        for key in values:
            if key not in self.series:
                self.series[key] = array("d", [math.nan]) * len(self.frames)
        for key, numbers in self.series.items():
            numbers.append(values.get(key, math.nan))
        self.frames.append(frame)
        self.distances.append(distance)

    def values(self, key: str, column: str, counts: Callable[[int], bool] | None = None) -> Iterator[float]:
        """The numbers of one figure that are numbers, of the frames whose distance `counts` (all if None)."""
        for value, distance in zip(self.series.get((key, column), ()), self.distances, strict=False):
            if not math.isnan(value) and (counts is None or counts(distance)):
                yield min(value, LARGEST_PSNR) if key in PSNRS else value

    def rows(self) -> dict[str, dict[str, float]]:
        """Every figure of the whole film, by column."""
        found = {key: self._means(key, _no_keyframe) for key in AVERAGED}
        found["colorfulness_ratio"] = _ratios(found["colorfulness"])
        found["cdc"] = self._cdc()
        found["warp_error"] = {c: THOUSAND * value for c, value in self._means("warp_error").items()}
        found["keyframe_error"] = self._means("ciede2000", _keyframe)
        found["keyframe_jump"] = self._means("keyframe_jump")
        changes = list(self.values("luma_change", "result"))
        found["luma_change"] = {"result": max(changes)} if changes else {}
        return {key: values for key, values in found.items() if values}

    def _means(self, key: str, counts: Callable[[int], bool] | None = None) -> dict[str, float]:
        means: dict[str, float | None] = {column: mean(self.values(key, column, counts)) for column in COLUMNS}
        return {column: value for column, value in means.items() if value is not None}

    def _cdc(self) -> dict[str, float]:
        """The mean over the lags of each lag's mean; a lag that no two frames have is left out."""
        by_lag = [means for lag in DISTANCES if (means := self._means(f"cdc_{lag}"))]
        columns = by_lag[0] if by_lag else ()
        return {column: math.fsum(means[column] for means in by_lag) / len(by_lag) for column in columns}

    def by_distance(self) -> tuple[DistancePoint, ...]:
        """Means of the curves' figures at each distance to the nearest keyframe."""
        places: dict[int, list[int]] = {}
        for place, distance in enumerate(self.distances):
            if distance > 0:
                places.setdefault(distance, []).append(place)
        return tuple(
            DistancePoint(distance, len(places[distance]), {key: self._at(key, places[distance]) for key in CURVES})
            for distance in sorted(places)
        )

    def _at(self, key: str, places: Iterable[int]) -> dict[str, float]:
        limit = LARGEST_PSNR if key in PSNRS else math.inf
        found: dict[str, float] = {}
        for column in MADE:
            if (key, column) in self.series:
                numbers = (self.series[key, column][place] for place in places)
                value = mean(min(n, limit) for n in numbers if not math.isnan(n))
                if value is not None:
                    found[column] = value
        return found


def mean(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return math.fsum(numbers) / len(numbers) if numbers else None


def _ratios(colorfulness: Mapping[str, float]) -> dict[str, float]:
    true = colorfulness.get("truth", 0.0)
    return {column: colorfulness[column] / true for column in MADE if column in colorfulness} if true > 0 else {}


def _no_keyframe(distance: int) -> bool:
    return distance != 0


def _keyframe(distance: int) -> bool:
    return distance == 0
