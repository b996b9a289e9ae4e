"""Colours from the user's own text-to-image model: Stable Diffusion with a ControlNet that is shown the gray frame.

The models are folders as diffusers saves them, or single files with a folder that says what is in them; nothing is ever
fetched. diffusers and transformers are imported inside the functions, and installed by vidcolor[diffusion].

Sources: Rombach 2022 (Stable Diffusion), Zhang 2023 (ControlNet).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy import ndarray as Array

from vidcolor.machine import number_type
from vidcolor.networks.diffusion_files import Models, quiet, read_models
from vidcolor.networks.drawing import Wish, drawn, drawn_size, gray_of, resized, said_by
from vidcolor.settings import DiffusionSettings
from vidcolor.weights import pick_device

SPARE = 2 << 30
"""Bytes of a GPU's memory that drawing takes beside the weights, about."""


class ControlNet:
    """The user's models, loaded; not to be called by several threads at once."""

    method = "controlnet"

    def __init__(self, settings: DiffusionSettings, root: Path, device: str) -> None:
        """Loads what the settings name, relative to `root`. Refuses what diffusers cannot use, and pairs that were not
        made for each other."""
        self._settings = settings
        self._models = read_models(settings, root)
        found = _device_for(self._models, device)
        with quiet():
            self._models.pipe.to(found, torch.float16 if found == "cuda" else getattr(torch, number_type()))

    def told(self, wish: Wish) -> dict[str, str | int | float]:
        """What pictures hang on, beside frame, hints, seed and number."""
        return {**said_by(self._settings, self._models.name, wish), "control": self._settings.control}

    def draw(self, lightness: Array, hints: Array | None, seed: tuple[int, int], wish: Wish) -> Array:
        """(2, h, w) a*b* of one picture of a frame (H, W); the other arguments as `Wished.each` has them."""
        light = resized(lightness, drawn_size(lightness.shape, self._settings.side))
        control = gray_of(light)[: self._models.pipe.controlnet.config.conditioning_channels]
        picture = drawn(
            self._models,
            self._settings,
            light,
            hints,
            seed,
            prompt=wish.prompt,
            negative_prompt=wish.negative or None,
            image=torch.from_numpy(np.ascontiguousarray(control))[None],
            controlnet_conditioning_scale=self._settings.control,
        )
        return picture[1:]


def _device_for(models: Models, device: str) -> str:
    """A GPU where there is one that the models fit into, or where it is asked for."""
    found = pick_device(torch, device)
    if found == "cuda" and device == "auto":
        free, _ = torch.cuda.mem_get_info()
        return "cuda" if 2 * models.parameters + SPARE <= free else "cpu"
    return found
