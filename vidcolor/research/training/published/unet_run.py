"""A run of the study of colour spaces and losses: the U-Net without reference, one space and one loss.

DATA is a folder that tools/prepare_dataset.py has written; its scenes are learned, references are not looked at.
"""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from vidcolor.research.networks.critic import build_critic, gradient_penalty
from vidcolor.research.networks.lab import for_imagenet, gray_of, rgb_to_lab
from vidcolor.research.networks.unet import CHANNELS, Space, UNet, UNetConfig, build_unet, painted, shown, wanted
from vidcolor.research.training.follow import Progress, Work, follow
from vidcolor.research.training.machine import Machine
from vidcolor.research.training.published.batches import Batch, draw_batch, held_batches
from vidcolor.research.training.published.color_losses import critic_loss
from vidcolor.research.training.published.encoders import fill_encoders
from vidcolor.research.training.published.judge import judged, sheet_bytes, work_of
from vidcolor.research.training.published.lists import PairList, read_list
from vidcolor.research.training.published.pairs import Choice, Pairs, Shares
from vidcolor.research.training.published.perceptual import Distance, build_distance
from vidcolor.research.training.published.recipes import UNetRecipe, load_unet_recipe

log = logging.getLogger(__name__)
ITSELF = Shares(own=1.0, ranked=0.0)


class UNetWork:
    """The networks of a run, and what a step does to them."""

    def __init__(self, recipe: UNetRecipe, listed: PairList, machine: Machine) -> None:
        self.recipe = recipe
        self.device = machine.device
        self.space: Space = "lab" if recipe.space == "lab-to-rgb" else recipe.space
        torch.manual_seed(recipe.seed)
        self.net: UNet = build_unet(UNetConfig(self.space, recipe.vgg))
        choice = Choice(recipe.crop, "scenes", levels=0, shares=ITSELF, room=1.0)
        self.pairs = Pairs(listed, choice)
        self.held = held_batches(Pairs(listed, choice, held=True), "own", recipe.held)
        first = gray_of(draw_batch(self.pairs, recipe.batch, (recipe.seed, 0)).target[:, :1]).expand(-1, 3, -1, -1)
        log.info(fill_encoders([self.net.encoder], recipe.encoder, listed.weights, for_imagenet(first)))
        self.critic = build_critic(CHANNELS[self.space], recipe.critic_width)
        for part in (self.net, self.critic):
            part.to(self.device).to(memory_format=torch.channels_last)
        self.optimizer, self.critic_optimizer = (
            torch.optim.Adam(part.parameters(), recipe.rate, betas=recipe.betas) for part in (self.net, self.critic)
        )
        self.distance: Distance | None = None
        if "lpips" in recipe.loss:
            self.distance = build_distance(recipe.perceptual, listed.weights).to(self.device)

    def parts(self) -> dict[str, object]:
        """What is saved."""
        parts = {"net": self.net, "optimizer": self.optimizer}
        if "wgan" in self.recipe.loss:
            parts |= {"critic": self.critic, "critic_optimizer": self.critic_optimizer}
        return parts

    def draw(self, step: int) -> Batch:
        """The batch of a step."""
        return draw_batch(self.pairs, self.recipe.batch, (self.recipe.seed, step))

    def step(self, batch: Batch, number: int) -> dict[str, float]:
        """Takes a step; answers its losses."""
        lab = batch.target.to(self.device)
        gray, truth = shown(self.space, lab), wanted(self.space, lab)
        answer = self.answered(gray)
        found = {self.recipe.loss.removeprefix("wgan+"): self.difference(lab, gray, answer, truth)}
        if "wgan" in self.recipe.loss:
            found |= self._teach_critic(gray, truth, answer.detach(), number)
            self.critic.requires_grad_(False)
            found["fooled"] = -self.recipe.adversarial * self.critic(gray, answer).mean()
            self.critic.requires_grad_(True)
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack([loss for name, loss in found.items() if loss.requires_grad]).sum().backward()
        self.optimizer.step()
        return {name: float(loss.detach()) for name, loss in found.items()}

    def answered(self, gray: Tensor) -> Tensor:
        """The network's answer."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
            return self.net(gray.contiguous(memory_format=torch.channels_last))

    def difference(self, lab: Tensor, gray: Tensor, answer: Tensor, truth: Tensor) -> Tensor:
        """L1, L2 or the perceptual distance, where the recipe wants it: in the space, or in R'G'B'."""
        kind = self.recipe.loss.removeprefix("wgan+")
        if kind == "lpips":
            assert self.distance is not None
            rgb, true = painted(self.space, lab[:, :1], gray, answer), painted(self.space, lab[:, :1], gray, truth)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bf16):
                return self.distance(rgb, true).mean()
        if self.recipe.space == "lab-to-rgb":
            # Twice: R'G'B' then spans 2, as the values of the other spaces do.
            answer, truth = (2 * painted(self.space, lab[:, :1], gray, x) for x in (answer, truth))
        return F.l1_loss(answer, truth) if kind == "l1" else F.mse_loss(answer, truth)

    def _teach_critic(self, gray: Tensor, truth: Tensor, made: Tensor, number: int) -> dict[str, Tensor]:
        random = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + number)
        shares = torch.rand(gray.shape[0], generator=random).to(gray)
        told = critic_loss(self.critic(gray, truth), self.critic(gray, made))
        penalty = gradient_penalty(self.critic, gray, truth, made, shares)
        self.critic_optimizer.zero_grad(set_to_none=True)
        (told + self.recipe.penalty * penalty).backward()
        self.critic_optimizer.step()
        return {"critic": told.detach(), "penalty": penalty.detach()}

    def chroma(self, batch: Batch) -> Tensor:
        """a*b* of the network's answer, of whatever space."""
        lab = batch.target.to(self.device)
        gray = shown(self.space, lab)
        return rgb_to_lab(painted(self.space, lab[:, :1], gray, self.answered(gray)))[:, 1:]

    def work(self) -> Work:
        """All of it for the loop."""
        named = (self.recipe.perceptual, self.distance) if self.distance is not None else None
        return work_of(
            self.net,
            self.parts(),
            self.draw,
            self.step,
            lambda: judged(self.chroma, self.held, named),
            lambda: sheet_bytes(self.chroma, self.held),
        )


def run(recipe: Path, data: Path, out: Path, *, cache: Path | None, machine: Machine) -> None:
    """Trains the U-Net by a recipe of kind `unet`; nothing is cached."""
    machine.begin()
    told = load_unet_recipe(recipe)
    train(told, read_list(data), out, machine)


def train(
    recipe: UNetRecipe, listed: PairList, out: Path, machine: Machine | None = None, *, until: int | None = None
) -> Progress:
    """Trains by a recipe on a list."""
    machine = machine or Machine()
    work = UNetWork(recipe, listed, machine).work()
    return follow(recipe.hash, recipe.pace(recipe.steps), work, out, machine, until=until)
