"""What hints are worth on gray photographs without any reference: points by chance, as interactive colorization has it.

The protocol is that of iColoriT (Yun et al., WACV 2023) as far as it can be met: pictures of 224 x 224, points drawn
evenly, each with the mean true colour of 2 x 2 pixels; PSNR of R'G'B' in dB. It differs in that the photographs are
others (BSDS500 in place of ImageNet's ctest10k), squeezed to that size, and in that no network here has learned what
colours things have: what no hint reaches stays gray.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from PIL import Image

from benchmark.clicks import hint_of
from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.features import LUMA, lightness_of
from vidcolor.pipeline.layers import over_together
from vidcolor.pipeline.library import Library
from vidcolor.pipeline.painter import Painter
from vidcolor.pipeline.sights import Sees, sights_of
from vidcolor.project.corrections import Correction
from vidcolor.research.metrics.image import psnr
from vidcolor.settings import Settings
from vidcolor.types import ColorFrame, Frame

COUNTS = (0, 1, 5, 10, 50, 100)
SIDE, PATCH = 224, 2
Say = Callable[[str], None]


def measure(path: Path, settings: Settings, seed: int, sees: Sees, counts: Sequence[int]) -> list[float]:
    """PSNR of one photograph after each of the counts of hints."""
    picture = Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    rgb = np.ascontiguousarray(np.moveaxis(np.asarray(picture, np.float32) / 255, 2, 0))
    true, size = rgb_to_lab(rgb)[0], rgb.shape[1:]
    target = Frame(0, lightness_of(np.tensordot(LUMA, rgb, 1).astype(np.float32)))
    no_library = cast("Library", None)  # a hint reads no picture
    painter = Painter(no_library, {}, sees, settings.correct, size)
    gray = ColorFrame(0, np.zeros((2, *size), np.float32), np.zeros(size, np.float32))
    random, hints = np.random.default_rng(seed), list[Correction]()
    for n in range(max(counts)):
        x, y = (int(n) for n in random.integers(0, SIDE - PATCH + 1, 2))
        codes = np.rint(255 * rgb[:, y : y + PATCH, x : x + PATCH].mean((1, 2))).astype(int)
        hints.append(hint_of(n, 0, (x, y), codes))
    found = []
    for count in counts:
        layers = painter.layers(hints[:count], gray, target)
        parts = [(layer.change, layer.share) for layer in layers if layer.share is not None]
        color = over_together(gray, parts) if parts else gray
        made = lab_to_rgb(np.concatenate([true[None], color.chroma]).astype(np.float32))
        found.append(psnr(np.clip(made, 0, 1), rgb))
    return found


def run(stills: Sequence[Path], settings: Settings, counts: Sequence[int], seed: int, say: Say) -> str:
    """The table: a line for each photograph, and the mean."""
    cv2.setNumThreads(1)
    sees = sights_of(settings, None)
    rows, lines = [], [f"PSNR in dB after {', '.join(map(str, counts))} hints"]
    for path in stills:
        rows.append(measure(path, settings, seed, sees, counts))
        lines.append(f"{path.stem:<44}" + "".join(f"{value:7.2f}" for value in rows[-1]))
        say(lines[-1])
    return "\n".join([*lines, f"{'mean':<44}" + "".join(f"{value:7.2f}" for value in np.mean(rows, axis=0))])
