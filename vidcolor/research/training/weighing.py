"""Training of a network that weighs guesses, on frames whose colours are known, from any source that draws samples.

- Every sample is drawn from its own seed (the run's, the step, its place in the batch): a run that is resumed sees the
  same samples.
- The main loss is the logarithm of a sample's squared error, which is what PSNR measures; beside it a distance that
  forgives large errors, one for the network's own colour, and the likelihood of the error it expects of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy import ndarray as Array
from numpy.random import Generator
from torch import Tensor

from vidcolor.color import lab_to_rgb
from vidcolor.confidence import ABSENT
from vidcolor.networks.weighing_net import Answer
from vidcolor.research.networks.ours import FeaturesNet, WeighingNet
from vidcolor.research.training.descent import Descent, Share, on_cpu, share_of
from vidcolor.research.training.follow import Pace, Progress, Work, follow
from vidcolor.research.training.machine import Machine, in_bfloat16
from vidcolor.research.training.recipe import Scheduled, filled

FLOOR = 2.0
"""Squared a*b* error added to a sample's before its logarithm: below it nothing is to be gained."""
SHARP = 1.0
"""a*b* error below which the forgiving distance is quadratic."""
NOTED = 100
"""Steps between lines of the log."""


@dataclass(frozen=True, slots=True)
class WeighingLosses:
    """How much each loss counts."""

    psnr: float = 1.0
    near: float = 0.1
    own: float = 0.02
    error: float = 0.2


@dataclass(frozen=True, slots=True)
class WeighingRecipe(Scheduled):
    """The training of a network that weighs guesses."""

    kind: str = "propagator"
    seed: int = 1
    crop: tuple[int, ...] = (192, 256)
    """Rows and columns of a sample; multiples of 16."""
    batch: int = 6
    """Samples a step; even."""
    steps: int = 6000
    warm: int = 100
    """Steps in which the rate rises from nothing."""
    decay: float = 0.4
    """Share of the steps, at the end, in which the rate falls to nothing."""
    rate: float = 1e-3
    wear: float = 0.02
    average: float = 0.998
    """Of the running mean of the weights, which is what is measured and shipped."""
    measure_every: int = 500
    save_every: int = 250
    held_clips: tuple[str, ...] = ()
    """Clips never trained on."""
    clip_sets: tuple[str, ...] = ("train",)
    """Folders of clips that are trained on."""
    left_out: tuple[str, ...] = ()
    """Clips that are neither trained on nor measured."""
    goes_on: bool = False
    """From the weights that the package carries, not from nothing."""
    late: bool = False
    """Only what hears claims is trained; the rest stays as it was."""
    short: bool = False
    """Of the propagator: few and short plays of the clips, no stills: a recording of minutes, to go on with."""
    samples: int = 1500
    """Of the colorizer: made once and kept, 1.1 MB each; drawn again and again, mirrored half the time."""
    losses: WeighingLosses = field(default_factory=WeighingLosses)


def load_weighing_recipe(path: Path) -> WeighingRecipe:
    """The recipe in a TOML file. Refuses keys it does not know."""
    return filled(WeighingRecipe, WeighingLosses, path)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A frame, the guesses of its chroma, and the truth."""

    lightness: Array
    """(H, W) L*"""
    evidence: Array
    """(S, 2 + signals, H, W)"""
    error: Array
    """(S, H, W): expected of each guess, in a*b*; ABSENT where there is none"""
    truth: Array
    """(2, H, W)"""
    claims: Array | None = None
    """(claims, H, W), for networks that hear them"""


Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""Lightness, evidence, error, truth and claims of samples side by side."""


class Source(Protocol):
    """Where samples come from; the same sample for the same state of `random`."""

    def draw(self, random: Generator) -> Sample: ...


def batched(samples: Sequence[Sample]) -> Batch:
    """Lightness (B, 1, H, W), evidence, error, truth and claims of samples of one size."""
    parts = [
        (s.lightness, s.evidence, s.error, s.truth, s.evidence[:0, 0] if s.claims is None else s.claims)
        for s in samples
    ]
    together = (torch.from_numpy(np.stack(part).astype(np.float32)) for part in zip(*parts, strict=True))
    light, evidence, error, truth, claims = together
    return light[:, None], evidence, error, truth, claims


def losses_of(answer: Answer, truth: Tensor) -> dict[str, Tensor]:
    """Each loss by its recipe's name."""
    square = (answer.chroma - truth).square().sum(1)
    off = square.detach().sqrt()
    own = ((answer.own - truth).square().sum(1) + SHARP**2).sqrt()
    return {
        "psnr": (square.mean((1, 2)) + FLOOR).log().mean(),
        "near": ((square + SHARP**2).sqrt() - SHARP).mean(),
        "own": own.mean(),
        "error": (off / answer.error + answer.error.log()).mean(),
    }


