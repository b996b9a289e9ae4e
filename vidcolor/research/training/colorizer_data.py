"""Frames to colour with references of every kind, and the evidence made of them, for the shipped colorizer.

- A frame's references are: the same still seen and toned otherwise; another frame of the clip, near or far; a still
  that looks alike; an unrelated one; several of these; or none: whatever the pipeline will meet.
- Some samples have regions (people outlined, or parts along edges), within which another palette is to be taken.
- Some have a palette of their own throughout: what a reference shows goes before what things usually look like.
- The evidence is made by the code that makes it in use (`colorize/by_super_attention.collect`).
- Sample n is drawn from the recipe's seed and n, and kept on disk: a run resumed or repeated sees the same.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import ndarray as Array
from numpy.random import Generator

from vidcolor.color import rgb_to_lab
from vidcolor.colorize.by_super_attention import collect
from vidcolor.confidence import ABSENT
from vidcolor.features import Features
from vidcolor.research.training.age import age
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.pictures import blob, palette, planes_of, toned, viewed, viewed_mask
from vidcolor.research.training.views import Camera, View, draw_view
from vidcolor.research.training.weighing import Sample, without
from vidcolor.settings import ColorizeSettings
from vidcolor.types import Guidance, Reference, Region

TARGET_CAMERA = Camera(scales=(0.8, 1.15), turn=4.0, apart=0.0)
OTHER_CAMERA = Camera(scales=(0.75, 1.25), turn=10.0, apart=40.0)
CLIP_CAMERA = Camera(scales=(0.9, 1.3), turn=2.0, apart=24.0)
MOST_BEND = 6.0
"""Deviation, in pixels, of the bend of the same still's other view, at most."""
KINDS = {"same": 0.3, "clip": 0.32, "alike": 0.18, "unrelated": 0.08, "none": 0.12}
"""What a sample's first reference is, and how often."""
SCORES = {"same": (0.7, 1.0), "clip": (0.7, 1.0), "alike": (0.6, 0.8), "unrelated": (0.55, 0.7)}
"""How well references of each kind match, as `choose_references` finds them."""
MORE = 0.35
"""Share of samples with further references."""
WITH_REGIONS = 0.4
"""Share of the samples of the same still that have regions."""
OTHER_PALETTE = 0.2
"""Share of the samples of the same still or clip whose colours are all turned."""
SAME_PRINT, TONED = 0.25, 0.5
"""Share of references that are made from the aged frame's print, and of those in other tones."""
LEFT_OUT = 0.15
"""Share of the samples drawn that do without one of the guesses."""
REFERENCE_SIDES = (176, 272)
LOG_LOW, LOG_HIGH = np.log(0.2), np.log(ABSENT)


