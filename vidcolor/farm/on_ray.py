"""Shots as tasks of a Ray cluster, which places them where there is room; this program sends them and waits.

- Longest first, and few more than fit at once: what is left at the end is short.
- Frames stay in files. A task tells how far it is, and at last a receipt.
- Ray retries nothing and uploads nothing: what failed is sent again from here, which knows why it did.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import statistics
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidcolor.errors import DeviceError, InputError
from vidcolor.farm import ray_task
from vidcolor.farm.worker import asked_of
from vidcolor.machine import graphics
from vidcolor.pipeline.costs import expected, frame_seconds
from vidcolor.pipeline.plan import Progress
from vidcolor.pipeline.render import shot_memory
from vidcolor.propagate.runs import chroma_size
from vidcolor.state.film import Film
from vidcolor.state.plan import ShotPlan
from vidcolor.types import working_size

log = logging.getLogger(__name__)
PLACE = re.compile(r"ray(?:://([^/:\s]+)(?::([0-9]{1,5}))?/?)?")
PORT = 6379
"""Where the head of a cluster answers, unless it was started with another."""
ANSWERS = 10.0
"""Seconds that a head has to answer at all."""
PROCESS = 1 << 30
"""Bytes that a worker takes beside its shot, before any was measured."""
SPARE = 1.1
"""What is asked for, in times of what was measured."""
AHEAD = 8
"""For so many shots that fit at once one more is sent, so that a core that gets free finds one there."""
FAULTS = 3
"""Shots that may fail on a node, one after another, before it is sent nothing more: else it would draw them all."""
DEATHS = 3
"""Workers and nodes that may die of one shot before it is taken for the cause."""
SLOW, MOVE = 2.0, 60.0
"""Times of what it would take elsewhere, and seconds more, from which a shot is moved to a node that has nothing to do.
"""
LOOK = 1.0
"""Seconds between two looks at the cluster's nodes."""
QUIET = 20.0
"""Seconds without a word from any worker before it is asked whether one can be heard."""
STOP = 30.0
"""Seconds that workers have to stop by themselves."""
NODE = "ray.io/node-id"
"""Ray's label of a node."""


@contextmanager
def ray_cluster(place: str, folder: Path) -> Iterator[Any]:
    """The module `ray`, joined to a cluster within the block.

    place   `ray`: the one of this machine, or of RAY_ADDRESS; `ray://HOST:PORT`: the one whose head answers there
    folder  one without modules: Ray has workers import from the folder that its caller stands in, before all others
    """
    found = PLACE.fullmatch(place)
    if found is None:
        raise InputError(f"--on {place}: ray, or ray://HOST:PORT, as `ray start --head` tells it")
    try:
        import ray
        from ray._private import worker
    except ImportError as error:
        raise InputError(f"--on {place}: Ray is missing ({error}); pip install 'vidcolor[cluster]'") from error
    if hasattr(worker, "print_to_stdstream"):  # else the logs of nodes that die are written to our standard output
        worker.print_to_stdstream = lambda data, **_: log.warning("Ray: %s", data)
    address = f"{found[1]}:{found[2] or PORT}" if found[1] else os.environ.get("RAY_ADDRESS") or "auto"
    try:
        _knock(address)
        with chdir(folder):
            ray.init(address, include_dashboard=False, log_to_driver=False, logging_level=logging.CRITICAL)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise DeviceError(
            f"--on {place}: no cluster can be joined ({' '.join(str(error).split())}); start one by "
            f"`ray start --head`, and on each further machine, this one too, `ray start --address=HOST:{PORT}`"
        ) from error
    try:
        ray.cloudpickle.register_pickle_by_value(ray_task)
        yield ray
    finally:
        ray.cloudpickle.unregister_pickle_by_value(ray_task)
        ray.shutdown()


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Is set by an interrupt within the block: raised wherever it comes, one within Ray's own code may be lost."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # there interrupts are not heard
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _knock(address: str) -> None:
    """Refuses, as OSError, a place where nobody answers: Ray would try for many minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=ANSWERS).close()


@dataclass(slots=True)
class Task:
    """A shot that was sent."""

    planned: ShotPlan
    share: float = 0.0
    """How much of it is done, 0 to 1"""
    node: str = ""
    """Ray's name of where it is; empty until it has begun"""
    began: float = 0.0
    moved: bool = False
    """True: it was told to stop there, to be gone on with elsewhere"""


