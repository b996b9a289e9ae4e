"""Colours from the user's own text-to-image model, tuned for the frame: DiffColor (Lin 2023).

Read diffcolor_tuning.py for its two stages, diffcolor_kept.py for how a tuned model is found again. A frame's model is
tuned by what is usually said of it; other words only move what the model is asked, and need no tuning.

All is float32: what tuning changes is less than half precision tells apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.errors import DeviceError, WeightsError
from vidcolor.networks.diffcolor_kept import GIB, Kept
from vidcolor.networks.diffcolor_tuning import DONE, Tuning, aligned, trained_of
from vidcolor.networks.diffusion_files import read_eye, read_models
from vidcolor.networks.drawing import Wish, drawn, drawn_size, resized, said_by
from vidcolor.settings import DiffusionSettings
from vidcolor.threads import free_memory
from vidcolor.weights import pick_device

ALGORITHM = 1
"""Raised where the same models would be tuned to others."""
TUNES = ("color_steps", "embedding_steps", "model_steps", "tuned", "side")
"""The settings that a tuned model hangs on."""
OF_ALL, OF_TUNED = 4, 16
"""Bytes that a number takes; those that are tuned take more: gradient, Adam's two, as it was."""
SPARE = 6 << 30
"""Bytes that tuning takes beside that for 512x512, about."""


class DiffColor:
    """The user's models, loaded; not to be called by several threads at once."""

    method = "diffcolor"

    def __init__(
        self,
        settings: DiffusionSettings,
        root: Path,
        device: str,
        kept: Kept,
        progress: Callable[[str, int, int], None],
    ) -> None:
        """Loads what the settings name, relative to `root`; tuned models lie in `kept`.

        progress  told ("tune", done, of how many) while a model is tuned
        Refuses what diffusers and transformers cannot use, and models that nothing here has the memory to tune.
        """
        self._settings, self._kept, self._progress = settings, kept, progress
        self._asked = {name: getattr(settings, name) for name in TUNES}
        self._models, eye = read_models(settings, root, shown=False), read_eye(settings, root)
        pipe = self._models.pipe
        if hasattr(pipe, "text_encoder_2"):
            raise WeightsError(
                "diffusion.base: diffcolor takes Stable Diffusion 1.5, 2.1 or Turbo, not XL; give such a one"
            )
        self.name = f"{self._models.name} {eye.name}"
        count = self._models.parameters + sum(value.numel() for value in eye.net.parameters())
        tuned = sum(value.numel() for value in trained_of(pipe.unet, settings.tuned).values())
        found = _device_for(
            OF_ALL * count + OF_TUNED * tuned + int(SPARE * (settings.side / 512) ** 2), settings, device
        )
        pipe.to(found)
        eye.net.to(found)
        self._tuning = Tuning(pipe, eye, settings)
        self._loaded: tuple[str, Tensor] | None = None

    def told(self, wish: Wish) -> dict[str, str | int | float]:
        """What pictures hang on, beside frame, hints, seed and number."""
        ours = {"tuned by": wish.usual, "toward": self._settings.toward, "algorithm": ALGORITHM}
        return {**said_by(self._settings, self.name, wish), **self._asked, **ours}

    def draw(self, lightness: Array, hints: Array | None, seed: tuple[int, int], wish: Wish) -> Array:
        """(2, h, w) a*b* of one picture of a frame (H, W); the other arguments as `Wished.each` has them."""
        light = resized(lightness, drawn_size(lightness.shape, self._settings.side))
        text = self._tuned(light, wish.usual)
        asked = torch.lerp(text, self._tuning.words(wish.prompt), self._settings.toward)
        picture = drawn(
            self._models,
            self._settings,
            light,
            hints,
            seed,
            prompt_embeds=asked,
            negative_prompt_embeds=self._tuning.words(wish.negative),
        )
        return aligned(picture, light)

    def _tuned(self, light: Array, words: str) -> Tensor:
        """What the words became; the model is tuned for the frame and them, now where it was not before."""
        frame = hashlib.sha256(light.tobytes()).hexdigest()
        name = json.dumps([ALGORITHM, self.name, frame, light.shape, words, self._asked])
        if self._loaded is not None and self._loaded[0] == name:
            return self._loaded[1]
        state = self._kept.take(name)
        if state is not None and not self._tuning.fits(state):
            state = None
        if state is None or state.phase < DONE:
            try:
                state = self._tuning.run(light, words, state, lambda state: self._kept.put(name, state), self._progress)
            except torch.cuda.OutOfMemoryError as error:
                raise DeviceError(f"tuning does not fit this GPU's memory; {_remedy(self._settings)}") from error
        self._loaded = name, self._tuning.load(state)
        return self._loaded[1]


def _device_for(need: int, settings: DiffusionSettings, device: str) -> str:
    """A GPU where there is one that tuning fits into, or where it is asked for; else the processor."""
    found = pick_device(torch, device)
    if found == "cuda" and (device == "cuda" or need <= torch.cuda.mem_get_info()[0]):
        return "cuda"
    free = free_memory()
    if free is not None and need > free:
        raise DeviceError(
            f"tuning takes about {need / GIB:.0f} GiB of memory, {free / GIB:.0f} are free; {_remedy(settings)}"
        )
    return "cpu"


def _remedy(settings: DiffusionSettings) -> str:
    less = (
        "--set diffusion.tuned=attention" if settings.tuned == "all" else f"--set diffusion.side={settings.side // 2}"
    )
    return f"use {less}, or another machine"