def begin(recipe: WeighingRecipe, net: WeighingNet, machine: Machine | None = None) -> Descent:
    """A run's network at its beginning."""
    machine = machine or Machine()
    net = machine.placed(net).requires_grad_(not recipe.late)
    trained = net.late.requires_grad_(True) if recipe.late else net
    return Descent(recipe, trained, net, machine.shards)


def train(
    recipe: WeighingRecipe,
    descent: Descent,
    features: FeaturesNet,
    source: Source,
    trials: Sequence[Sample],
    folder: Path,
    machine: Machine | None = None,
    *,
    until: int | None = None,
) -> Progress:
    """Steps until the recipe's end, or `until`; what the run's folder gets is said in follow.py."""
    machine = machine or Machine()
    features = machine.placed(features).eval()

    def draw(step: int) -> list[Batch]:
        samples = [source.draw(np.random.default_rng([recipe.seed, step, k])) for k in range(recipe.batch)]
        return [batched(samples[shard :: machine.shards]) for shard in range(machine.shards)]

    assert isinstance(descent.net, WeighingNet)
    config = descent.net.config

    def measured() -> dict[str, float]:
        net = machine.placed(WeighingNet(config)).eval()
        net.load_state_dict(descent.average.values)
        return measure(net, features, trials)

    work = Work(
        {"net": descent.net, "average": descent.average, "optimizer": descent.optimizer},
        draw,
        one_step(recipe, descent, features, machine),
        measured,
        lambda figures: figures["net"],
        lambda figures: {**figures, "average": on_cpu(descent.average.values)},
    )
    pace = Pace(recipe.steps, NOTED, recipe.measure_every, recipe.save_every)
    return follow(recipe.hash, pace, work, folder, machine, until=until)


def one_step(
    recipe: WeighingRecipe, descent: Descent, features: FeaturesNet, machine: Machine
) -> Callable[[list[Batch], int], dict[str, float]]:
    """What takes a step and answers its losses, by name; each worker takes a share of the batch."""
    sees = machine.compiled(features)
    net = descent.net
    assert isinstance(net, WeighingNet)

    def step(batches: list[Batch], number: int) -> dict[str, float]:
        def share(_: int, batch: Batch) -> Share:
            light, evidence, error, truth, claims = (x.to(machine.device, non_blocking=True) for x in batch)
            answer = answer_of(net, sees, light, evidence, error, claims)
            return share_of(losses_of(answer, truth), recipe.losses, weights)

        weights = descent.weights
        return descent.step(number, batches, share)

    return step


def answer_of(
    net: WeighingNet, features: FeaturesNet, light: Tensor, evidence: Tensor, error: Tensor, claims: Tensor
) -> Answer:
    """What the network says, in bfloat16; no gradient reaches the features, which only a network that sees by them is
    given."""
    with in_bfloat16(light.device):
        with torch.no_grad():
            maps = features(light) if net.config.features else []
        return net.answer(light, maps, evidence, error, claims if claims.shape[1] else None)


def measure(net: WeighingNet, features: FeaturesNet, trials: Sequence[Sample]) -> dict[str, float]:
    """PSNR in dB in R'G'B' under the true L*, of the network, of the rule, of its own colour; and of its expected
    errors the mean, beside the true one."""
    rows, device = [], next(net.parameters()).device
    with torch.no_grad():
        for trial in trials:
            light, evidence, error, truth, claims = (x.to(device) for x in batched([trial]))
            said = answer_of(net, features, light, evidence, error, claims)
            off = (said.chroma - truth).square().sum(1).sqrt().mean()
            figures = [psnr(light, chroma, truth) for chroma in (said.chroma, said.rule, said.own)]
            rows.append([*figures, float(off), float(said.error.mean()), float(said.weights[:, -1].mean())])
    means = np.mean(rows, 0)
    return dict(zip(("net", "rule", "own", "error", "expected", "own_share"), map(float, means), strict=True))


def psnr(light: Tensor, chroma: Tensor, truth: Tensor) -> float:
    """dB in R'G'B', both under the same L* (1, 1, H, W); chroma (1, 2, H, W)."""
    first, second = (
        np.clip(
            lab_to_rgb(np.concatenate([light[0].cpu().numpy(), c[0].float().cpu().numpy()]).astype(np.float32)), 0, 1
        )
        for c in (chroma, truth)
    )
    return float(-10 * np.log10(np.square(first.astype(np.float64) - second).mean() + 1e-7))


def without(sample: Sample, slots: Sequence[int]) -> Sample:
    """The sample with nothing in some slots."""
    evidence, error = sample.evidence.copy(), sample.error.copy()
    evidence[list(slots)], error[list(slots)] = 0, ABSENT
    return replace(sample, evidence=evidence, error=error)
