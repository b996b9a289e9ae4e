"""Pairs of gray pictures with what is known of them: where each place went, its chroma, what the teachers see there.

- A still gives two views of itself, each moved and aged by itself; a clip gives two of its frames.
- Every sample is drawn from its own seed (the run's, the step, its place in the batch), so a run that is resumed, or
  read by more workers, sees the same samples.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array
from numpy.random import Generator
from torch import Tensor

from vidcolor.errors import InputError
from vidcolor.research.training.age import age
from vidcolor.research.training.lessons import Lessons, read_rgb
from vidcolor.research.training.views import STRIDE, Camera, View, draw_view, fetched, grid, sampled

STILL_CAMERA = Camera(scales=(0.7, 1.15), turn=10.0, apart=40.0)
CLIP_CAMERA = Camera(scales=(0.75, 1.3), turn=3.0, apart=16.0)
"""Clips are a little larger than stills, and move by themselves."""
MOST_BEND = 6.0
"""Deviation, in pixels, of the bend of a still's second view, at most."""
CLIP_GROWTH = 0.1
"""Logarithm of how much larger one view of a clip is than the other, at most."""
FARTHEST = 50
"""Frames from one of a clip's pair to the other, at most."""
FLIPPED = BACKWARD = 0.5
"""Shares of the clips' pairs that are mirrored, and whose reference is the later frame."""
SAME_PRINT = 0.5
"""Share of the clips' pairs whose frames are of one print."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference (0) and a target (1), both of crop x crop pixels; G = crop / 4 places a side."""

    lightness: Array
    """(2, crop, crop): L* as aged, 0..100."""
    chroma: Array
    """(2, 2, G, G): true a*b* at stride 4."""
    place: Array
    """(G, G, 2): x, y in the reference, in places of stride 4, of each place of the target; for stills only."""
    known: Array
    """(G, G) bool: the target's places that the reference shows (of clips: all)."""
    teachers: tuple[Array, ...]
    """(2, C, G, G) VGG, (2, C, G/2, G/2) ResNet, float16; empty of clips."""


def clip_folders(data: Path, sets: Sequence[str]) -> list[Path]:
    """The clips' folders of some sets, `data`/clips/SET/NAME, by name. Refuses a set that is not there."""
    for name in sets:
        if not (data / "clips" / name).is_dir():
            raise InputError(f"{data / 'clips' / name}: no such folder; give the data that the recipe's head names")
    return sorted((p for name in sets for p in (data / "clips" / name).iterdir() if p.is_dir()), key=lambda p: p.name)


def note_clips(out: Path, folders: Sequence[Path]) -> None:
    """Writes the names of the clips that a run is trained on into its folder: they go with its weights."""
    (out / "clips.json").write_text(json.dumps([folder.name for folder in folders]) + "\n", encoding="utf-8")


def spacing(files: Sequence[Path]) -> int:
    """Frames of the clip from one file to the next, by their numbers: a clip may be thinned."""
    numbers = [int(path.stem) if path.stem.isdecimal() else n for n, path in enumerate(files[:2])]
    return max(1, numbers[-1] - numbers[0])


