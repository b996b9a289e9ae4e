"""One step down: a batch's shares are worked on side by side, and their gradients taken together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn

from vidcolor.research.training.machine import Averaged

STEEPEST = 1.0
"""Length that gradients are cut to."""
Share = tuple[dict[str, Tensor], tuple[Tensor, ...]]
"""Losses by name, and the gradient of each weight."""


def share_of(losses: dict[str, Tensor], counts: Any, weights: list[nn.Parameter]) -> Share:
    """A share's losses and gradients; `counts` has how much each loss counts, by its name."""
    total = torch.stack([getattr(counts, name) * loss for name, loss in losses.items()]).sum()
    return {name: loss.detach() for name, loss in losses.items()}, torch.autograd.grad(total, weights)


class Descent:
    """A network on its way down: its weights, their running mean, the optimizer."""

    def __init__(self, recipe: Any, whole: nn.Module, net: nn.Module, shards: int) -> None:
        """`whole` is trained, with all that only training needs; of `net`, a part of it or itself, the mean is kept."""
        self.recipe, self.whole, self.net = recipe, whole, net
        self.optimizer = torch.optim.AdamW(whole.parameters(), recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.wear)
        self.average = Averaged(net)
        self._workers = ThreadPoolExecutor(shards) if shards > 1 else None

    @property
    def weights(self) -> list[nn.Parameter]:
        """All that is trained."""
        return list(self.whole.parameters())

    def step(self, number: int, batches: Sequence[Any], share: Callable[[int, Any], Share]) -> dict[str, float]:
        """One step's losses, by name; `share` answers those of one of the batches, and its gradients."""
        jobs = range(len(batches))
        run = self._workers.map if self._workers is not None else map
        shares = list(run(share, jobs, batches))
        for weight, *parts in zip(self.weights, *(gradients for _, gradients in shares), strict=True):
            weight.grad = torch.stack(parts).mean(0) if len(parts) > 1 else parts[0]
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate_at(number)
        length = nn.utils.clip_grad_norm_(self.weights, STEEPEST)
        self.optimizer.step()
        self.average.towards(self.net, 1 - min(self.recipe.average, (1 + number) / (10 + number)))
        names = list(shares[0][0])
        told = torch.stack([torch.stack([s[n] for s, _ in shares]).float().mean() for n in names] + [length.float()])
        return dict(zip([*names, "gradient"], told.tolist(), strict=True))  # all at once: a GPU is waited for once


def on_cpu(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same weights in the processor's memory."""
    return {name: value.cpu() for name, value in weights.items()}
