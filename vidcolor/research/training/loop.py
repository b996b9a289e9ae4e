"""The features' training: the student with its heads, its losses, what a step does; follow.py is the loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from vidcolor.research.networks.ours import FeaturesNet
from vidcolor.research.training.data import Batch, Clips, Stills, draw_batch
from vidcolor.research.training.descent import Descent, Share, on_cpu, share_of
from vidcolor.research.training.follow import Pace, Progress, Work, follow
from vidcolor.research.training.held_out import Trial, measure
from vidcolor.research.training.losses import carry_loss, cosine_loss, likeness, place_loss
from vidcolor.research.training.machine import Machine, in_bfloat16
from vidcolor.research.training.recipe import Recipe

log = logging.getLogger(__name__)
NOTED = 50
"""Steps between lines of the log."""
Draw = Callable[[int], list[Batch]]
"""A step's batch, in as many parts as are worked on side by side."""


class Student(nn.Module):
    """The network with the heads that only its training needs."""

    def __init__(self, net: FeaturesNet, vgg: int, resnet: int) -> None:
        super().__init__()
        self.net = net
        m4, m8, m16 = net.config.outputs
        self.vgg4, self.vgg8 = nn.Conv2d(m4, vgg, 1), nn.Conv2d(m8, vgg, 1)
        self.resnet4, self.resnet8 = nn.Conv2d(m4, resnet, 1), nn.Conv2d(m8, resnet, 1)
        self.resnet16 = nn.Conv2d(m16, resnet, 1)


def losses_of(
    student: Student, batch: Batch, recipe: Recipe, random: torch.Generator, net: nn.Module | None = None
) -> dict[str, Tensor]:
    """Each loss by its recipe's name; `net` is the student's network as it is called, if not as it is."""
    with in_bfloat16(batch.lightness.device):
        maps = (net or student.net)(batch.lightness)
    pairs = [m.unflatten(0, (2, -1)) for m in maps]
    out = _teacher_losses(student, [p[:, : batch.stills].flatten(0, 1) for p in pairs], batch)
    for level, suffix in ((0, ""), (1, "8")):
        out |= _match_losses(pairs[level], batch, level, suffix, recipe, random)
    return out


def _teacher_losses(student: Student, maps: list[Tensor], batch: Batch) -> dict[str, Tensor]:
    vgg, resnet = batch.vgg.flatten(0, 1).float(), batch.resnet.flatten(0, 1).float()
    half = nn.functional.avg_pool2d
    with in_bfloat16(vgg.device):
        vgg4, vgg8 = student.vgg4(maps[0]), student.vgg8(maps[1])
        resnet4, resnet8, resnet16 = (
            student.resnet4(half(maps[0], 2)),
            student.resnet8(maps[1]),
            student.resnet16(maps[2]),
        )
    truth8, truth16 = (nn.functional.normalize(half(x, 2), dim=1) for x in (vgg, resnet))
    return {
        "vgg": (cosine_loss(vgg4, vgg) + cosine_loss(vgg8, truth8)) / 2,
        "resnet": (cosine_loss(resnet4, resnet) + cosine_loss(resnet8, resnet)) / 2,
        "deep": cosine_loss(resnet16, truth16),
    }


def _match_losses(
    pair: Tensor, batch: Batch, level: int, suffix: str, recipe: Recipe, random: torch.Generator
) -> dict[str, Tensor]:
    factor = 2**level
    reference, target = pair[0], pair[1]
    count, size = target.shape[0], target.shape[-1]
    queries = min(recipe.queries, size * size)
    drawn = torch.stack([torch.randperm(size * size, generator=random)[:queries] for _ in range(count)])
    drawn = drawn.to(reference.device)
    chroma = nn.functional.avg_pool2d(batch.chroma.flatten(0, 1), factor).unflatten(0, (2, -1)).flatten(3)
    place = nn.functional.avg_pool2d(batch.place.permute(0, 3, 1, 2), factor).flatten(2).transpose(1, 2)
    place = (place + 0.5) / factor - 0.5
    known = (nn.functional.avg_pool2d(batch.known.float()[:, None], factor) > 0.99).flatten(1).gather(1, drawn)
    alike = likeness(reference, target, drawn)
    truth = chroma[1].gather(2, drawn[:, None].expand(-1, 2, -1)).transpose(1, 2)
    stills = batch.stills
    where = place.gather(1, drawn[..., None].expand(-1, -1, 2))[:stills]
    return {
        "place" + suffix: place_loss(alike[:stills], where, size, known[:stills]),
        "carry" + suffix: carry_loss(alike, chroma[0], truth, known),
    }


