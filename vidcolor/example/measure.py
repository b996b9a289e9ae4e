"""How far a delivered film is from the example's true colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from vidcolor.color import delta_e, rgb_to_lab
from vidcolor.errors import InputError
from vidcolor.example.facts import SHOTS, ExampleFacts, ExampleShot
from vidcolor.example.film import NEUTRAL, Planes, picture_of
from vidcolor.example.texture import Picture
from vidcolor.media.place import told

EVERY = 4
"""Frames from one that is measured to the next."""
STEP = 2
"""Pixels from one that is measured to the next."""
TEN_BITS = 10


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
    rows: list[tuple[ExampleShot | None, tuple[float, float, float, float]]] = []
    films = zip(_planes(facts.truth, every), _planes(result, every), strict=False)
    count = 0
    for count, (truth, found) in enumerate(films, start=1):
        if truth.luma.shape != found.luma.shape:
            raise InputError(f"{result}: is not of the example's size; give a film made from {facts.film}")
        rows.append((_scene_of((count - 1) * every), _figures(truth, found)))
    if count != -(-facts.frame_count // every):
        raise InputError(f"{result}: is shorter than the example's film; give a film made from {facts.film}")
    scenes = {
        shot.scene: _mean([figures for which, figures in rows if which == shot])
        for shot in SHOTS
        if any(which == shot for which, _ in rows)
    }
    whole = _mean([figures for _, figures in rows])
    return Distance(whole.delta_e, whole.delta_e_gray, whole.psnr, whole.psnr_gray, count, scenes)


def _scene_of(frame: int) -> ExampleShot | None:
    if any(shot.transition and frame in shot.transition for shot in SHOTS):
        return None
    return next((shot for shot in SHOTS if frame in shot.frames), None)


def _figures(truth: Planes, found: Planes) -> tuple[float, float, float, float]:
    gray = np.full_like(truth.luma, NEUTRAL)
    true = picture_of(truth)
    true_lab = rgb_to_lab(np.moveaxis(true, 2, 0))
    out = []
    for cb, cr in ((found.cb, found.cr), (gray, gray)):
        picture = picture_of(Planes(truth.luma, cb, cr))
        lab = rgb_to_lab(np.moveaxis(picture, 2, 0))
        error = float(np.mean((picture - true) ** 2))
        out += [float(delta_e(lab, true_lab).mean()), -10 * np.log10(max(error, 1e-10))]
    return out[0], out[2], out[1], out[3]


def _mean(rows: list[tuple[float, float, float, float]]) -> Distance:
    found, gray, psnr, psnr_gray = np.mean(rows, axis=0).tolist()
    return Distance(found, gray, psnr, psnr_gray, len(rows))


def _planes(path: Path, every: int) -> Iterator[Planes]:
    """Every `every`-th frame as 10-bit planes, chroma at full size."""
    if not path.is_file():
        raise InputError(
            f"{path}: there is no such film; make it with `vidcolor run`, the truth with `vidcolor example`"
        )
    with told(path), av.open(str(path)) as film:
        if not film.streams.video:
            raise InputError(f"{path}: holds no picture; give a film made from the example")
        stream = film.streams.video[0]
        stream.thread_type = "AUTO"
        if all(packet.is_keyframe for packet in film.demux(stream) if packet.size):
            film.seek(0)  # each frame stands alone: those between need no decoding
            for n, packet in enumerate(film.demux(stream)):
                if packet.size == 0 or n % every == 0:
                    yield from map(_frame_planes, packet.decode())
            return
        film.seek(0)
        for n, frame in enumerate(film.decode(stream)):
            if n % every == 0:
                yield _frame_planes(frame)


def _frame_planes(frame: Any) -> Planes:
    bits = frame.format.components[0].bits
    kind = np.uint8 if bits <= 8 else np.uint16
    views = [np.frombuffer(p, kind).reshape(p.height, -1)[:, : p.width].astype(np.float32) for p in frame.planes[:3]]
    luma, cb, cr = (view * np.float32(2.0 ** (TEN_BITS - bits)) for view in views)
    planes = np.rint(luma), _enlarged(cb, luma.shape), _enlarged(cr, luma.shape)
    return Planes(*(plane[::STEP, ::STEP] for plane in planes))


def _enlarged(plane: Picture, size: tuple[int, ...]) -> Picture:
    """Chroma at full size: its samples lie on every second column (co-sited), and between every second row."""
    across, down = plane.shape[1] / size[1], plane.shape[0] / size[0]
    x = np.arange(size[1], dtype=np.float32) * across
    y = (np.arange(size[0], dtype=np.float32) + 0.5) * down - 0.5
    map_x, map_y = (grid.astype(np.float32) for grid in np.meshgrid(x, y))
    return cv2.remap(plane, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
