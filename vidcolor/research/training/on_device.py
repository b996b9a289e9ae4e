"""Batches of the features' training drawn on a device: pictures are decoded once and kept, seen and aged there.

What data.py draws one by one on the processor, with the same cameras, ages and shares: a processor with many cores
draws a few pairs in the time in which a GPU takes a step of hundreds. All of a batch hangs on the recipe's seed and its
step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array
from numpy.random import Generator
from torch import Tensor
from torch.nn import functional as F

from vidcolor.features import LUMA
from vidcolor.research.networks.lab import rgb_to_lab
from vidcolor.research.training.data import (
    CLIP_CAMERA,
    CLIP_GROWTH,
    FARTHEST,
    FLIPPED,
    MOST_BEND,
    SAME_PRINT,
    STILL_CAMERA,
    Batch,
    drawn_ends,
    spacing,
)
from vidcolor.research.training.lessons import LARGEST, read_rgb
from vidcolor.research.training.machine import Machine
from vidcolor.research.training.recipe import Recipe
from vidcolor.research.training.views import STRIDE, Aim, draw_aim
from vidcolor.research.training.worn import worn


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """Maps of many sizes, one after the other, their places as rows."""

    rows: Tensor
    """(places of all, C)"""
    starts: Tensor
    sizes: Tensor
    """(N, 2): height and width."""

    @staticmethod
    def of(maps: Iterable[Tensor], device: torch.device) -> Shelf:
        """A shelf of maps (C, H, W)."""
        rows, sizes = [], []
        for each in maps:
            rows.append(each.permute(1, 2, 0).reshape(-1, each.shape[0]).to(device))
            sizes.append(each.shape[1:])
        shape = torch.tensor(sizes)
        starts = torch.cat([torch.zeros(1, dtype=torch.long), shape.prod(1).cumsum(0)[:-1]])
        return Shelf(torch.cat(rows), starts.to(device), shape.to(device))

    def at(self, which: Tensor, places: Tensor, *, reflect: bool) -> Tensor:
        """(B, C, h, w) float32: of maps `which` (B,), bilinear at places (B, h, w, 2), x and y in the map's own
        pixels, 0 the middle of the first; beyond the edge reflected, or the edge's."""
        start, size = self.starts[which][:, None, None], self.sizes[which]
        last = (size.flip(1) - 1)[:, None, None].to(places)
        if reflect:
            period = (2 * last).clamp(min=1)
            folded = places.remainder(period)
            places = torch.minimum(folded, period - folded)
        places = torch.minimum(places.clamp(min=0), last)
        corner = torch.minimum(places.floor(), (last - 1).clamp(min=0))
        share = places - corner
        x, y = corner.long().unbind(-1)
        wide = size[:, 1][:, None, None]
        right = (wide > 1).long()
        down = (size[:, 0][:, None, None] > 1).long() * wide
        at = start + y * wide + x
        total: Tensor | None = None
        for across in (0, 1):
            for below in (0, 1):
                weight = (share[..., 0] if across else 1 - share[..., 0]) * (
                    share[..., 1] if below else 1 - share[..., 1]
                )
                found = self.rows[at + across * right + below * down].float() * weight[..., None]
                total = found if total is None else total + found
        assert total is not None
        return total.permute(0, 3, 1, 2)


