"""What the driver does with shots, nodes and faults, on a Ray that stands still: counts and words, no processes."""

from __future__ import annotations

import gc
import os
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from made_shots import plan_three_shots

from vidcolor.cli.working import settings_of
from vidcolor.errors import DeviceError
from vidcolor.farm import on_ray, ray_cluster
from vidcolor.farm.on_ray import AHEAD, RayRun
from vidcolor.project import Project
from vidcolor.state.film import Film
from vidcolor.state.read import load_film
from vidcolor.timeline import FrameRange

GIB = 1 << 30


class FaultError(Exception):
    pass


class NoMemoryError(FaultError):
    pass


class NoDaemonError(FaultError):
    pass


class Stream:
    """What a task tells, a word at a time; a fault is raised where it is read."""

    def __init__(self, words: Iterator[Any]) -> None:
        self._words = words

    def __next__(self) -> Any:
        return next(self._words)


class StillRay:
    """A cluster of `nodes`, their names; `tells` gives what the task of a shot tells, by its name and options."""

    exceptions = SimpleNamespace(
        RayError=FaultError, RayTaskError=KeyError, OutOfMemoryError=NoMemoryError, LocalRayletDiedError=NoDaemonError
    )

    def __init__(self, nodes: list[str], tells: Callable[[str, dict[str, Any]], Iterator[Any]]) -> None:
        self.names, self._tells = nodes, tells
        self.functions = self.most = self.gpus = 0
        self.alive: weakref.WeakSet[Stream] = weakref.WeakSet()
        self.cancelled: list[Stream] = []

    def get_runtime_context(self) -> Any:
        return SimpleNamespace(gcs_address="head:6379")

    def nodes(self) -> list[dict[str, Any]]:
        resources = {"CPU": 1.0, "memory": 64.0 * GIB, "GPU": self.gpus}
        return [{"NodeID": n, "NodeManagerHostname": n, "Alive": True, "Resources": resources} for n in self.names]

    def remote(self, **_: Any) -> Any:
        self.functions += 1
        return lambda function: SimpleNamespace(options=self._with)

    def _with(self, **options: Any) -> Any:
        return SimpleNamespace(remote=lambda asked: self._sent(asked["shot"], options))

    def _sent(self, shot: str, options: dict[str, Any]) -> Stream:
        stream = Stream(self._tells(shot, options))
        self.alive.add(stream)
        self.most = max(self.most, len(self.alive))
        return stream

    def wait(self, streams: list[Stream], num_returns: int, timeout: float) -> tuple[list[Stream], list[Stream]]:
        return streams[:num_returns], streams[num_returns:]

    def get(self, word: Any) -> Any:
        if isinstance(word, Exception):
            raise word
        return word

    def cancel(self, stream: Stream) -> None:
        self.cancelled.append(stream)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("still")
    plan_three_shots(folder / "film", (48, 64), 40)
    project = Project.open(folder / "film" / "film.vidcolor")
    return load_film(project, settings_of(project, []))


@pytest.fixture
def run(film, monkeypatch):
    """Renders so many shots on a cluster; what people were told of it."""
    monkeypatch.setattr(on_ray, "knock", lambda address: None)
    monkeypatch.setattr(on_ray, "asked_of", lambda film, planned, cores: {"shot": planned.shot.id})
    monkeypatch.setattr(on_ray, "LOOK", 0.0)

    def render(ray: StillRay, shots: int = 3, film: Film = film) -> list[str]:
        planned, told = film.plan.shots[0], []
        starts = [FrameRange(12 * place, 12 * place + 12) for place in range(shots)]
        stale = [replace(planned, shot=replace(planned.shot, frames=run), reach=run) for run in starts]
        made = RayRun(ray, film, stale, told.append).all(lambda *_: None)
        assert [one.shot.id for one in made] == [one.shot.id for one in stale]
        return told

    return render


def done(peak: int = GIB) -> Iterator[Any]:
    yield from ({"node": "one"}, {"share": 0.5}, {"receipt": {"made": True, "peak_memory": peak}})


def short_on(node: str) -> Iterator[Any]:
    yield NoMemoryError(
        f"1 killed. Memory on the node (IP: 10.0.0.1, ID: {node}) was 30.1GB used / 31.0GB limit (.97)\n..."
    )


def test_however_many_shots_few_are_under_way_and_nothing_stays_of_them(run):
    """One function for all, and few ways to ask for room: Ray and its workers keep each that they were given."""
    asked = []

    def tells(shot: str, options: dict[str, Any]) -> Iterator[Any]:
        asked.append(options["memory"])
        return done(peak=GIB + 1000 * len(asked))

    ray = StillRay(["one", "two"], tells)
    assert run(ray, 400) == []
    assert ray.functions == 1
    assert len(set(asked)) <= 3
    assert ray.most <= 2 + 2 // AHEAD + 1
    gc.collect()
    assert not ray.alive


