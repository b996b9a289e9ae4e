"""What each stage that decides the picture makes of a tiny film, coarsely: the golden files hold it.

A golden file is named for its stage's number (`stages.py`): change a picture and the test fails until the number is
raised and `python tools/make_goldens.py` is run. Values are means over a grid, so that another machine's rounding
does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import film
import numpy as np

from vidcolor.color import LumaLock
from vidcolor.colorize import color_from_references, register
from vidcolor.features import PatchFeatures
from vidcolor.finish import finish
from vidcolor.flow.estimate import build_flow
from vidcolor.propagate.shot import propagate
from vidcolor.settings import Settings
from vidcolor.stages import STAGES
from vidcolor.types import ColorFrame, ColorTags, Frame, Reference, SourceFrame

FOLDER = Path(__file__).parent / "golden"
GRID = (6, 8)
SIZE = (96, 128)
SETTINGS = Settings()


def golden_path(stage: str) -> Path:
    return FOLDER / f"{stage}-{STAGES[stage]}.json"


def coarse(planes: np.ndarray) -> list:
    """Means over a grid, of (H, W) or (C, H, W)."""
    planes = planes[None] if planes.ndim == 2 else planes
    size = GRID[::-1]
    return [np.round(cv2.resize(p.astype(np.float32), size, interpolation=cv2.INTER_AREA), 2).tolist() for p in planes]


def _shot() -> film.TinyFilm:
    return film.make_film(SIZE, (12,))


def _propagate() -> list:
    shot = _shot()
    frames = [Frame(n, lightness) for n, lightness in enumerate(shot.lightness)]
    keys = [ColorFrame(n, shot.lab[n][1:], np.ones(SIZE, np.float32)) for n in (0, 11)]
    flow = build_flow("dis", SETTINGS.propagate, "cpu")
    made = list(propagate(frames, keys, flow, SETTINGS.propagate))
    return [coarse(np.concatenate([made[n].chroma, 10 * made[n].confidence[None]])) for n in (0, 3, 6, 11)]


def _colorize() -> list:
    shot = _shot()
    target = Frame(0, shot.lightness[0])
    moved = np.roll(shot.lab[0], (2, 3), (1, 2))
    reference = Reference("moved.png", "1", moved[0], moved[1:])
    _, near = register(target, reference, SETTINGS.colorize)
    other = Reference("other.png", "2", shot.lab[9][0], shot.lab[9][1:])
    free = color_from_references(target, [(other, 0.8)], PatchFeatures(), SETTINGS.colorize)
    return [coarse(near.chroma), coarse(free.chroma)]


def _finish() -> list:
    shot = _shot()
    low = np.stack([cv2.resize(p, (64, 48), interpolation=cv2.INTER_AREA) for p in shot.lab[0][1:]])
    color = ColorFrame(0, low, np.ones(low.shape[1:], np.float32))
    made = finish(SourceFrame(0, shot.luma[0]), color, LumaLock(ColorTags()), SETTINGS.finish, "422")
    return [coarse(made.cb), coarse(made.cr)]


CASES: dict[str, Callable[[], list]] = {"colorize": _colorize, "propagate": _propagate, "finish": _finish}
