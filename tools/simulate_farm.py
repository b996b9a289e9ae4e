"""How well many machines are used on a film: simulated, by the rules of farm/on_ray.py, from what was measured.

    python tools/simulate_farm.py [--shots 3500] [--nodes 1 2 4 ...] [--slow .05 2 --slow .016 10] [--list shots.csv]

Efficiency is the time of all shots one after another, at the usual pace, by (nodes x wall). A node has one core and one
shot at a time. Lengths are drawn from a real list's, and spread by a quarter each way, so that there are longer ones.
"""

from __future__ import annotations

import argparse
import csv
import heapq
import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidcolor.farm.on_ray import MOVE, SLOW
from vidcolor.project.leases import SILENT
from vidcolor.propagate.shot import RUN

LENGTHS = (90, 120, 49, 115, 276, 168, 58, 143, 36, 44, 75, 52, 34, 21, 53, 31, 225, 107, 174, 45, 50)
"""Frames of the 21 shots of the list that PySceneDetect's documentation shows for its example film."""
NODES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SPREAD, RUNS = 0.25, 5
BACK = 300.0
"""Seconds until a node that died is there again."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds, on a core of the machine of tools/figures.md, and bytes."""

    frame: float
    shot: float
    """Of every shot, beside its frames: its keyframe, opening the film, writing what is told of it"""
    start: float
    """Of a worker, once a node"""
    bytes: float
    """Read and written for a frame"""
    link: float
    """Bytes a second that a node gets at most"""
    server: float
    """Bytes a second that all nodes get at most"""


@dataclass(slots=True)
class Node:
    """A machine, and what it is at."""

    pace: float
    """Seconds here for each second of the usual machine"""
    dies: float = math.inf
    shot: Shot | None = None
    began: float = 0.0
    turn: int = 0  # what was to end in an earlier one does not count any more


@dataclass(slots=True)
class Shot:
    """What is left of a shot, in seconds of the usual machine."""

    left: float
    moved: bool = False  # away from a slow node, which is given nothing more


def wall(
    shots: Sequence[float], nodes: Sequence[Node], transfer: float, lost: float, deaths: float, *, moves: bool
) -> float:
    """Seconds until shots that take so long each are all done.

    transfer  what reading and writing add, in seconds for each second of work
    lost      seconds of work that a shot loses where it is moved, at most
    deaths    of a node in a second
    """
    waiting = [Shot(seconds) for seconds in sorted(shots)]
    events: list[tuple[float, int, int, Shot | None]] = []
    """When a node is free, or a shot is there again"""
    done = end = 0.0

    def takes(node: Node, shot: Shot) -> float:
        return shot.left * (node.pace + transfer)

    def give(now: float, place: int, shot: Shot) -> None:
        node = nodes[place]
        node.shot, node.began, node.turn = shot, now, node.turn + 1
        heapq.heappush(events, (min(now + takes(node, shot), max(now, node.dies)), place, node.turn, None))

    def stop(now: float, node: Node) -> Shot:
        """Takes what is left of a node's shot away from it."""
        shot = node.shot
        assert shot is not None, "it is at one"
        made = shot.left * (now - node.began) / takes(node, shot)
        shot.left -= max(0.0, made - random.uniform(0, lost))
        node.shot, node.turn = None, node.turn + 1
        return shot

    def slowest(now: float) -> Node | None:
        """The node whose shot is to be moved to a free one, as `RayRun._move` has it."""
        late = []
        for node in nodes:
            if (shot := node.shot) is not None and not shot.moved:
                here = takes(node, shot) - (now - node.began)
                if here > SLOW * here / takes(node, shot) * shot.left + MOVE:
                    late.append((here, node))
        return max(late, key=lambda one: one[0], default=(0.0, None))[1]

    for place, node in enumerate(nodes):
        heapq.heappush(events, (node.began, place, node.turn, None))
    idle: list[int] = []
    while done < len(shots):
        now, place, turn, again = heapq.heappop(events)
        node = nodes[place]
        if again is not None:
            waiting.append(again)
        elif turn != node.turn:
            continue
        elif now >= node.dies:
            if node.shot is not None:
                heapq.heappush(events, (now + SILENT, place, -1, stop(now, node)))
            node.dies += BACK + random.expovariate(deaths)
            heapq.heappush(events, (now + BACK, place, node.turn, None))
            continue
        else:
            done, end = done + (node.shot is not None), now
            node.shot = None
            idle.append(place)
        idle = [one for one in idle if nodes[one].dies > now]
        while waiting and idle:
            give(now, idle.pop(), waiting.pop())
        while moves and idle and (found := slowest(now)) is not None:
            shot = stop(now, found)
            shot.moved = True
            give(now, idle.pop(), shot)
    return end


