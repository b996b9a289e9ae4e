"""A clip of known colours, at the size that propagation works at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import ndarray as Array

from vidcolor.color import luma_to_lightness, rgb_to_lab
from vidcolor.media.pictures import open_colors
from vidcolor.propagate.runs import chroma_size, reduced
from vidcolor.settings import PropagateSettings
from vidcolor.types import ColorTags, Frame, working_size


@dataclass(frozen=True)
class Clip:
    """A clip at the size that propagation works at."""

    name: str
    frames: tuple[Frame, ...]
    labs: tuple[Array, ...]
    """L*a*b* (3, h, w) at chroma size."""


def read(path: Path, settings: PropagateSettings) -> Clip:
    """One clip, its colours the truth."""
    truth = open_colors(path)
    size = working_size(truth.size, settings.chroma_side)
    frames, labs = [], []
    for number, (_, picture) in enumerate(truth.read()):
        frames.append(Frame(number, reduced(luma_to_lightness(picture.luma, ColorTags()), size)))
        labs.append(np.stack([reduced(plane, chroma_size(size)) for plane in rgb_to_lab(picture.rgb)]))
    return Clip(path.name, tuple(frames), tuple(labs))