@dataclass(frozen=True, slots=True)
class Pool:
    """Where pictures come from."""

    stills: tuple[Path, ...]
    alike: Array
    """(N, K): of each still, those that look alike"""
    clips: tuple[tuple[Path, ...], ...]
    people: tuple[tuple[Path, Path], ...] = ()
    """Pictures with the masks of the people in them"""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A frame to colour."""

    kind: str
    lightness: Array
    """(H, W) as an old film shows it"""
    truth: Array
    """(3, H, W): L* of the clean gray frame, and a*b*"""
    guidance: tuple[Guidance, ...]


class Tasks:
    """Draws tasks."""

    def __init__(self, pool: Pool, crop: int) -> None:
        self.pool, self.crop = pool, crop

    def draw(self, random: Generator, kind: str = "") -> Task:
        """One task; the same for the same state of `random`."""
        kind = kind or str(random.choice(list(KINDS), p=list(KINDS.values())))
        if kind == "same" and random.random() < WITH_REGIONS:
            return self._with_regions(random)
        index = int(random.integers(len(self.pool.stills)))
        clip = self.pool.clips[random.integers(len(self.pool.clips))] if kind == "clip" else None
        if clip is None:
            rgb, bend = read_rgb(self.pool.stills[index]), random.uniform(0, MOST_BEND)
            other, camera = rgb, OTHER_CAMERA
        else:
            later = int(np.exp(random.uniform(0, np.log(len(clip) - 1))))
            first = int(random.integers(0, len(clip) - later))
            ends = (first, first + later) if random.random() < 0.5 else (first + later, first)
            rgb, other = (read_rgb(clip[k]) for k in ends)
            bend, camera = 0.0, CLIP_CAMERA
        view = draw_view(rgb.shape[:2], self.crop, CLIP_CAMERA if clip else TARGET_CAMERA, random)
        truth, look = planes_of(viewed(rgb, view)), int(random.integers(2**32))
        found: list[tuple[str, Array]] = []
        if kind in ("same", "clip"):
            found.append((kind, self._seen(other, view, camera, bend, random)))
        elif kind != "none":
            found.append((kind, self._still(index, kind, random)))
        while found and len(found) < 4 and random.random() < MORE:
            more = str(random.choice(["alike", "unrelated", kind] if clip is None else ["unrelated", kind]))
            if more in ("same", "clip"):
                found.append((more, self._seen(other, view, camera, bend, random)))
            else:
                found.append((more, self._still(index, more, random)))
        turn = palette(random) if kind in ("same", "clip") and random.random() < OTHER_PALETTE else None
        guides = [self._guide(rgb, kind, look, random, turn) for kind, rgb in found]
        guides.sort(key=lambda guide: -guide.score)
        return self._task(kind, truth, look, random, guides, turn)

    def _task(
        self, kind: str, truth: Array, look: int, random: Generator, guides: Sequence[Guidance], turn: Array | None
    ) -> Task:
        if turn is not None:
            truth = np.concatenate([truth[:1], np.tensordot(turn, truth[1:], 1)])
        lightness = age(truth[0], np.random.default_rng(look), random)
        return Task(kind, lightness, truth.astype(np.float32), tuple(guides))

    def _seen(self, rgb: Array, near: View, camera: Camera, bend: float, random: Generator) -> Array:
        side = int(random.integers(*REFERENCE_SIDES)) // 2 * 2
        return viewed(rgb, draw_view(rgb.shape[:2], side, camera, random, near=near.centre, bend=bend))

    def _still(self, index: int, kind: str, random: Generator) -> Array:
        count = self.pool.alike.shape[1]
        other = self.pool.alike[index, random.integers(count)] if kind == "alike" else None
        number = int(random.integers(len(self.pool.stills)) if other is None else other)
        rgb = read_rgb(self.pool.stills[number])[: REFERENCE_SIDES[1], : REFERENCE_SIDES[1]]
        return np.ascontiguousarray(rgb.transpose(2, 0, 1)) / np.float32(255)

    def _guide(
        self,
        rgb: Array,
        kind: str,
        look: int,
        random: Generator,
        turn: Array | None = None,
        regions: tuple[Region, ...] = (),
    ) -> Guidance:
        if random.random() < TONED:
            rgb = toned(rgb, random)
        lab = rgb_to_lab(rgb)
        if random.random() < SAME_PRINT:
            lab[0] = age(planes_of(rgb)[0], np.random.default_rng(look), random)
        chroma = lab[1:] if turn is None else np.tensordot(turn, lab[1:], 1)
        reference = Reference(kind, "", lab[0], np.ascontiguousarray(chroma, np.float32))
        return Guidance(reference, float(random.uniform(*SCORES[kind])), regions)

    def _with_regions(self, random: Generator) -> Task:
        """The same still as reference, a part of it in another palette from a second reference's part."""
        people = bool(self.pool.people) and random.random() < 0.5
        if people:
            file, outline = self.pool.people[random.integers(len(self.pool.people))]
            rgb, mask = read_rgb(file), read_rgb(outline)[..., 0] > 127
        else:
            rgb = read_rgb(self.pool.stills[random.integers(len(self.pool.stills))])
            mask = blob(planes_of(np.ascontiguousarray(rgb.transpose(2, 0, 1)) / np.float32(255))[0], random)
        view = draw_view(rgb.shape[:2], self.crop, TARGET_CAMERA, random)
        truth, look, inside = planes_of(viewed(rgb, view)), int(random.integers(2**32)), viewed_mask(mask, view)
        turn = palette(random)
        guides = [self._guide(self._seen(rgb, view, OTHER_CAMERA, 2.0, random), "same", look, random)]
        side = int(random.integers(*REFERENCE_SIDES)) // 2 * 2
        second = draw_view(rgb.shape[:2], side, OTHER_CAMERA, random, near=view.centre, bend=MOST_BEND)
        there = viewed_mask(mask, second)
        if inside.any() and there.any():
            truth[1:, inside] = turn @ truth[1:, inside]
            regions = (Region(inside, there),)
            guides.append(self._guide(viewed(rgb, second), "same", look, random, turn, regions))
        return self._task("regions", truth, look, random, guides, None)


