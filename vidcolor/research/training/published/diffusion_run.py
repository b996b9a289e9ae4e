"""A run of Palette or of Diffusart: pictures are noised, and the noise is guessed.

DATA is a folder of colour pictures (*.jpg, *.png, *.webp, at any depth): photographs for Palette, coloured drawings for
Diffusart. The run's folder gets log.csv, held_out.csv, state.pt (to go on from), best.pt and samples/STEP.png: rows of
what was told, the truth, and what is drawn in a few steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor, nn
from torch.nn import functional as F

from vidcolor.errors import InputError
from vidcolor.research.networks.diffusion import (
    DDPM,
    PALETTE_TEST,
    PALETTE_TRAIN,
    Schedule,
    drawn_gammas,
    noised,
    sampled_in_few,
)
from vidcolor.research.networks.lines import gray_of
from vidcolor.research.networks.published_files import BUILDS, Kind
from vidcolor.research.training.descent import on_cpu
from vidcolor.research.training.follow import Progress, Work, follow
from vidcolor.research.training.held_out import kept_stills
from vidcolor.research.training.lessons import read_rgb
from vidcolor.research.training.machine import Averaged, Machine, in_bfloat16
from vidcolor.research.training.published.drawings import lines_of, scribbles_of
from vidcolor.research.training.published.recipes import DiffusionRecipe, load_diffusion_recipe

SUFFIXES = (".jpg", ".png", ".webp")
SHOWN = 4
"""Rows of a sheet."""
STEPS = 20
"""In which a sheet's pictures are drawn."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures side by side."""

    colors: Tensor
    """(B, 3, H, W), -1..1"""
    told: tuple[Tensor, ...]
    """What the network is told of each beside the noise"""
    noise: Tensor
    """(B, 3, H, W)"""
    gamma: Tensor
    """(B,)"""


@dataclass(frozen=True, slots=True)
class Method:
    """What is published of one of the two."""

    tells: Callable[[Array, np.random.Generator], tuple[Array, ...]]
    """What the network is told of R'G'B' (3, H, W), 0..1"""
    loss: Callable[[Tensor, Tensor], Tensor]
    trains: Schedule
    draws: Schedule
    between: bool
    """Whether gamma is drawn between two steps'"""


def _gray_planes(rgb: Array, _: np.random.Generator) -> tuple[Array, ...]:
    return (np.repeat(2 * gray_of(rgb)[None] - 1, 3, 0),)


def _drawing_of(rgb: Array, random: np.random.Generator) -> tuple[Array, ...]:
    return lines_of(rgb, random), scribbles_of(rgb, random)


METHODS: dict[Kind, Method] = {
    "palette": Method(_gray_planes, F.mse_loss, PALETTE_TRAIN, PALETTE_TEST, True),
    "diffusart": Method(_drawing_of, F.l1_loss, DDPM, DDPM, False),
}


