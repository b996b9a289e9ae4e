"""One frame measured: everything that needs its pictures. Frames are independent, so several are measured at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy import ndarray as Array

from vidcolor.color import rgb_to_lab
from vidcolor.color.colorimetry import LUMA_WEIGHTS
from vidcolor.color.lab import BLACK, WHITE
from vidcolor.flow.dis import Dis
from vidcolor.media.pictures import ColorPicture
from vidcolor.research.measure.by_networks import NetworkFigures
from vidcolor.research.measure.cuts import change
from vidcolor.research.measure.measurement import MADE, WorstFrame
from vidcolor.research.measure.worst import looked_at
from vidcolor.research.metrics.histograms import ab_histogram, dhis, his, rgb_histograms
from vidcolor.research.metrics.image import PictureFigures, Truth
from vidcolor.research.metrics.temporal import Motion, find_motion, reduced

Key = tuple[str, str]
"""Figure, column."""
NAMES = {
    "psnr": "psnr",
    "psnr_delivered": "psnr_delivered",
    "psnr_ab": "psnr_ab",
    "ssim": "ssim",
    "ciede2000": "delta_e",
    "ciede2000_p90": "delta_e_p90",
    "colorfulness": "colorfulness",
}
"""Our figures, and what `PictureFigures` calls them."""
ROUNDING = 0.01
"""Codes by which the luma of a picture of 16 bits misses that of what was rounded to it."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameTask:
    """One frame to measure."""

    frame: int
    result: ColorPicture
    truth: ColorPicture
    copied: Array
    """(2, H, W) a*b* of the truth at the nearest keyframe."""
    is_source: bool
    """True where the static copy takes its colours from this very frame."""
    light: Array
    """(h, w) L* of the truth, reduced."""
    sample: Array
    """The truth as `cuts` compares it."""
    before: tuple[Array, Array] | None
    """`light` and `sample` of the frame before; None if that is not measured."""


@dataclass(slots=True, eq=False)
class MeasuredFrame:
    """What is found of one frame; nothing of full size."""

    frame: int
    light: Array
    """(h, w) L* of the truth, reduced."""
    values: dict[Key, float] = field(default_factory=dict)
    small: dict[str, Array] = field(default_factory=dict)
    """(3, h, w) R'G'B' of each column, reduced, as delivered."""
    histograms: dict[str, Array] = field(default_factory=dict)
    """R'G'B' histograms of each column."""
    features: dict[str, Array] = field(default_factory=dict)
    """Inception features of each column."""
    errors: dict[str, Array] = field(default_factory=dict)
    """(h, w) CIEDE2000 of each column but the truth's, reduced."""
    squares: dict[str, Array] = field(default_factory=dict)
    """(h, w) squared R'G'B' error under the truth's lightness, likewise."""
    motion: Motion | None = None
    """From the frame before; None without one."""
    changed: float = 0.0
    looked_at: WorstFrame | None = None
    """Small pictures of it, where the worst frames are wanted."""


@dataclass(frozen=True, slots=True)
class FrameOptions:
    """What is asked of each frame."""

    exact_luma: bool = True
    """False: the truth's luma is not in its file, but computed from its R'G'B'."""
    pictures: bool = False
    """True: small pictures of each frame are made, for the worst of them."""


