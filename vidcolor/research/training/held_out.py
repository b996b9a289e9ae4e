"""The figure the features are trained for: gray frames matched, chroma carried by the match, PSNR against the truth.

- Frames are matched at the size they have; each place of the target takes the softmax mean (temperature 0.03) of the
  reference's chroma, which is then enlarged, bilinear, under the target's true L*.
- Aged frames carry the same damage in every measurement; what is carried and what is compared stays clean.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor
from torch.nn import functional as F

from vidcolor.color import lab_to_rgb, rgb_to_lab
from vidcolor.features import LUMA
from vidcolor.research.training.age import age
from vidcolor.research.training.data import spacing
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.losses import CARRY_TEMPERATURE

STRIP = 1024
"""Places of the target matched together."""
APART = 25
"""Frames from the reference to the target."""
FIRSTS = (0, 30)
"""Reference frames of each clip, where it is long enough."""
SEED = 100
"""Of the first clip's print."""
HELD_SHARE = 50
"""One still in so many is held out, by its name."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Two frames, clean and aged."""

    name: str
    clean: tuple[Array, Array]
    """(H, W) L* of the gray frames, reference and target."""
    aged: tuple[Array, Array]
    """The same as an old print shows them."""
    chroma: Array
    """(2, H, W): the reference's."""
    lightness: Array
    """(H, W): the target's own L*."""
    rgb: Array
    """(3, H, W): the target."""


def kept_stills(stills: Sequence[Path]) -> list[Path]:
    """The stills to train on; which are held out hangs on their names alone."""
    return [path for path in stills if zlib.crc32(path.name.encode()) % HELD_SHARE]


def held_trials(folders: Sequence[Path], firsts: Sequence[int] = FIRSTS, prints: int = 1) -> list[Trial]:
    """Trials of some clips, each from the frames `firsts` and aged as so many different prints."""
    clips = [sorted(folder.glob("*.webp")) or sorted(folder.glob("*.jpg")) for folder in folders]
    return [
        load_trial(files, first, seed + len(clips) * each)
        for seed, files in enumerate(clips, SEED)
        for first in firsts
        for each in range(prints)
        if (first + APART) // spacing(files) < len(files)
    ]


def gray_lightness(rgb: Array) -> Array:
    """(H, W): L* of the luma of R'G'B' (3, H, W)."""
    luma = np.tensordot(LUMA, rgb, 1)
    return rgb_to_lab(np.stack([luma] * 3))[0]


def load_trial(files: Sequence[Path], first: int, seed: int) -> Trial:
    """Frames `first` and `first` + 25 of a clip's files (of a thinned clip those nearest before), aged as one print by
    `seed`."""

    def read(frame: int) -> Array:
        return np.ascontiguousarray(read_rgb(files[frame]).transpose(2, 0, 1)) / np.float32(255)

    reference, target = (read(frame // spacing(files)) for frame in (first, first + APART))
    clean = gray_lightness(reference), gray_lightness(target)
    aged = age_for_trial(clean[0], seed, 0), age_for_trial(clean[1], seed, 1)
    name = f"{files[0].parent.name}/{first}"
    return Trial(name, clean, aged, rgb_to_lab(reference)[1:], rgb_to_lab(target)[0], target)


def age_for_trial(lightness: Array, seed: int, frame: int) -> Array:
    """Aged lightness, surely not left clean."""
    for k in range(100):
        aged = age(lightness, np.random.default_rng([seed, k]), np.random.default_rng([seed, k, frame]))
        if not np.array_equal(aged, lightness):
            return aged
    return lightness


def carried(reference: Tensor, target: Tensor, chroma: Array) -> Tensor:
    """(2, h, w): chroma (2, H, W) of the reference at each place of the target, by unit maps (C, h', w'), (C, h, w)."""
    own = torch.from_numpy(chroma)[None].to(reference.device)
    at = F.adaptive_avg_pool2d(own, (reference.shape[1], reference.shape[2]))[0].flatten(1).T
    keys, queries = reference.flatten(1), target.flatten(1).T
    parts = [(part @ keys / CARRY_TEMPERATURE).softmax(-1) @ at for part in queries.split(STRIP)]
    return torch.cat(parts).T.reshape(2, *target.shape[-2:])


def carried_psnr(trial: Trial, reference: Tensor, target: Tensor) -> float:
    """PSNR in R'G'B' of the target under its true L*."""
    small = carried(reference.float(), target.float(), trial.chroma).cpu()
    full = F.interpolate(small[None], size=trial.rgb.shape[1:], mode="bilinear", align_corners=False)[0].numpy()
    rgb = lab_to_rgb(np.concatenate([trial.lightness[None], full]))
    return float(-10 * np.log10(np.mean((np.clip(rgb, 0, 1).astype(np.float64) - trial.rgb) ** 2)))


@torch.no_grad()
def measure(features: Callable[[Tensor], Sequence[Tensor]], trials: Sequence[Trial]) -> dict[str, float]:
    """Mean PSNR of each map, clean and aged; `clean0` is the finest map's.

    features    answers unit maps (1, C, h, w), on whatever device, of L* (1, 1, H, W)
    """
    sums: dict[str, list[float]] = {}
    for trial in trials:
        for look, pair in (("clean", trial.clean), ("aged", trial.aged)):
            maps = [features(torch.from_numpy(x)[None, None]) for x in pair]
            for level, (one, two) in enumerate(zip(*maps, strict=True)):
                sums.setdefault(f"{look}{level}", []).append(carried_psnr(trial, one[0], two[0]))
    return {name: float(np.mean(values)) for name, values in sums.items()}
