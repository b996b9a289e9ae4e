"""The loop of the published networks: draw, step, log, measure, save; the same command again takes a run up.

The run's folder gets log.csv (losses, means since the last row), held_out.csv (figures), samples/STEP.png (gray,
reference, answer, truth), state.pt (to go on from) and best.pt (the network with the best PSNR on what is held out).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vidcolor.research.training.checkpoints import add_row, load_state, means_of, save_state
from vidcolor.research.training.published.batches import Batch
from vidcolor.research.training.published.recipes import RunRecipe

log = logging.getLogger(__name__)
FIGURE = "psnr"
"""Of those measured, the one whose best is kept."""


@dataclass
class Work:
    """What a run does; all of it hangs on the step's number and the saved parts alone."""

    network: nn.Module
    parts: dict[str, Any]
    """Networks and optimizers, the network among them, by the names they are saved under."""
    draw: Callable[[int], Batch]
    step: Callable[[Batch, int], dict[str, float]]
    """Takes a step; answers its losses by name."""
    measure: Callable[[], dict[str, float]]
    sheet: Callable[[], bytes]


@dataclass
class Progress:
    """How far a run is."""

    step: int = 0
    best: float = float("-inf")
    seconds: float = 0.0
    sums: list[dict[str, float]] = field(default_factory=list)


def follow(recipe: RunRecipe, steps: int, work: Work, out: Path, *, until: int | None = None) -> Progress:
    """Steps until the end, or `until`; answers how far the run is."""
    (out / "samples").mkdir(parents=True, exist_ok=True)
    run = _taken_up(recipe, work, out)
    began, last = time.monotonic() - run.seconds, min(steps, until or steps)
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(work.draw, run.step) if run.step < last else None
        while coming is not None:
            batch = coming.result()
            coming = reader.submit(work.draw, run.step + 1) if run.step + 1 < last else None
            run.sums.append(work.step(batch, run.step))
            run.step += 1
            run.seconds = time.monotonic() - began
            ends = run.step == steps
            if run.step % recipe.log_every == 0 or ends:
                add_row(out / "log.csv", run.step, run.seconds, means_of(run.sums), digits=5)
                run.sums.clear()
            if run.step % recipe.measure_every == 0 or ends:
                _measure(recipe, run, work, out)
            if run.step % recipe.save_every == 0 or ends:
                state = {name: part.state_dict() for name, part in work.parts.items()}
                kept = {"step": run.step, "best": run.best, "seconds": run.seconds, "recipe": recipe.hash}
                save_state(out / "state.pt", {**state, **kept})
    return run


def _taken_up(recipe: RunRecipe, work: Work, out: Path) -> Progress:
    """As the folder has it, or at its beginning. What was noted after the state was saved is done, and noted, again."""
    path = out / "state.pt"
    if not path.exists():
        for name in ("log.csv", "held_out.csv"):
            (out / name).unlink(missing_ok=True)
        return Progress()
    state = load_state(path)
    if state["recipe"] != recipe.hash:
        log.warning("%s is of another recipe (%s, now %s); going on by the new one", path, state["recipe"], recipe.hash)
    for name, part in work.parts.items():
        part.load_state_dict(state[name])
    for name in ("log.csv", "held_out.csv"):
        if (out / name).exists():
            head, *rows = (out / name).read_text(encoding="utf-8").splitlines()
            kept = [row for row in rows if int(row.split(",")[0]) <= state["step"]]
            (out / name).write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
    return Progress(state["step"], state["best"], state["seconds"])


def _measure(recipe: RunRecipe, run: Progress, work: Work, out: Path) -> None:
    work.network.eval()
    with torch.inference_mode():
        figures = work.measure()
        (out / f"samples/{run.step:07d}.png").write_bytes(work.sheet())
    work.network.train()
    add_row(out / "held_out.csv", run.step, run.seconds, figures, digits=5)
    score = next(value for name, value in figures.items() if name.endswith(FIGURE) and "gray" not in name)
    if score > run.best:
        run.best = score
        facts = {"step": run.step, "recipe": recipe.hash, "figures": figures}
        save_state(out / "best.pt", {"net": work.network.state_dict(), **facts})
