"""What the teachers see in stills: computed when a still is first asked for, kept on disk in fewer channels.

- A still is shown to them gray, as matching is of gray frames.
- The channels are cut to the main axes of all places of some stills (not centred, so that cosines stay what they are).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.errors import InputError
from vidcolor.features import LUMA
from vidcolor.research.training.teachers import ResNet, Vgg

LARGEST = 640
"""Pixels of a still's sides that are used."""
CHANNELS = (128, 256)
"""Kept of VGG's 256 and ResNet's 1024: 99 % and 89 % of their energy."""
FITTED_ON = 160
"""Stills that the axes are found on."""


def read_rgb(path: Path) -> Array:
    """(H, W, 3) bytes, R'G'B', of a picture file."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise InputError(f"{path}: no picture that can be read; take it out of the training data")
    return np.ascontiguousarray(picture[..., ::-1])


class Lessons:
    """What both teachers see in a still, from a folder that fills as stills are asked for."""

    def __init__(self, teachers: Path, cache: Path, stills: Sequence[Path], device: torch.device | None = None) -> None:
        """`stills`: all there are; the axes are found on some of them, unless the folder has axes."""
        self.cache, self.device = cache, device or torch.device("cpu")
        self.teachers = tuple(t.to(self.device, torch.bfloat16).eval() for t in (Vgg(teachers), ResNet(teachers)))
        file = cache / "pca.npz"
        if not file.exists():
            _write(file, dict(zip(("vgg", "resnet"), self._find_axes(stills), strict=True)))
        with np.load(file) as axes:
            self.axes = tuple(torch.from_numpy(axes[name]).to(self.device) for name in ("vgg", "resnet"))

    def of(self, still: Path) -> tuple[Array, Array, Array]:
        """R'G'B' bytes (H, W, 3), VGG's map (128, H/4, W/4), ResNet's (256, H/16, W/16), float16."""
        file = self.cache / f"{'__'.join(still.with_suffix('').parts[-4:])}.npz"
        if not file.exists():
            rgb = read_rgb(still)[:LARGEST, :LARGEST]
            cut = [m.cpu().numpy() for m in self.look(rgb)]
            _write(file, {"rgb": rgb, "vgg": cut[0], "resnet": cut[1]})
        with np.load(file) as kept:
            return kept["rgb"], kept["vgg"], kept["resnet"]

    def look(self, rgb: Array) -> list[Tensor]:
        """Both maps of a picture's bytes (H, W, 3), as `of` answers them, on the device; nothing is kept on disk."""
        seen = zip(self.axes, self._seen(rgb), strict=True)
        return [torch.einsum("kc,chw->khw", axes, maps).half() for axes, maps in seen]

    @torch.no_grad()
    def _seen(self, rgb: Array) -> list[Tensor]:
        gray = torch.from_numpy(rgb.astype(np.float32) @ LUMA / 255)
        shown = gray.to(self.device, torch.bfloat16).expand(1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        return [teacher(shown)[0] for teacher in self.teachers]

    def _find_axes(self, stills: Sequence[Path]) -> list[Array]:
        energy: list[Tensor] = []
        for index in np.random.default_rng(0).permutation(len(stills))[:FITTED_ON]:
            maps = [m.flatten(1).double() for m in self._seen(read_rgb(stills[index])[:LARGEST, :LARGEST])]
            found = [m @ m.T / m.shape[1] for m in maps]
            energy = [a + b for a, b in zip(energy, found, strict=True)] if energy else found
        vectors = [torch.linalg.eigh(e).eigenvectors for e in energy]
        return [v[:, -n:].T.float().cpu().numpy() for v, n in zip(vectors, CHANNELS, strict=True)]


def _write(file: Path, arrays: dict[str, Array]) -> None:
    """Written beside and renamed, so that a kill leaves no half file."""
    beside = file.with_suffix(".part")
    with beside.open("wb") as out:
        np.savez(out, allow_pickle=False, **arrays)
    os.replace(beside, file)