def drawn_here(recipe: Recipe, sources: tuple[Stills, Clips], machine: Machine) -> Draw:
    """Batches drawn by this machine's processor; a sample hangs on the recipe's seed, its step and its place."""
    counts = (recipe.stills // machine.shards, recipe.clips // machine.shards)

    def draw(step: int) -> list[Batch]:
        return [draw_batch(*sources, counts, (recipe.seed, step, shard)) for shard in range(machine.shards)]

    return draw


def begin(recipe: Recipe, net: FeaturesNet, channels: tuple[int, int], machine: Machine) -> Descent:
    """A run's network at its beginning."""
    student = machine.placed(Student(net, *channels))
    return Descent(recipe, student, student.net, machine.shards)


def train(
    recipe: Recipe,
    descent: Descent,
    draw: Draw,
    trials: list[Trial],
    folder: Path,
    machine: Machine | None = None,
    *,
    until: int | None = None,
) -> Progress:
    """Steps until the recipe's end, or `until`; what the run's folder gets is said in follow.py."""
    machine = machine or Machine()
    one = one_step(recipe, descent, machine)
    parts = {"student": descent.whole, "average": descent.average, "optimizer": descent.optimizer}
    work = Work(
        parts,
        draw,
        one,
        lambda: _measured(descent, trials, machine),
        lambda figures: figures["clean0"] + figures["aged0"],
        lambda figures: {"net": on_cpu(descent.average.values), **figures},
    )
    pace = Pace(recipe.steps, NOTED, recipe.measure_every, recipe.save_every)
    return follow(recipe.hash, pace, work, folder, machine, until=until)


def one_step(recipe: Recipe, descent: Descent, machine: Machine) -> Callable[[list[Batch], int], dict[str, float]]:
    """What takes a step and answers its losses, by name; each worker takes a share of the batch."""
    student, net = descent.whole, machine.compiled(descent.net)
    assert isinstance(student, Student)

    def step(batches: list[Batch], number: int) -> dict[str, float]:
        def share(shard: int, batch: Batch) -> Share:
            random = torch.Generator().manual_seed((recipe.seed * 1_000_003 + number) * machine.shards + shard)
            return share_of(losses_of(student, batch.to(machine.device), recipe, random, net), recipe.losses, weights)

        weights = descent.weights
        return descent.step(number, batches, share)

    return step


def _measured(descent: Descent, trials: list[Trial], machine: Machine) -> dict[str, float]:
    assert isinstance(descent.net, FeaturesNet)
    net = machine.placed(FeaturesNet(descent.net.config)).eval()
    net.load_state_dict(descent.average.values)

    def features(lightness: Tensor) -> list[Tensor]:
        with in_bfloat16(machine.device):
            return list(net(lightness.to(machine.device)))

    return measure(features, trials)


def measure_teachers(teachers: nn.Module, trials: list[Trial], folder: Path, machine: Machine | None = None) -> None:
    """What the teachers reach where they are used directly, once, into teachers.csv."""
    path = folder / "teachers.csv"
    if not path.exists():
        device = (machine or Machine()).device
        teachers = teachers.to(device)
        figures = measure(lambda lightness: teachers(lightness.to(device)), trials)
        path.write_text(",".join(figures) + "\n" + ",".join(f"{v:.4f}" for v in figures.values()) + "\n")
        log.info("teachers %s", figures)