class Stills:
    """Pairs of views of stills, with what the teachers see there."""

    def __init__(self, files: list[Path], crop: int, lessons: Lessons) -> None:
        self.files, self.crop, self.lessons = files, crop, lessons

    def draw(self, random: Generator) -> Pair:
        """One pair; the same for the same state of `random`."""
        rgb, vgg, resnet = self.lessons.of(self.files[random.integers(len(self.files))])
        size, count = rgb.shape[:2], self.crop // STRIDE
        first = draw_view(size, self.crop, STILL_CAMERA, random)
        bend = random.uniform(0, MOST_BEND)
        second = draw_view(size, self.crop, STILL_CAMERA, random, near=first.centre, bend=bend)
        (l1, c1), (l2, c2) = fetched(rgb, first), fetched(rgb, second)
        where = second.of(grid(count, STRIDE))
        place = first.back(where) / STRIDE - 0.5
        inside = (where > 0).all(-1) & (where < np.array(size[::-1])).all(-1)
        known: Array = np.asarray(inside & (place > -0.5).all(-1) & (place < count - 0.5).all(-1))
        views = (first, second)
        teachers = (
            np.stack([sampled(vgg, size, v.of(grid(count, STRIDE))) for v in views]),
            np.stack([sampled(resnet, size, v.of(grid(count // 2, 2 * STRIDE))) for v in views]),
        )
        light = np.stack([age(x, random, random) for x in (l1, l2)])
        return Pair(light, np.stack([c1, c2]), place.astype(np.float32), known, teachers)


def drawn_ends(count: int, farthest: int, random: Generator) -> tuple[int, int]:
    """Two of a clip's `count` frames, at most so many apart: the reference's place and the target's."""
    later = int(random.integers(1, min(farthest, count - 1) + 1))
    first = int(random.integers(0, count - later))
    return (first + later, first) if random.random() < BACKWARD else (first, first + later)


class Clips:
    """Pairs of frames of clips, up to `farthest` frames apart."""

    def __init__(self, folders: list[Path], crop: int, farthest: int = FARTHEST) -> None:
        self.clips = [sorted(folder.glob("*.webp")) for folder in folders]
        self.crop, self.farthest = crop, farthest

    def draw(self, random: Generator) -> Pair:
        """One pair; the same for the same state of `random`."""
        clip = self.clips[random.integers(len(self.clips))]
        farthest = max(1, self.farthest // spacing(clip))
        pictures = [read_rgb(clip[k]) for k in drawn_ends(len(clip), farthest, random)]
        if random.random() < FLIPPED:
            pictures = [np.ascontiguousarray(p[:, ::-1]) for p in pictures]
        one = draw_view(pictures[0].shape[:2], self.crop, CLIP_CAMERA, random)
        growth = np.exp(random.uniform(-CLIP_GROWTH, CLIP_GROWTH))
        apart = random.uniform(-CLIP_CAMERA.apart, CLIP_CAMERA.apart, 2)
        two = View(one.matrix * growth, one.centre + apart, one.bend)
        (l1, c1), (l2, c2) = (fetched(p, v) for p, v in zip(pictures, (one, two), strict=True))
        # Both frames of a real film are of one print: half the time they share its look.
        looks = random.integers(2**32, size=2)
        if random.random() < SAME_PRINT:
            looks[1] = looks[0]
        light = np.stack([age(x, np.random.default_rng(k), random) for x, k in zip((l1, l2), looks, strict=True)])
        count = self.crop // STRIDE
        return Pair(
            light, np.stack([c1, c2]), np.zeros((count, count, 2), np.float32), np.ones((count, count), bool), ()
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs of stills and of clips side by side; the first `stills` are of stills."""

    lightness: Tensor
    """(2 B, 1, crop, crop): all references, then all targets."""
    chroma: Tensor
    """(2, B, 2, G, G)."""
    place: Tensor
    """(B, G, G, 2)."""
    known: Tensor
    """(B, G, G)."""
    vgg: Tensor
    """(2, stills, C, G, G)."""
    resnet: Tensor
    """(2, stills, C, G/2, G/2)."""
    stills: int
    """Pairs of stills."""

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        tensors = (self.lightness, self.chroma, self.place, self.known, self.vgg, self.resnet)
        light, chroma, place, known, vgg, resnet = (x.to(device, non_blocking=True) for x in tensors)
        return Batch(light, chroma, place, known, vgg, resnet, self.stills)


def draw_batch(stills: Stills, clips: Clips, counts: tuple[int, int], seed: tuple[int, ...]) -> Batch:
    """`counts` pairs of stills and of clips, at least one of stills; sample k is drawn from (*seed, k)."""
    sources = [stills] * counts[0] + [clips] * counts[1]
    pairs = [source.draw(np.random.default_rng([*seed, k])) for k, source in enumerate(sources)]
    light, chroma, place, known, vgg, resnet = (
        torch.from_numpy(np.stack(arrays, axis))
        for arrays, axis in (
            ([p.lightness for p in pairs], 1),
            ([p.chroma for p in pairs], 1),
            ([p.place for p in pairs], 0),
            ([p.known for p in pairs], 0),
            ([p.teachers[0] for p in pairs[: counts[0]]], 1),
            ([p.teachers[1] for p in pairs[: counts[0]]], 1),
        )
    )
    return Batch(light.flatten(0, 1)[:, None], chroma, place, known, vgg, resnet, counts[0])
