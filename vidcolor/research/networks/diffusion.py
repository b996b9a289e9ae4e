"""Noise and the way back: schedules of published diffusion models, their full sampler, and one of few steps.

gamma is the share of the picture's variance that is left after a step: from 1 (the picture) to nearly 0 (noise).

- A few steps are laid where they count: evenly by the angle between picture and noise, from `BEGUN` on. Evenly over
  the schedule, as DDIM has it, most of Palette's are among noise alone, where what is guessed of the picture is a tint.

Sources: Ho 2020 (DDPM), Song 2021 (DDIM), Saharia 2022 (Palette's schedules, gamma drawn between two steps').
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Denoises = Callable[[Tensor, Tensor], Tensor]
"""The noise in x (B, C, H, W), of gamma (B,)."""
Mends = Callable[[Tensor], Tensor]
"""What is made at every step of the picture (B, C, H, W), -1..1, that is guessed: where some of it is known."""


BEGUN = 0.03
"""gamma from which a few steps go: noise is taken for a picture with so little of it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Noise that is added in `steps` steps, rising evenly."""

    steps: int
    first: float
    last: float

    @property
    def gammas(self) -> Tensor:
        """(steps + 1,), from 1 on."""
        left = 1 - torch.linspace(self.first, self.last, self.steps, dtype=torch.float64)
        return torch.cat([torch.ones(1, dtype=torch.float64), left.cumprod(0)])

    def places(self, steps: int) -> Tensor:
        """(steps + 1,) int64, falling to 0: between which of its steps a few of them go."""
        angles = self.gammas.sqrt().arccos()
        first = min(float(torch.tensor(BEGUN).sqrt().arccos()), float(angles[-1]))
        nearest = torch.searchsorted(angles, torch.linspace(0, first, steps + 1, dtype=torch.float64))
        each = torch.arange(steps + 1)  # no place twice, where they are as dense as the schedule's own
        return ((nearest - each).cummax(0).values + each).clamp(max=self.steps - steps + each).flip(0)


PALETTE_TRAIN, PALETTE_TEST = Schedule(2000, 1e-6, 0.01), Schedule(1000, 1e-4, 0.09)
DDPM = Schedule(1000, 1e-4, 0.02)
"""Ho 2020's, which Diffusart's text leaves as it is."""


def drawn_gammas(schedule: Schedule, count: int, random: torch.Generator, *, between: bool) -> Tensor:
    """(count,) float32: gammas of steps, or evenly between a step's and the one's before (Palette)."""
    gammas = schedule.gammas
    step = torch.randint(1, schedule.steps + 1, (count,), generator=random)
    share = torch.rand(count, generator=random, dtype=torch.float64) if between else torch.zeros(count)
    return (gammas[step] + share * (gammas[step - 1] - gammas[step])).float()


def noised(clean: Tensor, noise: Tensor, gamma: Tensor) -> Tensor:
    """Pictures (B, C, H, W) with so much noise."""
    kept = gamma[:, None, None, None]
    return kept.sqrt() * clean + (1 - kept).sqrt() * noise


def drawn(
    denoises: Denoises,
    noise: Tensor,
    schedule: Schedule,
    random: torch.Generator,
    steps: int,
    mends: Mends | None = None,
) -> Tensor:
    """Pictures, -1..1, from noise (B, C, H, W): by every step of the schedule as published, or in fewer."""
    if steps >= schedule.steps:
        return sampled(denoises, noise, schedule, random, mends)
    return sampled_in_few(denoises, noise, schedule, steps, mends)


@torch.no_grad()
def sampled(
    denoises: Denoises, noise: Tensor, schedule: Schedule, random: torch.Generator, mends: Mends | None = None
) -> Tensor:
    """Pictures, -1..1, from noise (B, C, H, W): every step of the schedule, with new noise at each (DDPM)."""
    gammas, x = schedule.gammas, noise
    for step in range(schedule.steps, 0, -1):
        now, before = float(gammas[step]), float(gammas[step - 1])
        clean = _clean(denoises, x, now, mends)
        alpha = now / before
        mean = before**0.5 * (1 - alpha) / (1 - now) * clean + alpha**0.5 * (1 - before) / (1 - now) * x
        spread = ((1 - before) / (1 - now) * (1 - alpha)) ** 0.5
        x = mean + spread * torch.randn(x.shape, generator=random).to(x) if step > 1 else mean
    return x.clamp(-1, 1)


@torch.no_grad()
def sampled_in_few(
    denoises: Denoises, noise: Tensor, schedule: Schedule, steps: int, mends: Mends | None = None
) -> Tensor:
    """The same in few steps, with no new noise (DDIM)."""
    x, clean, places = noise, noise, schedule.places(steps)
    for now, after in zip(schedule.gammas[places[:-1]], schedule.gammas[places[1:]], strict=True):
        clean = _clean(denoises, x, float(now), mends)
        left = (x - float(now) ** 0.5 * clean) / (1 - float(now)) ** 0.5
        x = float(after) ** 0.5 * clean + (1 - float(after)) ** 0.5 * left
    return clean


def _clean(denoises: Denoises, x: Tensor, gamma: float, mends: Mends | None) -> Tensor:
    noise = denoises(x, torch.full((len(x),), gamma).to(x))
    clean = ((x - (1 - gamma) ** 0.5 * noise) / gamma**0.5).clamp(-1, 1)
    return clean if mends is None else mends(clean)
