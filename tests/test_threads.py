"""OpenCV works on one thread, whichever command runs and whoever asks for flow; shots and frames take all cores."""

from __future__ import annotations

import os
import shutil

import cv2
import numpy as np
import pytest
from tiny import write_gray_film, write_picture

from vidcolor import threads
from vidcolor.cli import commands
from vidcolor.cli.parser import main
from vidcolor.flow.dis import Dis
from vidcolor.pipeline import deliver, render
from vidcolor.propagate.shot import held

LINES = ["run f", "example d", "plan p", "render p", "export p", "transfer a b -o c.png", "measure a b"]


@pytest.fixture(autouse=True)
def three_threads():
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split()[0])
def test_every_command_that_computes_runs_alike(line, monkeypatch):
    seen = []
    name = f"{line.split()[0]}_command"
    monkeypatch.setattr(commands, name, lambda args, terminal: seen.append(cv2.getNumThreads()))
    assert main(line.split()) == 0
    assert seen == [1]


def test_flow_is_searched_in_one_stripe_whoever_asks(monkeypatch):
    """OpenCV 4 searches in as many stripes as it has threads, and finds other flow for each number."""
    seen = []

    class Engine:
        def calc(self, a, b, flow):
            seen.append(cv2.getNumThreads())
            return flow

    monkeypatch.setattr(cv2, "DISOpticalFlow_create", lambda preset: Engine())
    Dis()(*np.zeros((2, 32, 32), np.float32))
    assert seen == [1]


def test_cores_are_those_that_the_program_may_use(monkeypatch):
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda pid: {3, 5, 6}, raising=False)
    assert threads.cores() == 3
    monkeypatch.delattr(threads.os, "sched_getaffinity")
    monkeypatch.setattr(threads.os, "cpu_count", lambda: None)
    assert threads.cores() == 1


def test_free_memory_is_the_systems_and_no_more_than_the_containers(tmp_path, monkeypatch):
    monkeypatch.setattr(threads, "MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(threads, "GROUP", tmp_path)
    assert threads.free_memory() is None
    (tmp_path / "meminfo").write_text("MemTotal:       16000 kB\nMemAvailable:    8000 kB\n")
    assert threads.free_memory() == 8000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert threads.free_memory() == 8000 * 1024
    (tmp_path / "memory.max").write_text("5000\n")
    assert threads.free_memory() == 4000
    (tmp_path / "memory.current").write_text("6000\n")
    assert threads.free_memory() == 0


@pytest.mark.parametrize(
    ("cores", "shots", "shots_of_memory", "side_by_side"),
    [(1, 9, 50, 1), (2, 9, 50, 2), (8, 9, 50, 8), (16, 9, 50, 9), (16, 9, 3.5, 3), (16, 9, 0.2, 1), (16, 9, None, 2)],
)
def test_a_shot_is_rendered_on_each_core_as_memory_allows(cores, shots, shots_of_memory, side_by_side, monkeypatch):
    size = (270, 480)
    free = None if shots_of_memory is None else int(shots_of_memory * (held(size) + render.WORK) / render.SHARE)
    monkeypatch.setattr(render, "cores", lambda: cores)
    monkeypatch.setattr(render, "free_memory", lambda: free)
    assert render.shots_at_once(shots, size) == side_by_side


@pytest.mark.parametrize(("shots_of_memory", "side_by_side"), [(9, 8), (2.5, 2), (0.2, 1), (None, 8)])
def test_shots_on_a_device_are_rendered_as_its_memory_allows(shots_of_memory, side_by_side, monkeypatch):
    size = (270, 480)
    free = None if shots_of_memory is None else int(shots_of_memory * (held(size) + render.WORK_THERE) / render.SHARE)
    monkeypatch.setattr(render, "cores", lambda: 8)
    monkeypatch.setattr(render, "free_memory", lambda: 1 << 40)
    monkeypatch.setattr(render, "free_there", lambda device: free)
    assert render.shots_at_once(9, size, "some device") == side_by_side
    assert render.shots_at_once(9, size) == 8


@pytest.fixture(scope="module")
def two_shots(tmp_path_factory):
    """A project of two shots, planned, its second keyframe neither first nor last of its shot."""
    folder = tmp_path_factory.mktemp("cores")
    colors = write_gray_film(folder / "film.mkv", 14, cuts=[8])
    (folder / "refs").mkdir()
    for frame in (0, 11):
        write_picture(folder / "refs" / f"{frame:06d}.png", colors=colors[frame])
    line = ["new", str(folder / "p"), "--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
    assert main(line) == 0
    assert main(["plan", str(folder / "p")]) == 0
    return folder


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no program to cores")
def test_the_same_bytes_on_one_core_on_all_and_as_on_eight(two_shots, monkeypatch):
    all_cores, made, at_once = os.sched_getaffinity(0), {}, {}

    def rendered(name):
        project = two_shots / name
        shutil.copytree(two_shots / "p", project)
        began = render.shots_at_once(2, (24, 32)), threads.cores()
        out = two_shots / f"{name}.mkv"
        assert main(["render", str(project)]) == 0
        assert main(["export", str(project), "-o", str(out), "--delivery", "ffv1"]) == 0
        stores = [*sorted(project.rglob("chroma*")), out]
        made[name], at_once[name] = [path.read_bytes() for path in stores], began

    try:
        os.sched_setaffinity(0, {min(all_cores)})  # threads that begin now take it over
        rendered("one")
    finally:
        os.sched_setaffinity(0, all_cores)
    rendered("all")
    monkeypatch.setattr(render, "cores", lambda: 8)
    monkeypatch.setattr(deliver, "cores", lambda: 8)
    rendered("eight")
    assert at_once["one"] == (1, 1)
    assert at_once["eight"][0] == 2
    assert len(made["one"]) == 3
    assert made["one"] == made["all"] == made["eight"]
