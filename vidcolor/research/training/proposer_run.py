"""The proposer's training: its recipe, its loss, what is measured; follow.py is the loop.

DATA holds stills/train/SOURCE/*.webp. The run's folder gets log.csv, held_out.csv, state.pt (to go on from) and
best.pt; the cache the squares of the stills.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vidcolor.networks.proposer_net import ProposerConfig, shares
from vidcolor.networks.shipped import PROPOSER
from vidcolor.research.networks.files import load_proposer
from vidcolor.research.networks.ours import ProposerNet
from vidcolor.research.training.descent import Descent, Share, on_cpu, share_of
from vidcolor.research.training.follow import Pace, Progress, Work, follow
from vidcolor.research.training.held_out import kept_stills
from vidcolor.research.training.machine import Machine, in_bfloat16
from vidcolor.research.training.proposer_data import Batch, Squares
from vidcolor.research.training.recipe import Scheduled, filled

NOTED = 50
"""Steps between lines of the log."""


@dataclass(frozen=True, slots=True)
class ProposerLosses:
    """How much each loss counts."""

    v: float = 1.0
    """Squared error of v"""
    smooth: float = 0.0
    """The same of v in means of 8 x 8: which colour a thing has, not where its edge is"""


@dataclass(frozen=True, slots=True)
class ProposerRecipe(Scheduled):
    """The proposer's training."""

    seed: int = 1
    """Every sample is drawn from it, the step and the sample's place in the batch"""
    stills: int = 6000
    """Stills that are learned from, at most"""
    batch: int = 16
    """Squares a step"""
    steps: int = 4000
    """Steps in all"""
    warm: int = 100
    """Steps in which the rate rises from nothing"""
    decay: float = 0.5
    """Share of the steps, at the end, in which the rate falls to nothing"""
    rate: float = 1e-3
    """AdamW's rate"""
    wear: float = 0.02
    """AdamW's weight decay"""
    average: float = 0.998
    """Of the running mean of the weights, which is what is measured and shipped"""
    widths: tuple[int, ...] = (32, 96, 128)
    """Channels of the network at its three strides"""
    held: int = 64
    """Held-out squares that are measured together"""
    measure_every: int = 250
    """Steps between measurements on what is held out"""
    save_every: int = 250
    """Steps between saved states, at most"""
    goes_on: bool = False
    """Begin with the package's own weights, not with new ones"""
    losses: ProposerLosses = ProposerLosses()
    """Weights of the losses"""


def load_proposer_recipe(path: Path) -> ProposerRecipe:
    """The recipe in a TOML file. Refuses keys it does not know."""
    return filled(ProposerRecipe, ProposerLosses, path)


def run(recipe: Path, data: Path, out: Path, *, cache: Path | None, machine: Machine) -> None:
    """Trains the proposer; `cache` keeps the squares (the run's `squares` if none is given)."""
    machine.begin()
    told = load_proposer_recipe(recipe)
    cache = cache or out / "squares"
    stills = sorted((data / "stills/train").glob("*/*.webp"))
    kept = kept_stills(stills)
    held = Squares(sorted(set(stills) - set(kept)), cache)
    drawn = sorted(kept, key=lambda path: zlib.crc32(path.name.encode()))[: told.stills]
    squares = Squares(drawn, cache)
    torch.manual_seed(told.seed)
    train(told, begin(told, squares, machine), squares, held, out, machine)


def begin(recipe: ProposerRecipe, squares: Squares, machine: Machine) -> Descent:
    """A run's network at its beginning, for chroma like the squares' or as the package's own is."""
    if recipe.goes_on:
        net = machine.placed(load_proposer(PROPOSER).train().requires_grad_(True))
        return Descent(recipe, net, net, 1)
    net = machine.placed(ProposerNet(ProposerConfig(recipe.widths)))
    for name, values in zip(("mean", "spread"), squares.statistics(), strict=True):
        net.get_buffer(name).copy_(torch.tensor(values))
    return Descent(recipe, net, net, 1)


def train(
    recipe: ProposerRecipe,
    descent: Descent,
    squares: Squares,
    held: Squares,
    folder: Path,
    machine: Machine,
    *,
    until: int | None = None,
) -> Progress:
    """Steps until the recipe's end, or `until`; what the run's folder gets is said in follow.py."""

    def step(batch: Batch, number: int) -> dict[str, float]:
        def share(_: int, part: Batch) -> Share:
            return share_of(losses_of(descent.whole, part), recipe.losses, descent.weights)

        return descent.step(number, [batch], share)

    trial = held.draw((recipe.seed, -1 % 2**32), recipe.held)
    work = Work(
        {"net": descent.whole, "average": descent.average, "optimizer": descent.optimizer},
        lambda number: squares.draw((recipe.seed, number), recipe.batch),
        step,
        lambda: measured(descent, trial),
        lambda figures: -figures["v"],
        lambda figures: {"net": on_cpu(descent.average.values), **figures},
    )
    pace = Pace(recipe.steps, NOTED, recipe.measure_every, recipe.save_every)
    return follow(recipe.hash, pace, work, folder, machine, until=until)


def losses_of(net: Any, batch: Batch) -> dict[str, Tensor]:
    """Each loss by its recipe's name."""
    with in_bfloat16(batch.chroma.device):
        answer, truth = answered(net, batch)
    off = answer.float() - truth
    return {"v": off.square().mean(), "smooth": torch.nn.functional.avg_pool2d(off, 8).square().mean()}


def answered(net: ProposerNet, batch: Batch) -> tuple[Tensor, Tensor]:
    """v as the network has it, and as it is: (B, 2, h, w) both."""
    white = net.white(batch.chroma)
    share = batch.hints[:, :1]
    hints = torch.cat([share, share * net.white(batch.hints[:, 1:])], 1)
    alpha, sigma = (torch.from_numpy(x).to(white.device)[:, None, None, None] for x in shares(batch.time.cpu().numpy()))
    noised = alpha * white + sigma * batch.noise
    known = net.look(batch.lightness, batch.maps)
    return net(noised, batch.time, known, hints), alpha * batch.noise - sigma * white


@torch.no_grad()
def measured(descent: Descent, trial: Batch) -> dict[str, float]:
    """The losses of the running mean of the weights."""
    net = ProposerNet(descent.net.config).eval()  # type: ignore[arg-type]
    net.load_state_dict(descent.average.values)
    return {name: float(loss) for name, loss in losses_of(net, trial).items()}
