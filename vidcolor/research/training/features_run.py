"""A run of the features' training: its data, its start, its loop.

DATA holds stills/train/SOURCE/*.webp, clips/train/NAME/*.webp and teachers/*.safetensors. The run's folder gets
log.csv, held_out.csv, teachers.csv, state.pt (to go on from) and best.pt (the best on what is held out).
"""

from __future__ import annotations

from pathlib import Path

import torch

from vidcolor.research.networks.ours import FeaturesNet
from vidcolor.research.training.data import Clips, Stills, clip_folders, note_clips
from vidcolor.research.training.held_out import held_trials, kept_stills
from vidcolor.research.training.lessons import Lessons
from vidcolor.research.training.loop import begin, drawn_here, measure_teachers, train
from vidcolor.research.training.machine import Machine
from vidcolor.research.training.on_device import drawn_on, kept_on
from vidcolor.research.training.recipe import load_recipe
from vidcolor.research.training.teachers import Both


def run(recipe: Path, data: Path, out: Path, *, cache: Path | None, machine: Machine) -> None:
    """Trains the features encoder; `cache` keeps what the teachers see (the run's `lessons` if none is given)."""
    machine.begin()
    told = load_recipe(recipe)
    cache = cache or out / "lessons"
    for folder in (out, cache):
        folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(told.seed)
    stills = sorted((data / "stills/train").glob("*/*.webp"))
    folders = clip_folders(data, told.clip_sets)
    lessons = Lessons(data / "teachers", cache, stills, machine.device)
    trials = held_trials([f for f in folders if f.name in told.held_clips])
    measure_teachers(Both(data / "teachers"), trials, out, machine)
    vgg, resnet = (len(axes) for axes in lessons.axes)
    begun = begin(told, FeaturesNet(), (vgg, resnet), machine)
    trained = [f for f in folders if f.name not in told.held_clips]
    note_clips(out, trained)
    if machine.keeps:
        draw = drawn_on(told, kept_on(machine, kept_stills(stills), trained, lessons.look), machine)
    else:
        draw = drawn_here(told, (Stills(kept_stills(stills), told.crop, lessons), Clips(trained, told.crop)), machine)
    train(told, begun, draw, trials, out, machine)
