"""Training of the features: losses against teachers and of matches, a step, what is measured."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor, nn

from vidcolor.networks.features_net import FeaturesNet
from vidcolor.research.training import taken_up
from vidcolor.research.training.checkpoints import add_row, save_state
from vidcolor.research.training.data import Batch, Clips, Stills, draw_batch
from vidcolor.research.training.descent import SHARDS, Share, share_of, stepped
from vidcolor.research.training.held_out import Trial, measure
from vidcolor.research.training.losses import carry_loss, cosine_loss, likeness, place_loss
from vidcolor.research.training.recipe import Recipe
from vidcolor.research.training.taken_up import Run

log = logging.getLogger(__name__)
NOTED = 50
"""Steps between lines of the log."""


class Student(nn.Module):
    """The network with the heads that only its training needs."""

    def __init__(self, net: FeaturesNet, vgg: int, resnet: int) -> None:
        super().__init__()
        self.net = net
        m4, m8, m16 = net.config.outputs
        self.vgg4, self.vgg8 = nn.Conv2d(m4, vgg, 1), nn.Conv2d(m8, vgg, 1)
        self.resnet4, self.resnet8 = nn.Conv2d(m4, resnet, 1), nn.Conv2d(m8, resnet, 1)
        self.resnet16 = nn.Conv2d(m16, resnet, 1)


def losses_of(student: Student, batch: Batch, recipe: Recipe, random: torch.Generator) -> dict[str, Tensor]:
    """Each loss by its recipe's name."""
    with torch.autocast("cpu", torch.bfloat16):
        maps = student.net(batch.lightness)
    pairs = [m.unflatten(0, (2, -1)) for m in maps]
    out = _teacher_losses(student, [p[:, : batch.stills].flatten(0, 1) for p in pairs], batch)
    for level, suffix in ((0, ""), (1, "8")):
        out |= _match_losses(pairs[level], batch, level, suffix, recipe, random)
    return out


def _teacher_losses(student: Student, maps: list[Tensor], batch: Batch) -> dict[str, Tensor]:
    vgg, resnet = batch.vgg.flatten(0, 1).float(), batch.resnet.flatten(0, 1).float()
    half = nn.functional.avg_pool2d
    with torch.autocast("cpu", torch.bfloat16):
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


def start(recipe: Recipe, net: FeaturesNet, channels: tuple[int, int], folder: Path) -> Run[Student]:
    """A run at its beginning, or as its folder has it."""
    student = Student(net, *channels).to(memory_format=torch.channels_last)
    return taken_up.start(student, student.net, recipe, folder, "student")


def train(
    recipe: Recipe,
    run: Run[Student],
    sources: tuple[Stills, Clips],
    trials: list[Trial],
    folder: Path,
    *,
    until: int | None = None,
) -> None:
    """Steps until the recipe's end, or `until`; log.csv, held_out.csv, state.pt and best.pt in the folder."""

    def draw(step: int) -> list[Batch]:
        counts = (recipe.stills // SHARDS, recipe.clips // SHARDS)
        return [draw_batch(*sources, counts, (recipe.seed, step, shard)) for shard in range(SHARDS)]

    taken_up.go_on(
        run,
        recipe,
        folder,
        draw,
        lambda batches, workers: one_step(recipe, run, batches, workers),
        lambda: _measure(run, trials, folder),
        shards=SHARDS,
        noted=NOTED,
        until=until,
    )


def one_step(recipe: Recipe, run: Run[Student], batches: list[Batch], workers: ThreadPoolExecutor) -> dict[str, float]:
    """One step's losses, by name; each worker takes a share of the batch."""
    weights = list(run.module.parameters())

    def share(shard: int) -> Share:
        random = torch.Generator().manual_seed((recipe.seed * 1_000_003 + run.step) * SHARDS + shard)
        losses = losses_of(run.module, batches[shard], recipe, random)
        return share_of(losses, recipe.losses, weights)

    return stepped(recipe, run, run.module.net, share, workers)


def _measure(run: Run[Student], trials: list[Trial], folder: Path) -> None:
    net = FeaturesNet(run.module.net.config).to(memory_format=torch.channels_last).eval()
    net.load_state_dict(run.average)

    def features(lightness: Tensor) -> list[Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            return list(net(lightness))

    figures = measure(features, trials)
    add_row(folder / "held_out.csv", run.step, run.seconds, figures)
    score = figures["clean0"] + figures["aged0"]
    if score > run.best:
        run.best = score
        save_state(folder / "best.pt", {"net": run.average, "step": run.step, **figures})


def measure_teachers(teachers: nn.Module, trials: list[Trial], folder: Path) -> None:
    """What the teachers reach where they are used directly, once, into teachers.csv."""
    path = folder / "teachers.csv"
    if not path.exists():
        figures = measure(teachers, trials)
        path.write_text(",".join(figures) + "\n" + ",".join(f"{v:.4f}" for v in figures.values()) + "\n")
        log.info("teachers %s", figures)
