"""Trains the features encoder; the same command again takes the run up where it stopped.

    python tools/train.py configs/train/01-features.toml --data DIR --out RUN [--cache DIR] [--threads 1]

DIR holds stills/train/SOURCE/*.webp, clips/train/NAME/*.webp and teachers/*.safetensors.
RUN gets log.csv, held_out.csv, teachers.csv, state.pt (to go on from) and best.pt (the best on what is held out).
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import torch

from vidcolor.networks.features import FeaturesNet
from vidcolor.training.data import Clips, Stills
from vidcolor.training.held_out import held_trials, kept_stills
from vidcolor.training.lessons import Lessons
from vidcolor.training.loop import measure_teachers, start, train
from vidcolor.training.recipe import load_recipe
from vidcolor.training.teachers import Both


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--cache", type=Path, help="where what the teachers see is kept (RUN/lessons)")
    parser.add_argument("--threads", type=int, default=1, help="torch's threads for each of the two halves of a step")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(args.threads)
    recipe = load_recipe(args.recipe)
    cache = args.cache or args.out / "lessons"
    for folder in (args.out, cache):
        folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    stills = sorted((args.data / "stills/train").glob("*/*.webp"))
    folders = sorted(p for p in (args.data / "clips/train").iterdir() if p.is_dir())
    lessons = Lessons(args.data / "teachers", cache, stills)
    trials = held_trials([f for f in folders if f.name in recipe.held_clips])
    measure_teachers(Both(args.data / "teachers"), trials, args.out)
    run = start(recipe, FeaturesNet(), tuple(len(a) for a in lessons.axes), args.out)
    seen = Stills(kept_stills(stills), recipe.crop, lessons)
    clips = Clips([f for f in folders if f.name not in recipe.held_clips], recipe.crop)
    train(recipe, run, (seen, clips), trials, args.out)


if __name__ == "__main__":
    main()
