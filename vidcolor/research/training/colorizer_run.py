"""A run of the shipped colorizer's training: its pictures, its samples, its trials, its loop.

DATA holds stills/train/SOURCE/*.webp, clips/train/NAME/*.webp and, for regions, stills/people-masks/{images,masks}. The
run's folder gets log.csv, held_out.csv, state.pt (to go on from) and best.pt; the cache the samples and look-alikes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from vidcolor.colorize.evidence import SIGNALS, SLOTS
from vidcolor.features import Features
from vidcolor.networks.features import NetworkFeatures
from vidcolor.networks.weighing_net import WeighingConfig
from vidcolor.research.networks.files import load_features
from vidcolor.research.networks.ours import WeighingNet
from vidcolor.research.training.colorizer_data import Pool, Samples, Tasks
from vidcolor.research.training.data import clip_folders, note_clips
from vidcolor.research.training.held_out import kept_stills
from vidcolor.research.training.machine import Machine
from vidcolor.research.training.pictures import look_alikes
from vidcolor.research.training.weighing import Sample, WeighingRecipe, begin, load_weighing_recipe, train

CONFIG = WeighingConfig(SLOTS, SIGNALS, own="correction")
TRIALS = 64
HELD_SEED = 1000


def run(recipe: Path, data: Path, out: Path, *, cache: Path | None, machine: Machine) -> None:
    """Trains the shipped colorizer; `cache` keeps the samples (the run's `samples` if none is given)."""
    machine.begin()
    told = load_weighing_recipe(recipe)
    cache = cache or out / "samples"
    for folder in (out, cache):
        folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(told.seed)
    features = NetworkFeatures()
    pool, held = pools(data, told, features, cache)
    note_clips(out, [c for c in clip_folders(data, told.clip_sets) if c.name not in told.held_clips])
    source = Samples(Tasks(pool, told.crop[0]), features, cache / "train", told.samples, told.seed)
    begun = begin(told, WeighingNet(CONFIG), machine)
    train(told, begun, load_features(), source, trials_of(held, told, features, cache), out, machine)


def pools(data: Path, recipe: WeighingRecipe, features: Features, cache: Path) -> tuple[Pool, Pool]:
    """The pictures to train on, and those held out: the recipe's clips, and stills by their names."""
    stills = sorted((data / "stills/train").glob("*/*.webp"))
    clips = clip_folders(data, recipe.clip_sets)
    kept = kept_stills(stills)
    held = sorted(set(stills) - set(kept))
    both = []
    for name, files, folders in (
        ("train", kept, [c for c in clips if c.name not in recipe.held_clips]),
        ("held", held, [c for c in clips if c.name in recipe.held_clips]),
    ):
        alike = look_alikes(files, features, cache / f"alike-{name}.npz")
        frames = tuple(tuple(sorted(folder.glob("*.webp"))) for folder in folders)
        both.append(Pool(tuple(files), alike, frames, tuple(people_of(data, files))))
    return both[0], both[1]


def people_of(data: Path, stills: Sequence[Path]) -> list[tuple[Path, Path]]:
    """Pictures of people with their masks, of those that are among these stills."""
    folder = data / "stills/people-masks"
    names = {still.stem.split("__")[-1] for still in stills if still.parent.name == "human_seg"}
    pictures = sorted(p for p in (folder / "images").glob("*") if p.stem in names)
    return [(p, folder / "masks" / f"{p.stem}.png") for p in pictures]


def trials_of(held: Pool, recipe: WeighingRecipe, features: Features, cache: Path) -> list[Sample]:
    """Held-out samples, of every kind as often as in training."""
    source = Samples(Tasks(held, recipe.crop[0]), features, cache / "held", TRIALS, recipe.seed + HELD_SEED)
    return [source.sample(number) for number in range(TRIALS)]
