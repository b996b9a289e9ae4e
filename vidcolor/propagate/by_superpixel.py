"""Colours that each temporal superpixel remembers: one more carrier, heard mostly where the others are in doubt.

A superpixel keeps its label as it moves (superpixels/track.py), and with it a linear model of chroma in lightness,
fitted robustly to what was known for certain of it, in all frames so far. How well the model fits says by itself how
far it is to be believed: a superpixel that holds two colours of one lightness is hardly heard.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy import ndarray as Array

from vidcolor.compiled import strict
from vidcolor.flow.warp import occluded
from vidcolor.planes.kinds import Device, down, of, planes_of, up
from vidcolor.propagate.cached import ShotCache
from vidcolor.propagate.runs import Look, Step
from vidcolor.settings import PropagateSettings
from vidcolor.superpixels.segment import superpixel_count
from vidcolor.superpixels.track import Tracker

KEPT = 0.85
"""Share of a memory kept from one frame to the next, where the new frame is as sure."""
LEAST, MISFIT, DOUBT, STRANGE = 3.0, 1.5, 1.0, 1.0
"""Expected error: least + misfit x the model's rms error + doubt x (mean expected error of what was learnt - SURE) +
strange x how far a pixel's lightness lies beyond the superpixel's, in its standard deviations. Chosen on the training
clips. Fitted to the memory's own error, least is 0; but it errs where the other carriers err, and must not outvote."""
SURE = 1.5
STRANGER = 30.0
"""Mean doubt of a label that remembers nothing."""
OUTLIER = 2.0
"""Rms errors of the model at which a pixel counts half, if it is no surer than what the model was fitted to."""
NOISE = 2.0
"""Least rms error by which outliers are told, in a*b*."""
RIDGE = 4e-4
"""Added to the variance of luma, in squared L*/100: keeps the slope of an even superpixel near zero."""
REACH, GRAIN = 1.5, 0.01
"""The slope is followed so many standard deviations of luma (and the grain, L*/100, added to them) from the mean."""
STATISTICS = 9
"""Sums kept of a label: weight w, w luma, w luma^2, w a, w b, w luma a, w luma b, w (a^2 + b^2), w expected error."""


@strict()
def _fit(sums, models):  # type: ignore[no-untyped-def]
    """models (N, 8): mean luma, mean a and b, slopes of a and b, rms error, standard deviation of luma, mean doubt."""
    for n in range(sums.shape[0]):
        w = sums[n, 0]
        if w <= 1e-9:
            for k in range(7):
                models[n, k] = 0
            models[n, 7] = STRANGER
            continue
        light, a, b = sums[n, 1] / w, sums[n, 3] / w, sums[n, 4] / w
        variance = max(0.0, sums[n, 2] / w - light * light)
        slope_a = (sums[n, 5] / w - light * a) / (variance + RIDGE)
        slope_b = (sums[n, 6] / w - light * b) / (variance + RIDGE)
        spread = sums[n, 7] / w - a * a - b * b
        left = spread - (slope_a * slope_a + slope_b * slope_b) * (variance + 2 * RIDGE)
        models[n, 0], models[n, 1], models[n, 2] = light, a, b
        models[n, 3], models[n, 4] = slope_a, slope_b
        models[n, 5], models[n, 6] = np.sqrt(max(0.0, left)), np.sqrt(variance)
        models[n, 7] = sums[n, 8] / w


@strict()
def _learn(slots, luma, chroma, error, models, sums):  # type: ignore[no-untyped-def]
    """Adds a frame to `sums`, each pixel by its expected error to the minus four."""
    for y in range(slots.shape[0]):
        for x in range(slots.shape[1]):
            n = slots[y, x]
            light, a, b, e = luma[y, x], chroma[0, y, x], chroma[1, y, x], error[y, x]
            w = 1.0 / (e * e * e * e)
            if models[n, 7] < STRANGER:
                off = light - models[n, 0]
                da = a - models[n, 1] - models[n, 3] * off
                db = b - models[n, 2] - models[n, 4] * off
                width = OUTLIER * max(NOISE, models[n, 5]) * max(1.0, models[n, 7] / e) ** 2
                w /= 1.0 + ((da * da + db * db) / (width * width)) ** 2
            sums[n, 0] += w
            sums[n, 1] += w * light
            sums[n, 2] += w * light * light
            sums[n, 3] += w * a
            sums[n, 4] += w * b
            sums[n, 5] += w * light * a
            sums[n, 6] += w * light * b
            sums[n, 7] += w * (a * a + b * b)
            sums[n, 8] += w * e


@strict()
def _recall(slots, luma, models, out):  # type: ignore[no-untyped-def]
    """out (3, h, w): a*, b*, expected error."""
    for y in range(slots.shape[0]):
        for x in range(slots.shape[1]):
            model = models[slots[y, x]]
            off, width = luma[y, x] - model[0], model[6] + GRAIN
            within = min(max(off, -REACH * width), REACH * width)
            out[0, y, x] = model[1] + model[3] * within
            out[1, y, x] = model[2] + model[4] * within
            doubt = DOUBT * max(0.0, model[7] - SURE)
            out[2, y, x] = LEAST + MISFIT * model[5] + doubt + STRANGE * abs(off - within) / width


