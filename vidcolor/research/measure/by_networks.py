"""The figures that need networks: LPIPS, LPIPS_R, FID and FID-infinity; or what each of them needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from numpy import ndarray as Array

from vidcolor.networks.pretrained import Missing, Weights
from vidcolor.research.measure.measurement import COLUMNS, MADE, MeasureOptions, NetworkUsed
from vidcolor.research.metrics.frechet import FEWEST, FeatureSet, fid, fid_infinity

if TYPE_CHECKING:
    from vidcolor.research.metrics.inception import Inception
    from vidcolor.research.metrics.perceptual import Contextual, Lpips

Network = TypeVar("Network", "Lpips", "Contextual", "Inception")
SMALLEST = 32
"""Sides of the smallest picture that LPIPS takes."""
FEWEST_FOR_FID = 2


class NetworkFigures:
    """The networks that could be had, asked for one frame at a time; and the features of all frames.

    Threads may call `measure` at once; `add` is called in order of frames.
    """

    def __init__(self, options: MeasureOptions, reference: Array | None, size: tuple[int, int]) -> None:
        self.needs: dict[str, str] = {}
        """Figure to why it is not there."""
        self.networks: list[NetworkUsed] = []
        self._lpips: Lpips | None = None
        self._contextual: Contextual | None = None
        self._inception: Inception | None = None
        self._looked: Any = None
        self._one_at_a_time = threading.Lock()
        """PyTorch uses all cores by itself, and its switches of precision are the whole process's."""
        self._sets: dict[str, FeatureSet] = {}
        self._found: dict[str, dict[str, float]] = {}
        self._spread: dict[str, float] = {}
        if options.networks:
            self._build(Weights(options.weights), options.device, reference, size)

    def _build(self, weights: Weights, device: str, reference: Array | None, size: tuple[int, int]) -> None:
        from vidcolor.research.metrics.inception import build_inception
        from vidcolor.research.metrics.perceptual import build_contextual, build_lpips

        if min(size) < SMALLEST:
            self.needs["lpips"] = f"needs pictures of at least {SMALLEST}x{SMALLEST}"
        else:
            self._lpips = self._one(("lpips",), lambda: build_lpips(weights, device))
        self._inception = self._one(("fid", "fid_infinity"), lambda: build_inception(weights, device))
        if self._inception is not None:
            self._sets = {column: FeatureSet() for column in COLUMNS}
        if reference is not None:
            self._contextual = self._one(("lpips_r",), lambda: build_contextual(weights, device))
            self._looked = self._contextual.look(reference) if self._contextual is not None else None

    def _one(self, keys: Sequence[str], build: Callable[[], Network]) -> Network | None:
        try:
            network = build()
        except Missing as missing:
            self.needs.update(dict.fromkeys(keys, str(missing)))
            return None
        for facts in network.facts:
            used = NetworkUsed(facts.name, facts.file.name, facts.sha256, facts.licence, facts.published)
            if used not in self.networks:
                self.networks.append(used)
        return network

    @property
    def active(self) -> bool:
        return any(network is not None for network in (self._lpips, self._contextual, self._inception))

    def measure(
        self, truth: Array, pictures: Mapping[str, Array]
    ) -> tuple[dict[tuple[str, str], float], dict[str, Array]]:
        """(numbers of one frame, its Inception features by column), of pictures under the true lightness by column."""
        with self._one_at_a_time:
            return self._measure(truth, pictures)

    def _measure(
        self, truth: Array, pictures: Mapping[str, Array]
    ) -> tuple[dict[tuple[str, str], float], dict[str, Array]]:
        values: dict[tuple[str, str], float] = {}
        features: dict[str, Array] = {}
        if self._lpips is not None:
            distances = self._lpips.among(truth, list(pictures.values()))
            values.update({("lpips", c): value for c, value in zip(pictures, distances, strict=True)})
        for column, rgb in {**pictures, "truth": truth}.items():
            if self._contextual is not None:
                values["lpips_r", column] = self._contextual(rgb, self._looked)
            if self._inception is not None:
                features[column] = self._inception(rgb)
        return values, features

    def add(self, features: Mapping[str, Array]) -> None:
        """Takes the features of a frame that counts."""
        for column, values in features.items():
            self._sets[column].add(values)

    def finish(self) -> None:
        """Compares the features taken; `rows` and `spread` then hold what came of it."""
        if not self._sets:
            return
        frames = len(self._sets["truth"])
        if frames < FEWEST_FOR_FID:
            self.needs["fid"] = "needs more frames than one"
        if frames < FEWEST:
            self.needs["fid_infinity"] = f"needs {FEWEST} frames that are no keyframes; here are {frames}"
        for column in MADE:
            one = self._sets[column]
            if len(one) >= FEWEST_FOR_FID:
                self._found.setdefault("fid", {})[column] = fid(one, self._sets["truth"])
            if len(one) >= FEWEST:
                drawn = fid_infinity(one, self._sets["truth"])
                self._found.setdefault("fid_infinity", {})[column] = drawn.mean
                self._spread[column] = drawn.spread

    def rows(self) -> dict[str, dict[str, float]]:
        """FID and FID-infinity by column."""
        return self._found

    def spread(self, key: str) -> dict[str, float]:
        """Standard deviation over the draws, by column, of the figures that are drawn."""
        return self._spread if key == "fid_infinity" else {}