class Samples:
    """Samples by number, made when first asked for and kept in a folder."""

    def __init__(self, tasks: Tasks, features: Features, folder: Path, count: int, seed: int) -> None:
        self.tasks, self.features, self.folder, self.count, self.seed = tasks, features, folder, count, seed
        self.settings = ColorizeSettings()
        folder.mkdir(parents=True, exist_ok=True)

    def draw(self, random: Generator) -> Sample:
        """One of them, mirrored half the time, now and then with one guess left out."""
        sample = self.sample(int(random.integers(self.count)))
        if random.random() < LEFT_OUT:
            sample = without(sample, [int(random.integers(len(sample.error)))])
        return mirrored(sample) if random.random() < 0.5 else sample

    def sample(self, number: int) -> Sample:
        """Sample `number`, from the folder if it is there."""
        file = self.folder / f"{number:06d}.npz"
        if not file.exists():
            task = self.tasks.draw(np.random.default_rng([self.seed, number]))
            keep(file, sample_of(task, self.features, self.settings))
        return kept(file)


def sample_of(task: Task, features: Features, settings: ColorizeSettings) -> Sample:
    """The task's evidence and truth, as the loop takes them."""
    lightness, evidence, _ = collect(task.lightness, task.guidance, features, settings)
    return Sample(lightness, evidence.planes, evidence.error, task.truth[1:])


def mirrored(sample: Sample) -> Sample:
    """Left and right changed."""
    parts = (sample.lightness, sample.evidence, sample.error, sample.truth)
    return Sample(*(np.ascontiguousarray(part[..., ::-1]) for part in parts))


def keep(file: Path, sample: Sample) -> None:
    """Writes a sample: chroma and L* in half precision, signals and the logarithm of errors in bytes."""
    doubt = (np.log(sample.error) - LOG_LOW) / (LOG_HIGH - LOG_LOW)
    arrays = {
        "lightness": sample.lightness.astype(np.float16),
        "chroma": sample.evidence[:, :2].astype(np.float16),
        "signals": np.rint(sample.evidence[:, 2:].clip(0, 1) * 255).astype(np.uint8),
        "doubt": np.rint(doubt.clip(0, 1) * 255).astype(np.uint8),
        "truth": sample.truth.astype(np.float16),
    }
    beside = file.with_suffix(f".{os.getpid()}")
    with beside.open("wb") as out:
        np.savez(out, allow_pickle=False, **arrays)
    os.replace(beside, file)


def kept(file: Path) -> Sample:
    """What `keep` wrote."""
    with np.load(file) as arrays:
        signals = arrays["signals"].astype(np.float32) / 255
        evidence = np.concatenate([arrays["chroma"].astype(np.float32), signals], 1)
        doubt = arrays["doubt"]
        error = np.exp(doubt.astype(np.float32) / 255 * (LOG_HIGH - LOG_LOW) + LOG_LOW)
        error[doubt == 255] = ABSENT  # exactly: the network asks whether a slot is there
        lightness, truth = (arrays[name].astype(np.float32) for name in ("lightness", "truth"))
    return Sample(lightness, evidence, error.astype(np.float32), truth)
