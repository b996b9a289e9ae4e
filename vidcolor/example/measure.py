"""How far a delivered film is from the example's true colours."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vidcolor.color import delta_e, rgb_to_lab
from vidcolor.color.lab import BLACK, WHITE
from vidcolor.errors import InputError
from vidcolor.example.facts import SHOTS, ExampleFacts, ExampleShot
from vidcolor.media.pictures import ColorClip, ColorPicture, open_colors

if TYPE_CHECKING:
    from numpy import ndarray as Array

EVERY = 4
"""Frames from one that is measured to the next."""
STEP = 2
"""Pixels from one that is measured to the next."""


@dataclass(frozen=True, slots=True)
class Distance:
    """How far from the truth; each figure for the result, and for the gray film beside it."""

    delta_e: float
    """Mean CIEDE2000 over all pixels; 0 is the truth."""
    delta_e_gray: float
    psnr: float
    """Decibels over R'G'B', mean over frames."""
    psnr_gray: float
    frame_count: int
    """Frames that were measured."""
    by_scene: dict[str, Distance] = field(default_factory=dict)


def distance(result: Path, folder: Path, *, every: int = EVERY) -> Distance:
    """How far the colours of the film `result` are from those of the example in `folder`.

    Every `every`-th frame is measured, at every second pixel both ways, under the truth's own luma: what differs
    is colour alone. Frames inside a fade or dissolve count in the whole, not in a scene. Refuses a film of another
    size or length.
    """
    facts = ExampleFacts(folder)
    true_clip, clip = _opened(facts.truth), _opened(result)
    if clip.size != true_clip.size:
        raise InputError(f"{result}: is not of the example's size; give a film made from {facts.film}")
    if len(clip) < facts.frame_count:
        raise InputError(f"{result}: is shorter than the example's film; give a film made from {facts.film}")
    frames = range(0, facts.frame_count, every)
    rows: list[tuple[ExampleShot | None, tuple[float, float, float, float]]] = []
    with closing(true_clip.read(frames)) as truth, closing(clip.read(frames)) as found:
        for (frame, true), (_, picture) in zip(truth, found, strict=True):
            rows.append((_scene_of(frame), _figures(true, picture)))
    scenes = {
        shot.scene: _mean([figures for which, figures in rows if which == shot])
        for shot in SHOTS
        if any(which == shot for which, _ in rows)
    }
    whole = _mean([figures for _, figures in rows])
    return Distance(whole.delta_e, whole.delta_e_gray, whole.psnr, whole.psnr_gray, len(rows), scenes)


def _scene_of(frame: int) -> ExampleShot | None:
    if any(shot.transition and frame in shot.transition for shot in SHOTS):
        return None
    return next((shot for shot in SHOTS if frame in shot.frames), None)


def _figures(true: ColorPicture, found: ColorPicture) -> tuple[float, float, float, float]:
    light = _light(true)
    true_rgb = _thinned(true.rgb)
    true_lab = rgb_to_lab(true_rgb)
    out = []
    for rgb in (_thinned(found.rgb) + (light - _light(found)), np.stack([light] * 3)):
        rgb = np.clip(rgb, 0, 1)
        error = float(np.mean((rgb - true_rgb) ** 2))
        out += [float(delta_e(rgb_to_lab(rgb), true_lab).mean()), -10 * np.log10(max(error, 1e-10))]
    return out[0], out[2], out[1], out[3]


def _light(picture: ColorPicture) -> Array:
    """Y' 0..1 of the pixels that are measured."""
    return np.clip((_thinned(picture.luma).astype(np.float32) - BLACK) / (WHITE - BLACK), 0, 1)


def _thinned(planes: Array) -> Array:
    return np.ascontiguousarray(planes[..., ::STEP, ::STEP])


def _mean(rows: list[tuple[float, float, float, float]]) -> Distance:
    found, gray, psnr, psnr_gray = np.mean(rows, axis=0).tolist()
    return Distance(found, gray, psnr, psnr_gray, len(rows))


def _opened(path: Path) -> ColorClip:
    if not path.is_file():
        raise InputError(
            f"{path}: there is no such film; make it with `vidcolor run`, the truth with `vidcolor example`"
        )
    return open_colors(path)
