"""Shots as tasks of a Ray cluster, which places them where there is room; this program sends them and waits.

- Longest first, and few more than fit at once: what is left at the end is short.
- Frames stay in files. A task tells how far it is, and at last a receipt.
- Ray retries nothing and uploads nothing: what failed is sent again from here, which knows why it did.
"""

from __future__ import annotations

import logging
import re
import statistics
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from vidcolor.errors import DeviceError
from vidcolor.farm import ray_task
from vidcolor.farm.ray_cluster import interrupts, knock
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
PROCESS = 1 << 30
"""Bytes that a worker takes beside its shot, before any was measured."""
SPARE, STEP = 1.1, 1 << 28
"""What is asked for, in times of what was measured, up to a whole step of bytes: Ray keeps workers by what is asked."""
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
GONE = 10.0
"""Seconds without an answer from the cluster's head after which it is given up; Ray would end this program after 60."""
MORE = 2.0
"""Times the memory that is asked for a shot which its node had too little for."""
STOP, AWAY = 30.0, 5.0
"""Seconds that workers have to stop by themselves; and where the cluster's head is away."""
SHORT = re.compile(r"ID: ([0-9a-f]+)\) was ([^(]+) \(")
"""What Ray says of a node that had too little memory: which, and how much was used of how much."""
NODE = "ray.io/node-id"
"""Ray's label of a node."""


