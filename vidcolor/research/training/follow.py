"""The loop of every training: draw, step, log, measure, save; the same command again takes a run up where it was.

The run's folder gets log.csv (losses, means since the last row), held_out.csv (figures), state.pt (to go on from),
best.pt (the best on what is held out) and, of some, samples/STEP.png. A kill costs the steps since the last state,
which are then the same steps again: all of a step hangs on its number and what was saved.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidcolor.research.training.checkpoints import add_row, load_state, means_of, save_state
from vidcolor.research.training.machine import Machine

log = logging.getLogger(__name__)
ROWS = ("log.csv", "held_out.csv")


@dataclass
class Work:
    """What a run does; all of it hangs on the step's number and the saved parts alone."""

    parts: dict[str, Any]
    """What is saved and taken up: networks, optimizers and the like, by the names they are saved under."""
    draw: Callable[[int], Any]
    step: Callable[[Any, int], dict[str, float]]
    """Takes a step with what was drawn for it; answers its losses by name."""
    measure: Callable[[], dict[str, float]]
    score: Callable[[dict[str, float]], float]
    """Of figures, what is best when it is highest."""
    best: Callable[[dict[str, float]], dict[str, Any]]
    """What best.pt holds beside the step, where these figures are the best."""
    sheet: Callable[[], bytes] | None = None
    """A picture of what the network answers now, as a PNG's bytes."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often what is done, in steps."""

    steps: int
    log_every: int
    measure_every: int
    save_every: int
    digits: int = 4
    """Of figures in rows."""


@dataclass
class Progress:
    """How far a run is."""

    step: int = 0
    best: float = float("-inf")
    seconds: float = 0.0
    sums: list[dict[str, float]] = field(default_factory=list)
    """Losses since the last row."""


def follow(
    name: str, pace: Pace, work: Work, out: Path, machine: Machine | None = None, *, until: int | None = None
) -> Progress:
    """Steps until the end, or `until`, or the machine's time is up; answers how far the run is.

    name     of the recipe: said where a state is of another
    machine  where it runs, how often it saves, and how long it may run
    """
    machine = machine or Machine()
    out.mkdir(parents=True, exist_ok=True)
    run = _taken_up(name, work, out)
    now = time.monotonic()
    began, saved, last = now - run.seconds, now, min(pace.steps, until or pace.steps)
    with ThreadPoolExecutor(machine.readers) as readers:
        coming: deque[Future[Any]] = deque()
        asked = run.step
        while run.step < last:
            while asked < min(last, run.step + 1 + machine.readers):
                coming.append(readers.submit(work.draw, asked))
                asked += 1
            run.sums.append(work.step(coming.popleft().result(), run.step))
            run.step += 1
            ends, now = run.step == pace.steps, time.monotonic()
            run.seconds = now - began
            stops = now - machine.started > machine.stop_seconds
            if run.step % pace.log_every == 0 or ends:
                add_row(out / "log.csv", run.step, run.seconds, means_of(run.sums), digits=pace.digits)
                run.sums.clear()
            if run.step % pace.measure_every == 0 or ends:
                _measure(pace, run, work, out)
            if run.step % pace.save_every == 0 or ends or stops or now - saved > machine.save_seconds:
                _save(name, run, work, out)
                saved = time.monotonic()
            if stops and not ends:
                log.info("time is up at step %d of %d; the same command again goes on", run.step, pace.steps)
                break
        for late in coming:
            late.cancel()
    return run


def _save(name: str, run: Progress, work: Work, out: Path) -> None:
    state = {part: held.state_dict() for part, held in work.parts.items()}
    kept = {"step": run.step, "best": run.best, "seconds": run.seconds, "sums": list(run.sums), "recipe": name}
    save_state(out / "state.pt", {**state, **kept})


def _taken_up(name: str, work: Work, out: Path) -> Progress:
    """As the folder has it, or at its beginning. What was noted after the state was saved is done, and noted, again."""
    path = out / "state.pt"
    if not path.exists():
        for file in ROWS:
            (out / file).unlink(missing_ok=True)
        return Progress()
    state = load_state(path)
    if state.get("recipe", name) != name:
        log.warning("%s is of another recipe (%s, now %s); going on by the new one", path, state["recipe"], name)
    for part, held in work.parts.items():
        held.load_state_dict(state[part])
    for file in ROWS:
        if (out / file).exists():
            head, *rows = (out / file).read_text(encoding="utf-8").splitlines()
            kept = [row for row in rows if int(row.split(",")[0]) <= state["step"]]
            (out / file).write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
    return Progress(state["step"], state["best"], state["seconds"], list(state.get("sums", [])))


def _measure(pace: Pace, run: Progress, work: Work, out: Path) -> None:
    figures = work.measure()
    if work.sheet is not None:
        (out / "samples").mkdir(exist_ok=True)
        (out / f"samples/{run.step:07d}.png").write_bytes(work.sheet())
    add_row(out / "held_out.csv", run.step, run.seconds, figures, digits=pace.digits)
    score = work.score(figures)
    if score > run.best:
        run.best = score
        save_state(out / "best.pt", {**work.best(figures), "step": run.step})
