"""training/follow.py: a run that is stopped anywhere, by time or by a kill, ends as one that never was."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from vidcolor.errors import DeviceError  # noqa: E402
from vidcolor.research.training import follow as loop  # noqa: E402
from vidcolor.research.training.checkpoints import load_state  # noqa: E402
from vidcolor.research.training.follow import Pace, Work, follow  # noqa: E402
from vidcolor.research.training.machine import Averaged, Machine, machine_of  # noqa: E402

PACE = Pace(steps=7, log_every=3, measure_every=2, save_every=100)


class Made:
    """A net of one weight that goes towards what is drawn; counts its steps."""

    def __init__(self) -> None:
        self.net = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.zeros_(self.net.weight)
        self.average, self.stepped = Averaged(self.net), []

    def step(self, drawn: float, number: int) -> dict[str, float]:
        self.stepped.append(number)
        with torch.no_grad():
            self.net.weight += 0.3 * (drawn - self.net.weight)
        self.average.towards(self.net, 0.5)
        return {"loss": float(self.net.weight.detach())}

    def work(self) -> Work:
        parts = {"net": self.net, "average": self.average}
        figures = lambda: {"figure": float(self.average.values["weight"])}  # noqa: E731
        return Work(parts, lambda n: n % 3 + 0.5, self.step, figures, lambda f: -f["figure"], dict)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def ended(out: Path, machine: Machine | None = None) -> tuple[Made, int]:
    made = Made()
    return made, follow("recipe", PACE, made.work(), out, machine).step


def test_a_run_in_pieces_by_time_is_the_run_in_one(tmp_path):
    """Each call has no time left after a step; what is noted and learned is the same, the best included."""
    whole, _ = ended(tmp_path / "whole")
    done = []
    for step in range(1, 8):
        made, reached = ended(tmp_path / "parts", Machine(stop_seconds=0))
        assert reached == step
        done += made.stepped
    assert done == list(range(7)), "no step twice"
    assert torch.equal(made.net.weight, whole.net.weight)
    assert made.average.values["weight"] == whole.average.values["weight"]
    for name in ("log.csv", "held_out.csv"):
        assert rows(tmp_path / "parts" / name) == rows(tmp_path / "whole" / name)
    assert [row["step"] for row in rows(tmp_path / "whole/log.csv")] == ["3", "6", "7"]
    assert load_state(tmp_path / "parts/best.pt") == load_state(tmp_path / "whole/best.pt")


def test_states_are_saved_by_the_clock(tmp_path, monkeypatch):
    """A step takes a minute here: with two minutes between, every third step is saved, with one every second."""
    for seconds, saved in ((120, [3, 6, 7]), (60, [2, 4, 6, 7]), (1e9, [7])):
        clock, steps = [0.0], []

        def step(drawn, number, clock=clock):
            clock[0] += 60
            return {"loss": 1.0}

        # the module's own name for it, not the process's clock: other threads run by that
        monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda clock=clock: clock[0]))
        monkeypatch.setattr(
            loop, "save_state", lambda path, state, steps=steps: steps.append((path.stem, state["step"]))
        )
        work = Made().work()
        work.step = step
        follow("recipe", PACE, work, tmp_path / f"{seconds}", Machine(save_seconds=seconds))
        assert [n for name, n in steps if name == "state"] == saved


def test_what_was_noted_after_the_last_state_is_noted_once(tmp_path):
    """Killed at step 5, its last state at 2: the rows of 3 and 4 are not there twice."""
    whole, _ = ended(tmp_path / "whole")
    made = Made()
    follow("recipe", Pace(7, 3, 2, 2), made.work(), tmp_path / "killed", until=2)
    state = (tmp_path / "killed/state.pt").read_bytes()
    follow("recipe", Pace(7, 3, 2, 100), Made().work(), tmp_path / "killed", until=5)
    (tmp_path / "killed/state.pt").write_bytes(state)
    again, _ = ended(tmp_path / "killed")
    assert again.stepped == [2, 3, 4, 5, 6]
    assert torch.equal(again.net.weight, whole.net.weight)
    for name in ("log.csv", "held_out.csv"):
        assert rows(tmp_path / "killed" / name) == rows(tmp_path / "whole" / name)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert not machine_of("auto").cuda
    assert machine_of("cpu", minutes=8, save_minutes=3).stop_seconds == 480
    with pytest.raises(DeviceError, match="no CUDA device"):
        machine_of("cuda")
