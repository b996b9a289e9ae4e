"""Pairs of a result and its truth on disk, for the tests of measuring; and the truth about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import film
import numpy as np

from vidcolor.research.measure.measurement import MeasureOptions

SIZE = (48, 64)
QUICK = MeasureOptions(networks=False)


def write_folder(folder: Path, pictures: Sequence[np.ndarray], numbers: Sequence[int] | None = None) -> Path:
    """(H, W, 3) R'G'B' 0..1 pictures as 16-bit PNG, named by number."""
    folder.mkdir(parents=True)
    for number, picture in zip(numbers if numbers is not None else range(len(pictures)), pictures, strict=True):
        film.write_picture(folder / f"{number:06d}.png", picture, bits=16)
    return folder


def gray(pictures: np.ndarray) -> np.ndarray:
    """(N, H, W, 3) the same luma without colour."""
    return np.repeat((pictures @ film.WEIGHTS)[..., None], 3, axis=3).astype(np.float32)


def faded(pictures: np.ndarray, share: float = 0.5) -> np.ndarray:
    """Halfway to gray, at the same luma."""
    return (share * pictures + (1 - share) * gray(pictures)).astype(np.float32)