class FrameMeasure:
    """Measures single frames. Threads may call it at once; a frame's figures hang on nothing but the frame."""

    def __init__(
        self, networks: NetworkFigures, reference: Array | None, size: tuple[int, int], options: FrameOptions
    ) -> None:
        """`reference` is (3, H, W) R'G'B', `size` the (height, width) at which neighbours are compared."""
        self._options = options
        self._networks = networks
        self._reference = ab_histogram(rgb_to_lab(reference)) if reference is not None else None
        self._size = size
        self._flow = Dis()

    def __call__(self, task: FrameTask) -> MeasuredFrame:
        """The frame's figures. Refuses pictures too small for SSIM's window."""
        done = MeasuredFrame(task.frame, task.light)
        truth = Truth(task.truth.rgb)
        found = {
            "result": truth.figures(task.result.rgb, maps=True),
            "gray": truth.figures_of_gray(maps=True),
            "copy": truth.figures_of_chroma(task.copied, maps=True),
        }
        shown: dict[str, Array] = {}
        for column, figures in found.items():
            shown[column] = self._tally(done, column, figures, truth.rgb)
            self._look(done, column, task.result.rgb if column == "result" else shown[column])
        self._result(done, truth, task, found["result"])
        self._look(done, "truth", truth.rgb)
        if self._reference is not None:
            chromas = {c: figures.chroma for c, figures in found.items() if figures.chroma is not None}
            self._likeness(done, {**chromas, "truth": truth.lab[1:]})
        if self._networks.active:
            values, done.features = self._networks.measure(truth.rgb, shown)
            done.values.update(values)
        if task.is_source:  # the copy is the truth there, and no figure of a copy
            done.values = {key: value for key, value in done.values.items() if key[1] != "copy"}
            done.features.pop("copy", None)
        if task.before is not None:
            light, sample = task.before
            done.motion = find_motion(light, task.light, self._flow)
            done.changed = change(sample, task.sample)
        return done

    def _result(self, done: MeasuredFrame, truth: Truth, task: FrameTask, figures: PictureFigures) -> None:
        done.values["colorfulness", "truth"] = truth.colorfulness
        done.values["luma_change", "result"] = luma_change(task.result.luma, task.truth, exact=self._options.exact_luma)
        if self._options.pictures:
            assert figures.error_map is not None
            pictures = task.result.rgb, task.truth.rgb, figures.error_map
            done.looked_at = looked_at(task.frame, figures.delta_e, *pictures)

    def _tally(self, done: MeasuredFrame, column: str, figures: PictureFigures, truth: Array) -> Array:
        """R'G'B' under the truth's lightness, its figures taken."""
        for key, name in NAMES.items():
            done.values[key, column] = getattr(figures, name)
        assert figures.error_map is not None
        assert figures.shown is not None
        done.errors[column] = reduced(figures.error_map, self._size)
        done.squares[column] = reduced(np.square(figures.shown - truth).mean(0), self._size)
        return figures.shown

    def _look(self, done: MeasuredFrame, column: str, rgb: Array) -> None:
        """What neighbours are compared by."""
        done.small[column] = np.stack([reduced(plane, self._size) for plane in rgb])
        done.histograms[column] = rgb_histograms(rgb)

    def _likeness(self, done: MeasuredFrame, chromas: dict[str, Array]) -> None:
        """HIS and dHIS of a*b* by column."""
        assert self._reference is not None
        found = {}
        for column, chroma in chromas.items():
            found[column] = ab_histogram(np.concatenate([chroma[:1], chroma]))
            done.values["his", column] = his(found[column], self._reference)
        for column in MADE:
            done.values["dhis", column] = dhis(found["truth"], self._reference, found[column])


def luma_change(luma: Array, truth: ColorPicture, *, exact: bool) -> float:
    """Largest distance of a result's Y' from the truth's, in 10-bit codes.

    Where the truth's codes are computed from R'G'B' (not `exact`), half a code may have been rounded either way by
    whoever made the film: then either code is the truth's own.
    """
    largest = float(cv2.norm(luma, truth.luma, cv2.NORM_INF))
    if exact or largest == 0:
        return largest
    furthest = cv2.absdiff(luma, truth.luma) == largest
    red, blue = LUMA_WEIGHTS[1]
    weights = np.array([red, 1 - red - blue, blue])
    true = BLACK + (WHITE - BLACK) * (weights @ truth.rgb[:, furthest].astype(np.float64))
    beyond = np.abs(luma[furthest] - true).max() - 0.5 - ROUNDING
    return largest if beyond > largest - 1 else largest - 1
