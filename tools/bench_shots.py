"""How well and how fast stage 1 finds shots: real films with known cuts, and films joined from clips.

    python tools/bench_shots.py                          the real films of ../shared/data
    python tools/bench_shots.py --joined eval --films 4  films joined from clips/eval, four seeds of each kind
    python tools/bench_shots.py --peer                   PySceneDetect beside (pip install scenedetect-headless)

A joined film has 12 cuts, 6 dissolves of 8 to 24 frames and 4 fades (two through black, two through white), in gray,
plain or with flicker (gain +-10 % a frame), grain (deviation 3 to 6 codes), dirt and flashes.
A cut is found if it is frame-exact; a dissolve or fade if the overlap is above half of the union with the truth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from vidcolor.color import luma_to_lightness
from vidcolor.settings import ShotSettings
from vidcolor.shots import find_shots
from vidcolor.timeline import FrameRange, Rate
from vidcolor.types import ColorTags, Frame, Reel, Shot

DATA = Path(__file__).parents[1] / "../shared/data"
REAL: dict[str, list[int]] = {
    "film/officers/film.mp4": [34, 134, 207, 290],
    "shots/big_buck_bunny_0_30.webm": [283, 376, 551],
    "shots/issue-195-aspect-ratio.mp4": [70, 170, 301, 421, 484],
    "shots/goldeneye-vfr-drop3.mp4": [60, 140],
    "shots/testvideo.mp4": [],
    "shots/fades.mp4": [],
}
"""Hard cuts. `testvideo` has fades through black (180-240, 328-423) and a dissolve (528-560); `fades` only fades."""
WIDTH = 320
"""Clips are joined at this width, so that grain is coarser than in the full picture."""
TRANSITIONS = ["cut"] * 12 + ["dissolve"] * 6 + ["fade"] * 4
SHORTEST_TAKE, LONGEST_TAKE = 12, 50
UNFIT = {"scikitvideo_bikes", "imageio_cockatoo", "davis_judo", "fresco_boxer-punching-towards-camera"}
"""Training clips that hold cuts of their own, or are too short."""
BLACK, WHITE = 16.0, 235.0


@dataclass(frozen=True)
class Age:
    """What time has done to a joined film."""

    name: str
    flicker: float = 0.0
    grain: bool = False
    dirt: float = 0.0
    flashes: int = 0


AGES = [
    Age("plain"),
    Age("flicker", flicker=0.1),
    Age("grain", grain=True),
    Age("flicker and grain", flicker=0.1, grain=True),
    Age("flicker, grain, dirt, flashes", flicker=0.1, grain=True, dirt=2.0, flashes=4),
]


@dataclass
class Truth:
    """What was joined, and how."""

    cuts: list[int] = field(default_factory=list)
    dissolves: list[FrameRange] = field(default_factory=list)
    fades: list[FrameRange] = field(default_factory=list)


def lightness_of(codes: np.ndarray) -> np.ndarray:
    """L* of 8-bit full-range codes."""
    return luma_to_lightness(np.rint(64 + codes * (876 / 255)).astype(np.uint16), ColorTags())


def read_clips(part: str) -> dict[str, np.ndarray]:
    """(N, 180, 320) uint8 gray pictures of every clip of `part`."""
    clips = {}
    for folder in sorted((DATA / "clips" / part).iterdir()):
        if folder.name not in UNFIT:
            clips[folder.name] = np.stack([_gray(path) for path in sorted(folder.iterdir())])
    return clips


def _gray(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise SystemExit(f"{path}: cannot be read; fetch the data again")
    return cv2.resize(picture, (WIDTH, WIDTH * 9 // 16), interpolation=cv2.INTER_AREA)


def join_film(clips: dict[str, np.ndarray], seed: int, age: Age) -> tuple[np.ndarray, Truth]:
    """(N, 180, 320) uint8 film of 23 takes, and its truth."""
    rng = np.random.default_rng(seed)
    kinds = list(rng.permutation(TRANSITIONS))
    lengths = [_lengths(str(kind), rng) for kind in kinds]
    truth, out, last, tail, white = Truth(), [], "", None, False
    at = 0
    for number in range(len(kinds) + 1):
        head = lengths[number - 1][2] if number else 0
        foot = lengths[number][0] if number < len(kinds) else 0
        last, take = _take(clips, last, head + foot, rng)
        start = take[:head]
        if number and kinds[number - 1] == "cut":
            truth.cuts.append(at)
        elif number:
            white ^= kinds[number - 1] == "fade"
            mixed = _mix(str(kinds[number - 1]), tail, start, lengths[number - 1], WHITE if white else BLACK)
            (truth.dissolves if kinds[number - 1] == "dissolve" else truth.fades).append(
                FrameRange(at, at + len(mixed))
            )
            out.append(mixed)
            at += len(mixed)
        body = take[head : len(take) - foot]
        out.append(body)
        at += len(body)
        tail = take[len(take) - foot :]
    return _aged(np.concatenate(out), rng, age), truth


def _lengths(kind: str, rng: np.random.Generator) -> tuple[int, int, int]:
    """Frames out, blank, and in."""
    if kind == "fade":
        return int(rng.integers(6, 21)), int(rng.integers(0, 7)), int(rng.integers(6, 21))
    length = int(rng.integers(8, 25)) if kind == "dissolve" else 0
    return length, 0, length


def _take(clips: dict[str, np.ndarray], last: str, ends: int, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Another clip than the last, and a run of it that holds its transitions and a body."""
    names = [name for name in clips if name != last and len(clips[name]) >= ends + SHORTEST_TAKE]
    name = names[int(rng.integers(len(names)))]
    length = min(len(clips[name]), ends + int(rng.integers(SHORTEST_TAKE, LONGEST_TAKE)))
    start = int(rng.integers(0, len(clips[name]) - length + 1))
    return name, clips[name][start : start + length].astype(np.float32)