@dataclass(slots=True)
class Task:
    """A shot that was sent."""

    planned: ShotPlan
    share: float = 0.0
    """How much of it is done, 0 to 1"""
    node: str = ""
    """Ray's name of where it is; empty until it has begun"""
    began: float = 0.0
    memory: float = 0.0
    """Bytes that were asked for"""
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
        self._done, self._all = 0.0, sum(self._frames.values())
        """Frames of shots that are done, of how many"""
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
        self._died: defaultdict[str, list[str]] = defaultdict(list)
        """The nodes that workers died on, by shot"""
        self._short: dict[str, tuple[str, float]] = {}
        """Shots that memory was too short for, by their ids: on which node, and what they are given next"""
        self._slow: dict[str, str] = {}
        """The nodes that shots were moved away from, by their ids"""
        self._paces: list[float] = []
        """Seconds that each frame took, of the shots that are done"""
        self._names: dict[str, str] = {}
        """Of nodes, for people"""
        self._began, self._heard = time.monotonic(), False
        self._send_shot = ray.remote(max_retries=0)(ray_task.render_shot)  # one: each is kept by all who run it
        self._head: str = ray.get_runtime_context().gcs_address
        self._looked = self._silent = 0.0
        self._nodes: list[Mapping[str, Any]] = []
        self._cores = 0
        """Of each shot; 0 until a node is seen"""
        self._told_to_wait = False
        self._look()

    def at_once(self) -> int:
        """Shots that the cluster has room for."""
        return sum(self._room(node) for node in self._nodes)

    def all(self, progress: Progress) -> list[ShotPlan]:
        """Renders them; those that this run made, in the film's order.

        Refuses to go on, naming nodes and shot, where a shot fails on two nodes or on all, or has workers die.
        """
        with interrupts() as interrupted:
            try:
                while self._waiting or self._under_way:
                    self._look()
                    self._send()
                    self._move()
                    self._listen()
                    under_way = sum(
                        task.share * self._frames[task.planned.shot.id] for task in self._under_way.values()
                    )
                    progress("render", round(self._done + under_way), max(1, round(self._all)))
                    if interrupted.is_set():
                        raise KeyboardInterrupt
            finally:
                interrupted.clear()
                self._stop(interrupted)
        return sorted(self._made, key=lambda one: one.reach.start)

    def _look(self) -> None:
        """Sees which nodes there are now that have cores and take shots. Refuses to go on without the head."""
        now = time.monotonic()
        if self._looked and now - self._looked < LOOK:
            return
        self._looked = now
        try:
            knock(self._head)  # asked while it is away, Ray waits, and then ends this program
        except OSError as error:
            self._silent = self._silent or now
            if now - self._silent > GONE:
                raise DeviceError(
                    f"the head of the cluster, {self._head}, is gone ({error}); what was rendered is kept: start the "
                    "cluster anew and run the same command again"
                ) from error
            return
        self._silent = 0.0
        there = [node for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        self._names |= {node["NodeID"]: f"{node['NodeManagerHostname']} (node {node['NodeID'][:8]})" for node in there}
        self._nodes = [node for node in there if node["NodeID"] not in self._aside]
        if self._nodes and not self._cores:
            cores = [int(node["Resources"]["CPU"]) for node in self._nodes]
            self._cores = max(1, min(*cores, sum(cores) // max(1, len(self._frames))))

    def _asks(self, shot_id: str = "") -> dict[str, float]:
        """Of a node's resources, what a shot takes: memory as measured, but never more than the largest node has."""
        largest = max((node["Resources"].get("memory", 0.0) for node in self._nodes), default=0.0)
        _, wanted = self._short.get(shot_id, ("", self._peak * SPARE or self._memory))
        device, raft = self._film.device, self._film.settings.propagate.flow == "raft"
        gpu = device == "cuda" or (raft and device != "cpu" and graphics())  # Ray hides a GPU that is not asked for
        return {"CPU": self._cores or 1, "memory": int(min(-(-wanted // STEP) * STEP, largest)), "GPU": 1 if gpu else 0}

    def _room(self, node: Mapping[str, Any]) -> int:
        return min(int(node["Resources"].get(name, 0) // value) for name, value in self._asks().items() if value)

    def _send(self) -> None:
        """Sends shots until as many are under way as fit, and a few."""
        fit = self.at_once()
        if not fit and not self._told_to_wait and (self._nodes or not self._names):
            self._told_to_wait, lacks = True, "a GPU" if self._nodes else "processor cores"
            self._tell(
                f"waiting for a machine to render on: the cluster has none with {lacks}; "
                f"`ray start --address={self._head}` on one adds it"
            )
        while self._waiting and not self._silent and len(self._under_way) < fit + fit // AHEAD + 1:
            planned = self._waiting.popleft()
            shot_id = planned.shot.id
            failed = self._failed.get(shot_id, {})
            shut = {*self._aside, *failed}
            if len(failed) > 1 or (self._names and all(node["NodeID"] in shut for node in self._nodes)):
                raise DeviceError(self._why(shot_id))
            better = {*shut, *self._slow.values(), *self._short.get(shot_id, ("",))[:1], *self._died[shot_id]} - {""}
            shut = better if any(node["NodeID"] not in better for node in self._nodes) else shut
            asks = self._asks(shot_id)
            task = self._send_shot.options(
                num_cpus=asks["CPU"],
                num_gpus=asks["GPU"],
                memory=asks["memory"],
                name=shot_id,
                label_selector={NODE: f"!in({','.join(sorted(shut))})"} if shut else None,
            )
            asked = asked_of(self._film, planned, int(asks["CPU"]))
            self._under_way[task.remote(asked)] = Task(planned, memory=asks["memory"])

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
        said = self._said(task, stream)
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

    def _said(self, task: Task, stream: Any) -> dict[str, Any]:
        """The next word of a shot; `died` where its worker or node has."""
        try:
            return self._ray.get(next(stream))
        except StopIteration:
            return {"died": "it ended without a word"}
        except self._ray.exceptions.RayTaskError as error:  # a fault of this program: not known as one of the node's
            log.exception("a worker failed")
            return {"failed": str(error).strip().splitlines()[-1]}
        except self._ray.exceptions.OutOfMemoryError as error:
            found = SHORT.search(str(error))
            task.node = found[1] if found else task.node  # it may have been killed before it said where it is
            return {"short": found[2] if found else _first(error)}
        except self._ray.exceptions.LocalRayletDiedError as error:
            raise DeviceError(
                f"Ray's own process on this machine has died; what was rendered is kept: `ray start "
                f"--address={self._head}` here starts it again, then run the same command"
            ) from error
        except self._ray.exceptions.RayError as error:
            return {"died": _first(error)}

    def _finish(self, task: Task, receipt: Mapping[str, Any]) -> None:
        self._done += self._frames[task.planned.shot.id]
        self._faults[task.node] = 0
        self._made += [task.planned] if receipt["made"] else []
        self._paces.append((time.monotonic() - task.began) / max(1.0, self._frames[task.planned.shot.id]))
        self._peak = max(self._peak, receipt.get("peak_memory", 0))
        log.info("%s: %s on %s", task.planned.shot.id, receipt, self._name(task.node))

    def _again(self, task: Task, said: Mapping[str, str]) -> None:
        """Sends a shot that was not rendered again, elsewhere if there is another node."""
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
            self._blame(task.node, f"{FAULTS} shots failed there, the last: {why}")
        elif kind == "short":
            if shot_id in self._short:
                raise DeviceError(
                    f"shot {shot_id}: {name} had too little memory for it ({why}), as it had before on "
                    f"{self._name(self._short[shot_id][0])}; add a machine that has more, or `ray start` these with "
                    "fewer --num-cpus, and run the same command again"
                )
            self._tell(f"shot {shot_id} goes on with more memory: {name} had too little ({why})")
            self._short[shot_id] = task.node, MORE * task.memory
            self._blame(task.node, f"{FAULTS} shots had too little memory there, the last: {why}")
        elif not self._silent:
            self._tell(f"shot {shot_id} goes on elsewhere: its worker on {name} is gone: {why}")
            self._died[shot_id].append(task.node)
            if len(self._died[shot_id]) >= DEATHS:
                raise DeviceError(
                    f"shot {shot_id}: {DEATHS} workers died of it, the last on {name}: {why}; is there memory enough? "
                    "mend that and run the same command again"
                )
        self._waiting.appendleft(task.planned)

    def _blame(self, node: str, why: str) -> None:
        """Counts a fault of a node, which is left out when there are too many."""
        self._faults[node] += 1
        if self._faults[node] == FAULTS:
            self._leave_out(node, why)

    def _leave_out(self, node: str, why: str) -> None:
        if node not in self._aside:
            self._tell(f"{self._name(node)} is left out: {why}")
        self._aside[node] = why
        self._nodes = [one for one in self._nodes if one["NodeID"] != node]

    def _stop(self, at_once: Event) -> None:
        """Has the workers that are still under way stop, as an interrupt would here, and waits for them.

        at_once  when it is set, they are not waited for: Ray ends them as this program leaves
        """
        for stream in self._under_way:
            self._ray.cancel(stream)
        until = time.monotonic() + (AWAY if self._silent else STOP)
        while self._under_way and time.monotonic() < until and not at_once.is_set():
            for stream in self._ray.wait(list(self._under_way), num_returns=1, timeout=LOOK)[0]:
                try:
                    self._ray.get(next(stream))
                except (StopIteration, self._ray.exceptions.RayError):
                    del self._under_way[stream]


def _first(error: Exception) -> str:
    """What an error of Ray says first, of much."""
    return str(error).strip().splitlines()[0].partition(". ")[0]