def lengths_of(path: Path | None, count: int) -> list[int]:
    """Frames of so many shots, drawn from a list: `shots.csv`, or the one above."""
    known: Sequence[int] = LENGTHS
    if path is not None:
        with path.open(encoding="utf-8", newline="") as file:
            known = [int(row["frames"]) for row in csv.DictReader(file)]
    return [max(1, round(random.choice(known) * math.exp(random.gauss(0, SPREAD)))) for _ in range(count)]


def transfers(costs: Costs, count: int) -> float:
    """Seconds that reading and writing add to each second of work: nodes share the server while they do."""
    added = 0.0
    for _ in range(100):
        at_once = max(1.0, count * added / (1 + added))
        added = (added + costs.bytes / costs.frame / min(costs.link, costs.server / at_once)) / 2
    return added


def simulate(shots: Sequence[float], count: int, costs: Costs, args: argparse.Namespace, *, moves: bool) -> float:
    """The efficiency of so many nodes."""
    paces = [1.0] * count
    for share, times in args.slow:
        for place in random.sample(range(count), round(share * count)):
            paces[place] = times
    deaths = args.deaths / 3600
    nodes = [Node(pace, random.expovariate(deaths) if deaths else math.inf, began=costs.start * pace) for pace in paces]
    took = wall(shots, nodes, transfers(costs, count), RUN * costs.frame, deaths, moves=moves)
    return sum(shots) / (count * took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=int, default=3500)
    parser.add_argument("--nodes", type=int, nargs="+", default=NODES)
    parser.add_argument("--list", type=Path, help="a project's plan/shots.csv, to draw lengths from")
    parser.add_argument("--frame", type=float, default=0.304, help="seconds")
    parser.add_argument("--shot", type=float, default=1.6, help="seconds beside its frames")
    parser.add_argument("--start", type=float, default=4.0, help="seconds of a worker's start")
    parser.add_argument("--bytes", type=float, default=0.7e6, help="of a frame")
    parser.add_argument("--link", type=float, default=110e6, help="bytes a second of a node")
    parser.add_argument("--server", type=float, default=1000e6, help="bytes a second of all nodes")
    parser.add_argument("--slow", type=float, nargs=2, action="append", default=[], metavar=("SHARE", "TIMES"))
    parser.add_argument("--deaths", type=float, default=0.0, help="of a node in an hour")
    args = parser.parse_args()
    costs = Costs(args.frame, args.shot, args.start, args.bytes, args.link, args.server)
    random.seed(1)
    lengths = lengths_of(args.list, args.shots)
    shots = [costs.shot + costs.frame * frames for frames in lengths]
    print(f"{args.shots} shots, {sum(lengths)} frames, {min(lengths)} to {max(lengths)}; {sum(shots) / 3600:.1f} hours")
    print("nodes  efficiency  where slow shots stay")
    for count in args.nodes:
        found = []
        for moves in (True, False):
            random.seed(count)
            found += [statistics.median(simulate(shots, count, costs, args, moves=moves) for _ in range(RUNS))]
        print(f"{count:5}  {100 * found[0]:8.1f} %  {100 * found[1]:8.1f} %")


if __name__ == "__main__":
    main()
