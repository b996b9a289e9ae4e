"""Colours from the user's own text-to-image model: Stable Diffusion with a ControlNet that is shown the gray frame.

- The models are folders as diffusers saves them, or single files with a folder that says what is in them; nothing is
  ever fetched. diffusers and transformers are imported inside the functions, and installed by vidcolor[diffusion].
- Only the a*b* of what the model draws is kept: lightness is the film's own.
- Noise is drawn by NumPy, so that a seed means the same picture on every device, but for last digits.

Sources: Rombach 2022 (Stable Diffusion), Zhang 2023 (ControlNet); for hints Avrahami 2023: at every step, what is given
is laid over what is drawn, with the noise of that step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.color import fit_to_rgb, rgb_to_lab
from vidcolor.errors import DeviceError, InputError, WeightsError
from vidcolor.machine import number_type
from vidcolor.networks.controlnet_files import Models, read_models
from vidcolor.networks.proposer_hints import refuse_other_shapes
from vidcolor.settings import DiffusionSettings
from vidcolor.weights import first_line, pick_device

COARSEST = 64
"""What sides of the picture that is drawn are divided by: 8 for the VAE, 8 for the deepest places of the U-Net."""
LONGEST = 3
"""Times by which it may be longer than wide."""
SPARE = 2 << 30
"""Bytes of a GPU's memory that drawing takes beside the weights, about."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a picture should show, in words, and what not."""

    prompt: str
    negative: str = ""


