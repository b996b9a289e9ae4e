"""A run of the propagator's training: clips are recorded once, then the network that weighs guesses is trained.

DATA holds clips/train/NAME/*.webp, stills/train/SOURCE/*.webp and stills/people-masks/{images,masks}. The run's folder
gets log.csv, held_out.csv, state.pt and best.pt; the cache (the run's `recordings` if none is given) about 30 GB. The
features' weights are those that the package carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.propagator import CLAIMS, SIGNALS, SLOTS, Propagator
from vidcolor.networks.shipped import PROPAGATOR
from vidcolor.networks.weighing_net import WeighingConfig
from vidcolor.research.networks.files import load_features, load_weighing
from vidcolor.research.networks.ours import WeighingNet
from vidcolor.research.training.data import clip_folders, note_clips
from vidcolor.research.training.held_out import kept_stills
from vidcolor.research.training.machine import Machine
from vidcolor.research.training.propagator_data import (
    PLAYS,
    SHORT_PLAYS,
    SHORT_TRIAL,
    SHORTEST,
    Recorded,
    record,
    record_scenes,
    record_stills,
)
from vidcolor.research.training.weighing import begin, load_weighing_recipe, train

CONFIG = WeighingConfig(SLOTS, SIGNALS, widths=(), features=(), claims=CLAIMS)
"""At full size alone: in all trainings with a U-Net below it, the U-Net's last channels ended below zero everywhere,
and ReLU passes nothing of that."""
TRIAL_EVERY = 4
"""Of the held-out clips' recorded frames, one in so many is measured."""
STILLS, BUNDLE = 1500, 50
"""Stills that are recorded, and how many to a file."""
SCENES, SCENE_BUNDLE = 1200, 20
"""Stills with things moving before them, where there are people to cut out."""


def run(recipe: Path, data: Path, out: Path, *, cache: Path | None, machine: Machine) -> None:
    """Trains the propagator; `cache` keeps the recordings."""
    machine.begin()
    told = load_weighing_recipe(recipe)
    cache = cache or out / "recordings"
    for folder in (out, cache):
        folder.mkdir(parents=True, exist_ok=True)
    folders = [f for f in clip_folders(data, told.clip_sets) if f.name not in told.left_out]
    note_clips(out, [f for f in folders if f.name not in told.held_clips])
    workers = max(2, machine.readers)
    if told.short:
        record_short(folders, told.held_clips, cache, workers)
    else:
        record_all(data, folders, cache, workers)
    files = sorted(cache.glob("*.npy"))
    held = {f"{clip}-{play.name}" for clip in told.held_clips for play in (*PLAYS, SHORT_TRIAL)}
    seen = Recorded([f for f in files if f.stem not in held], told.crop)
    trials = Recorded([f for f in files if f.stem in held], told.crop).whole(2 if told.short else TRIAL_EVERY)
    torch.manual_seed(told.seed)
    net = WeighingNet(CONFIG)
    if told.goes_on:
        hear(net, load_weighing(PROPAGATOR))
    descent = begin(told, net.train(), machine)
    train(told, descent, load_features(), seen, trials, out, machine)


def hear(net: WeighingNet, other: WeighingNet) -> None:
    """Gives a network all weights of another; one that hears claims, those of one that heard none."""
    weights = other.state_dict()
    for name, value in net.late.state_dict(prefix="late.").items():
        weights.setdefault(name, value)
    net.load_state_dict(weights)


def record_short(clips: Sequence[Path], held: Sequence[str], cache: Path, workers: int = 2) -> None:
    """Every clip in the short plays, those of `held` in their own; goes on where it stopped."""
    network = Propagator(NetworkFeatures(), None)
    with ThreadPoolExecutor(workers) as pool:
        jobs = [
            pool.submit(record, clip, play, network, cache, SHORTEST)
            for clip in clips
            for play in ((SHORT_TRIAL,) if clip.name in held else SHORT_PLAYS)
        ]
        for job in jobs:
            job.result()


def record_all(data: Path, clips: Sequence[Path], cache: Path, workers: int = 2) -> None:
    """Every clip played in every way, and a camera over some stills; goes on where it stopped."""
    network = Propagator(NetworkFeatures(), None)
    stills = kept_stills(sorted((data / "stills/train").glob("*/*.webp")))
    chosen = _some(stills, STILLS)
    with ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(record, clip, play, network, cache) for play in PLAYS for clip in clips]
        for first in range(0, len(chosen), BUNDLE):
            path = cache / f"stills-{first:05d}.npy"
            jobs.append(pool.submit(record_stills, chosen[first : first + BUNDLE], network, path))
        people = sorted((data / "stills/people-masks/images").glob("*"))
        behind = _some(stills, SCENES) if people else []
        for first in range(0, len(behind), SCENE_BUNDLE):
            path, some = cache / f"scenes-{first:05d}.npy", behind[first : first + SCENE_BUNDLE]
            jobs.append(pool.submit(record_scenes, some, people, network, path))
        for job in jobs:
            job.result()


def _some(stills: Sequence[Path], count: int) -> list[Path]:
    return [stills[k] for k in np.random.default_rng(count).permutation(len(stills))[:count]]
