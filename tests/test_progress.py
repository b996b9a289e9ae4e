"""What is told while the work goes on: lines outside a terminal, and how much time is left."""

from __future__ import annotations

import subprocess
import sys
from queue import Queue

import pytest
from tiny import write_gray_film

from vidcolor.cli import progress
from vidcolor.cli.parser import main
from vidcolor.cli.progress import Lines, left_in_words, written_by
from vidcolor.cli.time_left import TimeLeft, in_words
from vidcolor.pipeline.costs import Tally, expected
from vidcolor.settings import Settings
from vidcolor.state.plan import PlannedKeyframe, ShotPlan
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import Reel, Shot


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(progress, "clock", made)
    return made


def test_a_line_a_stage_and_one_a_minute(clock):
    told: list[str] = []
    lines = Lines(told.append)
    lines.expect({"shots": 10, "render": 600})
    for done in range(11):
        lines("shots", done, 10)
        clock.now += 1
    for done in range(601):
        lines("render", done, 600)
        clock.now += 1
    assert [line.split(":")[0] for line in told] == ["finding shots"] + 11 * ["colouring"]
    lines("render", 600, 600)
    assert left_in_words(lines.left) == ""
    assert told[1] == "colouring: 0 % done, about 10 min left"
    assert told[6] == "colouring: 50 % done, about 5 min left", told


def test_a_stage_that_says_nothing_is_told_of_all_the_same(clock, monkeypatch):
    """A keyframe may take minutes; the lines go on, from a thread of their own."""
    monkeypatch.setattr(progress, "EVERY", 0.01)
    told: Queue[str] = Queue()
    with written_by(told.put) as lines:
        lines("render", 1, 4)
        first = told.get(timeout=60)
        for _ in range(2):
            clock.now += 5
            assert told.get(timeout=60) == first == "colouring: 25 % done"


@pytest.mark.parametrize("error", [BrokenPipeError, SystemExit])
def test_the_work_goes_on_when_nobody_reads_the_lines(clock, error):
    def closed(text: str) -> None:
        tried.append(text)
        raise error

    tried: list[str] = []
    lines = Lines(closed)
    for stage in ("shots", "render", "export"):
        lines(stage, 0, 10)
        lines(stage, 10, 10)
    assert len(tried) == 1
    assert lines.left.seconds() == 0


def left_of(clock: Clock, expected: dict[str, float], true: dict[str, float]) -> list[tuple[float, float]]:
    """(estimated, true) seconds left at every step, where stages take other times than expected."""
    left, found = TimeLeft(clock), []
    left.expect(expected)
    end = clock.now + sum(true.values())
    for stage, seconds in true.items():
        for done in range(101):
            left.told(stage, done, 100)
            found.append((left.seconds(), end - clock.now))
            clock.now += seconds / 100 if done < 100 else 0
    return found


@pytest.mark.parametrize("slowness", [0.3, 1.0, 5.0])
def test_a_machine_of_any_speed_is_known_from_the_first_stage_on(clock, slowness):
    """The stages cost very different times; what was expected of them is off by the machine's speed."""
    expected = {"shots": 30.0, "render": 900.0, "export": 120.0}
    true = {name: slowness * seconds for name, seconds in expected.items()}
    ratios = [estimate / real for estimate, real in left_of(clock, expected, true)[50:] if real > 30]
    assert 0.7 < min(ratios) <= max(ratios) < 1.4


def test_expectations_that_are_wrong_give_way_to_what_is_measured(clock):
    expected = {"shots": 30.0, "render": 900.0, "export": 120.0}
    found = left_of(clock, expected, {"shots": 30.0, "render": 450.0, "export": 120.0})
    after = [estimate / real for estimate, real in found[101 + 25 :] if real > 30]
    assert 0.45 < min(after) <= max(after) < 1.7


def test_what_never_comes_is_not_waited_for(clock):
    left = TimeLeft(clock)
    left.expect({"shots": 500.0, "keyframes": 500.0, "render": 100.0})
    left.told("render", 0, 10)
    assert left.seconds() == pytest.approx(100)
    left.expect({"export": 20.0})
    assert left.seconds() == pytest.approx(20)


def test_what_nobody_can_expect_is_measured(clock):
    left = TimeLeft(clock)
    left.told("measure", 0, 10)
    assert left.seconds() is None
    clock.now += 30
    left.told("measure", 3, 10)
    assert left.seconds() == pytest.approx(70)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "5 s"), (43, "45 s"), (58, "1 min"), (700, "12 min"), (3600, "1 h"), (7700, "2 h 10 min")],
)
def test_time_in_words(seconds, words):
    assert in_words(seconds) == words


TELLING = """
import sys
from vidcolor.cli.parser import main

class Told:
    def find_spec(self, name, path, target=None):
        if name == "numba":
            print("loading", name, flush=True)

sys.meta_path.insert(0, Told())
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("verb", ["run", "plan", "render"])
def test_a_line_comes_before_anything_is_loaded_or_compiled(verb, tmp_path):
    write_gray_film(tmp_path / "film.mkv", 2)
    assert main(["new", str(tmp_path / "p"), "--reel", str(tmp_path / "film.mkv")]) == 0
    named = [tmp_path / "film.mkv", "--project", tmp_path / "p"] if verb == "run" else [tmp_path / "p"]
    command = [sys.executable, "-P", "-c", TELLING, verb, *map(str, named), "--set", "propagate.network=none"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[0] == "opening film.mkv"
    assert "loading numba" in told


def test_a_keyframe_counts_as_the_frames_it_takes_the_time_of():
    tally = Tally(frames=100, keyframes=2, keyframe_seconds=3.0, frame_seconds=0.1)
    assert tally.add() == (0, 160)
    assert tally.add(keyframes=1, seconds=3.0) == (30, 160)
    assert tally.add(frames=10, seconds=5.0) == (16, 112), "frames were found to take half a second"
    assert tally.skip(frames=40) == (16, 72), "what an earlier run has done is no work"


def test_what_stays_gray_is_no_work(tmp_path):
    reel = Reel("r1", tmp_path, 300, Rate(24), (480, 854))
    own = PlannedKeyframe(5, "person", ("000005.png",))
    shots = [
        ShotPlan(Shot("r1", FrameRange(start, stop)), FrameRange(start, stop), keyframes)
        for start, stop, keyframes in ((0, 100, (own,)), (100, 300, ()))
    ]
    costs = [expected(reel, Settings(), stale, delivers=False)["render"] for stale in (shots[:1], shots[1:], shots)]
    assert costs[0] == costs[2] > 10
    assert costs[1] == 0