class RayRun:
    """Renders shots of one film on a cluster. `tell` is given a line for each thing that went wrong on the way."""

    def __init__(self, ray: Any, film: Film, stale: Sequence[ShotPlan], tell: Callable[[str], None]) -> None:
        self._ray, self._film, self._tell = ray, film, tell
        reel, settings = film.plan.reel, film.settings
        took = frame_seconds(reel, settings)
        self._frames = {s.shot.id: expected(reel, settings, [s], delivers=False)["render"] / took for s in stale}
        """What each takes, in frames of a shot"""
        self._waiting = deque(sorted(stale, key=lambda s: self._frames[s.shot.id], reverse=True))
        self._under_way: dict[Any, Task] = {}
        self._done: list[ShotPlan] = []
        self._made: list[ShotPlan] = []
        self._memory = float(
            PROCESS + shot_memory(chroma_size(working_size(reel.size, settings.propagate.chroma_side)))
        )
        self._peak = 0
        self._aside: dict[str, str] = {}
        """Why nodes are sent nothing more, by their names"""
        self._failed: dict[str, dict[str, str]] = {}
        """Why shots failed, by their ids and nodes"""
        self._faults: Counter[str] = Counter()
        """Shots that failed on a node since it last made one, by its name"""
        self._deaths: Counter[str] = Counter()
        self._slow: dict[str, str] = {}
        """The nodes that shots were moved away from, by their ids"""
        self._paces: list[float] = []
        """Seconds that each frame took, of the shots that are done"""
        self._names: dict[str, str] = {}
        """Of nodes, for people"""
        self._began, self._heard = time.monotonic(), False
        self._looked = 0.0
        self._nodes: list[Mapping[str, Any]] = []
        self._cores = 1
        self._look()
        there = [int(node["Resources"]["CPU"]) for node in self._nodes]
        if not there:
            raise DeviceError("the cluster has no processor cores; `ray start` machines that have, and run it again")
        self._cores = max(1, min(*there, sum(there) // len(stale))) if stale else 1

    def at_once(self) -> int:
        """Shots that the cluster has room for."""
        return sum(self._room(node) for node in self._nodes)

    def all(self, progress: Progress) -> list[ShotPlan]:
        """Renders them; those that this run made, in the film's order.

        Refuses to go on, naming nodes and shot, where a shot fails on two nodes or on all, or has workers die.
        """
        try:
            with _interrupts() as interrupted:
                while self._waiting or self._under_way:
                    self._look()
                    self._send()
                    self._move()
                    self._listen()
                    done = sum(self._frames[s.shot.id] for s in self._done)
                    done += sum(task.share * self._frames[task.planned.shot.id] for task in self._under_way.values())
                    progress("render", round(done), max(1, round(sum(self._frames.values()))))
                    if interrupted.is_set():
                        raise KeyboardInterrupt
        finally:
            self._stop()
        return sorted(self._made, key=lambda one: one.reach.start)

    def _look(self) -> None:
        """Sees which nodes there are now that have cores, and take shots."""
        if self._nodes and time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        there = [node for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        self._names |= {node["NodeID"]: f"{node['NodeManagerHostname']} (node {node['NodeID'][:8]})" for node in there}
        self._nodes = [node for node in there if node["NodeID"] not in self._aside]

    def _asks(self) -> dict[str, float]:
        """Of a node's resources, what a shot takes: memory as measured, but never more than the largest node has."""
        largest = max((node["Resources"].get("memory", 0.0) for node in self._nodes), default=0.0)
        wanted = self._peak * SPARE or self._memory
        gpu = self._film.settings.propagate.flow == "raft" and self._film.device != "cpu" and graphics()
        return {"CPU": self._cores, "memory": int(min(wanted, largest)), "GPU": 1 if gpu else 0}

    def _room(self, node: Mapping[str, Any]) -> int:
        return min(int(node["Resources"].get(name, 0) // value) for name, value in self._asks().items() if value)

    def _send(self) -> None:
        """Sends shots until as many are under way as fit, and a few."""
        fit = self.at_once()
        while self._waiting and len(self._under_way) < fit + fit // AHEAD + 1:
            planned = self._waiting.popleft()
            failed = self._failed.get(planned.shot.id, {})
            shut = {*self._aside, *failed}
            if len(failed) > 1 or all(node["NodeID"] in shut for node in self._nodes):
                raise DeviceError(self._why(planned.shot.id))
            slow = {*shut, *self._slow.values()}
            shut = slow if any(node["NodeID"] not in slow for node in self._nodes) else shut
            asks = self._asks()
            task = self._ray.remote(
                num_cpus=asks["CPU"],
                num_gpus=asks["GPU"],
                memory=asks["memory"],
                max_retries=0,
                name=planned.shot.id,
                label_selector={NODE: f"!in({','.join(sorted(shut))})"} if shut else None,
            )(ray_task.render_shot)
            self._under_way[task.remote(asked_of(self._film, planned, int(asks["CPU"])))] = Task(planned)

    def _move(self) -> None:
        """Where nothing waits and a node is free, has the shot that would take longest stop on a slow one, once.

        What was made of it is gone on with: a few frames are lost. The slow node is sent nothing more.
        """
        slow = {*self._slow.values()}
        room = sum(self._room(node) for node in self._nodes if node["NodeID"] not in slow)
        taken = sum(task.moved or task.node not in slow for task in self._under_way.values())
        if self._waiting or not self._paces or taken >= room:
            return
        now, pace = time.monotonic(), statistics.median(self._paces)
        late = []
        for stream, task in self._under_way.items():
            shot_id, left = task.planned.shot.id, 1 - task.share
            if not task.share or shot_id in self._slow:
                continue
            here, there = left * (now - task.began) / task.share, left * pace * self._frames[shot_id]
            others = any(node["NodeID"] not in {*slow, task.node} for node in self._nodes)
            if others and here > SLOW * there + MOVE:
                late.append((here, stream))
        if late:
            _, stream = max(late, key=lambda one: one[0])
            task = self._under_way[stream]
            self._slow[task.planned.shot.id], task.moved = task.node, True
            self._ray.cancel(stream)

    def _why(self, shot_id: str) -> str:
        """Why a shot is given up, in one line."""
        failed = self._failed.get(shot_id, {})
        told = [f"on {self._name(node)}: {why}" for node, why in (failed or self._aside).items()]
        told = told or ["as no node of the cluster is left"]
        return f"shot {shot_id} cannot be rendered {'; '.join(told)}; mend that and run the same command again"

    def _name(self, node: str) -> str:
        return self._names.get(node, "a node that is gone")

    def _listen(self) -> None:
        """Waits for a word of any shot under way, and takes it and those that came with it."""
        streams = list(self._under_way)
        if not self._ray.wait(streams, num_returns=1, timeout=LOOK)[0]:
            self._probe()
            return
        self._heard = True
        for stream in self._ray.wait(streams, num_returns=len(streams), timeout=0)[0]:
            self._hear(self._under_way[stream], stream)

    def _probe(self) -> None:
        """Where nothing was heard for long: whether anything can be, or all nodes are busy with others' work.

        Ray drops, and tells nobody, what a worker says that does not know the token of the program that it works for.
        """
        if self._heard or time.monotonic() - self._began < QUIET:
            return
        stream = self._ray.remote(num_cpus=0, max_retries=0)(ray_task.answer).remote()
        if not self._ray.wait([stream], timeout=QUIET)[0]:
            raise DeviceError(
                "the cluster takes shots, but no answers arrive; RAY_AUTH_MODE and its token must be those that the "
                "cluster was started with, and its machines must reach this one"
            )
        self._heard = True

    def _hear(self, task: Task, stream: Any) -> None:
        said = self._said(stream)
        if "node" in said:
            task.node, task.began = said["node"], time.monotonic()
        elif "share" in said:
            task.share = said["share"]
        else:
            del self._under_way[stream]
            if "receipt" in said:
                self._finish(task, said["receipt"])
            else:
                self._again(task, said)

    def _said(self, stream: Any) -> dict[str, Any]:
        """The next word of a shot; `died` where its worker or node has."""
        try:
            return self._ray.get(next(stream))
        except StopIteration:
            return {"died": "it ended without a word"}
        except self._ray.exceptions.RayTaskError as error:  # a fault of this program: not known as one of the node's
            log.exception("a worker failed")
            return {"failed": str(error).strip().splitlines()[-1]}
        except self._ray.exceptions.RayError as error:
            return {"died": str(error).strip().splitlines()[0].partition(". ")[0]}

    def _finish(self, task: Task, receipt: Mapping[str, Any]) -> None:
        self._done.append(task.planned)
        self._faults[task.node] = 0
        self._made += [task.planned] if receipt["made"] else []
        self._paces.append((time.monotonic() - task.began) / max(1.0, self._frames[task.planned.shot.id]))
        self._peak = max(self._peak, receipt.get("peak_memory", 0))
        log.info("%s: %s on %s", task.planned.shot.id, receipt, self._name(task.node))

    def _again(self, task: Task, said: Mapping[str, str]) -> None:
        """Sends a shot that was not rendered again, elsewhere unless a mere death was the cause."""
        ((kind, why),) = said.items()
        shot_id, name = task.planned.shot.id, self._name(task.node)
        why = " ".join(why.split())
        if task.moved:
            self._tell(f"shot {shot_id} goes on elsewhere: {name} is slow")
        elif kind == "refused":
            self._leave_out(task.node, why)
        elif kind == "failed":
            self._tell(f"shot {shot_id} failed on {name}: {why}")
            self._failed.setdefault(shot_id, {})[task.node] = why
            self._faults[task.node] += 1
            if self._faults[task.node] == FAULTS:
                self._leave_out(task.node, f"{FAULTS} shots failed there, the last: {why}")
        else:
            self._tell(f"shot {shot_id} goes on elsewhere: its worker on {name} is gone: {why}")
            self._deaths[shot_id] += 1
            if self._deaths[shot_id] >= DEATHS:
                raise DeviceError(
                    f"shot {shot_id}: {DEATHS} workers died of it, the last on {name}: {why}; is there memory enough? "
                    "mend that and run the same command again"
                )
        self._waiting.appendleft(task.planned)

    def _leave_out(self, node: str, why: str) -> None:
        if node not in self._aside:
            self._tell(f"{self._name(node)} is left out: {why}")
        self._aside[node] = why
        self._nodes = [one for one in self._nodes if one["NodeID"] != node]

    def _stop(self) -> None:
        """Has the workers that are still under way stop, as an interrupt would here, and waits for them."""
        for stream in self._under_way:
            self._ray.cancel(stream)
        until = time.monotonic() + STOP
        while self._under_way and time.monotonic() < until:
            for stream in self._ray.wait(list(self._under_way), num_returns=1, timeout=LOOK)[0]:
                try:
                    self._ray.get(next(stream))
                except (StopIteration, self._ray.exceptions.RayError):
                    del self._under_way[stream]