@pytest.mark.parametrize(("nodes", "shut"), [(["one", "two"], {on_ray.NODE: "!in(one)"}), (["one"], None)])
def test_a_shot_whose_worker_died_goes_to_another_node_if_there_is_one(run, nodes, shut):
    sent = []

    def tells(shot: str, options: dict[str, Any]) -> Iterator[Any]:
        sent.append(options["label_selector"])
        return done() if len(sent) > 1 else iter([{"node": "one"}, FaultError("the worker died")])

    run(StillRay(nodes, tells), 1)
    assert sent == [None, shut]


def test_a_shot_that_memory_was_too_short_for_gets_more_elsewhere(run):
    asked = []

    def tells(shot: str, options: dict[str, Any]) -> Iterator[Any]:
        asked.append((shot, options))
        return short_on("abad") if len(asked) == 1 else done()

    (told,) = run(StillRay(["abad", "one"], tells))
    (shot, first), again = asked[0], [options for name, options in asked[1:] if name == asked[0][0]]
    assert told == f"shot {shot} goes on with more memory: abad (node abad) had too little (30.1GB used / 31.0GB limit)"
    assert [options["memory"] for options in again] == [2 * first["memory"]]
    assert "abad" in again[0]["label_selector"][on_ray.NODE]


def test_a_shot_that_memory_is_too_short_for_again_ends_the_run_by_name(run):
    with pytest.raises(DeviceError, match=r"r1-\d+: abad \(node abad\) had too little memory .*add a machine that has"):
        run(StillRay(["abad"], lambda shot, options: short_on("abad")))


def test_a_cluster_without_machines_is_waited_for_and_those_that_come_are_used(run):
    ray = StillRay([], lambda shot, options: done())
    looks = iter(range(100))

    def wait(streams: list[Stream], num_returns: int, timeout: float) -> tuple[list[Stream], list[Stream]]:
        if next(looks) == 2:
            ray.names += ["one", "two"]
        return (streams[:num_returns], []) if ray.names else ([], streams)

    ray.wait = wait
    (told,) = run(ray, 20)
    assert "waiting for a machine" in told
    assert "`ray start --address=head:6379`" in told
    assert ray.most == 2 + 2 // AHEAD + 1


@pytest.mark.parametrize(("flow", "device", "graphics"), [("raft", "auto", "Voodoo"), ("dis", "cuda", "")])
def test_a_cluster_without_a_gpu_is_told_where_shots_need_one(flow, device, graphics, run, film, monkeypatch):
    monkeypatch.setattr(on_ray, "graphics", lambda: graphics)
    settings = replace(film.settings, propagate=replace(film.settings.propagate, flow=flow))
    ray = StillRay(["one"], lambda shot, options: done())

    def wait(streams: list[Stream], num_returns: int, timeout: float) -> tuple[list[Stream], list[Stream]]:
        had, ray.gpus = ray.gpus, 1
        return (streams[:num_returns], []) if had else ([], streams)

    ray.wait = wait
    (told,) = run(ray, film=replace(film, settings=settings, device=device))
    assert "the cluster has none with a GPU" in told


def test_a_head_that_stays_away_is_named_and_not_asked(run, monkeypatch):
    """Ray waits for it in silence, and then ends the program."""
    ray, away = StillRay(["one"], lambda shot, options: done()), []
    answers = iter([None])

    def knock(address: str) -> None:
        if next(answers, "away") == "away":
            away.append(address)
            ray.nodes = lambda: pytest.fail("it is away")
            raise ConnectionRefusedError("refused")

    monkeypatch.setattr(on_ray, "knock", knock)
    monkeypatch.setattr(on_ray, "GONE", 0.0)
    with pytest.raises(DeviceError, match=r"head of the cluster, head:6379, is gone .*start the cluster anew"):
        run(ray, 20)


def test_this_machines_own_daemon_is_not_taken_for_a_shots_fault(run):
    with pytest.raises(DeviceError, match="on this machine has died"):
        run(StillRay(["one"], lambda shot, options: iter([NoDaemonError("The task's local raylet died.")])))


def test_a_second_interrupt_leaves_workers_to_ray(run):
    ray = StillRay(["one"], lambda shot, options: iter([]))
    heard = []

    def wait(streams: list[Stream], num_returns: int, timeout: float) -> tuple[list[Stream], list[Stream]]:
        heard.append(len(ray.cancelled))
        assert len(heard) < 10, "it waits on"
        os.kill(os.getpid(), signal.SIGINT)
        return [], streams

    ray.wait = wait
    with pytest.raises(KeyboardInterrupt):
        run(ray)
    assert heard[0] == 0
    assert heard[1:] == [2]


def test_what_answers_but_is_no_head_is_refused_in_time(film, monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'vidcolor[cluster]'")
    monkeypatch.setattr(ray_cluster, "knock", lambda address: None)
    monkeypatch.setattr(ray_cluster, "_meet", lambda address: threading.Event().wait(60))
    monkeypatch.setattr(ray_cluster, "ANSWERS", 0.1)
    place = f"ray://head:{ray_cluster.CLIENTS}"
    with (
        pytest.raises(DeviceError, match=r"no head of a cluster; port 10001 is Ray Client's, the head's is 6379"),
        ray_cluster.ray_cluster(place, film.project.root),
    ):
        pass
