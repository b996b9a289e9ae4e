"""A run of the exemplar colorizer (ch. 5) or the masked one (ch. 6), phase by phase.

DATA is a folder that tools/prepare_dataset.py has written; phases with masks need a set prepared with masks.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vidcolor.research.networks.exemplar import ExemplarConfig, ExemplarNet, build_exemplar
from vidcolor.research.networks.exemplar_masked import MaskedExemplarConfig, MaskedExemplarNet, build_masked_exemplar
from vidcolor.research.networks.lab import for_imagenet, lab_to_rgb
from vidcolor.research.training.follow import Progress, Work, follow
from vidcolor.research.training.machine import Machine
from vidcolor.research.training.published.batches import Batch, draw_batch, held_batches
from vidcolor.research.training.published.color_losses import histogram_loss, smooth_l1
from vidcolor.research.training.published.encoders import fill_encoders
from vidcolor.research.training.published.judge import judged, sheet_bytes, work_of
from vidcolor.research.training.published.lists import PairList, read_list
from vidcolor.research.training.published.pairs import Choice, Kind, Pairs
from vidcolor.research.training.published.perceptual import Distance, build_distance
from vidcolor.research.training.published.recipes import ExemplarRecipe, load_exemplar_recipe

log = logging.getLogger(__name__)


def build(recipe: ExemplarRecipe) -> ExemplarNet | MaskedExemplarNet:
    """The network that a recipe asks for, with random weights."""
    if recipe.network == "exemplar":
        return build_exemplar(
            ExemplarConfig(recipe.attention, recipe.levels, recipe.vgg, recipe.convolutions, recipe.temperature)
        )
    assert recipe.attention != "bottleneck"
    return build_masked_exemplar(
        MaskedExemplarConfig(recipe.attention, recipe.levels, recipe.vgg, recipe.convolutions, recipe.temperature)
    )


class ExemplarWork:
    """The network of a run, and what a step does to it."""

    def __init__(self, recipe: ExemplarRecipe, listed: PairList, machine: Machine) -> None:
        self.recipe = recipe
        self.device = machine.device
        torch.manual_seed(recipe.seed)
        self.net = build(recipe)
        self.sources = [Pairs(listed, recipe.choice(phase)) for phase in recipe.phases]
        self.held = self._held(listed)
        first = draw_batch(self.sources[0], recipe.batch, (recipe.seed, 0)).target
        encoders = [self.net.encoder, self.net.colors]
        log.info(fill_encoders(encoders, recipe.encoder, listed.weights, for_imagenet(lab_to_rgb(first))))
        self.net.to(self.device).to(memory_format=torch.channels_last)
        trained = [(name, weight) for name, weight in self.net.named_parameters() if weight.requires_grad]
        matching = [w for name, w in trained if ".query." in name or ".key." in name]
        others = [w for name, w in trained if not (".query." in name or ".key." in name)]
        groups: list[dict[str, Any]] = [{"params": others}]
        if matching:
            groups.append({"params": matching, "lr": recipe.rate * recipe.attention_rate})
        self.optimizer = torch.optim.Adam(groups, recipe.rate, betas=recipe.betas)
        self.distance: Distance | None = None
        if recipe.lpips:
            self.distance = build_distance(recipe.perceptual, listed.weights).to(self.device)

    def _held(self, listed: PairList) -> dict[str, list[Batch]]:
        """What is held out: with the nearest by features, with its bent self; with masks where the last phase has."""
        last = self.recipe.phases[-1]
        kinds: dict[str, Kind] = {"alike": "drawn" if last.masks else "ranked", "self": "bent"}
        choice: Choice = self.recipe.choice(last)
        if not last.masks:
            choice = replace(choice, table="scenes")
        pairs = Pairs(listed, choice, held=True)
        found = {name: held_batches(pairs, kind, self.recipe.held) for name, kind in kinds.items()}
        if last.masks:
            found["unmasked"] = [batch._replace(regions=None) for batch in found["alike"]]
        return {name: batches for name, batches in found.items() if batches}

    def draw(self, step: int) -> Batch:
        """The batch of a step."""
        source = self.sources[self.recipe.phase_at(step)]
        return draw_batch(source, self.recipe.batch, (self.recipe.seed, step))

    def step(self, batch: Batch, number: int) -> dict[str, float]:
        """Takes a step; answers its losses."""
        batch = batch.to(self.device)
        chroma, truth = self.chroma(batch), batch.target[:, 1:]
        losses = {"smooth": self.recipe.smooth * smooth_l1(chroma, truth)}
        if self.distance is not None:
            rgb = lab_to_rgb(torch.cat([batch.target[:, :1], chroma], 1))
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
                far = self.distance(rgb, lab_to_rgb(batch.target)).mean()
            losses["perceptual"] = self.recipe.lpips * far
        if self.recipe.histogram:
            losses["histogram"] = self.recipe.histogram * histogram_loss(chroma, batch.reference[:, 1:])
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        self.optimizer.step()
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def chroma(self, batch: Batch) -> Tensor:
        """a*b* that the network answers."""
        batch = batch.to(self.device)
        lightness = batch.target[:, :1].contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            if isinstance(self.net, MaskedExemplarNet):
                return self.net(lightness, batch.superpixels, batch.reference, batch.others, batch.regions)
            return self.net(lightness, batch.superpixels, batch.reference, batch.others)

    def measure(self) -> dict[str, float]:
        """Figures of all that is held out, `alike_psnr` and so on."""
        named = (self.recipe.perceptual, self.distance) if self.distance is not None else None
        return {
            f"{kind}_{name}": value
            for kind, batches in self.held.items()
            for name, value in judged(self.chroma, batches, named).items()
        }

    def work(self) -> Work:
        """All of it for the loop."""
        shown = [batch for batches in self.held.values() for batch in batches[:3]]
        parts = {"net": self.net, "optimizer": self.optimizer}
        return work_of(self.net, parts, self.draw, self.step, self.measure, lambda: sheet_bytes(self.chroma, shown))


def run(recipe: Path, data: Path, out: Path, *, cache: Path | None, machine: Machine) -> None:
    """Trains a colorizer by a recipe of kind `exemplar`; nothing is cached."""
    machine.begin()
    train(load_exemplar_recipe(recipe), read_list(data), out, machine)


def train(
    recipe: ExemplarRecipe, listed: PairList, out: Path, machine: Machine | None = None, *, until: int | None = None
) -> Progress:
    """Trains by a recipe on a list."""
    machine = machine or Machine()
    work = ExemplarWork(recipe, listed, machine).work()
    return follow(recipe.hash, recipe.pace(recipe.steps), work, out, machine, until=until)