class ControlNet:
    """The user's models, loaded; not to be called by several threads at once."""

    method = "controlnet"

    def __init__(self, settings: DiffusionSettings, root: Path, device: str) -> None:
        """Loads what the settings name, relative to `root`. Refuses what diffusers cannot use, and pairs that were not
        made for each other."""
        self._settings = settings
        models = read_models(settings, root)
        self._pipe, self.name = models.pipe, models.name
        self._device = _device_for(models, device)
        half = torch.float16 if self._device == "cuda" else getattr(torch, number_type())
        self._pipe.to(self._device, half)

    def for_wish(self, wish: Wish) -> Wished:
        """What draws by these words."""
        return Wished(self, wish)

    def told(self, wish: Wish) -> dict[str, str | int | float]:
        """What pictures hang on, beside frame, hints, seed and number."""
        s = self._settings
        words = {"network": self.name, "prompt": wish.prompt, "negative": wish.negative, "sampler": s.sampler}
        return {**words, "steps": s.steps, "guidance": s.guidance, "control": s.control, "side": s.side}

    def draw(self, lightness: Array, hints: Array | None, seed: tuple[int, int], wish: Wish) -> Array:
        """(2, h, w) a*b* of one picture of a frame (H, W); the other arguments as `Wished.each` has them."""
        size = drawn_size(lightness.shape, self._settings.side)
        light = _resized(lightness, size)
        random = np.random.default_rng(list(seed))
        noise = torch.from_numpy(random.standard_normal(self._latent_shape(size), np.float32))
        gray = fit_to_rgb(np.stack([light, np.zeros_like(light), np.zeros_like(light)]))
        control = gray[: self._pipe.controlnet.config.conditioning_channels]
        with torch.inference_mode():
            try:
                answer = self._pipe(
                    prompt=wish.prompt,
                    negative_prompt=wish.negative or None,
                    image=torch.from_numpy(np.ascontiguousarray(control))[None],
                    height=size[0],
                    width=size[1],
                    num_inference_steps=self._settings.steps,
                    guidance_scale=self._settings.guidance,
                    controlnet_conditioning_scale=self._settings.control,
                    generator=torch.Generator("cpu").manual_seed(int(random.integers(2**62))),
                    latents=noise.to(self._device, self._pipe.unet.dtype),
                    callback_on_step_end=None if hints is None else self._lays(hints, light, noise),
                    output_type="pt",
                )
            except torch.cuda.OutOfMemoryError as error:
                raise DeviceError(
                    f"a picture of {size[1]}x{size[0]} does not fit this GPU's memory; "
                    f"use --set diffusion.side={max(COARSEST, self._settings.side // 2)} or --device cpu"
                ) from error
            except ValueError as error:  # diffusers': a number of steps that its sampler cannot do
                raise InputError(f"diffusion: {first_line(error)}; use fewer --set diffusion.steps=N") from error
        drawn = answer.images[0].float().cpu().numpy()
        if not np.isfinite(drawn).all():
            raise WeightsError(f"{self.name}: draws no picture in half precision on this device; use --device cpu")
        return rgb_to_lab(np.ascontiguousarray(drawn))[1:]

    def _latent_shape(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        down = self._pipe.vae_scale_factor
        return 1, self._pipe.unet.config.in_channels, size[0] // down, size[1] // down

    def _lays(self, hints: Array, light: Array, noise: Tensor) -> Callable[[Any, int, Any, dict], dict]:
        """What lays hints over the picture after every step, with as much noise as there is still in it."""
        share = np.clip(hints[0], 0, 1)
        given = np.stack([_resized(plane * share, light.shape) for plane in hints[1:]])
        given = given / np.maximum(_resized(share, light.shape), 1e-3)
        rgb = torch.from_numpy(fit_to_rgb(np.concatenate([light[None], given.astype(np.float32)])))
        pipe, (rows, columns) = self._pipe, noise.shape[2:]
        device, kind = self._device, pipe.vae.dtype
        told = pipe.vae.encode((2 * rgb[None] - 1).to(device, kind)).latent_dist.mode() * pipe.vae.config.scaling_factor
        whole = torch.from_numpy(np.ascontiguousarray(share, np.float32))[None, None]
        mask = torch.nn.functional.adaptive_max_pool2d(whole, (rows, columns)).to(device, kind)
        drawn = noise.to(device, kind)

        def lay(_: Any, step: int, __: Any, values: dict) -> dict:
            times = pipe.scheduler.timesteps
            with_noise = told
            if step + 1 < len(times):
                with_noise = pipe.scheduler.add_noise(told, drawn, times[step + 1 : step + 2])
            values["latents"] = values["latents"] * (1 - mask) + with_noise.to(kind) * mask
            return values

        return lay


@dataclass(frozen=True, slots=True)
class Wished:
    """Proposes pictures by the user's models and some words."""

    models: ControlNet
    wish: Wish

    @property
    def attends(self) -> bool:
        """It does not look at other frames."""
        return False

    @property
    def method(self) -> str:
        """As `--with` names it."""
        return self.models.method

    @property
    def told(self) -> Mapping[str, str | int | float]:
        """What pictures hang on, beside frame, hints, seed and number."""
        return self.models.told(self.wish)

    def each(
        self,
        lightness: Array,
        hints: Array | None,
        seed: int,
        numbers: Sequence[int],
        others: Sequence[tuple[Array, Array]] = (),
    ) -> Iterator[Array]:
        """(2, h, w) a*b* of each of the numbered pictures of a frame, as it is drawn.

        lightness  (H, W), L* 0..100
        hints      (3, H, W): how far a colour is given there, 0..1, and its a*, b*; None: nowhere
        others     none: it does not look at other pictures
        Refuses other shapes.
        """
        refuse_other_shapes(lightness, hints)
        for number in numbers:
            yield self.models.draw(lightness, hints, (seed, number), self.wish)


def drawn_size(size: tuple[int, ...], side: int) -> tuple[int, int]:
    """(h, w) of the picture that is drawn for a frame (H, W): the short side is `side`, both divided by COARSEST."""
    short = max(COARSEST, COARSEST * round(side / COARSEST))
    long = COARSEST * round(short * min(LONGEST, max(size) / min(size)) / COARSEST)
    return (short, long) if size[0] <= size[1] else (long, short)


def _device_for(models: Models, device: str) -> str:
    """A GPU where there is one that the models fit into, or where it is asked for."""
    found = pick_device(torch, device)
    if found == "cuda" and device == "auto":
        free, _ = torch.cuda.mem_get_info()
        return "cuda" if 2 * models.parameters + SPARE <= free else "cpu"
    return found


def _resized(plane: Array, size: tuple[int, ...]) -> Array:
    shrinks = size[0] <= plane.shape[0] and size[1] <= plane.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(plane, np.float32), (size[1], size[0]), interpolation=how))
