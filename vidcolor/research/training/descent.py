"""One step down: a batch's shares are worked on side by side, and their gradients taken together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor, nn

STEEPEST = 1.0
"""Length that gradients are cut to."""
SHARDS = 2
"""Shares of a batch that are worked on side by side, each by one thread.

Torch's own threads wait for each other within every operation, which on a busy machine takes most of the time.
"""
Share = tuple[dict[str, float], tuple[Tensor, ...]]
"""Losses by name, and the gradient of each weight."""


def share_of(losses: dict[str, Tensor], counts: Any, weights: list[nn.Parameter]) -> Share:
    """A share's losses and gradients; `counts` has how much each loss counts, by its name."""
    total = torch.stack([getattr(counts, name) * loss for name, loss in losses.items()]).sum() / SHARDS
    return {name: float(loss.detach()) for name, loss in losses.items()}, torch.autograd.grad(total, weights)


def stepped(
    recipe: Any, run: Any, net: nn.Module, share: Callable[[int], Share], workers: ThreadPoolExecutor
) -> dict[str, float]:
    """One step's losses, by name: the run's optimizer goes down, and its running mean of `net` follows."""
    shares = list(workers.map(share, range(SHARDS)))
    weights = [weight for group in run.optimizer.param_groups for weight in group["params"]]
    for weight, *parts in zip(weights, *(gradients for _, gradients in shares), strict=True):
        weight.grad = torch.stack(parts).sum(0)
    for group in run.optimizer.param_groups:
        group["lr"] = recipe.rate_at(run.step)
    length = nn.utils.clip_grad_norm_(weights, STEEPEST)
    run.optimizer.step()
    keep = min(recipe.average, (1 + run.step) / (10 + run.step))
    with torch.no_grad():
        for name, value in net.state_dict().items():
            run.average[name].lerp_(value, 1 - keep)
    return {n: sum(s[n] for s, _ in shares) / SHARDS for n in shares[0][0]} | {"gradient": float(length)}