def _mix(kind: str, before: Any, after: Any, lengths: tuple[int, int, int], level: float) -> np.ndarray:
    def ramp(count: int) -> np.ndarray:
        return ((np.arange(count) + 1) / (count + 1)).astype(np.float32)[:, None, None]

    share = ramp(lengths[0])
    if kind == "dissolve":
        return np.asarray(before * (1 - share) + after * share)
    back = ramp(lengths[2])
    blank = np.full((lengths[1], *before.shape[1:]), level, np.float32)
    return np.concatenate([before * (1 - share) + level * share, blank, after * back + level * (1 - back)])


def _aged(film: np.ndarray, rng: np.random.Generator, age: Age) -> np.ndarray:
    gain = 1 + rng.uniform(-age.flicker, age.flicker, len(film))
    for _ in range(age.flashes):
        start = int(rng.integers(5, len(film) - 5))
        gain[start : start + int(rng.integers(1, 3))] *= rng.uniform(1.5, 4)
    deviation = rng.uniform(3, 6) if age.grain else 0.0
    result = np.empty(film.shape, np.uint8)
    for index, picture in enumerate(film):
        picture = np.ascontiguousarray(picture * np.float32(gain[index]))
        for _ in range(int(rng.poisson(age.dirt))):
            center = (int(rng.integers(picture.shape[1])), int(rng.integers(picture.shape[0])))
            radius = int(rng.integers(2, 12)) if rng.random() < 0.9 else int(rng.integers(20, 60))
            cv2.circle(picture, center, radius, float(rng.choice([10, 240])), -1)
        if deviation:
            picture += rng.standard_normal(picture.shape, np.float32) * np.float32(deviation)
        result[index] = np.clip(np.rint(picture), 0, 255)
    return result


def decode(path: Path) -> np.ndarray:
    """(N, h, 320) uint8 full-range luma of every frame in order, at any rate."""
    pictures = []
    with av.open(str(path)) as container:
        for picture in container.decode(video=0):
            plane: Any = picture.planes[0]
            luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: picture.height, : picture.width]
            scale = WIDTH / max(luma.shape)
            size = (round(luma.shape[1] * scale), round(luma.shape[0] * scale))
            small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
            pictures.append(np.clip(np.rint((small - 16) * (255 / 219)), 0, 255).astype(np.uint8))
    return np.stack(pictures)


def found_by_us(film: np.ndarray) -> tuple[Truth, float]:
    """What stage 1 finds, and its CPU milliseconds a frame without decoding."""
    frames = [Frame(index, lightness_of(picture)) for index, picture in enumerate(film)]
    reel = Reel("r1", Path("film"), len(film), Rate(24), film.shape[1:])
    begin = time.process_time()
    shots = find_shots(reel, frames, ShotSettings())
    return found_in(shots), (time.process_time() - begin) / len(film) * 1e3


def found_in(shots: Sequence[Shot]) -> Truth:
    def ranges(kind: str) -> list[FrameRange]:
        return [shot.entry.frames for shot in shots[1:] if shot.entry.kind == kind and shot.entry.frames]

    cuts = [shot.frames.start for shot in shots[1:] if shot.entry.kind == "cut"]
    return Truth(cuts, ranges("dissolve"), ranges("fade"))


