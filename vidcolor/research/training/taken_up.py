"""A run that is taken up where it stopped: what it carries, and its steps; the same for whatever is trained."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from vidcolor.research.training.checkpoints import add_row, load_state, means_of, save_state

STATE = "state.pt"
Module = TypeVar("Module", bound=nn.Module)
Drawn = TypeVar("Drawn")


@dataclass
class Run(Generic[Module]):
    """All that a run carries from step to step."""

    module: Module
    """What is trained."""
    average: dict[str, Tensor]
    """The running mean of the weights that are shipped."""
    optimizer: torch.optim.AdamW
    kept_as: str
    """The module's name in the saved state."""
    step: int = 0
    best: float = -1e9
    """Of what is measured on what is held out."""
    seconds: float = 0.0

    def state(self) -> dict[str, Any]:
        """What is saved."""
        carried = {name: getattr(self, name) for name in ("average", "step", "best", "seconds")}
        return {**carried, self.kept_as: self.module.state_dict(), "optimizer": self.optimizer.state_dict()}

    def take_up(self, folder: Path) -> None:
        """Goes on from what the folder has; from the beginning where it has nothing."""
        if (folder / STATE).exists():
            state = load_state(folder / STATE)
            self.module.load_state_dict(state[self.kept_as])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average, self.step, self.best, self.seconds = (
                state[name] for name in ("average", "step", "best", "seconds")
            )


def start(module: Module, shipped: nn.Module, recipe: Any, folder: Path, kept_as: str) -> Run[Module]:
    """A run at its beginning, or as its folder has it; `shipped` is the part of the module whose mean is kept."""
    optimizer = torch.optim.AdamW(module.parameters(), recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.wear)
    run = Run(module, {name: value.clone() for name, value in shipped.state_dict().items()}, optimizer, kept_as)
    run.take_up(folder)
    return run


def go_on(
    run: Run[Module],
    recipe: Any,
    folder: Path,
    draw: Callable[[int], Drawn],
    one_step: Callable[[Drawn, ThreadPoolExecutor], dict[str, float]],
    measure: Callable[[], None],
    *,
    shards: int,
    noted: int,
    until: int | None,
) -> None:
    """Steps until the recipe's end, or `until`; log.csv and state.pt in the folder.

    draw      what a step is made of; the next step's is drawn while one is taken
    one_step  takes one, by `shards` workers, and gives its losses
    noted     steps between rows of the log
    """
    began, sums = time.monotonic() - run.seconds, []
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(shards) as workers:
        coming = reader.submit(draw, run.step)
        while run.step < min(recipe.steps, until or recipe.steps):
            drawn, coming = coming.result(), reader.submit(draw, run.step + 1)
            sums.append(one_step(drawn, workers))
            run.step += 1
            run.seconds = time.monotonic() - began
            if run.step % noted == 0:
                add_row(folder / "log.csv", run.step, run.seconds, means_of(sums))
                sums = []
            if run.step % recipe.measure_every == 0 or run.step == recipe.steps:
                measure()
            if run.step % recipe.save_every == 0 or run.step == recipe.steps:
                save_state(folder / STATE, run.state())
        coming.cancel()