@dataclass(frozen=True, slots=True, eq=False)
class Aims:
    """Aims of a batch, on the device."""

    matrix: Tensor
    """(B, 2, 2)"""
    centre: Tensor
    """(B, 2)"""
    knots: Tensor
    """(B, 2, knots, knots)"""
    mirror: Tensor
    """(B,): the width of pictures that are mirrored; 0 of others."""
    crop: int

    @staticmethod
    def of(aims: Sequence[Aim], crop: int, device: torch.device, mirror: Sequence[int] | None = None) -> Aims:
        """The aims side by side."""
        matrix, centre, knots = (
            torch.from_numpy(np.stack([getattr(aim, name) for aim in aims]).astype(np.float32)).to(device)
            for name in ("matrix", "centre", "knots")
        )
        wide = torch.tensor(list(mirror) if mirror else [0] * len(aims), device=device, dtype=torch.float32)
        return Aims(matrix, centre, knots.permute(0, 3, 1, 2).contiguous(), wide, crop)

    def places(self, step: int) -> Tensor:
        """(B, n, n, 2): where the crop's places of `step` pixels lie in the picture, 0 its corner."""
        line = (torch.arange(self.crop // step, device=self.centre.device) + 0.5) * step
        points = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)
        bend = F.interpolate(self.knots, size=(self.crop, self.crop), mode="bicubic", align_corners=False)
        at = (points / self.crop * 2 - 1).expand(len(bend), -1, -1, -1)
        field = F.grid_sample(bend, at, padding_mode="border", align_corners=False).permute(0, 2, 3, 1)
        turned = torch.einsum("bij,hwj->bhwi", self.matrix, points - self.crop / 2)
        found = turned + self.centre[:, None, None] + field
        wide = self.mirror[:, None, None]
        return torch.stack([torch.where(wide > 0, wide - found[..., 0], found[..., 0]), found[..., 1]], -1)

    def back(self, places: Tensor) -> Tensor:
        """Places of the picture (B, h, w, 2) in the crop's pixels; of aims that neither bend nor mirror."""
        inverse = torch.linalg.inv(self.matrix)
        return torch.einsum("bij,bhwj->bhwi", inverse, places - self.centre[:, None, None]) + self.crop / 2


def shown(shelf: Shelf, which: Tensor, aims: Aims) -> tuple[Tensor, Tensor]:
    """L* (B, crop, crop) of the luma, and a*b* (B, 2, crop / 4, crop / 4), of views of R'G'B' bytes."""
    seen = shelf.at(which, aims.places(1) - 0.5, reflect=True) / 255
    luma = torch.einsum("j,bjhw->bhw", torch.from_numpy(LUMA).to(seen), seen)
    lightness = rgb_to_lab(luma[:, None].expand(-1, 3, -1, -1))[:, 0]
    return lightness, rgb_to_lab(F.avg_pool2d(seen, STRIDE))[:, 1:]


def taught(shelf: Shelf, which: Tensor, aims: Aims, step: int, sizes: Tensor) -> Tensor:
    """(B, C, n, n) float16 of unit length: a teacher's maps at the places of a view; sizes (B, 2) of the pictures."""
    own = shelf.sizes[which].flip(1)[:, None, None] / sizes.flip(1)[:, None, None]
    return F.normalize(shelf.at(which, aims.places(step) * own - 0.5, reflect=False), dim=1).half()


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """All that batches are drawn from, on the device."""

    stills: Shelf
    vgg: Shelf
    resnet: Shelf
    frames: Shelf
    clips: tuple[tuple[int, int, int], ...]
    """Of each clip: its first frame on the shelf, how many there are, frames of the clip from one to the next."""


def kept_on(
    machine: Machine,
    stills: Sequence[Path],
    clips: Sequence[Path],
    look: Callable[[Array], Sequence[Tensor]],
) -> Kept:
    """Decodes all pictures once. `look` answers both teachers' maps (C, H, W) of a picture's bytes."""
    frames = [sorted(folder.glob("*.webp")) for folder in clips]
    frames = [files for files in frames if len(files) > 1]
    starts = np.cumsum([0, *(len(files) for files in frames)])

    def read(path: Path) -> Array:
        return np.ascontiguousarray(read_rgb(path)[:LARGEST, :LARGEST])

    with ThreadPoolExecutor(max(1, machine.readers)) as readers:
        pictures = list(readers.map(read, stills))
        moving = Shelf.of((_planes(rgb) for rgb in readers.map(read, (f for files in frames for f in files))),
                          machine.device)  # fmt: skip
    seen = [look(rgb) for rgb in pictures]
    vgg, resnet = (Shelf.of((maps[k] for maps in seen), machine.device) for k in (0, 1))
    spans = tuple((int(s), len(files), spacing(files)) for s, files in zip(starts, frames, strict=False))
    return Kept(Shelf.of(map(_planes, pictures), machine.device), vgg, resnet, moving, spans)


def _planes(rgb: Array) -> Tensor:
    return torch.from_numpy(rgb).permute(2, 0, 1)


def drawn_on(recipe: Recipe, kept: Kept, machine: Machine) -> Callable[[int], list[Batch]]:
    """What draws a step's batch, in as many parts as are worked on side by side."""
    counts = (recipe.stills // machine.shards, recipe.clips // machine.shards)

    def draw(step: int) -> list[Batch]:
        return [_batch(kept, counts, recipe, (step, shard), machine.device) for shard in range(machine.shards)]

    return draw


@torch.no_grad()
def _batch(kept: Kept, counts: tuple[int, int], recipe: Recipe, place: tuple[int, int], device: torch.device) -> Batch:
    random = np.random.default_rng([recipe.seed, *place])
    noise = torch.Generator(device).manual_seed(int(random.integers(2**62)))
    count, crop = recipe.crop // STRIDE, recipe.crop
    which, one, two = _of_stills(kept.stills, counts[0], crop, random, device)
    ends, (first, second), prints = _of_clips(kept, counts[1], crop, random, device)
    sides = [(shown(kept.stills, which, a), shown(kept.frames, e, c))
             for a, e, c in ((one, ends[0], first), (two, ends[1], second))]  # fmt: skip
    light = torch.cat([torch.cat([still[0], clip[0]]) for still, clip in sides])
    chroma = torch.stack([torch.cat([still[1], clip[1]]) for still, clip in sides])
    total = sum(counts)
    same = np.arange(2 * total)
    same[total + counts[0] :] = np.where(prints, same[counts[0] : total], same[total + counts[0] :])
    where = two.places(STRIDE)
    size = kept.stills.sizes[which].flip(1)[:, None, None]
    back = one.back(where) / STRIDE - 0.5
    inside = ((where > 0) & (where < size)).all(-1) & ((back > -0.5) & (back < count - 0.5)).all(-1)
    everywhere = torch.ones((counts[1], count, count), dtype=torch.bool, device=device)
    vgg, resnet = (
        torch.stack([taught(shelf, which, aims, step, kept.stills.sizes[which]) for aims in (one, two)])
        for shelf, step in ((kept.vgg, STRIDE), (kept.resnet, 2 * STRIDE))
    )
    none = torch.zeros((counts[1], count, count, 2), device=device)
    aged = worn(light, random, noise, same)[:, None]
    return Batch(aged, chroma, torch.cat([back, none]), torch.cat([inside, everywhere]), vgg, resnet, counts[0])


def _of_stills(
    shelf: Shelf, count: int, crop: int, random: Generator, device: torch.device
) -> tuple[Tensor, Aims, Aims]:
    """Stills, and two views of each."""
    which = random.integers(len(shelf.starts), size=count)
    one, two = [], []
    for high, wide in shelf.sizes[torch.from_numpy(which).to(device)].tolist():
        one.append(draw_aim((high, wide), crop, STILL_CAMERA, random))
        bend = random.uniform(0, MOST_BEND)
        two.append(draw_aim((high, wide), crop, STILL_CAMERA, random, near=one[-1].centre, bend=bend))
    return torch.from_numpy(which).to(device), Aims.of(one, crop, device), Aims.of(two, crop, device)


def _of_clips(
    kept: Kept, count: int, crop: int, random: Generator, device: torch.device
) -> tuple[list[Tensor], tuple[Aims, Aims], Array]:
    """Frames of clips, reference and target, a view of each, and which pairs share a print."""
    ends, one, two, mirror = [], [], [], []
    chosen = random.integers(len(kept.clips), size=count) if kept.clips else np.zeros(count, int)
    sizes = kept.frames.sizes.cpu().numpy()
    for clip in chosen:
        start, length, gap = kept.clips[clip]
        reference, target = drawn_ends(length, max(1, FARTHEST // gap), random)
        ends.append((start + reference, start + target))
        high, wide = (int(n) for n in sizes[start + min(reference, target)])
        mirror.append(wide if random.random() < FLIPPED else 0)
        one.append(draw_aim((high, wide), crop, CLIP_CAMERA, random))
        growth = np.exp(random.uniform(-CLIP_GROWTH, CLIP_GROWTH))
        apart = random.uniform(-CLIP_CAMERA.apart, CLIP_CAMERA.apart, 2)
        two.append(Aim(one[-1].matrix * growth, one[-1].centre + apart, one[-1].knots))
    frames = [torch.tensor([pair[k] for pair in ends], dtype=torch.long, device=device) for k in (0, 1)]
    views = Aims.of(one, crop, device, mirror), Aims.of(two, crop, device, mirror)
    return frames, views, random.random(count) < SAME_PRINT
