"""Two smaller measurements: milliseconds of SLIC, and whether what a frame costs grows with the film's length."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray as Array

from benchmark import films
from benchmark.costs import run_measured
from benchmark.quality import Tell
from vidcolor.superpixels.segment import segment

ROUNDS = 25
LENGTHS = (0.05, 1.0, 10.0)
"""In minutes; the first also compiles, which takes time and memory of its own."""
SHOT = 120
"""Frames of each shot of the films that are measured; each has a picture of its first frame."""
VERBS = ("plan", "render", "export")


def superpixels(tell: Tell) -> None:
    for (height, width), count in (((480, 854), 1900), ((1080, 1920), 4300)):
        rng = np.random.default_rng(0)
        coarse = rng.uniform(0, 100, (height // 12, width // 12))
        rough = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        picture = np.clip(rough + rng.normal(0, 2, rough.shape), 0, 100).astype(np.float32)
        segment(picture, count)
        walls, cpus = [], []
        for _ in range(ROUNDS):
            wall, cpu = time.perf_counter(), time.process_time()
            segment(picture, count)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        tell(f"{width}x{height} into {count}: wall {1000 * min(walls):.1f} ms (median {1000 * np.median(walls):.1f}), "
             f"CPU {1000 * np.median(cpus):.1f} ms")  # fmt: skip


def length(tell: Tell, lengths: Sequence[float] = LENGTHS) -> None:
    """Made films of 96x72 in shots of five seconds, `draft`; each command in a process of its own."""
    for minutes in lengths:
        count = round(24 * 60 * minutes)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            films.write_film(folder / "film.mkv", (luma for luma, _ in cut_frames(count)))
            for number, (luma, shot) in enumerate(cut_frames(count)):
                if number % SHOT == 0:
                    films.write_key(folder / "refs" / f"{number:06d}.png", np.roll(films.tinted(luma), shot, axis=2))
            program, project = [sys.executable, "-P", "-m", "vidcolor"], str(folder / "p")
            film = ["--reel", str(folder / "film.mkv"), "--keyframes", str(folder / "refs")]
            run_measured([*program, "new", project, *film, "--preset", "draft"], folder / "new.log")
            for verb in VERBS:
                out = ["-o", str(folder / "out.mov")] if verb == "export" else []
                cost = run_measured([*program, verb, project, *out], folder / f"{verb}.log")
                files = "" if cost.files is None else f", {cost.files} files open"
                spent = f"{1000 * cost.cpu / count:.2f} ms of CPU a frame, peak {cost.peak_mib:.0f} MiB{files}"
                tell(f"{minutes:g} min, {count} frames, {verb:6}: {spent}")


def cut_frames(count: int) -> Iterator[tuple[Array, int]]:
    """(72, 96) luma codes of pictures that drift, and the number of the shot."""
    for first in range(0, count, SHOT):
        rng = np.random.default_rng(first)
        wide = cv2.resize(rng.uniform(200, 800, (9, 30)), (96 + SHOT, 72), interpolation=cv2.INTER_CUBIC)
        for left in range(min(SHOT, count - first)):
            yield wide[:, left : left + 96].astype(np.uint16), first // SHOT
