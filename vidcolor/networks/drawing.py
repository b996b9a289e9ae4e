"""What draws a frame's colours by the user's own text-to-image models, whichever way they are asked.

- Only the a*b* of what the model draws is kept: lightness is the film's own.
- Noise is drawn by NumPy, so that a seed means the same picture on every device, but for last digits.

Source for hints: Avrahami 2023: at every step, what is given is laid over what is drawn, with the noise of that step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from numpy import ndarray as Array
from torch import Tensor

from vidcolor.color import fit_to_rgb, rgb_to_lab
from vidcolor.errors import DeviceError, InputError, WeightsError
from vidcolor.networks.diffusion_files import Models
from vidcolor.networks.proposer_hints import Shown, refuse_other_shapes
from vidcolor.settings import DiffusionSettings
from vidcolor.weights import first_line

COARSEST = 64
"""What sides of the picture that is drawn are divided by: 8 for the VAE, 8 for the deepest places of the U-Net."""
LONGEST = 3
"""Times by which it may be longer than wide."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a picture should show, in words, and what not."""

    prompt: str
    negative: str = ""
    usual: str = ""
    """What is said of the frame where the line says nothing: a model that is tuned for the frame is tuned by it"""


class Draws(Protocol):
    """Draws pictures of frames by words."""

    @property
    def method(self) -> str:
        """As `--with` names it."""

    def told(self, wish: Wish) -> Mapping[str, str | int | float]:
        """What pictures hang on, beside frame, hints, seed and number."""

    def draw(self, lightness: Array, hints: Array | None, seed: tuple[int, int], wish: Wish) -> Array:
        """(2, h, w) a*b* of one picture of a frame (H, W); the other arguments as `Wished.each` has them."""


@dataclass(frozen=True, slots=True)
class Wished:
    """Proposes pictures by the user's models and some words."""

    models: Draws
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
        others: Sequence[Shown] = (),
    ) -> Iterator[Array]:
        """As `pipeline.proposals.Proposes` has it."""
        refuse_other_shapes(lightness, hints)
        for number in numbers:
            yield self.models.draw(lightness, hints, (seed, number), self.wish)


def said_by(settings: DiffusionSettings, name: str, wish: Wish) -> dict[str, str | int | float]:
    """What every picture hangs on that is drawn by the models of this name."""
    words = {"network": name, "prompt": wish.prompt, "negative": wish.negative, "sampler": settings.sampler}
    return {**words, "steps": settings.steps, "guidance": settings.guidance, "side": settings.side}


def drawn_size(size: tuple[int, ...], side: int, coarsest: int = COARSEST) -> tuple[int, int]:
    """(h, w) of the picture that is drawn for a frame (H, W): the short side is `side`, both divided by `coarsest`."""
    short = max(coarsest, coarsest * round(side / coarsest))
    long = coarsest * round(short * min(LONGEST, max(size) / min(size)) / coarsest)
    return (short, long) if size[0] <= size[1] else (long, short)


def resized(plane: Array, size: tuple[int, ...]) -> Array:
    """A plane at another size."""
    shrinks = size[0] <= plane.shape[0] and size[1] <= plane.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(plane, np.float32), (size[1], size[0]), interpolation=how))


def gray_of(light: Array) -> Array:
    """(3, h, w) R'G'B' of a gray picture of this L*."""
    return fit_to_rgb(np.stack([light, np.zeros_like(light), np.zeros_like(light)]))


def drawn(
    models: Models,
    settings: DiffusionSettings,
    light: Array,
    hints: Array | None,
    seed: tuple[int, int],
    **asked: Any,
) -> Array:
    """(3, h, w) L*a*b* of what the pipeline draws.

    light  (h, w), L*: the frame at the size that is drawn
    asked  what else the pipeline is given: words, or what they became, and what it is shown
    Refuses steps that the sampler cannot do, a GPU that is too small, and pictures that are none.
    """
    pipe = models.pipe
    kind, device = pipe.unet.dtype, pipe.unet.device
    random = np.random.default_rng(list(seed))
    noise = torch.from_numpy(random.standard_normal(latent_shape(pipe, light.shape), np.float32))
    with torch.inference_mode():
        try:
            answer = pipe(
                height=light.shape[0],
                width=light.shape[1],
                num_inference_steps=settings.steps,
                guidance_scale=settings.guidance,
                generator=torch.Generator("cpu").manual_seed(int(random.integers(2**62))),
                latents=noise.to(device, kind),
                callback_on_step_end=None if hints is None else _lays(pipe, hints, light, noise),
                output_type="pt",
                **asked,
            )
        except torch.cuda.OutOfMemoryError as error:
            raise DeviceError(
                f"a picture of {light.shape[1]}x{light.shape[0]} does not fit this GPU's memory; "
                f"use --set diffusion.side={max(COARSEST, settings.side // 2)} or --device cpu"
            ) from error
        except ValueError as error:  # diffusers': a number of steps that its sampler cannot do
            raise InputError(f"diffusion: {first_line(error)}; use fewer --set diffusion.steps=N") from error
    picture = answer.images[0].float().cpu().numpy()
    if not np.isfinite(picture).all():
        raise WeightsError(f"{models.name}: draws no picture as {kind} on this device; use --device cpu")
    return rgb_to_lab(np.ascontiguousarray(picture))


def latent_shape(pipe: Any, size: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Of a picture (h, w) as the model sees it."""
    down = pipe.vae_scale_factor
    return 1, pipe.unet.config.in_channels, size[0] // down, size[1] // down


def seen_by(pipe: Any, rgb: Array) -> Tensor:
    """A picture (3, h, w) R'G'B' as the model sees it."""
    told = torch.from_numpy(2 * rgb[None] - 1).to(pipe.vae.device, pipe.vae.dtype)
    return pipe.vae.encode(told).latent_dist.mode() * pipe.vae.config.scaling_factor


def _lays(pipe: Any, hints: Array, light: Array, noise: Tensor) -> Callable[[Any, int, Any, dict], dict]:
    """What lays hints over the picture after every step, with as much noise as there is still in it."""
    share = np.clip(hints[0], 0, 1)
    given = np.stack([resized(plane * share, light.shape) for plane in hints[1:]])
    given = given / np.maximum(resized(share, light.shape), 1e-3)
    told = seen_by(pipe, fit_to_rgb(np.concatenate([light[None], given.astype(np.float32)])))
    device, kind = told.device, told.dtype
    whole = torch.from_numpy(np.ascontiguousarray(share, np.float32))[None, None]
    mask = torch.nn.functional.adaptive_max_pool2d(whole, noise.shape[2:]).to(device, kind)
    noise = noise.to(device, kind)

    def lay(_: Any, step: int, __: Any, values: dict) -> dict:
        times = pipe.scheduler.timesteps
        with_noise = told
        if step + 1 < len(times):
            with_noise = pipe.scheduler.add_noise(told, noise, times[step + 1 : step + 2])
        values["latents"] = values["latents"] * (1 - mask) + with_noise.to(kind) * mask
        return values

    return lay