def found_by_peer(film: np.ndarray, name: str) -> Truth:
    """Cuts that one of PySceneDetect's detectors finds at its defaults, given every frame in order."""
    import scenedetect

    detector = getattr(scenedetect, name)()
    cuts: list[Any] = []
    clock = scenedetect.FrameTimecode(0, fps=24.0)
    for index, picture in enumerate(film):
        cuts += detector.process_frame(clock + index, cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    cuts += detector.post_process(clock + (len(film) - 1))
    return Truth(sorted({cut.frame_num for cut in cuts}))


@dataclass
class Score:
    """Right, found and true, added up."""

    right: int = 0
    found: int = 0
    true: int = 0

    def add(self, found: Sequence[Any], true: Sequence[Any], same: Callable[[Any, Any], bool]) -> None:
        left = list(true)
        for each in found:
            match = next((t for t in left if same(each, t)), None)
            if match is not None:
                left.remove(match)
                self.right += 1
        self.found += len(found)
        self.true += len(true)

    def __str__(self) -> str:
        if not self.found + self.true:
            return "none, none found"
        f1 = 2 * self.right / max(1, self.found + self.true)
        return f"F1 {f1:.3f} ({self.right} right, {self.found} found, {self.true} true)"


def overlaps(found: FrameRange, true: FrameRange) -> bool:
    """True if what both hold is more than half of what either holds."""
    both = found.overlap(true)
    return both > 0.5 * (len(found) + len(true) - both)


def bench_real(peers: Sequence[str]) -> None:
    for name, cuts in REAL.items():
        if not (DATA / name).exists():
            print(f"{name}: not here")
            continue
        film = decode(DATA / name)
        found, cost = found_by_us(film)
        score = Score()
        score.add(found.cuts, cuts, int.__eq__)
        gradual = [f"{kind} {r.start}-{r.stop}" for kind in ("dissolves", "fades") for r in getattr(found, kind)]
        print(f"{name}: {len(film)} frames, {cost:.1f} ms a frame; cuts {score} {found.cuts}; {', '.join(gradual)}")
        for peer in peers:
            peer_score, cuts_of_peer = Score(), found_by_peer(film, peer).cuts
            peer_score.add(cuts_of_peer, cuts, int.__eq__)
            print(f"    {peer}: {peer_score} {cuts_of_peer}")


def bench_joined(part: str, films: int, first: int, peers: Sequence[str]) -> None:
    clips = read_clips(part)
    for number, age in enumerate(AGES):
        scores = {kind: Score() for kind in ("cuts", "dissolves", "fades")}
        peer_scores = {peer: (Score(), Score()) for peer in peers}
        costs = []
        for seed in range(first, first + films):
            film, truth = join_film(clips, seed * len(AGES) + number, age)
            found, cost = found_by_us(film)
            costs.append(cost)
            for kind, score in scores.items():
                same = int.__eq__ if kind == "cuts" else overlaps
                score.add(getattr(found, kind), getattr(truth, kind), same)
            for peer, (hard, every) in peer_scores.items():
                _score_peer(found_by_peer(film, peer).cuts, truth, hard, every)
        print(f"{age.name}: {np.mean(costs):.1f} ms a frame")
        for kind, score in scores.items():
            print(f"    {kind}: {score}")
        for peer, (hard, every) in peer_scores.items():
            print(f"    {peer}: cuts {hard}; dissolves and fades touched {every}")


def _score_peer(found: list[int], truth: Truth, hard: Score, every: Score) -> None:
    """A peer knows no kinds: what it finds inside a dissolve or fade counts for that, the rest as cuts."""
    gradual = truth.dissolves + truth.fades
    inside = [cut for cut in found if any(r.start <= cut <= r.stop for r in gradual)]
    hard.add([cut for cut in found if cut not in inside], truth.cuts, int.__eq__)
    every.add(inside, gradual, lambda cut, r: r.start <= cut <= r.stop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--joined", choices=["train", "eval"], help="films joined from these clips instead of real ones"
    )
    parser.add_argument("--films", type=int, default=4, help="films of each kind")
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    parser.add_argument("--peer", action="store_true", help="PySceneDetect's detectors beside")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    peers = ["ContentDetector", "AdaptiveDetector", "HistogramDetector", "ThresholdDetector"] if asked.peer else []
    if asked.joined:
        bench_joined(asked.joined, asked.films, asked.seed, peers)
    else:
        bench_real(peers)


if __name__ == "__main__":
    main()
