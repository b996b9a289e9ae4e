"""Palette and Diffusart at work, by weights that the user trained: arrays in, colours out.

Noise is drawn by NumPy, so that a seed means the same picture on every device, but for last digits.
Ours: what a person says of colours is laid over every guess of the picture (after Avrahami 2023), which Palette leaves
open; a drawing larger than what the network learned from is drawn at that size, and its own lines sharpen the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor
from torch.nn import functional as F

from vidcolor.color import fit_to_rgb, rgb_to_lab
from vidcolor.errors import DeviceError, InputError, WeightsError
from vidcolor.networks.drawing import drawn_size, gray_of, resized
from vidcolor.networks.proposer_hints import Shown, refuse_other_shapes
from vidcolor.research.networks.diffusion import BEGUN, DDPM, PALETTE_TEST, Mends, Schedule, drawn
from vidcolor.research.networks.published_files import Kind, load_published
from vidcolor.weights import hash_file, pick_device

STROKE = 0.5
"""How opaque a pixel of a stroke is, at least."""
FLOOR = 0.1
"""Added to lines before they are divided: black ones say nothing of colours beside them."""


class Drawer:
    """A network of a file on a device, and its sampler."""

    def __init__(self, kind: Kind, file: Path, device: str, schedule: Schedule, steps: int) -> None:
        """Loads the file. Refuses what `load_published` does.

        steps  the schedule's own, or more: as published; fewer: that many, with no new noise between (DDIM)
        """
        self.device = pick_device(torch, device)
        net, self._trained = load_published(file, kind)
        self.name = f"{kind}-{hash_file(file)[:12]}"
        self._file, self._net, self._schedule, self._steps = file, net.to(self.device), schedule, steps

    def size(self, size: tuple[int, ...]) -> tuple[int, int]:
        """(h, w) of what is drawn for a picture (H, W): the short side as the network learned it."""
        return drawn_size(size, self._trained.side, self._trained.network.coarsest)

    def draw(
        self,
        told: Sequence[Array],
        seed: Sequence[int],
        mends: Mends | None = None,
        stepped: Callable[[], None] = lambda: None,
    ) -> Array:
        """(3, h, w) R'G'B', 0..1, of what the network is told beside the noise, (C, h, w) each; `stepped` after each
        step."""
        random = np.random.default_rng(list(seed))
        noise = torch.from_numpy(random.standard_normal((1, 3, *told[0].shape[1:]), np.float32)).to(self.device)
        beside = [self.placed(plane[None]) for plane in told]
        later = torch.Generator().manual_seed(int(random.integers(2**62)))

        def denoises(x: Tensor, gamma: Tensor) -> Tensor:
            noise_in = self._net(x, gamma, *beside)
            stepped()
            return noise_in  # type: ignore[no-any-return]

        try:
            made = drawn(denoises, noise, self._schedule, later, self._steps, mends)
        except torch.cuda.OutOfMemoryError as error:
            height, width = noise.shape[2:]
            raise DeviceError(
                f"a picture of {width}x{height} does not fit this GPU's memory; use --device cpu"
            ) from error
        picture = made[0].float().cpu().numpy() / 2 + 0.5
        if not np.isfinite(picture).all():
            raise WeightsError(f"{self._file}: draws no picture; train it anew")
        return np.asarray(picture)

    def placed(self, plane: Array) -> Tensor:
        """An array on the network's device."""
        return torch.from_numpy(np.ascontiguousarray(plane, np.float32)).to(self.device)


class PaletteProposer:
    """Proposes colours of a frame (`pipeline/proposals.py`)."""

    method, attends = "palette", False

    def __init__(self, file: Path, device: str, steps: int) -> None:
        """Loads the file; `steps` as `Drawer` has them, of 1,000."""
        self._drawer = Drawer("palette", file, device, PALETTE_TEST, steps)
        self.told: Mapping[str, str | int | float] = {
            "network": self._drawer.name, "steps": steps, "device": self._drawer.device,
            "sampler": "as published" if steps >= PALETTE_TEST.steps else f"DDIM from {BEGUN}",
        }  # fmt: skip

    def each(
        self,
        lightness: Array,
        hints: Array | None,
        seed: int,
        numbers: Sequence[int],
        others: Sequence[Shown] = (),
    ) -> Iterator[Array]:
        """As `pipeline.proposals.Proposes` has it."""
        refuse_other_shapes(lightness, hints)
        light = resized(lightness, self._drawer.size(lightness.shape))
        mends = None if hints is None else self._lays(hints, light)
        for number in numbers:
            yield rgb_to_lab(self._drawer.draw([2 * gray_of(light) - 1], (seed, number), mends))[1:]

    def _lays(self, hints: Array, light: Array) -> Callable[[Tensor], Tensor]:
        """What lays hints over a guess of the picture."""
        share, chroma = within_strokes(hints[0], hints[1:], light.shape)
        told = self._drawer.placed(2 * fit_to_rgb(np.concatenate([light[None], chroma])) - 1)
        there = self._drawer.placed(share)
        return lambda clean: clean * (1 - there) + told * there


class DiffusartPainter:
    """Paints drawings."""

    def __init__(self, file: Path, device: str, steps: int) -> None:
        """Loads the file; `steps` as `Drawer` has them, of 1,000."""
        self._drawer = Drawer("diffusart", file, device, DDPM, steps)
        self.name = self._drawer.name

    def paint(self, lines: Array, scribbles: Array, seed: int, stepped: Callable[[], None] = lambda: None) -> Array:
        """(3, H, W) R'G'B', 0..1: the drawing in colours.

        lines      (H, W) 0..1, dark on white
        scribbles  (4, H, W): R'G'B' and how opaque they are, 0..1
        stepped    called after each step
        Refuses other shapes.
        """
        if lines.ndim != 2 or scribbles.shape != (4, *lines.shape):
            raise InputError("drawings and scribbles of other shapes: lines are (H, W), scribbles (4, H, W)")
        size = self._drawer.size(lines.shape)
        small = resized(lines, size)
        share, colors = within_strokes(scribbles[3], scribbles[:3], size)
        there = (share >= STROKE).astype(np.float32)  # as in training: they are there, or not
        told = np.concatenate([there * (2 * colors - 1), there[None]])
        picture = self._drawer.draw([2 * small[None] - 1, told], [seed], stepped=stepped)
        if size == lines.shape:
            return picture
        large = np.stack([resized(plane, lines.shape) for plane in picture])
        return np.asarray((large * (lines + FLOOR) / (resized(small, lines.shape).clip(0, 1) + FLOOR)).clip(0, 1))


def within_strokes(share: Array, colors: Array, size: tuple[int, ...]) -> tuple[Array, Array]:
    """How opaque strokes are (h, w), and their colours (C, h, w), at another size; a stroke that is thinner than a
    pixel there is all of it."""
    share = share.clip(0, 1).astype(np.float32)
    mean = resized(share, size)
    planes = np.stack([resized(plane * share, size) for plane in colors]) / np.maximum(mean, 1e-6)
    most = F.adaptive_max_pool2d(torch.from_numpy(np.ascontiguousarray(share))[None, None], (size[0], size[1]))
    return np.where(mean > 0, most[0, 0].numpy(), 0), np.where(mean > 0, planes, 0).astype(np.float32)
