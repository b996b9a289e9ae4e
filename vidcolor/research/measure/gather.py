"""Frames joined in order: what lies between neighbours, what counts, and the rows of the whole film."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from numpy import ndarray as Array

from vidcolor.color import rgb_to_lab
from vidcolor.research.measure.by_networks import NetworkFigures
from vidcolor.research.measure.cuts import CutFinder
from vidcolor.research.measure.definitions import FIGURES, LARGEST_PSNR
from vidcolor.research.measure.frame import MeasuredFrame
from vidcolor.research.measure.measurement import COLUMNS, MADE, Measurement, MeasureOptions, Row
from vidcolor.research.measure.nearest import Sources
from vidcolor.research.measure.pairing import Pair
from vidcolor.research.measure.tallies import Tallies
from vidcolor.research.measure.worst import Worst
from vidcolor.research.metrics.histograms import DISTANCES, jensen_shannon
from vidcolor.research.metrics.image import difference
from vidcolor.research.metrics.temporal import Seen, warp_error

SQUARES = "squares of "
"""Opens the names of squared errors among those of columns."""
COLORLESS = 1.0
"""Colourfulness below which a truth is gray: 0 but for coding noise."""


class Gather:
    """Takes measured frames in order; `finish` answers with the whole."""

    def __init__(
        self, pair: Pair, sources: Sources, networks: NetworkFigures, size: tuple[int, int], worst: int
    ) -> None:
        self._pair, self._sources, self._networks = pair, sources, networks
        self._tallies = Tallies()
        self._cuts = CutFinder()
        self._found: list[int] = []
        self._worst = Worst(worst, len(pair.frames))
        names = (*MADE, *(SQUARES + column for column in MADE))
        self._seen = Seen(sources.frames, size, names) if sources.given else None
        self._before: MeasuredFrame | None = None
        self._histograms: deque[tuple[int, dict[str, Array]]] = deque(maxlen=max(DISTANCES))

    def add(self, done: MeasuredFrame) -> None:
        """Takes the next frame."""
        if done.motion is None:  # the first, or the frame before is not measured
            self._before = None
        elif self._cuts.is_cut(done.changed):
            self._found.append(done.frame)
            self._histograms.clear()
            self._before = done.motion = None
        self._consistency(done)
        if self._before is not None:
            self._neighbours(self._before, done)
        key = self._sources.is_keyframe(done.frame)
        if self._seen is not None:
            squares = {SQUARES + column: plane for column, plane in done.squares.items()}
            self._seen.feed(done.frame, done.light, done.motion, done.errors | squares)
        if not key:
            self._networks.add(done.features)
            if done.looked_at is not None:
                self._worst.add(done.looked_at)
        distance = self._sources.distance(done.frame) if self._sources.given else -1
        self._tallies.add(done.frame, distance, done.values)
        self._before = done

    def _consistency(self, done: MeasuredFrame) -> None:
        """CDC's terms of the frame and those 1, 2 and 4 before it, by number, of the same shot."""
        for frame, histograms in self._histograms:
            if done.frame - frame in DISTANCES:
                for column in COLUMNS:
                    divergence = jensen_shannon(histograms[column], done.histograms[column])
                    done.values[f"cdc_{done.frame - frame}", column] = divergence
        self._histograms.append((done.frame, done.histograms))

    def _neighbours(self, before: MeasuredFrame, done: MeasuredFrame) -> None:
        assert done.motion is not None
        visible = ~done.motion.hidden
        for column in COLUMNS:
            error = warp_error(done.small[column], before.small[column], done.motion.back, visible)
            done.values["warp_error", column] = error
        if any(self._sources.is_keyframe(x.frame) for x in (before, done)):
            steps = {c: difference(rgb_to_lab(before.small[c]), rgb_to_lab(done.small[c]))[0] for c in COLUMNS}
            for column in MADE:
                done.values["keyframe_jump", column] = steps[column] - steps["truth"]

    def finish(self, options: MeasureOptions, notes: Sequence[str]) -> Measurement:
        """The whole. Call it once, after the last frame."""
        found = self._tallies.rows()
        if self._seen is not None:
            never = self._seen.finish()
            found["unseen_share"] = {"truth": 100 * never.share}
            found["unseen_error"] = {c: never.mean(c) for c in MADE if never.pixels}
            found["unseen_psnr"] = {c: decibels(never.mean(SQUARES + c)) for c in MADE if never.pixels}
        self._networks.finish()
        found.update(self._networks.rows())
        result, truth = self._pair.sides()
        return Measurement(
            result=result,
            truth=truth,
            size=self._pair.size,
            frames=self._pair.frames,
            keyframes=self._sources.frames if self._sources.given else (),
            cuts=tuple(self._found),
            rows=self._rows(found),
            series=self._tallies.series,
            distance=self._tallies.distances,
            distances=self._tallies.by_distance(),
            networks=tuple(self._networks.networks),
            notes=(*notes, *self._remarks(found)),
            worst=self._worst.frames(),
            keyframes_given=options.keyframes,
            reference=options.reference,
        )

    def _rows(self, found: dict[str, dict[str, float]]) -> tuple[Row, ...]:
        """In the order of the table; those that need something have no figures."""
        rows = []
        for figure in FIGURES:
            have = found.get(figure.key, {})
            values: dict[str, float] = {c: have[c] for c in COLUMNS if c in have}
            needs = self._networks.needs.get(figure.key, "") or self._lacks(figure.key)
            if values or needs:
                rows.append(Row(figure.key, values, self._networks.spread(figure.key), "" if values else needs))
        return tuple(rows)

    def _lacks(self, key: str) -> str:
        """What a figure lacks that was asked for and is not there."""
        if key in ("cdc", "warp_error"):
            return "needs neighbouring frames of one shot"
        if key == "keyframe_jump" and self._sources.given:
            return "needs a keyframe with a neighbour in its shot"
        if key in ("unseen_error", "unseen_psnr") and self._sources.given:
            return "needs a pixel that no keyframe shows: there is none"
        return ""

    def _remarks(self, found: dict[str, dict[str, float]]) -> list[str]:
        colorful = found.get("colorfulness", {}).get("truth", math.nan)
        if colorful < COLORLESS:
            return [f"{self._pair.truth.clip.path}: the truth has no colour to speak of; is it the gray film?"]
        return []


def decibels(square: float) -> float:
    """PSNR, peak 1, of a mean squared error; at most that of a frame."""
    return min(LARGEST_PSNR, -10 * math.log10(square)) if square > 0 else LARGEST_PSNR