class Memory:
    """Superpixels of one shot, in order of its frames, and what is known of their colours.

    Holds nine sums for each label of the last frame, and the tracker: as much for ten frames as for ten thousand, but
    for the two numbers of a label's history.
    """

    def __init__(self, cache: ShotCache, settings: PropagateSettings, device: Device = None) -> None:
        """device  where colours are; superpixels are tracked on the processor"""
        size, self._cache, self._device = cache.size, cache, device
        self._tracker = Tracker(
            superpixel_count(size, settings.superpixel_density),
            compactness=settings.superpixel_compactness,
            steadiness=settings.superpixel_steadiness,
        )
        self._ids = np.empty(0, np.int32)
        self._slots = np.empty((0, 0), np.int32)
        self._luma = np.empty(size, np.float32)
        self._sums = np.zeros((0, STATISTICS))
        self._there = _There(device) if device is not None else None

    def follow(self, look: Look, step: Step | None) -> None:
        """Goes on to the next frame; `step` is the motion from the frame before, None for the first."""
        ids, slots = self._track(look, step)
        if self._there is not None:
            self._there.follow(self._ids, ids, slots)
            self._ids, self._slots, self._luma = ids, slots, look.luma
            return
        sums = np.zeros((len(ids), STATISTICS))
        old = np.isin(ids, self._ids, assume_unique=True)
        sums[old] = self._sums[np.isin(self._ids, ids, assume_unique=True)] * KEPT
        self._ids, self._slots, self._sums, self._luma = ids, slots, sums, look.luma

    def _track(self, look: Look, step: Step | None) -> tuple[Array, Array]:
        """The frame's labels as `Tracker.dense` has them, and the tracker taken to it."""
        luma = look.luma if look.here is None else look.here
        lightness = luma * np.float32(100)
        kept = self._cache.labels(look.position)
        if kept is not None:
            self._tracker.go_on({**kept, "before": lightness})
            return self._tracker.dense
        if step is None:
            self._tracker.step(lightness)
        else:
            here = step.here or (step.onward, step.back)
            onward, back = (flow.astype(np.float32) for flow in here)
            self._tracker.step(lightness, onward, occluded(onward, back))
        self._cache.keep_labels(look.position, self._tracker.state())
        return self._tracker.dense

    def _models(self) -> Array:
        models = np.zeros((len(self._ids), 8))
        _fit(self._sums, models)
        return models

    def recall(self) -> tuple[Array, Array]:
        """Chroma (2, h, w) and expected error (h, w) as remembered."""
        if self._there is not None:
            return self._there.recall(self._luma)
        out = np.empty((3, *self._slots.shape), np.float32)
        _recall(self._slots, self._luma, self._models(), out)
        return out[:2], out[2]

    def state(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """All that the next frame takes from those before, as arrays: the memory's own, and the tracker's."""
        sums = self._sums if self._there is None else down(self._there.sums).astype(np.float64)
        own: dict[str, Array] = {"luma": down(self._luma), "slots": self._slots, "ids": self._ids, "sums": sums}
        return own, self._tracker.state()

    def go_on(self, own: Mapping[str, Array], tracker: Mapping[str, Array]) -> None:
        """Takes up what `state` gave, in a memory made with the same settings."""
        self._luma, self._slots, self._ids, self._sums = (own[name] for name in ("luma", "slots", "ids", "sums"))
        if self._there is not None:
            self._luma = up(self._luma, self._device)
            self._there.go_on(self._slots, self._sums)
        self._tracker.go_on(tracker)

    def learn(self, chroma: Array, error: Array) -> None:
        """Takes what the other carriers found of the frame followed last: chroma (2, h, w), expected error (h, w)."""
        if self._there is not None:
            self._there.learn(self._luma, chroma, error)
        else:
            _learn(self._slots, self._luma, chroma, error, self._models(), self._sums)


class _There:
    """The sums of the labels, on a device; what of labels is needed there goes up with each frame."""

    def __init__(self, device: Device) -> None:
        from vidcolor.propagate import by_superpixel_on_device  # loads PyTorch

        self._sums_of, self._device = by_superpixel_on_device, device
        self.sums = up(np.zeros((0, STATISTICS), np.float32), device)

    def follow(self, before: Array, ids: Array, slots: Array) -> None:
        """Goes on from labels `before` to labels `ids`, at the pixels as `slots` says."""
        place = np.searchsorted(before, ids)
        known = (place < len(before)) & (before[np.minimum(place, len(before) - 1)] == ids) if len(before) else ids < 0
        rows = up(np.where(known, place, len(before)).astype(np.int64), self._device)
        kept = of(self.sums).concat([self.sums * KEPT, planes_of((1, STATISTICS), 0.0, self.sums)])
        self._put(slots, kept[rows])

    def go_on(self, slots: Array, sums: Array) -> None:
        self._put(slots, up(sums.astype(np.float32), self._device))

    def _put(self, slots: Array, sums: Array) -> None:
        self.sums, self._slots = sums, up(slots.astype(np.int64), self._device)
        self._table = up(self._sums_of.table_of(slots, len(sums)), self._device)

    def recall(self, luma: Array) -> tuple[Array, Array]:
        return self._sums_of.recall(self._slots, luma, self._sums_of.fit(self.sums))  # type: ignore

    def learn(self, luma: Array, chroma: Array, error: Array) -> None:
        models = self._sums_of.fit(self.sums)  # type: ignore[arg-type]
        added = self._sums_of.learn(self._slots, self._table, luma, chroma, error, models)  # type: ignore[arg-type]
        self.sums = self.sums + added  # type: ignore[assignment]