class DiffusionWork:
    """The network of a run, and what a step does to it."""

    def __init__(self, recipe: DiffusionRecipe, data: Path, machine: Machine) -> None:
        self.recipe, self.method, self.device = recipe, METHODS[recipe.network], machine.device
        pictures = sorted(p for p in data.rglob("*") if p.suffix.lower() in SUFFIXES)
        self.kept = kept_stills(pictures)
        self.held = sorted({*pictures} - {*self.kept})
        if not self.kept or not self.held:
            raise InputError(f"{data}: {len(pictures)} pictures are too few to learn from and to hold some out")
        torch.manual_seed(recipe.seed)
        self.net = machine.placed(BUILDS[recipe.network](recipe.config))
        self.average = Averaged(self.net)
        self.optimizer = torch.optim.Adam(self.net.parameters(), recipe.rate)
        self.trial = self.batch(self.held, -1, recipe.held)

    def batch(self, files: list[Path], step: int, count: int) -> Batch:
        """The same for the same step: pictures, what is told of them, noise."""
        random = np.random.default_rng([self.recipe.seed, step % 2**32])
        rows = []
        for _ in range(count):
            rgb = square(files[random.integers(len(files))], self.recipe.side)
            rgb = np.ascontiguousarray(rgb[..., ::-1]) if random.random() < 0.5 else rgb
            rows.append((2 * rgb - 1, *self.method.tells(rgb, random)))
        colors, *told = (torch.from_numpy(np.stack(plane).astype(np.float32)) for plane in zip(*rows, strict=True))
        noises = torch.Generator().manual_seed(int(random.integers(2**62)))
        noise = torch.randn(colors.shape, generator=noises)
        gamma = drawn_gammas(self.method.trains, count, noises, between=self.method.between)
        return Batch(*(self._placed(x) for x in (colors, tuple(told), noise, gamma)))

    def _placed(self, x: Any) -> Any:
        return tuple(y.to(self.device) for y in x) if isinstance(x, tuple) else x.to(self.device)

    def loss(self, net: nn.Module, batch: Batch) -> Tensor:
        """How far the noise that a network guesses is off, as published."""
        with in_bfloat16(self.device):
            answer = net(noised(batch.colors, batch.noise, batch.gamma), batch.gamma, *batch.told)
        return self.method.loss(answer.float(), batch.noise)

    def step(self, batch: Batch, number: int) -> dict[str, float]:
        """Takes a step; answers its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(number)
        self.net.train()
        loss = self.loss(self.net, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.average.towards(self.net, 1 - min(self.recipe.average, (1 + number) / (10 + number)))
        return {"noise": float(loss.detach())}

    def averaged(self) -> nn.Module:
        """The network with the running mean of its weights, for use."""
        net = BUILDS[self.recipe.network](self.recipe.config).to(self.device).eval()
        net.load_state_dict(self.average.values)
        return net

    @torch.no_grad()
    def measured(self) -> dict[str, float]:
        """The loss on what is held out."""
        return {"noise": float(self.loss(self.averaged(), self.trial))}

    def sheet(self) -> bytes:
        """PNG: rows of what was told, the truth, what is drawn."""
        net, few = self.averaged(), self.trial
        told = tuple(x[:SHOWN] for x in few.told)
        drawn = sampled_in_few(lambda x, g: net(x, g, *told).float(), few.noise[:SHOWN], self.method.draws, STEPS)
        columns = [x[:, :3].expand(-1, 3, -1, -1) for x in told] + [few.colors[:SHOWN], drawn]
        page = np.concatenate([np.concatenate(list(c.cpu().numpy()), 1) for c in columns], 2)
        codes = np.rint((page.transpose(1, 2, 0) / 2 + 0.5).clip(0, 1) * 255).astype(np.uint8)
        return bytes(cv2.imencode(".png", codes[..., ::-1])[1])

    def work(self) -> Work:
        """All of it for the loop."""
        return Work(
            {"net": self.net, "average": self.average, "optimizer": self.optimizer},
            lambda number: self.batch(self.kept, number, self.recipe.batch),
            self.step,
            self.measured,
            lambda figures: -figures["noise"],
            lambda figures: {"net": on_cpu(self.average.values), **figures},
            self.sheet,
        )


def square(path: Path, side: int) -> Array:
    """(3, side, side) R'G'B', 0..1: a picture's middle square."""
    rgb = read_rgb(path)
    least = min(rgb.shape[:2])
    y, x = ((n - least) // 2 for n in rgb.shape[:2])
    way = cv2.INTER_AREA if least > side else cv2.INTER_CUBIC
    small = cv2.resize(rgb[y : y + least, x : x + least], (side, side), interpolation=way)
    return np.ascontiguousarray(small.transpose(2, 0, 1)).astype(np.float32) / 255


def run(recipe: Path, data: Path, out: Path, *, cache: Path | None, machine: Machine) -> None:
    """Trains by a recipe of kind `diffusion`; nothing is cached."""
    machine.begin()
    train(load_diffusion_recipe(recipe), data, out, machine)


def train(
    recipe: DiffusionRecipe, data: Path, out: Path, machine: Machine | None = None, *, until: int | None = None
) -> Progress:
    """Trains by a recipe on a folder of pictures."""
    machine = machine or Machine()
    work = DiffusionWork(recipe, data, machine).work()
    pace = recipe.pace(recipe.steps)
    return follow(recipe.hash, pace, work, out, machine, until=until)
